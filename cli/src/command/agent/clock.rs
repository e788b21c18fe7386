//! The time by camhook's clock, whatever this machine's clock says.
//!
//! How old a command is decides whether a gate opens, and small machines on site have lost the time before. The
//! queue says with the first delivery of a message what time it was by its own clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use camhook_aws::{
    AwsPorts, DynamoState, EmfMetrics, IotPublisher, ReceivedMessage, S3Objects, SqsQueues, SsmSecrets,
};
use camhook_ports::{Clock, Ports, SystemClock};
use jiff::{SignedDuration, Timestamp};

/// By how much the clocks may differ before this machine's is put right: an answer takes its time to arrive.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(2);

/// The ports of a stack, with a clock that the queue puts right.
#[derive(Debug)]
pub(super) struct AgentPorts {
    aws: AwsPorts,
    clock: QueueClock,
}

impl AgentPorts {
    pub(super) fn new(aws: AwsPorts) -> Self {
        let clock = QueueClock { machine: SystemClock::start(), ahead_by_milliseconds: AtomicI64::new(0) };
        Self { aws, clock }
    }

    pub(super) fn aws(&self) -> &AwsPorts {
        &self.aws
    }
}

/// This machine's clock, and by how much the queue's is ahead of it.
#[derive(Debug)]
pub(super) struct QueueClock {
    machine: SystemClock,
    ahead_by_milliseconds: AtomicI64,
}

impl QueueClock {
    /// Compares the clocks by a message that was received just now for the first time.
    pub(super) fn learn(&self, message: &ReceivedMessage) {
        let Some(received) = first_received(message) else { return };
        let machine = self.machine.now();
        let ahead = ahead(received, machine);
        let before = self.ahead_by_milliseconds.swap(milliseconds(ahead), Ordering::Relaxed);
        if before == 0 && !ahead.is_zero() {
            let seconds = ahead.as_secs();
            tracing::warn!(
                seconds,
                "this machine's clock is wrong by so much, the queue's is used: set it right"
            );
        }
    }
}

/// By how much the queue's clock is ahead; zero within the tolerance.
fn ahead(queue: Timestamp, machine: Timestamp) -> SignedDuration {
    let ahead = queue.duration_since(machine);
    if ahead.abs() <= TOLERANCE { SignedDuration::ZERO } else { ahead }
}

fn milliseconds(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or_default()
}

/// When the queue handed this message out, if this is the first time that it did.
fn first_received(message: &ReceivedMessage) -> Option<Timestamp> {
    if message.attributes.get("ApproximateReceiveCount")? != "1" {
        return None;
    }
    let text = message.attributes.get("ApproximateFirstReceiveTimestamp")?;
    Timestamp::from_millisecond(text.parse().ok()?).ok()
}

impl Clock for QueueClock {
    fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_millis(self.ahead_by_milliseconds.load(Ordering::Relaxed));
        let machine = self.machine.now();
        machine.checked_add(ahead).unwrap_or(machine)
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
    type Clock = QueueClock;
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
    fn clock(&self) -> &QueueClock {
        &self.clock
    }
    fn metrics(&self) -> &EmfMetrics {
        self.aws.metrics()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(receive_count: &str, milliseconds: i64) -> ReceivedMessage {
        let attributes = [
            ("ApproximateReceiveCount", receive_count.to_owned()),
            ("ApproximateFirstReceiveTimestamp", milliseconds.to_string()),
        ];
        ReceivedMessage {
            message_id: "1".to_owned(),
            receipt_handle: "1".to_owned(),
            body: String::new(),
            attributes: attributes.map(|(name, value)| (name.to_owned(), value)).into(),
            message_attributes: [].into(),
        }
    }

    #[test]
    fn a_wrong_clock_is_put_right_and_a_right_one_is_left() {
        let clock = QueueClock { machine: SystemClock::start(), ahead_by_milliseconds: AtomicI64::new(0) };
        let difference = |clock: &QueueClock| clock.now().duration_since(clock.machine.now()).as_secs();
        let ahead_by = |seconds: i64| clock.machine.now().as_millisecond() + seconds * 1000;

        clock.learn(&message("1", ahead_by(-1)));
        assert_eq!(difference(&clock), 0, "the answer took a second");
        clock.learn(&message("2", ahead_by(600)));
        assert_eq!(difference(&clock), 0, "a later delivery says nothing of now");
        clock.learn(&message("1", ahead_by(600)));
        assert!((599..=600).contains(&difference(&clock)), "{}", difference(&clock));
        clock.learn(&message("1", ahead_by(0)));
        assert_eq!(difference(&clock), 0, "somebody set it right");
    }
}
