//! From what is new of a camera to an event.

use camhook_event::{Camera, Device, Kind, State, Text};
use camhook_ingest::{AlarmIds, Draft, DraftTarget, Emission, Identity, MqttDevice};
use serde_json::Value;

use super::connection::{Connection, ConnectionReport};
use super::history::{AlarmNews, AlarmReport};
use crate::Objects;

/// The event of an alarm, or of something that was recognized in one.
pub(super) fn of_alarm(news: &AlarmNews, camera: &MqttDevice<'_>) -> Emission {
    let AlarmNews { report, alarm, triggers, objects } = news;
    let AlarmReport { received_at, topic, value, message, .. } = report;
    // What is recognized before anything else is known stands for motion: only what moved is looked at.
    let kind = if triggers.is_empty() { Kind::Motion } else { triggers.kind() };
    let mut draft = draft(kind, camera, topic);
    draft.vendor_kind = Text::new(value);
    draft.event_ids = Text::new(alarm).into_iter().collect();
    // What was recognized may be an event before its alarm is, and is motion then; the alarm may be any kind.
    draft.alarm_ids = AlarmIds::OfAnyKind;
    let classes = objects.iter().flat_map(|objects: &Objects| objects.classes());
    for class in classes {
        if draft.targets.iter().all(|target: &DraftTarget| target.class != Some(class)) {
            draft.targets.push(DraftTarget { class: Some(class), ..DraftTarget::default() });
        }
    }
    draft.zone = triggers.zone();
    if !triggers.is_empty() {
        let names: Vec<Value> = triggers.as_slice().iter().map(|trigger| trigger.name().into()).collect();
        draft.vendor_data.insert("triggers", names);
    }
    Emission { draft, received_at: *received_at, id: message.clone(), body: format!("{topic}\n{value}") }
}

/// The event of a last will, or of its withdrawal.
pub(super) fn of_connection(report: &ConnectionReport, camera: &MqttDevice<'_>) -> Emission {
    let ConnectionReport { received_at, connection, word, topic, message, .. } = report;
    let kind = match connection {
        Connection::Online => Kind::DeviceOnline,
        Connection::Offline => Kind::DeviceOffline,
    };
    let mut draft = draft(kind, camera, topic);
    draft.vendor_kind = Text::new(word);
    draft.state = Some(State::Start);
    Emission { draft, received_at: *received_at, id: message.clone(), body: format!("{topic}\n{word}") }
}

fn draft(kind: Kind, camera: &MqttDevice<'_>, topic: &str) -> Draft<'static> {
    let mut draft = Draft::new(kind, Identity::Delivery);
    draft.camera = Some(Camera { id: camera.id.clone(), name: None });
    draft.device = Device { mac: camera.mac, ..Device::default() };
    draft.vendor_data.insert("topic", topic);
    draft
}
