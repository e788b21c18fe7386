//! The event as a queue carries it.

use crate::event::Record;
use crate::{Event, Text, VendorData, record_key};

/// The most that a queue message may hold, in bytes.
pub const MESSAGE_LIMIT: usize = 200 * 1024;

/// The event as the body of a queue message.
///
/// An event above [`MESSAGE_LIMIT`] goes without `vendor_data`, the targets' `attributes` and the zone's
/// `points`; its `record` then says where the whole of it is. `json` is the whole event as JSON, which the record is
/// written from too.
///
/// # Errors
///
/// When the event cannot be written as JSON.
pub fn message(event: &Event, json: String, bucket: &Text) -> Result<String, serde_json::Error> {
    if json.len() <= MESSAGE_LIMIT {
        return Ok(json);
    }
    let mut lean = event.clone();
    lean.data.vendor_data = VendorData::default();
    for target in &mut lean.data.targets {
        target.attributes.clear();
    }
    if let Some(zone) = &mut lean.data.zone {
        zone.points.clear();
    }
    lean.data.record = Text::new(&record_key(event)).map(|key| Record { bucket: bucket.clone(), key });
    serde_json::to_string(&lean)
}
