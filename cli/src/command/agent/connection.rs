//! The line between a site and the cloud: it is said once that it is down, and once that it is back.

use std::cell::RefCell;
use std::fmt::Display;
use std::time::Duration;

/// How long nothing is asked after the first failure. It doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause: so much later than the line the agent is back.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, Copy)]
struct Down {
    since: Duration,
    pause: Duration,
}

/// Whether the line works.
#[derive(Debug, Default)]
pub(super) struct ConnectionHealth {
    down: RefCell<Option<Down>>,
}

impl ConnectionHealth {
    /// Notes that something came through.
    pub(super) fn works(&self, now: Duration) {
        if let Some(down) = self.down.borrow_mut().take() {
            let seconds = now.saturating_sub(down.since).as_secs();
            tracing::info!(seconds, "the line is back");
        }
    }

    /// Notes a failure, and says how long to wait before the next try.
    pub(super) fn failed(&self, error: &impl Display, now: Duration) -> Duration {
        let mut down = self.down.borrow_mut();
        let pause = match *down {
            Some(down) => down.pause.saturating_mul(2).min(LONGEST_PAUSE),
            None => {
                tracing::warn!(%error, "the line is down, it is tried until it is back");
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
    fn pauses_grow_until_the_line_is_back() {
        let line = ConnectionHealth::default();
        let pauses = |count| -> Vec<u64> {
            (0..count).map(|_| line.failed(&"no route", Duration::ZERO).as_secs()).collect()
        };
        assert_eq!(pauses(6), [1, 2, 4, 8, 15, 15]);
        line.works(Duration::from_secs(60));
        assert_eq!(pauses(2), [1, 2]);
    }
}
