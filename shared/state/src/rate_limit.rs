//! A rate limit that all instances share: for a cloud account that accepts one request per second, for example.
//!
//! `turn#{what}`, `-` holds the time of the next free slot.

use std::time::Duration;

use camhook_ports::{Key, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{Begin, Change, Present, Update, update};

/// How long a slot is kept after it was used.
const REMEMBERED: Duration = Duration::from_secs(3600);

#[derive(Debug, Serialize, Deserialize)]
struct RateLimitRecord {
    /// The next free slot.
    next: Timestamp,
}

/// Reserves the next slot, of which there is one in every `spacing`. `None`, and nothing is reserved, when that slot is
/// later than `latest`.
///
/// # Errors
///
/// When the table fails, or when other writers won every attempt.
pub async fn acquire<S: State>(
    state: &S,
    what: &str,
    spacing: Duration,
    latest: Timestamp,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let key = Key::new(format!("turn#{what}"), "-");
    let updated = update(state, Update { key: &key, now, begin: Begin::Reading }, |present| {
        let slot = present.map_or(now, |present: Present<RateLimitRecord>| present.record.next.max(now));
        if slot > latest {
            return Ok(Change::Keep(None));
        }
        let next = slot.checked_add(spacing).unwrap_or(Timestamp::MAX);
        let expires = next.checked_add(REMEMBERED).ok();
        Ok(Change::Write { record: RateLimitRecord { next }, expires, result: Some(slot) })
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
