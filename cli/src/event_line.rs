//! An event on one line.

use camhook_event::State;
use camhook_operations::events::Summary;

use crate::moment::Times;
use crate::output::{counted, single_line};

/// An event on one line: time, place, description, number of pictures, id.
pub(crate) fn event_line(event: &Summary, times: &Times) -> String {
    let place = match &event.camera {
        Some(camera) => format!("{}/{}", event.source, camera.name.as_ref().unwrap_or(&camera.id)),
        None => event.source.to_string(),
    };
    let pictures = match (event.pictures, event.rejected_pictures) {
        (0, 0) => "no pictures".to_owned(),
        (stored, 0) => counted(stored, "picture", "pictures"),
        (stored, rejected) => format!("{}, {rejected} rejected", counted(stored, "picture", "pictures")),
    };
    let time = times.show_ms(event.time.timestamp());
    let line = format!("{time}  {place}  {}  {pictures}  {}", what(event), event.id);
    single_line(&line).into_owned()
}

/// What happened: the kind, and what is known of plate, face, targets and zone.
fn what(event: &Summary) -> String {
    let mut what = vec![event.kind.to_string()];
    what.extend(event.state.map(|state| {
        match state {
            State::Start => "start",
            State::Stop => "end",
        }
        .to_owned()
    }));
    what.extend(event.name.as_ref().map(ToString::to_string));
    what.extend(event.plate.as_ref().map(|plate| plate.text.to_string()));
    what.extend(event.face.as_ref().and_then(|face| face.name.as_ref()).map(ToString::to_string));
    // The kind may be the same word.
    what.extend(event.targets.iter().map(word).filter(|class| class != event.kind.name()));
    what.extend(event.zone.as_ref().map(ToString::to_string));
    what.join(" ")
}

/// The name of an enumeration's value in JSON.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
