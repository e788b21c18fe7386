//! Switching off what has no timer of its own.
//!
//! Before such a device is switched on, a queue of its own has a message that will switch it off. The message does not
//! age, works while all relays are stopped, and waits in its queue by its visibility timeout: until its time has come,
//! while the device is asked by another event, and while the device does not confirm. It is never sent again by whoever
//! consumes it: Lambda would take that for a loop, and stop it after about 16 rounds. It ends with the confirmation of
//! the device, or with that of a person ([`confirm_off`]).

use std::time::Duration;

use camhook_ports::{Clock, Ports};
use camhook_state::relay::{self, LastAction, RelayRecord, ReleaseFailures};
use jiff::Timestamp;

pub use camhook_state::release::ReleaseMessage;

use crate::audit::{self, Subject};
use crate::protocol::{BUSY_LIMIT, time_until};
use crate::{Decision, Error, Reason};

/// When a release that was not confirmed is tried again the first time. It doubles with each failure.
const FIRST_RETRY: Duration = Duration::from_secs(10);

/// The longest time between two attempts.
const LONGEST_RETRY: Duration = Duration::from_secs(900);

/// The longest that a message is hidden at a time. SQS allows 12 hours from the moment at which it was received.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(11 * 3600);

/// After how many failures in a row people are alerted.
pub const ALERTED_FAILURES: u32 = 3;

/// After how long people are alerted again.
pub const ALERT_INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// What a release message does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseStep {
    /// Nothing: the relay is not to be released, or another message does it.
    Drop,
    /// It is not time yet.
    Wait(Duration),
    /// The relay is switched off, after this was written.
    SwitchOff(Box<RelayRecord>),
}

/// What follows from a release message and the relay's item.
#[must_use]
pub fn next(message: &ReleaseMessage, relay: &RelayRecord, now: Timestamp) -> ReleaseStep {
    let Some(on_until) = relay.on_until else { return ReleaseStep::Drop };
    // A message of a later generation is surely in the queue. One of an older generation is otherwise not dropped:
    // whoever set the later one may have been killed before its own message was acknowledged.
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

/// When a release is tried again after so many failures in a row.
#[must_use]
pub fn backoff(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST_RETRY.saturating_mul(1 << doublings).min(LONGEST_RETRY)
}

/// The item of a relay whose device confirmed that it is off.
#[must_use]
pub fn released(written: &RelayRecord, now: Timestamp) -> RelayRecord {
    RelayRecord {
        on_until: None,
        busy_until: None,
        release_failures: None,
        last_action: Some(LastAction::Release),
        last_actuation: Some(now),
        ..written.clone()
    }
}

/// The item of a relay whose device did not confirm that it is off, and wants at least `retry_after` of quiet.
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

/// Whether people are to be alerted now: at the third failure, and a day after each alert.
#[must_use]
pub fn needs_alert(failures: &ReleaseFailures, now: Timestamp) -> bool {
    match failures.alerted {
        None => failures.count >= ALERTED_FAILURES,
        Some(alerted) => now >= alerted.checked_add(ALERT_INTERVAL).unwrap_or(Timestamp::MAX),
    }
}

/// What became of a person's word that a relay is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmedOff {
    /// Its release is over.
    Released,
    /// It had none.
    NotPending,
}

/// Ends the release of a relay on the word of a person, who has seen that it is off or has switched it off by hand. The
/// message in the queue then has nothing to do.
///
/// # Errors
///
/// When the table fails, or others change the relay's item each time.
pub async fn confirm_off<P: Ports>(ports: &P, relay: &str, by: &str) -> Result<ConfirmedOff, Error> {
    for _ in 0..MOST_WRITES {
        let now = ports.clock().now();
        let seen = relay::read(ports.state(), relay).await?;
        let record = seen.record();
        if record.on_until.is_none() {
            return Ok(ConfirmedOff::NotPending);
        }
        let attempt = record.release_failures.as_ref().map_or(0, |failures| failures.count);
        let generation = record.generation;
        let off = RelayRecord { last_action: Some(LastAction::ConfirmedOff), ..released(record, now) };
        if relay::write(ports.state(), &seen, off, now).await?.is_none() {
            continue;
        }
        let decided = audit::decided(Decision::Released, &Reason::ConfirmedOff(by.to_owned()), now);
        audit::record(ports, Subject::Release { relay, generation, attempt }, &decided).await;
        return Ok(ConfirmedOff::Released);
    }
    Err(Error::Contended { relay: relay.to_owned() })
}

/// How often the item is written at most while others change it.
const MOST_WRITES: usize = 8;

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
    fn it_is_tried_at_its_time_and_not_before_and_not_while_the_device_is_asked() {
        let step = |relay: &RelayRecord, now| next(&ReleaseMessage::new("gate", 3), relay, now);
        assert_eq!(step(&due(), at(-1)), ReleaseStep::Wait(Duration::from_secs(1)));
        let ReleaseStep::SwitchOff(written) = step(&due(), NOW) else { panic!("not at its time") };
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
    fn failures_are_counted_from_the_first_and_the_device_is_left_alone_as_long_as_it_asks() {
        let first = not_confirmed(&due(), None, at(5));
        let failures = first.release_failures.clone().unwrap();
        assert_eq!((failures.count, failures.since, failures.next), (1, at(5), at(15)));
        assert_eq!((first.on_until, first.busy_until), (Some(NOW), None), "it stays pending");
        let second = not_confirmed(&first, Some(Duration::from_secs(60)), at(15)).release_failures.unwrap();
        assert_eq!((second.count, second.since, second.next), (2, at(5), at(75)));
        let greedy = not_confirmed(&due(), Some(Duration::MAX), NOW).release_failures.unwrap();
        assert_eq!(greedy.next, at(900));
        assert_eq!(released(&first, at(20)).release_failures, None);
    }

    #[test]
    fn people_are_alerted_at_the_third_failure_and_a_day_after_each_alert() {
        let day = 24 * 3600;
        let failures = |count, alerted| ReleaseFailures { count, since: NOW, alerted, next: NOW };
        assert!(!needs_alert(&failures(2, None), NOW));
        assert!(needs_alert(&failures(3, None), NOW));
        assert!(needs_alert(&failures(9, None), NOW), "the alert could not be sent before");
        assert!(!needs_alert(&failures(90, Some(NOW)), at(day - 1)));
        assert!(needs_alert(&failures(91, Some(NOW)), at(day)));
    }
}
