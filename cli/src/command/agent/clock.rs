//! The time of AWS, independent of this machine's clock.
//!
//! The age of a command decides whether a gate opens, and small machines on site may have a wrong clock. Each response
//! of AWS contains the second in which it was made (`Date`), which lies between the times at which its request was sent
//! and the response was received, measured by a monotonic clock. Every exchange therefore bounds the time of AWS from
//! both sides, and all exchanges together bound it closely. The later bound counts: a response that was delayed, or a
//! process that was paused, makes a command older and never younger.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camhook_aws::{
    AwsPorts, DynamoState, EmfMetrics, IotPublisher, ReceivedMessage, S3Objects, SqsQueues, SsmSecrets,
    TimeObserver,
};
use camhook_ports::{Clock, Ports, SystemClock};
use jiff::{SignedDuration, Timestamp};

/// The resolution of `Date`.
const RESOLUTION: Duration = Duration::from_secs(1);

/// The largest difference between clocks of AWS.
const DIFFERENCE: SignedDuration = SignedDuration::from_millis(100);

/// The largest drift of this machine's monotonic clock, in parts per million.
const DRIFT_PPM: u128 = 200;

/// The ports of a stack, with the time of AWS.
#[derive(Debug)]
pub(super) struct AgentPorts {
    aws: AwsPorts,
    clock: Arc<AwsClock>,
}

impl AgentPorts {
    pub(super) fn new(aws: AwsPorts, clock: Arc<AwsClock>) -> Self {
        Self { aws, clock }
    }

    pub(super) fn aws(&self) -> &AwsPorts {
        &self.aws
    }
}

/// Bounds of the time of AWS at the origin of this machine's monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bounds {
    earliest: Timestamp,
    latest: Timestamp,
    /// When they were last measured, by the monotonic clock.
    measured: Duration,
}

impl Bounds {
    /// The bounds by one exchange.
    fn of(date: Timestamp, sent: Duration, received: Duration) -> Option<Self> {
        let earliest = date.checked_sub(received).ok()?.checked_sub(DIFFERENCE).ok()?;
        let latest = date.checked_add(RESOLUTION).ok()?.checked_sub(sent).ok()?;
        Some(Self { earliest, latest: latest.checked_add(DIFFERENCE).ok()?, measured: received })
    }

    /// The bounds at a later time, widened by the drift.
    fn at(self, now: Duration) -> Self {
        let age = now.saturating_sub(self.measured).as_nanos();
        let drift = i64::try_from(age.saturating_mul(DRIFT_PPM) / 1_000_000).unwrap_or(i64::MAX);
        let drift = SignedDuration::from_nanos(drift);
        Self {
            earliest: self.earliest.checked_sub(drift).unwrap_or(Timestamp::MIN),
            latest: self.latest.checked_add(drift).unwrap_or(Timestamp::MAX),
            measured: now.max(self.measured),
        }
    }

    /// The intersection; `None` if it is empty.
    fn and(self, other: Self) -> Option<Self> {
        let (earliest, latest) = (self.earliest.max(other.earliest), self.latest.min(other.latest));
        let measured = self.measured.max(other.measured);
        (earliest <= latest).then_some(Self { earliest, latest, measured })
    }
}

/// A clock that returns the latest possible time of AWS.
#[derive(Debug)]
pub(super) struct AwsClock {
    machine: SystemClock,
    bounds: Mutex<Option<Bounds>>,
}

impl AwsClock {
    pub(super) fn start() -> Self {
        Self { machine: SystemClock::start(), bounds: Mutex::default() }
    }

    /// Whether the time of AWS has been measured.
    pub(super) fn is_known(&self) -> bool {
        self.bounds.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Uses the time at which a received message was sent as a lower bound.
    pub(super) fn observe_message(&self, message: &ReceivedMessage) {
        let sent = message.attributes.get("SentTimestamp").and_then(|text| text.parse().ok());
        let sent = sent.and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
        let now = Clock::elapsed(self);
        let Some(earliest) = sent.and_then(|sent| sent.checked_sub(now).ok()?.checked_sub(DIFFERENCE).ok())
        else {
            return;
        };
        let mut bounds = self.bounds.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = bounds.map(|known| known.at(now)) else { return };
        // A message from the future: the monotonic clock stopped while this machine slept, so the bounds are wrong.
        *bounds =
            (earliest <= known.latest).then_some(Bounds { earliest: earliest.max(known.earliest), ..known });
        if bounds.is_none() {
            tracing::warn!("discarded the measured time, a message was sent later");
        }
    }
}

impl TimeObserver for AwsClock {
    fn elapsed(&self) -> Duration {
        Clock::elapsed(self)
    }

    fn observe(&self, date: Timestamp, sent: Duration, received: Duration) {
        let Some(new) = Bounds::of(date, sent, received) else { return };
        let mut bounds = self.bounds.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = bounds.map(|known| known.at(received)) else {
            *bounds = Some(new);
            return;
        };
        let both = known.and(new);
        if both.is_none() {
            tracing::warn!(%date, "discarded the measured time, it contradicts the time of AWS");
        }
        *bounds = Some(both.unwrap_or(new));
    }
}

impl Clock for AwsClock {
    /// The latest possible time, so that no command is executed too late. Before the first measurement it is the machine's
    /// time; no command is processed then.
    fn now(&self) -> Timestamp {
        let elapsed = Clock::elapsed(self);
        let bounds = *self.bounds.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = bounds.and_then(|known| known.at(elapsed).latest.checked_add(elapsed).ok());
        latest.unwrap_or_else(|| self.machine.now())
    }

    fn elapsed(&self) -> Duration {
        self.machine.elapsed()
    }
}

impl Ports for AgentPorts {
    type Objects = S3Objects;
    type Queues = SqsQueues;
    type State = DynamoState;
    type Secrets = SsmSecrets;
    type Publisher = IotPublisher;
    type Clock = AwsClock;
    type Metrics = EmfMetrics;

    fn objects(&self) -> &S3Objects {
        self.aws.objects()
    }
    fn queues(&self) -> &SqsQueues {
        self.aws.queues()
    }
    fn state(&self) -> &DynamoState {
        self.aws.state()
    }
    fn secrets(&self) -> &SsmSecrets {
        self.aws.secrets()
    }
    fn publisher(&self) -> &IotPublisher {
        self.aws.publisher()
    }
    fn clock(&self) -> &AwsClock {
        &self.clock
    }
    fn metrics(&self) -> &EmfMetrics {
        self.aws.metrics()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn at(time: f64) -> Timestamp {
        DATE + SignedDuration::from_secs_f64(time)
    }

    #[test]
    fn a_delayed_response_makes_the_time_later_and_never_earlier() {
        // Sent at 10 s and received at 15.3 s: made at DATE, which was 10 s by this machine's clock at the earliest.
        let bounds = Bounds::of(DATE, seconds(10.0), seconds(15.3)).unwrap();
        assert_eq!(bounds.latest + SignedDuration::from_secs_f64(15.3), at(1.0 + 0.1 + 5.3));
        assert_eq!(bounds.earliest + SignedDuration::from_secs_f64(15.3), at(-0.1));
    }

    #[test]
    fn a_short_exchange_narrows_the_bounds_of_a_long_one() {
        let long = Bounds::of(at(20.0), seconds(0.0), seconds(20.0)).unwrap();
        let short = Bounds::of(at(21.0), seconds(21.0), seconds(21.1)).unwrap();
        let both = long.at(seconds(21.1)).and(short).unwrap();
        assert_eq!(both.latest, short.latest);
        assert!(both.latest.duration_since(both.earliest) < SignedDuration::from_secs(2));
        let slept = Bounds::of(at(3600.0), seconds(21.2), seconds(21.3)).unwrap();
        assert_eq!(both.and(slept), None, "the machine slept");
    }

    #[test]
    fn old_bounds_are_wider() {
        let bounds = Bounds::of(DATE, seconds(0.0), seconds(0.1)).unwrap();
        let later = bounds.at(seconds(3600.1));
        assert_eq!(later.latest.duration_since(bounds.latest), SignedDuration::from_millis(720));
        assert_eq!(bounds.earliest.duration_since(later.earliest), SignedDuration::from_millis(720));
    }

    #[test]
    fn the_clock_returns_the_latest_time_and_is_unknown_before_a_measurement() {
        let clock = AwsClock::start();
        assert!(!clock.is_known());
        let hours_ahead = clock.machine.now() + SignedDuration::from_hours(5);
        let now = Clock::elapsed(&clock);
        clock.observe(hours_ahead, now, now);
        assert!(clock.is_known());
        let ahead = Clock::now(&clock).duration_since(clock.machine.now());
        let expected = SignedDuration::from_hours(5) + SignedDuration::from_millis(1100);
        assert!((ahead - expected).abs() < SignedDuration::from_millis(500), "{ahead:?}");
    }

    #[test]
    fn a_message_from_the_future_discards_the_measurement() {
        let clock = AwsClock::start();
        let message = |milliseconds: i64| ReceivedMessage {
            message_id: "1".to_owned(),
            receipt_handle: "1".to_owned(),
            body: String::new(),
            attributes: [("SentTimestamp".to_owned(), milliseconds.to_string())].into(),
            message_attributes: [].into(),
        };
        let now = Clock::elapsed(&clock);
        clock.observe(DATE, now, now);
        clock.observe_message(&message(DATE.as_millisecond()));
        assert!(clock.is_known());
        clock.observe_message(&message(DATE.as_millisecond() + 60_000));
        assert!(!clock.is_known());
    }
}
