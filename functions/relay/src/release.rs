//! Switching off what has no timer of its own.
//!
//! Before such a device is switched on, the queue has a message that will switch it off. The message knows no
//! age, works while everything is stopped, and sends itself again until the device has confirmed: when its
//! time has not come (a queue delays by 15 minutes at most), when somebody speaks to the device, and when
//! the device does not answer.

use std::time::Duration;

use camhook_ports::Message;
use camhook_state::relay::{LastAction, RelayRecord};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::protocol::{BUSY_LIMIT, time_until};

/// The longest that a queue delays a message.
const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// After how long a release that was not confirmed is tried again.
pub const RETRY_INTERVAL: Duration = Duration::from_secs(10);

/// After how long a release is tried again whose relay is no longer in the configuration, once people were
/// told.
pub const SLOW_RETRY_INTERVAL: Duration = LONGEST_DELAY;

/// Which failure in a row is told to people.
pub const TOLD_FAILURE: u32 = 3;

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
    /// How often in a row the device did not confirm.
    #[serde(default)]
    pub failures: u32,
}

impl ReleaseMessage {
    /// The name by which it is told from an event.
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

/// What a release message does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseStep {
    /// Nothing is owed, or another message will do it.
    Forget,
    /// It is not time yet.
    Wait(Duration),
    /// The relay is switched off, after this was written.
    SwitchOff(Box<RelayRecord>),
}

/// What follows from a release message and what is remembered of its relay.
#[must_use]
pub fn next(message: &ReleaseMessage, relay: &RelayRecord, now: Timestamp) -> ReleaseStep {
    let Some(on_until) = relay.on_until else { return ReleaseStep::Forget };
    // A message of a later generation is surely in the queue. One of an older generation is otherwise not
    // forgotten: whoever set the later one may have died before its own message was acknowledged.
    if relay.release_queued.is_some_and(|queued| queued > message.generation) {
        return ReleaseStep::Forget;
    }
    let moment = relay.busy_until.map_or(on_until, |busy_until| busy_until.max(on_until));
    if now < moment {
        return ReleaseStep::Wait(time_until(moment, now));
    }
    let busy_until = now.checked_add(BUSY_LIMIT).ok();
    ReleaseStep::SwitchOff(Box::new(RelayRecord { busy_until, ..relay.clone() }))
}

/// What is remembered of a relay whose device confirmed that it is off.
#[must_use]
pub fn released(written: &RelayRecord, now: Timestamp) -> RelayRecord {
    RelayRecord {
        on_until: None,
        busy_until: None,
        last_action: Some(LastAction::Release),
        last_actuation: Some(now),
        ..written.clone()
    }
}

/// What is remembered of a relay whose device did not confirm.
#[must_use]
pub fn still_owed(written: &RelayRecord) -> RelayRecord {
    RelayRecord { busy_until: None, ..written.clone() }
}
