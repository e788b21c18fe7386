//! The connection to AWS: logs one line when it is lost and one when it is restored.

use std::cell::RefCell;
use std::fmt::Display;
use std::time::Duration;

/// The pause after the first failure. It doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause, and so the longest delay after the connection is restored.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, Copy)]
struct Down {
    since: Duration,
    pause: Duration,
}

/// Whether the connection works.
#[derive(Debug, Default)]
pub(super) struct ConnectionHealth {
    down: RefCell<Option<Down>>,
}

impl ConnectionHealth {
    /// Records a success.
    pub(super) fn succeeded(&self, now: Duration) {
        if let Some(down) = self.down.borrow_mut().take() {
            let seconds = now.saturating_sub(down.since).as_secs();
            tracing::info!(duration_s = seconds, "restored the connection");
        }
    }

    /// Records a failure, and returns the pause before the next attempt.
    pub(super) fn failed(&self, error: &impl Display, now: Duration) -> Duration {
        let mut down = self.down.borrow_mut();
        let pause = match *down {
            Some(down) => down.pause.saturating_mul(2).min(LONGEST_PAUSE),
            None => {
                tracing::warn!(%error, "lost the connection, retrying until it is restored");
                FIRST_PAUSE
            }
        };
        let since = down.map_or(now, |down| down.since);
        *down = Some(Down { since, pause });
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_the_connection_is_restored() {
        let connection = ConnectionHealth::default();
        let pauses = |count| -> Vec<u64> {
            (0..count).map(|_| connection.failed(&"no route", Duration::ZERO).as_secs()).collect()
        };
        assert_eq!(pauses(6), [1, 2, 4, 8, 15, 15]);
        connection.succeeded(Duration::from_secs(60));
        assert_eq!(pauses(2), [1, 2]);
    }
}
