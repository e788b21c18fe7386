//! An event on one line.

use camhook_event::{Event, State};
use jiff::tz::TimeZone;

use crate::output::single_line;

/// An event on one line: time, place, description, number of pictures, id.
pub(crate) fn event_line(event: &Event) -> String {
    let data = &event.data;
    let time = event.time.timestamp().to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S%.3f");
    let place = match &data.camera {
        Some(camera) => format!("{}/{}", data.source, camera.name.as_ref().unwrap_or(&camera.id)),
        None => data.source.to_string(),
    };
    let mut what = vec![data.kind.to_string()];
    what.extend(data.state.map(|state| {
        match state {
            State::Start => "start",
            State::Stop => "end",
        }
        .to_owned()
    }));
    what.extend(data.name.as_ref().map(ToString::to_string));
    what.extend(data.plate.as_ref().map(|plate| plate.text.to_string()));
    what.extend(data.face.as_ref().and_then(|face| face.name.as_ref()).map(ToString::to_string));
    let classes = data.targets.iter().filter_map(|target| target.class);
    let mut classes: Vec<String> =
        classes.filter_map(|class| Some(serde_json::to_value(class).ok()?.as_str()?.to_owned())).collect();
    classes.dedup();
    // The kind says so already.
    classes.retain(|class| class != data.kind.name());
    what.extend(classes);
    what.extend(data.zone.as_ref().and_then(|zone| zone.name.as_ref()).map(ToString::to_string));
    let stored = data.images.iter().filter(|image| image.stored().is_some()).count();
    let pictures = match (stored, data.images.len() - stored) {
        (0, 0) => "no pictures".to_owned(),
        (1, 0) => "1 picture".to_owned(),
        (stored, 0) => format!("{stored} pictures"),
        (stored, rejected) => format!("{stored} pictures, {rejected} rejected"),
    };
    let line = format!("{time}  {place}  {}  {pictures}  {}", what.join(" "), event.id);
    single_line(&line).into_owned()
}
