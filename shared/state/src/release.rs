//! The message by which a relay is switched off whose device has no timer of its own.

use std::time::Duration;

use camhook_ports::Message;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::relay::RelayRecord;

/// The longest that a queue delays a message that is sent: 15 minutes.
pub const LONGEST_DELAY: Duration = Duration::from_secs(900);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum ReleaseType {
    #[serde(rename = "camhook.release.v1")]
    V1,
}

/// The message that a relay is to be switched off when its time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseMessage {
    #[serde(rename = "type")]
    release_type: ReleaseType,
    /// The relay's id.
    pub relay: String,
    /// Which setting of `on_until` it was sent for.
    pub generation: u64,
    /// How often in a row the device did not confirm, in messages of an older version: [`RelayRecord`] says it now.
    #[serde(default)]
    pub failures: u32,
}

impl ReleaseMessage {
    /// The value of `type`, which distinguishes it from an event.
    pub const TYPE: &'static str = "camhook.release.v1";

    /// A release that has not been tried yet.
    #[must_use]
    pub fn new(relay: &str, generation: u64) -> Self {
        Self { release_type: ReleaseType::V1, relay: relay.to_owned(), generation, failures: 0 }
    }

    /// The message for the queue, to be delivered after `delay`: in whole seconds, rounded up, since one that
    /// comes early only has to be sent again.
    ///
    /// # Errors
    ///
    /// When it cannot be written as JSON.
    pub fn message(&self, delay: Duration) -> Result<Message, serde_json::Error> {
        let whole_seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
        let delay = Duration::from_secs(whole_seconds).min(LONGEST_DELAY);
        let mut message = Message::new(serde_json::to_string(self)?, format!("relay/{}", self.relay));
        message.delay = delay;
        Ok(message)
    }
}

/// Since when a release has been due that nobody tried; `None` when none is due, or somebody may be asking the
/// device right now.
#[must_use]
pub fn neglected_since(relay: &RelayRecord, now: Timestamp) -> Option<Timestamp> {
    let on_until = relay.on_until.filter(|until| *until < now)?;
    if relay.busy_until.is_some_and(|until| until > now) {
        return None;
    }
    let tried = relay.release_tried.map_or(on_until, |tried| tried.max(on_until));
    // One that failed waits for its next attempt.
    let due = relay.release_failures.as_ref().map_or(tried, |failures| failures.next.max(tried));
    (due < now).then_some(due)
}

/// What is remembered of a relay for which the queue acknowledged another release, of the next generation: one
/// of an older generation that is still somewhere is superseded.
#[must_use]
pub fn queued_again(relay: &RelayRecord, now: Timestamp) -> RelayRecord {
    let generation = next_generation(relay);
    RelayRecord { generation, release_queued: Some(generation), release_tried: Some(now), ..relay.clone() }
}

/// The generation of another release.
#[must_use]
pub fn next_generation(relay: &RelayRecord) -> u64 {
    relay.generation.saturating_add(1)
}
