//! From a message to the draft of an event.

use camhook_event::{Camera, Face, Kind, Plate, Text, VendorData};
use camhook_ingest::{Draft, DraftTarget, Identity};
use camhook_site::{Retention, Source};
use serde_json::Value;

use super::message::{Alarm, Meaning};
use crate::{Objects, Triggers};

/// The event of an alarm.
///
/// The sender gives no time and no number: two requests that look alike are two alarms.
pub(crate) fn draft(alarm: &Alarm, source: &Source) -> Draft<'static> {
    let keeps_faces = source.faces == Retention::Keep;
    let mut draft = Draft::new(kind(alarm), Identity::Delivery);
    draft.camera = text(alarm.camera.as_deref()).map(|id| Camera { id, name: None });
    draft.vendor_kind = text(alarm.word.as_deref());
    draft.targets = alarm.objects.map(targets).unwrap_or_default();
    draft.zone = alarm.triggers.as_ref().and_then(Triggers::zone);
    draft.plate = text(alarm.plate.as_deref()).map(plate);
    if keeps_faces {
        let name = text(alarm.face.as_deref());
        draft.face = name.map(|name| Face { name: Some(name), ..Face::default() });
    }
    draft.vendor_data = vendor_data(alarm, source);
    draft
}

fn text(text: Option<&str>) -> Option<Text> {
    text.and_then(Text::new)
}

/// What happened. The Cloud speaks of what it recognized; a camera of what set off the alarm.
fn kind(alarm: &Alarm) -> Kind {
    if let Some(triggers) = alarm.triggers.as_ref().filter(|triggers| !triggers.is_empty()) {
        return triggers.kind();
    }
    if alarm.plate.is_some() {
        Kind::Plate
    } else if alarm.face.is_some() {
        Kind::Face
    } else if alarm.objects.is_some_and(|objects| !objects.is_none()) {
        Kind::Object
    } else if alarm.storage.is_some() && alarm.camera.is_none() && alarm.objects.is_none() {
        Kind::Storage
    } else {
        Kind::Motion
    }
}

/// One target for each class that was recognized: how many there were is not sent.
fn targets(objects: Objects) -> Vec<DraftTarget> {
    let target = |class| DraftTarget { class: Some(class), ..DraftTarget::default() };
    objects.classes().into_iter().map(target).collect()
}

fn plate(text: Text) -> Plate {
    Plate::new(text)
}

/// All that has no place of its own, and the triggers one by one, since a rule may be about one of several.
fn vendor_data(alarm: &Alarm, source: &Source) -> VendorData {
    let mut data = VendorData::default();
    let face = source.parameters.get("face").map_or("face", String::as_str);
    // An unknown parameter may hold the name of whoever was recognized: its name is a guess.
    let is_kept = |name: &str, meaning: Meaning| match source.faces {
        Retention::Keep => true,
        Retention::Drop => meaning == Meaning::Known && !name.eq_ignore_ascii_case(face),
    };
    for parameter in &alarm.other {
        if is_kept(&parameter.name, parameter.meaning) {
            data.insert(&parameter.name, parameter.value.trim());
        }
    }
    if let Some(triggers) = alarm.triggers.as_ref().filter(|triggers| !triggers.is_empty()) {
        let names: Vec<Value> = triggers.as_slice().iter().map(|trigger| trigger.name().into()).collect();
        data.insert("triggers", names);
    }
    if let Some(storage) = &alarm.storage {
        data.insert("storage", storage.as_str());
    }
    data
}
