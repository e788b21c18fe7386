//! Turns at what may be asked only so often, whoever asks: an account in somebody's cloud, say.
//!
//! `turn#{what}`, `-` holds when the next turn is. It is shared by all instances, so that those of one event and
//! those of several events stand in one line.

use std::time::Duration;

use camhook_ports::{Key, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{Begin, Change, Present, Update, update};

/// For how long a turn is remembered after it was used.
const REMEMBERED: Duration = Duration::from_secs(3600);

#[derive(Debug, Serialize, Deserialize)]
struct RateLimitRecord {
    /// From when on the next one may ask.
    next: Timestamp,
}

/// Takes the next turn, of which there is one in every `spacing`; `None`, and nothing is taken, when it comes
/// after `latest`.
///
/// # Errors
///
/// When the table fails, or others are faster each time.
pub async fn acquire<S: State>(
    state: &S,
    what: &str,
    spacing: Duration,
    latest: Timestamp,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let key = Key::new(format!("turn#{what}"), "-");
    let updated = update(state, Update { key: &key, now, begin: Begin::Reading }, |present| {
        let turn = present.map_or(now, |present: Present<RateLimitRecord>| present.record.next.max(now));
        if turn > latest {
            return Ok(Change::Keep(None));
        }
        let next = turn.checked_add(spacing).unwrap_or(Timestamp::MAX);
        let expires = next.checked_add(REMEMBERED).ok();
        Ok(Change::Write { record: RateLimitRecord { next }, expires, result: Some(turn) })
    });
    Ok(updated.await?.result)
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);
    const SPACING: Duration = Duration::from_millis(1100);

    fn at(milliseconds: i64) -> Timestamp {
        NOW + jiff::SignedDuration::from_millis(milliseconds)
    }

    #[tokio::test]
    async fn turns_follow_each_other_and_one_that_comes_too_late_is_not_taken() {
        let state = MemoryState::default();
        let mut turns = Vec::new();
        for _ in 0..4 {
            turns.push(acquire(&state, "cloud", SPACING, at(2200), NOW).await.unwrap());
        }
        assert_eq!(turns, [Some(NOW), Some(at(1100)), Some(at(2200)), None]);
        assert_eq!(acquire(&state, "another", SPACING, at(2200), NOW).await.unwrap(), Some(NOW));
        let later = at(3300);
        assert_eq!(
            acquire(&state, "cloud", SPACING, at(5500), later).await.unwrap(),
            Some(later),
            "none was lost"
        );
    }
}
