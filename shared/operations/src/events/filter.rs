//! Which events a query returns.

use std::collections::BTreeSet;

use camhook_event::{Kind, PlateList, Report, State, TargetClass, Vendor};
use camhook_ports::IndexKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{PlatePattern, Summary};

/// A camera of a source, or all of a source's events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameraRef {
    /// The source's id.
    pub source: String,
    /// The camera's id within the source; `None` for every event of the source.
    pub camera: Option<String>,
}

impl CameraRef {
    fn key(&self) -> IndexKey {
        let source = self.source.clone();
        match self.camera.clone() {
            Some(camera) => IndexKey::Camera { source, camera },
            None => IndexKey::Source(source),
        }
    }

    fn matches(&self, summary: &Summary) -> bool {
        let camera = summary.camera.as_ref().map(|camera| camera.id.as_str());
        summary.source.as_str() == self.source && self.camera.as_deref().is_none_or(|id| camera == Some(id))
    }
}

/// Which events a query returns. An absent field matches every event.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Events of one of these cameras: the sources of a `[[camera]]`. Empty: of any.
    pub cameras: Vec<CameraRef>,
    /// Events of this source.
    pub source: Option<String>,
    /// Events of this area.
    pub area: Option<String>,
    /// Events of one of these areas. Empty: of any, and events without an area.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub areas: BTreeSet<String>,
    /// Events with this plate, or with a plate of which this is a part.
    pub plate: Option<PlatePattern>,
    /// Events of this vendor.
    pub vendor: Option<Vendor>,
    /// Events of this kind.
    pub kind: Option<Kind>,
    /// Events that report this.
    pub report: Option<Report>,
    /// Events that began or ended.
    pub state: Option<State>,
    /// Events with a target of this class.
    pub target: Option<TargetClass>,
    /// Events with a face whose name contains this, whatever the case.
    pub face: Option<String>,
    /// Events that have this in a name or a plate, whatever the case.
    pub text: Option<String>,
    /// Events whose plate or face is on this list of the device.
    pub list: Option<PlateList>,
    /// Events at or after this time.
    pub since: Option<Timestamp>,
    /// Events before this time.
    pub until: Option<Timestamp>,
}

/// What the keys of a query leave to be checked of each event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Every event of the keys matches.
    Nothing,
    /// The areas that a person may see.
    Areas,
    /// Other conditions.
    Conditions,
}

impl Filter {
    /// The keys to read, the most selective first; more than one where cameras are joined.
    pub(crate) fn keys(&self) -> Vec<IndexKey> {
        if let Some(plate) = self.plate.as_ref().and_then(PlatePattern::exact) {
            return vec![IndexKey::Plate(plate.to_owned())];
        }
        let mut cameras: Vec<IndexKey> = self.cameras.iter().map(CameraRef::key).collect();
        cameras.sort();
        cameras.dedup();
        if (1..=super::PAGES).contains(&cameras.len()) {
            return cameras;
        }
        if let Some(source) = &self.source {
            return vec![IndexKey::Source(source.clone())];
        }
        if let Some(area) = &self.area {
            return vec![IndexKey::Area(area.clone())];
        }
        if (1..=super::PAGES).contains(&self.areas.len()) {
            return self.areas.iter().cloned().map(IndexKey::Area).collect();
        }
        vec![IndexKey::All]
    }

    /// What these keys leave to be checked of each event.
    pub(crate) fn rest(&self, keys: &[IndexKey]) -> Rest {
        let rest = Self { since: None, until: None, ..self.clone() };
        let rest = match keys {
            [IndexKey::Plate(_)] => Self { plate: None, ..rest },
            [IndexKey::Area(_), ..] if self.area.is_none() => Self { areas: BTreeSet::new(), ..rest },
            [IndexKey::Area(area)] if self.areas.is_empty() || self.areas.contains(area) => {
                Self { area: None, areas: BTreeSet::new(), ..rest }
            }
            [IndexKey::Source(_)] if self.cameras.is_empty() => Self { source: None, ..rest },
            [IndexKey::All] => rest,
            _ => Self { cameras: Vec::new(), ..rest },
        };
        let is_by_camera = matches!(keys, [IndexKey::Source(_)] | [IndexKey::Camera { .. }, ..]);
        if rest == Self::default() {
            Rest::Nothing
        } else if is_by_camera && (Self { areas: BTreeSet::new(), ..rest }) == Self::default() {
            Rest::Areas
        } else {
            Rest::Conditions
        }
    }

    /// Whether an event matches, apart from its time.
    pub(crate) fn matches(&self, summary: &Summary) -> bool {
        let text = |wanted: &Option<String>, actual: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| actual == Some(wanted))
        };
        let plate = summary.plate.as_ref();
        let face = summary.face.as_ref();
        let lists = [plate.and_then(|plate| plate.list), face.and_then(|face| face.list)];
        let name = face.and_then(|face| face.name.as_ref()).map(|name| name.as_str().to_lowercase());
        text(&self.source, Some(summary.source.as_str()))
            && text(&self.area, summary.area.as_ref().map(camhook_event::Text::as_str))
            && self.includes_area(summary.area.as_ref().map(camhook_event::Text::as_str))
            && (self.cameras.is_empty() || self.cameras.iter().any(|camera| camera.matches(summary)))
            && self
                .plate
                .as_ref()
                .is_none_or(|wanted| summary.normalized_plate().is_some_and(|plate| wanted.matches(&plate)))
            && self.vendor.is_none_or(|vendor| summary.vendor == vendor)
            && self.kind.is_none_or(|kind| summary.kind == kind)
            && self.report.is_none_or(|report| summary.report == report)
            && self.state.is_none_or(|state| summary.state == Some(state))
            && self.target.is_none_or(|target| summary.targets.contains(&target))
            && self.list.is_none_or(|list| lists.contains(&Some(list)))
            && self
                .face
                .as_ref()
                .is_none_or(|wanted| name.is_some_and(|name| name.contains(&wanted.to_lowercase())))
            && self.text.as_ref().is_none_or(|wanted| has_text(summary, wanted))
    }

    fn includes_area(&self, area: Option<&str>) -> bool {
        self.areas.is_empty() || area.is_some_and(|area| self.areas.contains(area))
    }
}

/// Whether a name or the plate of an event contains a text.
fn has_text(summary: &Summary, wanted: &str) -> bool {
    let wanted = wanted.to_lowercase();
    let camera = summary.camera.as_ref();
    let texts = [
        summary.name.as_ref(),
        Some(&summary.source),
        summary.area.as_ref(),
        camera.map(|camera| &camera.id),
        camera.and_then(|camera| camera.name.as_ref()),
        summary.zone.as_ref(),
        summary.plate.as_ref().map(|plate| &plate.text),
        summary.face.as_ref().and_then(|face| face.name.as_ref()),
    ];
    texts.into_iter().flatten().any(|text| text.as_str().to_lowercase().contains(&wanted))
        || summary.kind.name().contains(&wanted)
}
