//! What is remembered of a relay.

use camhook_event::State as EventState;
use camhook_ports::{Condition, Key, PutOutcome, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::claim::DecisionRecord;
use crate::item::{decode, encode};

/// What was last asked of a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastAction {
    /// On, until something else is asked.
    On,
    /// Off.
    Off,
    /// On for a time.
    Pulse,
    /// On until some time after the last matching event.
    Hold,
    /// The other state.
    Toggle,
    /// Off, since the time of a pulse or hold was over.
    Release,
    /// Off by a person, who said so.
    ConfirmedOff,
}

/// What the table says of a relay; one that never was switched has none of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayRecord {
    /// Until when it is to be on; absent when no release is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_until: Option<Timestamp>,
    /// The time of the event that last changed it: an older `start` or `stop` changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event: Option<Timestamp>,
    /// What that event was: a `start` of the same time as a `stop` changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event_state: Option<EventState>,
    /// What was last asked of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_action: Option<LastAction>,
    /// When that was asked, for the smallest interval between two actuations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_actuation: Option<Timestamp>,
    /// Counts the times that `on_until` was set: a release of an older one changes nothing.
    #[serde(default)]
    pub generation: u64,
    /// The last generation whose release message the queue has acknowledged; older messages are superseded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_queued: Option<u64>,
    /// Until when somebody may be speaking to the device: others wait until then, so that what the device
    /// hears has the order of what is remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_until: Option<Timestamp>,
    /// When somebody last tried to switch it off because its time was over, or had the queue see to it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_tried: Option<Timestamp>,
    /// The attempts to switch it off that the device did not confirm; absent when there were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_failures: Option<ReleaseFailures>,
    /// The end of a release whose audit record may be missing; absent once it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_audit: Option<ReleaseAudit>,
    /// What ends the time for which it is on; absent in items of older versions, where the driver decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<EndedBy>,
    /// Whether the device confirmed what was last asked of it.
    #[serde(default, skip_serializing_if = "Confirmation::is_received")]
    pub confirmation: Confirmation,
}

/// What ends the time for which a relay is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The device's own timer.
    Timer,
    /// A release, since the device has no timer, or reported that its timer is not running.
    Release,
}

/// Whether a device confirmed a command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// It did, or nothing was asked of it.
    #[default]
    Received,
    /// It did not: the state of the relay is unknown.
    Missing,
}

impl Confirmation {
    fn is_received(&self) -> bool {
        *self == Self::Received
    }
}

/// The end of a release, as its audit record says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseAudit {
    /// Which setting of `on_until` was released.
    pub generation: u64,
    /// Which attempt it was, counted from 1.
    pub attempt: u32,
    /// What was decided.
    pub decision: DecisionRecord,
}

/// The attempts to release a relay that its device did not confirm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseFailures {
    /// How many there were in a row.
    pub count: u32,
    /// When the first one was.
    pub since: Timestamp,
    /// When people were last alerted; absent when they were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerted: Option<Timestamp>,
    /// When it is tried again.
    pub next: Timestamp,
}

/// A relay's record as it was last read or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayState {
    key: Key,
    revision: Option<u64>,
    record: RelayRecord,
}

impl RelayState {
    /// What it says.
    #[must_use]
    pub fn record(&self) -> &RelayRecord {
        &self.record
    }
}

pub(crate) fn key(relay: &str) -> Key {
    Key::new(format!("relay#{relay}"), "-")
}

/// Reads what is remembered of a relay.
///
/// # Errors
///
/// When the table fails.
pub async fn read<S: State>(state: &S, relay: &str) -> Result<RelayState, Error> {
    let key = key(relay);
    match state.get(&key).await? {
        Some(item) => Ok(RelayState { revision: Some(item.revision), record: decode(&item)?, key }),
        None => Ok(RelayState { key, revision: None, record: RelayRecord::default() }),
    }
}

/// Writes a relay's record in the place of the one that was read; `None` when another writer was faster.
///
/// # Errors
///
/// When the table fails.
pub async fn write<S: State>(
    state: &S,
    read: &RelayState,
    record: RelayRecord,
    now: Timestamp,
) -> Result<Option<RelayState>, Error> {
    let data = encode(&read.key, &record)?;
    let condition = read.revision.map_or(Condition::Absent { now }, Condition::Revision);
    Ok(match state.put(&read.key, data, None, condition).await? {
        PutOutcome::Written(revision) => {
            Some(RelayState { key: read.key.clone(), revision: Some(revision), record })
        }
        PutOutcome::Refused(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    #[tokio::test]
    async fn of_two_writers_that_read_the_same_one_writes() {
        let state = MemoryState::default();
        let left = read(&state, "gate").await.unwrap();
        let right = read(&state, "gate").await.unwrap();
        assert_eq!(left.record(), &RelayRecord::default());

        let on = RelayRecord { on_until: Some(NOW), generation: 1, ..RelayRecord::default() };
        let written = write(&state, &left, on.clone(), NOW).await.unwrap().unwrap();
        assert_eq!(write(&state, &right, RelayRecord::default(), NOW).await.unwrap(), None);
        assert_eq!(read(&state, "gate").await.unwrap(), written);
        assert_eq!(written.record(), &on);

        let off = RelayRecord { last_action: Some(LastAction::Release), ..RelayRecord::default() };
        write(&state, &written, off, NOW).await.unwrap().unwrap();
        assert_eq!(write(&state, &written, on, NOW).await.unwrap(), None);
    }
}
