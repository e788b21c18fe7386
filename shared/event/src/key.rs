//! The names of the objects in the bucket.
//!
//! Keys are made from the event's id, so that a sender's retry overwrites the same objects. Dates are those
//! of the event's `time`, in UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use twox_hash::XxHash3_128;

use crate::{Event, EventId, ImageRole, Time};

/// The configuration of the site.
pub const CONFIG_KEY: &str = "config/camhook.toml";

/// Below this are the records of events.
pub const RECORD_PREFIX: &str = "events/";

/// The prefix of events that a queue refused and that are still to be delivered.
pub const PENDING_PREFIX: &str = "pending/";

fn date(time: Timestamp) -> String {
    let date = time.to_zoned(TimeZone::UTC).date();
    format!("{:04}/{:02}/{:02}", date.year(), date.month(), date.day())
}

/// `images/{source}/{yyyy}/{mm}/{dd}/{id}/{n}-{role}.jpg`
#[must_use]
pub fn image_key(source: &str, time: Time, id: EventId, index: usize, role: ImageRole) -> String {
    format!("images/{source}/{}/{id}/{index}-{role}.jpg", date(time.timestamp()))
}

/// Whether a key is that of a picture of an event: `images/`, then source and date, the event's id and a file name.
#[must_use]
pub fn is_image_of(key: &str, id: EventId) -> bool {
    let segments: Vec<&str> = key.split('/').collect();
    let [root, source, year, month, day, event, file] = segments.as_slice() else { return false };
    let is_plain = |segment: &&str| !segment.is_empty() && !matches!(*segment, "." | "..");
    *root == "images"
        && *event == id.to_string()
        && [source, year, month, day, file].into_iter().all(is_plain)
}

/// `events/{yyyy}/{mm}/{dd}/{source}/{id}.json`
#[must_use]
pub fn record_key(event: &Event) -> String {
    record_key_of(event.time, event.data.source.as_str(), event.id)
}

/// The key of the record of an event with this time, source and id.
#[must_use]
pub fn record_key_of(time: Time, source: &str, id: EventId) -> String {
    format!("{RECORD_PREFIX}{}/{source}/{id}.json", date(time.timestamp()))
}

/// `thumbnails/{source}/{yyyy}/{mm}/{dd}/{id}.jpg`
#[must_use]
pub fn thumbnail_key(event: &Event) -> String {
    format!("thumbnails/{}/{}/{}.jpg", event.data.source, date(event.time.timestamp()), event.id)
}

/// `pending/{id}.json`
#[must_use]
pub fn pending_key(id: EventId) -> String {
    format!("{PENDING_PREFIX}{id}.json")
}

/// `quarantine/{yyyy}/{mm}/{dd}/{source}/{request id}/`, with the date of the receipt. Below it stand
/// `request.bin` and `reason.json`.
#[must_use]
pub fn quarantine_prefix(source: &str, received_at: Timestamp, request_id: &str) -> String {
    let request_id: String = request_id
        .chars()
        .map(|character| match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '=' => character,
            _ => '-',
        })
        .collect();
    format!("quarantine/{}/{source}/{request_id}/", date(received_at))
}

/// `unknown-levels/{source}/{XXH3 of the device's name}`: marks that the levels in the table are older than the last
/// report of the device.
#[must_use]
pub fn unknown_levels_key(source: &str, device: &str) -> String {
    format!("unknown-levels/{source}/{:032x}", XxHash3_128::oneshot(device.as_bytes()))
}

/// `audit/{yyyy}/{mm}/{dd}/{relay}/{time}-{decision}.json`, with the date of the decision.
#[must_use]
pub fn audit_key(relay: &str, decided_at: Timestamp, decision: &str) -> String {
    format!("audit/{}/{relay}/{}-{decision}.json", date(decided_at), decided_at.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_carry_the_date_in_utc() {
        let time = Time::new("2026-01-02T23:59:59.9Z".parse().unwrap());
        let id: EventId = "0123456789abcdef0123456789abcdef".parse().unwrap();
        assert_eq!(
            image_key("gate", time, id, 1, ImageRole::Plate),
            "images/gate/2026/01/02/0123456789abcdef0123456789abcdef/1-plate.jpg"
        );
        assert_eq!(
            quarantine_prefix("gate", time.timestamp(), "JKJaXmPLvHcESHA=/../"),
            "quarantine/2026/01/02/gate/JKJaXmPLvHcESHA=----/"
        );
    }

    #[test]
    fn only_a_picture_below_the_events_own_id_is_one_of_its_pictures() {
        let id: EventId = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let other: EventId = "f123456789abcdef0123456789abcdef".parse().unwrap();
        let time = Time::new("2026-01-02T23:59:59.9Z".parse().unwrap());
        let key = image_key("gate", time, id, 1, ImageRole::Plate);
        assert!(is_image_of(&key, id));
        assert!(!is_image_of(&key, other));
        for forged in [
            CONFIG_KEY.to_owned(),
            format!("images/{id}/../config/camhook.toml"),
            format!("images/gate/2026/01/../{id}/0-overview.jpg"),
            format!("images/gate/2026/01/02/{id}/"),
            format!("config/gate/2026/01/02/{id}/0-overview.jpg"),
            format!("/{key}"),
            format!("{key}/more"),
            String::new(),
        ] {
            assert!(!is_image_of(&forged, id), "{forged}");
        }
    }
}
