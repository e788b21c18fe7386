//! Releases: switch off devices without a timer.
//!
//! Before such a device is switched on, a message that will switch it off is in the release queue. The message has no
//! `max_age` and works while all relays are stopped. It waits in its queue by its visibility timeout: until the time is
//! over, while another event switches the device, and until the device confirms. Its consumer never sends it again:
//! Lambda's recursive loop detection would stop that after about 16 rounds. It ends with the confirmation of the device,
//! or of a person ([`confirm_off`]).

use std::time::Duration;

use camhook_ports::{Clock, Ports};
use camhook_state::relay::{
    self, Confirmation, LastAction, RelayRecord, RelayState, ReleaseAudit, ReleaseFailures,
};
use jiff::Timestamp;

pub use camhook_state::release::ReleaseMessage;

use crate::audit::{self, Recording, Subject};
use crate::protocol::{BUSY_LIMIT, time_until};
use crate::{Decision, Error, Reason};

/// The first retry delay of a release that was not confirmed. It doubles with each failure.
const FIRST_RETRY: Duration = Duration::from_secs(10);

/// The longest retry delay.
const LONGEST_RETRY: Duration = Duration::from_secs(900);

/// The longest visibility timeout that is set. SQS allows 12 hours from the time of receipt.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(11 * 3600);

/// The number of consecutive failures after which an alert is sent.
pub const ALERTED_FAILURES: u32 = 3;

/// The time after which the alert is sent again.
pub const ALERT_INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// The next step of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseStep {
    /// Delete the message: no release is pending, or another message executes it.
    Drop,
    /// Wait: the time is not over.
    Wait(Duration),
    /// Write this item, then switch the relay off.
    SwitchOff(Box<RelayRecord>),
}

/// The next step of a release, from its message and the relay's item.
#[must_use]
pub fn next(message: &ReleaseMessage, relay: &RelayRecord, now: Timestamp) -> ReleaseStep {
    let Some(on_until) = relay.on_until else { return ReleaseStep::Drop };
    // Only a later message that the queue has acknowledged replaces this one: the process that set a later generation
    // may have been killed before it enqueued its message.
    if relay.release_queued.is_some_and(|queued| queued > message.generation) {
        return ReleaseStep::Drop;
    }
    let moment = relay.busy_until.map_or(on_until, |busy_until| busy_until.max(on_until));
    if now < moment {
        return ReleaseStep::Wait(time_until(moment, now));
    }
    let busy_until = now.checked_add(BUSY_LIMIT).ok();
    ReleaseStep::SwitchOff(Box::new(RelayRecord { busy_until, release_tried: Some(now), ..relay.clone() }))
}

/// The retry delay after a number of consecutive failures.
#[must_use]
pub fn backoff(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST_RETRY.saturating_mul(1 << doublings).min(LONGEST_RETRY)
}

/// The item of a relay whose device, or a person, confirmed that it is off. It keeps what the audit has to say until that
/// is written: the process may be killed before.
#[must_use]
pub fn released(written: &RelayRecord, audit: ReleaseAudit, now: Timestamp) -> RelayRecord {
    RelayRecord {
        release_audit: Some(audit),
        on_until: None,
        busy_until: None,
        release_failures: None,
        confirmation: Confirmation::Received,
        last_action: Some(LastAction::Release),
        last_actuation: Some(now),
        ..written.clone()
    }
}

/// The item of a relay whose device did not confirm that it is off. `retry_after` is the delay that the device requests.
#[must_use]
pub fn not_confirmed(written: &RelayRecord, retry_after: Option<Duration>, now: Timestamp) -> RelayRecord {
    let earlier = written.release_failures.clone();
    let count = earlier.as_ref().map_or(0, |failures| failures.count).saturating_add(1);
    let delay = backoff(count).max(retry_after.unwrap_or_default().min(LONGEST_RETRY));
    let failures = ReleaseFailures {
        count,
        since: earlier.as_ref().map_or(now, |failures| failures.since),
        alerted: earlier.and_then(|failures| failures.alerted),
        next: now.checked_add(delay).unwrap_or(Timestamp::MAX),
    };
    RelayRecord { busy_until: None, release_failures: Some(failures), ..written.clone() }
}

/// Whether an alert is due: at the third failure, and a day after each alert.
#[must_use]
pub fn needs_alert(failures: &ReleaseFailures, now: Timestamp) -> bool {
    match failures.alerted {
        None => failures.count >= ALERTED_FAILURES,
        Some(alerted) => now >= alerted.checked_add(ALERT_INTERVAL).unwrap_or(Timestamp::MAX),
    }
}

/// The result of [`confirm_off`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmedOff {
    /// The pending release is ended.
    Released,
    /// No release was pending.
    NotPending,
    /// A release is pending that is not due: the relay has to be on.
    NotDue {
        /// When its time is over.
        on_until: Timestamp,
    },
    /// Somebody may be switching the relay right now.
    Busy {
        /// Until when, at the latest.
        until: Timestamp,
    },
}

/// Ends the release of a relay that is due, because a person confirms that it is off. The message in the queue then has
/// no effect.
///
/// What the person has seen is older than a command that is being sent, or a time that is not over: such a release is
/// kept.
///
/// # Errors
///
/// When the table fails, or others keep changing the relay's item.
pub async fn confirm_off<P: Ports>(ports: &P, relay: &str, by: &str) -> Result<ConfirmedOff, Error> {
    for _ in 0..MAX_WRITES {
        let now = ports.clock().now();
        let seen = relay::read(ports.state(), relay).await?;
        let record = seen.record();
        let Some(on_until) = record.on_until else { return Ok(ConfirmedOff::NotPending) };
        if let Some(until) = record.busy_until.filter(|until| *until > now) {
            return Ok(ConfirmedOff::Busy { until });
        }
        if on_until > now {
            return Ok(ConfirmedOff::NotDue { on_until });
        }
        let attempt = record.release_failures.as_ref().map_or(0, |failures| failures.count);
        let generation = record.generation;
        let decision = audit::decided(Decision::Released, &Reason::ConfirmedOff(by.to_owned()), now);
        let audit = ReleaseAudit { generation, attempt, decision };
        let off = RelayRecord { last_action: Some(LastAction::ConfirmedOff), ..released(record, audit, now) };
        let Some(written) = relay::write(ports.state(), &seen, off, now).await? else { continue };
        record_end(ports, relay, &written, AuditWrite::First).await;
        return Ok(ConfirmedOff::Released);
    }
    Err(Error::Contended { relay: relay.to_owned() })
}

/// Whether the audit record of the end of a release may exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuditWrite {
    /// This process has just ended the release.
    First,
    /// Another one ended it, and may have been killed before it wrote the record.
    Recovery,
}

/// Writes the audit record of the end of a release that the relay's item contains, and then removes it from the item.
pub(crate) async fn record_end<P: Ports>(ports: &P, relay: &str, state: &RelayState, write: AuditWrite) {
    let Some(ReleaseAudit { generation, attempt, decision }) = &state.record().release_audit else { return };
    let subject = Subject::Release { relay, generation: *generation, attempt: *attempt };
    let recording = match write {
        AuditWrite::First => audit::record(ports, subject, decision).await,
        AuditWrite::Recovery => audit::recover(ports, subject, decision).await,
    };
    match recording {
        Recording::Written => {}
        Recording::Lost => return,
    }
    let record = RelayRecord { release_audit: None, ..state.record().clone() };
    // If others have changed the item, the next message that is dropped finds the record written.
    if let Err(error) = relay::write(ports.state(), state, record, ports.clock().now()).await {
        tracing::warn!(%error, "failed to remove the audit record of a release from the relay's item");
    }
}

/// The most attempts to write the item while others change it.
const MAX_WRITES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn at(seconds: i64) -> Timestamp {
        NOW + jiff::SignedDuration::from_secs(seconds)
    }

    fn due() -> RelayRecord {
        RelayRecord { on_until: Some(NOW), generation: 3, release_queued: Some(3), ..RelayRecord::default() }
    }

    #[test]
    fn attempts_are_ten_seconds_to_fifteen_minutes_apart() {
        let seconds: Vec<u64> = (0..10).map(|failures| backoff(failures).as_secs()).collect();
        assert_eq!(seconds, [10, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
        assert_eq!(backoff(u32::MAX), LONGEST_RETRY);
    }

    #[test]
    fn a_release_runs_at_its_time_and_not_while_the_relay_is_busy() {
        let step = |relay: &RelayRecord, now| next(&ReleaseMessage::new("gate", 3), relay, now);
        assert_eq!(step(&due(), at(-1)), ReleaseStep::Wait(Duration::from_secs(1)));
        let ReleaseStep::SwitchOff(written) = step(&due(), NOW) else { panic!("not executed at its time") };
        assert_eq!((written.busy_until, written.release_tried), (Some(at(8)), Some(NOW)));
        let busy = RelayRecord { busy_until: Some(at(4)), ..due() };
        assert_eq!(step(&busy, at(1)), ReleaseStep::Wait(Duration::from_secs(3)));
        assert!(matches!(step(&busy, at(4)), ReleaseStep::SwitchOff(_)));
        assert_eq!(step(&RelayRecord { on_until: None, ..due() }, NOW), ReleaseStep::Drop);
    }

    #[test]
    fn a_message_is_superseded_only_by_one_that_the_queue_has() {
        let relay = |release_queued| RelayRecord { generation: 4, release_queued, ..due() };
        let message = ReleaseMessage::new("gate", 3);
        assert_eq!(next(&message, &relay(Some(4)), NOW), ReleaseStep::Drop);
        for queued in [None, Some(2), Some(3)] {
            assert!(matches!(next(&message, &relay(queued), NOW), ReleaseStep::SwitchOff(_)), "{queued:?}");
        }
    }

    #[test]
    fn failures_are_counted_from_the_first_and_the_devices_delay_is_respected() {
        let first = not_confirmed(&due(), None, at(5));
        let failures = first.release_failures.clone().unwrap();
        assert_eq!((failures.count, failures.since, failures.next), (1, at(5), at(15)));
        assert_eq!((first.on_until, first.busy_until), (Some(NOW), None), "it stays pending");
        let second = not_confirmed(&first, Some(Duration::from_secs(60)), at(15)).release_failures.unwrap();
        assert_eq!((second.count, second.since, second.next), (2, at(5), at(75)));
        let greedy = not_confirmed(&due(), Some(Duration::MAX), NOW).release_failures.unwrap();
        assert_eq!(greedy.next, at(900));
        let decision = audit::decided(Decision::Released, &Reason::TimeOver("off".to_owned()), at(20));
        let audit = ReleaseAudit { generation: 3, attempt: 2, decision };
        let off = released(&first, audit.clone(), at(20));
        assert_eq!((off.on_until, off.release_failures, off.release_audit), (None, None, Some(audit)));
    }

    #[test]
    fn an_alert_is_due_at_the_third_failure_and_a_day_after_each_alert() {
        let day = 24 * 3600;
        let failures = |count, alerted| ReleaseFailures { count, since: NOW, alerted, next: NOW };
        assert!(!needs_alert(&failures(2, None), NOW));
        assert!(needs_alert(&failures(3, None), NOW));
        assert!(needs_alert(&failures(9, None), NOW), "the alert could not be sent before");
        assert!(!needs_alert(&failures(90, Some(NOW)), at(day - 1)));
        assert!(needs_alert(&failures(91, Some(NOW)), at(day)));
    }
}
