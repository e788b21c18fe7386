//! The audit: what was decided about relays.

use camhook_event::EventId;
use camhook_ports::{ObjectError, ObjectStore};
use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::bucket::{day_prefix, days, keys_after};

pub(crate) const ROOT: &str = "audit";

/// The number of records that are read at the same time.
const AT_ONCE: usize = 16;

/// For how long after an event's receipt its decisions are looked for.
const AFTER_RECEIPT: SignedDuration = SignedDuration::from_hours(24);

/// By how much the clock of an agent on site, which dates its decisions, may be behind.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(10);

/// A decision about a relay, as the audit has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// When it was made.
    pub at: Timestamp,
    /// The decision: `done`, `late`, `refused` and so on.
    pub decision: String,
    /// The name of its reason.
    pub reason: String,
    /// The reason in a sentence. It may contain text of the device.
    pub text: String,
    /// The relay's id.
    pub relay: String,
    /// The action, or `release`.
    pub action: String,
    /// The length of a pulse or hold, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// The rule's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// The event's source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The event's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_time: Option<Timestamp>,
    /// What was read and what matched, if the rule matched a plate by tolerance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plate: Option<MatchedPlate>,
    /// The run, if the event was replayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
}

/// The plate of a rule that matched by tolerance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchedPlate {
    /// What the camera read.
    pub read: String,
    /// The plate of the list.
    pub matched: String,
}

impl AuditRecord {
    /// Whether the relay was switched, or may have been.
    #[must_use]
    pub fn is_switched(&self) -> bool {
        matches!(self.decision.as_str(), "done" | "unknown") && self.action != "release"
    }
}

/// The records of a time range, oldest first; those of one relay, or of all. Objects that are no records are left out.
///
/// # Errors
///
/// When the bucket fails.
pub async fn list<O: ObjectStore>(
    objects: &O,
    since: Timestamp,
    until: Timestamp,
    relay: Option<&str>,
) -> Result<Vec<AuditRecord>, ObjectError> {
    let mut records = Vec::new();
    // Sign-ins of people have a folder of their own.
    let is_of_relay = |key: &String| !key.contains("/@");
    for day in days(since, until) {
        let mut prefix = day_prefix(ROOT, day);
        if let Some(relay) = relay {
            prefix.push_str(relay);
            prefix.push('/');
        }
        let keys = keys_after(objects, &prefix, None).await?;
        let read = stream::iter(keys.into_iter().filter(is_of_relay))
            .map(|key| async move { objects.get(&key).await });
        let of_day: Vec<AuditRecord> = read
            .buffered(AT_ONCE)
            .try_filter_map(|object| {
                let record = object.and_then(|object| serde_json::from_slice(&object.bytes).ok());
                std::future::ready(Ok(record))
            })
            .try_collect()
            .await?;
        records.extend(of_day.into_iter().filter(|record| record.at >= since && record.at < until));
    }
    records.sort_by_key(|record| record.at);
    Ok(records)
}

/// The decisions about an event, oldest first.
///
/// # Errors
///
/// When the bucket fails.
pub async fn of_event<O: ObjectStore>(
    objects: &O,
    relays: Vec<String>,
    event: EventId,
    received_at: Timestamp,
) -> Result<Vec<AuditRecord>, ObjectError> {
    let id = event.to_string();
    let since = later(received_at, -CLOCK_TOLERANCE);
    let searched: Vec<Date> = days(since, later(received_at, AFTER_RECEIPT)).collect();
    let listed = relays.iter().flat_map(|relay| {
        searched.iter().map(move |day| async move {
            let prefix = relay_prefix(relay, *day);
            // The names of a relay's records begin with their time.
            let after = format!("{prefix}{}", since.as_millisecond());
            keys_after(objects, &prefix, Some(&after)).await
        })
    });
    let keys = try_join_all(listed).await?.into_iter().flatten().filter(|key| key.contains(&id));
    let mut records = read(objects, keys.collect()).await?;
    records.sort_by_key(|record| record.at);
    Ok(records)
}

/// The newest decisions about a relay of today and the day before, newest first.
///
/// # Errors
///
/// When the bucket fails.
pub async fn newest<O: ObjectStore>(
    objects: &O,
    relay: &str,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<AuditRecord>, ObjectError> {
    let mut keys = Vec::new();
    for day in days(later(now, -SignedDuration::from_hours(24)), now) {
        if keys.len() >= limit {
            break;
        }
        // Keys are listed in the order of time, and from the oldest only: all of a day are needed for its newest.
        let of_day = keys_after(objects, &relay_prefix(relay, day), None).await?;
        keys.extend(of_day.into_iter().rev());
    }
    keys.truncate(limit);
    read(objects, keys).await
}

/// Reads records. Objects that are no records are left out.
async fn read<O: ObjectStore>(objects: &O, keys: Vec<String>) -> Result<Vec<AuditRecord>, ObjectError> {
    let objects: Vec<_> = keys.iter().map(|key| objects.get(key)).collect();
    let objects = try_join_all(objects).await?;
    let records =
        objects.into_iter().flatten().filter_map(|object| serde_json::from_slice(&object.bytes).ok());
    Ok(records.collect())
}

/// `audit/yyyy/mm/dd/{relay}/`
fn relay_prefix(relay: &str, day: Date) -> String {
    format!("{}{relay}/", day_prefix(ROOT, day))
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(time)
}
