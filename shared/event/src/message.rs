//! The event as a queue carries it.

use crate::event::Record;
use crate::{Event, Image, Text, VendorData, record_key};

/// The most that a queue message may hold, in bytes.
pub const MESSAGE_LIMIT: usize = 200 * 1024;

/// The most of one list in a message that is still too long without ids, attributes and `vendor_data`.
const LIST_LIMIT: usize = 16;

/// The event as the body of a queue message, of at most [`MESSAGE_LIMIT`] bytes.
///
/// An event above that goes without `vendor_data`, the targets' `attributes` and the zone's `points`; its `record` then
/// says where the whole of it is. One that is still too long, since a device sent hundreds of long ids, goes without the
/// ids of its targets, and then with the beginning of each list. The correlation key stays. `json` is the whole event as
/// JSON, which the record is written from too.
///
/// # Errors
///
/// When the event cannot be written as JSON.
pub fn message(event: &Event, json: String, bucket: &Text) -> Result<String, serde_json::Error> {
    if json.len() <= MESSAGE_LIMIT {
        return Ok(json);
    }
    let mut lean = event.clone();
    lean.data.record = Text::new(&record_key(event)).map(|key| Record { bucket: bucket.clone(), key });
    let steps: [fn(&mut Event); 3] = [without_details, without_target_ids, with_short_lists];
    let mut message = json;
    for step in steps {
        step(&mut lean);
        message = serde_json::to_string(&lean)?;
        if message.len() <= MESSAGE_LIMIT {
            break;
        }
    }
    Ok(message)
}

fn without_details(event: &mut Event) {
    event.data.vendor_data = VendorData::default();
    for target in &mut event.data.targets {
        target.attributes.clear();
    }
    if let Some(zone) = &mut event.data.zone {
        zone.points.clear();
    }
}

/// A counter is deduplicated by having an id of a target, so that one stays.
fn without_target_ids(event: &mut Event) {
    event.data.targets.iter_mut().for_each(|target| target.id = None);
    if let Some(correlation) = &mut event.data.correlation {
        correlation.target_ids.truncate(1);
    }
}

fn with_short_lists(event: &mut Event) {
    let data = &mut event.data;
    data.targets.truncate(LIST_LIMIT);
    data.images.retain(|image| matches!(image, Image::Stored(_)));
    data.images.truncate(LIST_LIMIT);
    data.targets.iter_mut().for_each(|target| target.image = None);
    if let Some(correlation) = &mut data.correlation {
        correlation.event_ids.truncate(LIST_LIMIT);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(targets: usize, ids: usize, images: usize) -> Event {
        // Each character of it takes six bytes as JSON.
        let id = |number: usize| format!("{number}{}", "\u{1}".repeat(250));
        let target = |number| json!({ "id": id(number), "class": "person", "attributes": { "a": "b" } });
        let targets: Vec<_> = (0..targets).map(target).collect();
        let target_ids: Vec<_> = (0..targets.len()).map(id).collect();
        let event_ids: Vec<_> = (0..ids).map(id).collect();
        let images: Vec<_> =
            (0..images).map(|_| json!({ "role": "snapshot", "rejected": "too_many" })).collect();
        serde_json::from_value(json!({
            "specversion": "1.0", "id": "0".repeat(32), "source": "/xprotect/vms", "type": "camhook.event.v1",
            "subject": "motion", "time": "2026-11-23T08:00:00.000Z", "datacontenttype": "application/json",
            "data": {
                "vendor": "xprotect", "source": "vms", "kind": "motion", "report": "detection",
                "received_at": "2026-11-23T08:00:00.000Z", "clock": "server", "targets": targets, "images": images,
                "correlation": { "key": "vms:motion:1", "event_ids": event_ids, "target_ids": target_ids },
            },
        }))
        .unwrap()
    }

    #[test]
    fn no_event_makes_a_longer_message_than_a_queue_takes() {
        let bucket = Text::new("bucket").unwrap();
        for (targets, ids, images) in [
            (0, 1, 0),
            (64, 1, 64),
            (64, 64, 64),
            (1000, 1, 0),
            (0, 1000, 0),
            (0, 0, 30_000),
            (1000, 1000, 1000),
        ] {
            let event = event(targets, ids, images);
            let json = serde_json::to_string(&event).unwrap();
            let message = message(&event, json, &bucket).unwrap();
            assert!(message.len() <= MESSAGE_LIMIT, "{targets} {ids} {images}: {}", message.len());
            let sent: Event = serde_json::from_str(&message).unwrap();
            assert_eq!(sent.data.correlation.unwrap().key.as_str(), "vms:motion:1");
            assert_eq!(sent.data.targets.is_empty(), targets == 0);
        }
    }

    #[test]
    fn an_event_that_fits_is_sent_whole() {
        let event = event(3, 3, 3);
        let json = serde_json::to_string(&event).unwrap();
        assert_eq!(message(&event, json.clone(), &Text::new("bucket").unwrap()).unwrap(), json);
    }
}
