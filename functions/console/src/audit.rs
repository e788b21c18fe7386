//! The audit of relays: what was decided about each, in the bucket.

use camhook_event::EventId;
use camhook_ports::{ObjectError, ObjectStore};
use futures_util::future::try_join_all;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// The maximum number of records of a relay and day that are listed: one call of S3.
const LISTED: usize = 999;

/// The days after an event's receipt on which its decisions are looked for.
const AROUND: [i64; 2] = [0, 1];

/// A decision about a relay.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AuditEntry {
    pub(crate) at: Timestamp,
    /// `done`, `late`, `refused` and so on.
    pub(crate) decision: String,
    /// The reason in a sentence. It may hold text of a device.
    pub(crate) text: String,
    pub(crate) relay: String,
    pub(crate) action: String,
    #[serde(default)]
    pub(crate) rule: Option<String>,
    #[serde(default)]
    pub(crate) event: Option<EventId>,
}

impl AuditEntry {
    /// The class of its colour.
    pub(crate) fn severity(&self) -> &'static str {
        match self.decision.as_str() {
            "done" => "good",
            "unknown" | "failed" | "refused" => "bad",
            "retrying" => "waiting",
            _ => "neutral",
        }
    }
}

/// The decisions about an event, oldest first.
pub(crate) async fn of_event<O: ObjectStore>(
    objects: &O,
    relays: Vec<String>,
    event: EventId,
    time: Timestamp,
) -> Result<Vec<AuditEntry>, ObjectError> {
    let id = event.to_string();
    let mut prefixes = Vec::new();
    for relay in &relays {
        prefixes.extend(AROUND.iter().map(|days| prefix(relay, later(time, *days))));
    }
    let listed: Vec<_> = prefixes.iter().map(|prefix| objects.list(prefix, LISTED)).collect();
    let keys = try_join_all(listed).await?.into_iter().flatten().filter(|key| key.contains(&id));
    let mut entries = read(objects, keys.collect()).await?;
    entries.sort_by_key(|entry| entry.at);
    Ok(entries)
}

/// The newest decisions about a relay of today and the day before, newest first.
pub(crate) async fn newest<O: ObjectStore>(
    objects: &O,
    relay: &str,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<AuditEntry>, ObjectError> {
    let mut keys = Vec::new();
    for days in [0, -1] {
        let of_day = objects.list(&prefix(relay, later(now, days)), LISTED).await?;
        // Keys of a relay are in the order of time.
        keys.extend(of_day.into_iter().rev());
    }
    keys.truncate(limit);
    read(objects, keys).await
}

async fn read<O: ObjectStore>(objects: &O, keys: Vec<String>) -> Result<Vec<AuditEntry>, ObjectError> {
    let objects: Vec<_> = keys.iter().map(|key| objects.get(key)).collect();
    let objects = try_join_all(objects).await?;
    let entries =
        objects.into_iter().flatten().filter_map(|object| serde_json::from_slice(&object.bytes).ok());
    Ok(entries.collect())
}

fn prefix(relay: &str, time: Timestamp) -> String {
    format!("audit/{}/{relay}/", time.to_zoned(TimeZone::UTC).strftime("%Y/%m/%d"))
}

fn later(time: Timestamp, days: i64) -> Timestamp {
    time.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(time)
}
