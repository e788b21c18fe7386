//! When a message of the queue is delivered again.

use std::time::Duration;

use camhook_consumer::{Backoff, Concurrency, Policy};
use camhook_ports::Queue;

/// Counts messages of the queue that have to be delivered again, by reason.
pub const RETRIES: &str = "NotificationRetries";

/// After this delivery the queue moves a message to its dead letters: `maxReceiveCount` in `infra/template.yaml`.
pub(crate) const LAST_DELIVERY: u32 = 8;

/// How long an attempt without a recorded outcome may still be running: longer than the function's limit.
pub(crate) const ATTEMPT_LIMIT: Duration = Duration::from_secs(45);

/// The delay before looking again at what another delivery is deciding.
pub(crate) const SOON: Duration = Duration::from_secs(5);

/// How the messages of a queue are retried: after 5 s, and three times as long each time, at most 15 min.
pub(crate) fn policy(queue: Queue) -> Policy {
    Policy {
        queue,
        max_receive_count: LAST_DELIVERY,
        backoff: Backoff::exponential(Duration::from_secs(5), 3, Duration::from_secs(900)),
        retries: RETRIES,
        concurrency: Concurrency::Parallel,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_a_quarter_of_an_hour() {
        let Policy { backoff, .. } = policy(Queue::Notify);
        let grown: Vec<u64> = (1..=9).map(|count| backoff.delay(count).unwrap().as_secs()).collect();
        assert_eq!(grown, [5, 15, 45, 135, 405, 900, 900, 900, 900]);
    }
}
