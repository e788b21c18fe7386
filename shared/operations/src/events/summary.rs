//! What a list shows of an event.

use camhook_event::{
    Camera, Direction, Event, EventId, Fraction, Image, Kind, PlateList, Report, State, StoredImage,
    TargetClass, Text, Time, Vendor, record_key_of, thumbnail_key,
};
use camhook_ports::{IndexItem, IndexKeys, Position};
use camhook_site::PlateText;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A picture below this size in bytes is its own thumbnail.
pub const SMALL_PICTURE: u64 = 40_000;

/// The smallest stored picture of an event, from which its thumbnail is made.
#[must_use]
pub fn smallest_picture(event: &Event) -> Option<&StoredImage> {
    event.data.images.iter().filter_map(Image::stored).min_by_key(|image| image.bytes)
}

/// What a list shows of an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The event's id.
    pub id: EventId,
    /// When it happened.
    pub time: Time,
    /// When it was received.
    pub received_at: Time,
    /// By how many seconds it was received after the time that the device reported, as far as it reported one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_s: Option<f64>,
    /// Whose dialect it came in.
    pub vendor: Vendor,
    /// The source's id.
    pub source: Text,
    /// The source's area.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<Text>,
    /// Which camera of the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera: Option<Camera>,
    /// What happened.
    pub kind: Kind,
    /// The name that a person gave the event or the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// What it reports.
    pub report: Report,
    /// Whether it began or ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// The classes of its targets, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetClass>,
    /// The name of its zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Text>,
    /// The licence plate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plate: Option<PlateSummary>,
    /// The face.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face: Option<FaceSummary>,
    /// The number of stored pictures.
    #[serde(default)]
    pub pictures: usize,
    /// The number of pictures that were not stored.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rejected_pictures: usize,
    /// The key of the thumbnail in the bucket: a small picture of the event, or an object below `thumbnails/`, which
    /// is missing where no thumbnail could be made. Absent without pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// What a list shows of a plate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlateSummary {
    /// The plate as the device read it.
    pub text: Text,
    /// Which of the device's own lists it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<PlateList>,
    /// Which way the vehicle moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
}

/// What a list shows of a face.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaceSummary {
    /// The person's name in the album.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Which list of the album the person is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<PlateList>,
    /// Whether it was found in the device's album.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched: Option<bool>,
    /// How like the album's picture it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub similarity: Option<Fraction>,
}

impl Summary {
    /// What a list shows of an event.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        let data = &event.data;
        let mut targets: Vec<TargetClass> = data.targets.iter().filter_map(|target| target.class).collect();
        targets.sort_unstable();
        targets.dedup();
        let pictures = data.images.iter().filter_map(Image::stored).count();
        let thumbnail = smallest_picture(event).map(|smallest| {
            if smallest.bytes < SMALL_PICTURE { smallest.key.to_string() } else { thumbnail_key(event) }
        });
        Self {
            id: event.id,
            time: event.time,
            received_at: data.received_at,
            lag_s: data.lag_s,
            vendor: data.vendor,
            source: data.source.clone(),
            area: data.area.clone(),
            camera: data.camera.clone(),
            kind: data.kind,
            name: data.name.clone(),
            report: data.report,
            state: data.state,
            targets,
            zone: data.zone.as_ref().and_then(|zone| zone.name.clone()),
            plate: data.plate.as_ref().map(|plate| PlateSummary {
                text: plate.text.clone(),
                list: plate.list,
                direction: plate.direction,
            }),
            face: data.face.as_ref().map(|face| FaceSummary {
                name: face.name.clone(),
                list: face.list,
                matched: face.matched,
                similarity: face.similarity,
            }),
            pictures,
            rejected_pictures: data.images.len() - pictures,
            thumbnail,
        }
    }

    /// The summary in an item of the index; `None` for an item of another version that cannot be read.
    #[must_use]
    pub fn of_item(item: IndexItem) -> Option<Self> {
        serde_json::from_value(item.data).ok()
    }

    /// The item of the index, and the keys that lead to it. It expires with the record.
    ///
    /// # Errors
    ///
    /// Never in practice: when the summary cannot be represented as JSON.
    pub fn item(&self, events_days: u32) -> Result<(IndexItem, IndexKeys), serde_json::Error> {
        let item = IndexItem {
            position: Position { time: self.time.timestamp(), id: self.id.to_string() },
            expires: self.expires(events_days),
            data: serde_json::to_value(self)?,
        };
        let keys = IndexKeys {
            source: self.source.to_string(),
            camera: self.camera.as_ref().map(|camera| camera.id.to_string()),
            area: self.area.as_ref().map(ToString::to_string),
            plate: self.normalized_plate(),
        };
        Ok((item, keys))
    }

    /// When its item and its counts expire.
    #[must_use]
    pub fn expires(&self, events_days: u32) -> Timestamp {
        let received_at = self.received_at.timestamp();
        received_at
            .checked_add(SignedDuration::from_hours(24 * i64::from(events_days)))
            .unwrap_or(received_at)
    }

    /// The plate as rules compare it.
    #[must_use]
    pub fn normalized_plate(&self) -> Option<String> {
        let plate = PlateText::new(self.plate.as_ref()?.text.as_str())?;
        Some(plate.as_str().to_owned())
    }

    /// The key of the event's record in the bucket.
    #[must_use]
    pub fn record_key(&self) -> String {
        record_key_of(self.time, self.source.as_str(), self.id)
    }
}
