//! How the messages of a queue are retried.

use std::time::Duration;

use camhook_ports::Queue;

/// The longest delay that a receiver can request: 1 h. A longer one would bury the message.
pub const LONGEST_REQUESTED: Duration = Duration::from_secs(3600);

/// How the messages of one queue are processed and retried.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// The queue.
    pub queue: Queue,
    /// After how many deliveries SQS moves a message to the dead-letter queue: `maxReceiveCount` of the queue in
    /// `infra/template.yaml`.
    pub max_receive_count: u32,
    /// The delay before a message is delivered again.
    pub backoff: Backoff,
    /// The metric that counts messages to be delivered again, by `Reason`.
    pub retries: &'static str,
    /// Whether the messages of a batch are processed at the same time.
    pub concurrency: Concurrency,
}

/// Whether the messages of a batch are processed at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concurrency {
    /// All at the same time.
    Parallel,
    /// One after the other, in the order in which they are given.
    Sequential,
}

/// The delay before a message is delivered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backoff {
    /// The visibility timeout of the queue.
    VisibilityTimeout,
    /// A delay that is multiplied with each delivery.
    Exponential {
        /// The delay after the first delivery.
        first: Duration,
        /// By what the delay is multiplied with each further delivery.
        factor: u32,
        /// The longest delay.
        longest: Duration,
    },
}

impl Backoff {
    /// A delay that is multiplied by `factor` with each delivery, up to `longest`.
    #[must_use]
    pub const fn exponential(first: Duration, factor: u32, longest: Duration) -> Self {
        Self::Exponential { first, factor, longest }
    }

    /// The same delay each time.
    #[must_use]
    pub const fn constant(delay: Duration) -> Self {
        Self::Exponential { first: delay, factor: 1, longest: delay }
    }

    /// The delay after a delivery, counted from 1; `None` leaves it to the visibility timeout.
    #[must_use]
    pub fn delay(&self, receive_count: u32) -> Option<Duration> {
        match *self {
            Self::VisibilityTimeout => None,
            Self::Exponential { first, factor, longest } => {
                let growth = factor.saturating_pow(receive_count.saturating_sub(1));
                Some(first.saturating_mul(growth).min(longest))
            }
        }
    }

    /// The same, when at least `requested` is asked for: up to an hour of it is granted.
    pub(crate) fn delay_at_least(&self, receive_count: u32, requested: Duration) -> Duration {
        let own = self.delay(receive_count).unwrap_or_default();
        own.max(requested.min(LONGEST_REQUESTED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_up_to_the_longest() {
        let backoff = Backoff::exponential(Duration::from_secs(5), 3, Duration::from_secs(900));
        let delays: Vec<u64> = (0..=8).map(|count| backoff.delay(count).unwrap().as_secs()).collect();
        assert_eq!(delays, [5, 5, 15, 45, 135, 405, 900, 900, 900]);
        assert_eq!(backoff.delay(u32::MAX), Some(Duration::from_secs(900)));
        let constant = Backoff::constant(Duration::from_secs(2));
        assert_eq!(constant.delay(40), Some(Duration::from_secs(2)));
        assert_eq!(Backoff::VisibilityTimeout.delay(3), None);
    }

    #[test]
    fn a_requested_delay_is_granted_up_to_an_hour() {
        let backoff = Backoff::exponential(Duration::from_secs(5), 3, Duration::from_secs(900));
        let seconds =
            |count, requested| backoff.delay_at_least(count, Duration::from_secs(requested)).as_secs();
        assert_eq!(seconds(1, 120), 120);
        assert_eq!(seconds(4, 120), 135, "the backoff is longer");
        assert_eq!(seconds(1, 1_000_000), 3600);
    }
}
