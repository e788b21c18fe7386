//! Switching off what has no timer of its own.
//!
//! Before such a device is switched on, the queue has a message that will switch it off. The message knows no
//! age, works while everything is stopped, and sends itself again until the device has confirmed: when its
//! time has not come (a queue delays by 15 minutes at most), when somebody speaks to the device, and when
//! the device does not answer.

use std::time::Duration;

pub use camhook_state::release::ReleaseMessage;

use camhook_state::relay::{LastAction, RelayRecord};
use camhook_state::release::LONGEST_DELAY;
use jiff::Timestamp;

use crate::protocol::{BUSY_LIMIT, time_until};

/// After how long a release that was not confirmed is tried again.
pub const RETRY_INTERVAL: Duration = Duration::from_secs(10);

/// After how long a release is tried again whose relay is no longer in the configuration, once people were
/// told.
pub const SLOW_RETRY_INTERVAL: Duration = LONGEST_DELAY;

/// Which failure in a row is told to people.
pub const TOLD_FAILURE: u32 = 3;

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
    ReleaseStep::SwitchOff(Box::new(RelayRecord { busy_until, release_tried: Some(now), ..relay.clone() }))
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
