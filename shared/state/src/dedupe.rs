//! Several posts about one thing act once.

use std::time::Duration;

use camhook_event::EventId;
use camhook_ports::{Key, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{Begin, Change, Present, Update, update};

/// For how long posts about one thing are taken together: a device that restarts its counters is not
/// silenced for longer.
pub const DEDUPE_LIFETIME: Duration = Duration::from_secs(60);

#[derive(Debug, Serialize, Deserialize)]
struct DedupeRecord {
    event: EventId,
}

/// Whether an event may act for a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dedupe {
    /// It is the first about this thing.
    First,
    /// It is the one that acts, delivered again: it finishes its work.
    Same,
    /// Another event about the same thing acts.
    Duplicate(EventId),
}

/// Asks whether this event is the one that acts for a rule, among those with the same correlation key.
///
/// # Errors
///
/// When the table fails.
pub async fn dedupe<S: State>(
    state: &S,
    correlation: &str,
    rule: &str,
    event: EventId,
    now: Timestamp,
) -> Result<Dedupe, Error> {
    let key = Key::new(format!("once#{correlation}"), rule);
    let expires = now.checked_add(DEDUPE_LIFETIME).ok();
    let updated = update(
        state,
        Update { key: &key, now, begin: Begin::AssumingAbsent },
        |present: Option<Present<DedupeRecord>>| {
            Ok(match present {
                None => Change::Write { record: DedupeRecord { event }, expires, result: Dedupe::First },
                Some(Present { record, .. }) if record.event == event => Change::Keep(Dedupe::Same),
                Some(Present { record, .. }) => Change::Keep(Dedupe::Duplicate(record.event)),
            })
        },
    );
    Ok(updated.await?.result)
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn event(digit: char) -> EventId {
        digit.to_string().repeat(32).parse().unwrap()
    }

    #[tokio::test]
    async fn one_of_several_posts_acts_and_finishes_its_work() {
        let state = MemoryState::default();
        let ask = |digit, now| dedupe(&state, "58:5b:intrusion:7:20", "gate", event(digit), now);
        assert_eq!(ask('a', NOW).await.unwrap(), Dedupe::First);
        assert_eq!(ask('b', NOW).await.unwrap(), Dedupe::Duplicate(event('a')));
        assert_eq!(ask('a', NOW).await.unwrap(), Dedupe::Same);
        let later = NOW.checked_add(DEDUPE_LIFETIME).unwrap();
        assert_eq!(ask('b', later).await.unwrap(), Dedupe::First);
        assert_eq!(ask('a', later).await.unwrap(), Dedupe::Duplicate(event('b')));
    }

    #[tokio::test]
    async fn each_rule_asks_for_itself() {
        let state = MemoryState::default();
        assert_eq!(dedupe(&state, "k", "gate", event('a'), NOW).await.unwrap(), Dedupe::First);
        assert_eq!(dedupe(&state, "k", "light", event('b'), NOW).await.unwrap(), Dedupe::First);
    }
}
