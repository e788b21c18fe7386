//! Targets: who or what was detected, and where in the frame.

use std::collections::BTreeMap;

use camhook_event::TargetClass;
use camhook_ingest::DraftTarget;
use serde_json::{Map, Number, Value};

use super::text;
use crate::frame::{self, Unit};
use crate::message::{Block, Item};
use crate::vocabulary;

/// What the coordinates of an item count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Units {
    /// Those of `rect`.
    pub(super) rect: Unit,
    /// Those of the four corners.
    pub(super) corners: Unit,
}

/// Ten-thousandths, as nearly everywhere.
pub(super) const PARTS: Units = Units { rect: Unit::Parts, corners: Unit::Parts };

/// A target, and where its item stood.
pub(super) struct ReadTarget {
    block: Block,
    pub(super) target: DraftTarget,
}

/// The target of an item. `class` is what it is for certain; else its `targetType` tells.
pub(super) fn target(item: Item<'_>, units: Units, class: Option<TargetClass>) -> ReadTarget {
    let Item { block, rect, corners, picture, raw, car, plate, person, mut scalars, .. } = item;
    let mut target = DraftTarget {
        id: text(scalars.take("targetId").or_else(|| scalars.take_any(&["vehiceId", "vehicleId"]))),
        image: picture,
        ..DraftTarget::default()
    };
    target.class = class.or_else(|| {
        let word = scalars.get("targetType")?;
        let class = vocabulary::target_class(word)?;
        if class != TargetClass::Other {
            scalars.take("targetType");
        }
        Some(class)
    });
    let corners = frame::around(&corners);
    target.bounding_box = rect
        .and_then(|rect| frame::rectangle(rect, units.rect))
        .or_else(|| frame::rectangle(corners?, units.corners));
    scalars.append(car);
    scalars.append(plate);
    scalars.append(person.into_scalars());
    target.attributes = scalars.to_attributes();
    let unplaced = rect.or(corners).filter(|sides| target.bounding_box.is_none() && *sides != [0.0; 4]);
    if let Some([x1, y1, x2, y2]) = unplaced {
        keep_raw(&mut target.attributes, "rect", &[("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2)]);
    }
    for (name, numbers) in raw {
        keep_raw(&mut target.attributes, name, &numbers);
    }
    ReadTarget { block, target }
}

/// Keeps numbers as they were sent.
fn keep_raw(attributes: &mut BTreeMap<String, Value>, name: &str, numbers: &[(&str, f64)]) {
    let object: Map<String, Value> = numbers
        .iter()
        .filter_map(|&(name, value)| {
            // Every number of this dialect that is whole is far within 53 bits.
            let whole = (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64);
            let number = whole.map(Number::from).or_else(|| Number::from_f64(value))?;
            Some((name.to_owned(), Value::Number(number)))
        })
        .collect();
    attributes.insert(name.to_owned(), Value::Object(object));
}

/// Joins what the list of events and the list of pictures say of one target.
pub(super) fn merge(read: impl Iterator<Item = ReadTarget>) -> Vec<DraftTarget> {
    let mut merged: Vec<DraftTarget> = Vec::new();
    let mut events = 0;
    for ReadTarget { block, target } in read {
        let is_event = matches!(block, Block::Perimeter | Block::Tripwire | Block::Event);
        let same = if is_event || target.id.is_some() {
            merged.iter().position(|other| other.id.is_some() && other.id == target.id)
        } else {
            // The one picture of the one event, without a number.
            (events == 1 && merged.len() == 1).then_some(0)
        };
        events += usize::from(is_event);
        let is_nothing = target == DraftTarget::default();
        match same.and_then(|at| merged.get_mut(at)) {
            Some(other) if other.image.is_none() || target.image.is_none() => join(other, target),
            // A second picture of a target is another entry, so that none is lost.
            _ if is_nothing => {}
            _ => merged.push(target),
        }
    }
    merged
}

fn join(target: &mut DraftTarget, other: DraftTarget) {
    target.id = target.id.take().or(other.id);
    target.class = target.class.or(other.class);
    target.confidence = target.confidence.or(other.confidence);
    target.bounding_box = target.bounding_box.or(other.bounding_box);
    target.image = target.image.or(other.image);
    for (name, value) in other.attributes {
        target.attributes.entry(name).or_insert(value);
    }
}
