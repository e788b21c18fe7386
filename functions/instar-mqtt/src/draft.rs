//! From what is to be told to the draft of an event.

use camhook_event::{Camera as EventCamera, Device, Kind, State, Text, VendorData, Zone, ZoneShape};
use camhook_ingest::{Draft, DraftTarget, Identity};
use camhook_instar_http::Objects;
use serde_json::Value;

use crate::connection::{Connection, Word};
use crate::history::Telling;
use crate::topic::Camera;

/// The event of an alarm, or of something that was recognized in one.
pub(crate) fn alarm(telling: &Telling, camera: &Camera<'_>) -> Draft<'static> {
    let Telling { message, alarm, triggers, objects } = telling;
    // What is recognized before anything else is heard stands for motion: only what moved is looked at.
    let kind = if triggers.is_empty() { Kind::Motion } else { triggers.kind() };
    let mut draft = draft(kind, camera, &message.topic);
    draft.vendor_kind = Text::new(&message.value);
    draft.event_ids = Text::new(alarm).into_iter().collect();
    let classes = objects.iter().flat_map(|objects: &Objects| objects.classes());
    for class in classes {
        if draft.targets.iter().all(|target: &DraftTarget| target.class != Some(class)) {
            draft.targets.push(DraftTarget { class: Some(class), ..DraftTarget::default() });
        }
    }
    let areas: Vec<String> = triggers.areas().iter().map(ToString::to_string).collect();
    draft.zone = Text::new(&areas.join(",")).map(|id| Zone {
        shape: Some(ZoneShape::Area),
        id: Some(id),
        ..Zone::default()
    });
    if !triggers.is_empty() {
        let names: Vec<Value> = triggers.as_slice().iter().map(|trigger| trigger.name().into()).collect();
        draft.vendor_data.insert("triggers", names);
    }
    draft
}

/// The event of a last will, or of its revocation.
pub(crate) fn connection(word: &Word, camera: &Camera<'_>) -> Draft<'static> {
    let kind = match word.connection {
        Connection::Online => Kind::DeviceOnline,
        Connection::Offline => Kind::DeviceOffline,
    };
    let mut draft = draft(kind, camera, &word.topic);
    draft.vendor_kind = Text::new(&word.word);
    draft.state = Some(State::Start);
    draft
}

fn draft(kind: Kind, camera: &Camera<'_>, topic: &str) -> Draft<'static> {
    let mut draft = Draft::new(kind, Identity::Delivery);
    draft.camera = Some(EventCamera { id: camera.id.clone(), name: None });
    draft.device = Device { mac: camera.mac, ..Device::default() };
    let mut data = VendorData::default();
    data.insert("topic", topic);
    draft.vendor_data = data;
    draft
}
