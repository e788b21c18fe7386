//! Several posts about one thing act once.

use std::time::Duration;

use camhook_event::EventId;
use camhook_ports::{Key, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

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

/// Asks whether this event is the one that acts for a rule, among those with the same key: what
/// `camhook_site::Site::dedupe_key` derives from an event.
///
/// # Errors
///
/// When the table fails.
pub async fn dedupe<S: State>(
    state: &S,
    key: &str,
    rule: &str,
    event: EventId,
    now: Timestamp,
) -> Result<Dedupe, Error> {
    dedupe_for(state, key, rule, event, DEDUPE_LIFETIME, now).await
}

/// Asks the same for any scope in which only one event acts, and for another time than [`DEDUPE_LIFETIME`].
///
/// # Errors
///
/// When the table fails.
pub async fn dedupe_for<S: State>(
    state: &S,
    key: &str,
    scope: &str,
    event: EventId,
    lifetime: Duration,
    now: Timestamp,
) -> Result<Dedupe, Error> {
    hold(state, item_key(key, scope), event, Displaced::None, lifetime, now).await
}

/// Lets an event act in the place of the one that holds the key, because that one turned out to do nothing. Of several
/// events that ask for it, one takes the key.
///
/// # Errors
///
/// When the table fails.
pub async fn take_over<S: State>(
    state: &S,
    key: &str,
    scope: &str,
    events: TakeOver,
    lifetime: Duration,
    now: Timestamp,
) -> Result<Dedupe, Error> {
    let TakeOver { from, to } = events;
    hold(state, item_key(key, scope), to, Displaced::Event(from), lifetime, now).await
}

/// Whose place an event may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Displaced {
    /// Nobody's.
    None,
    /// That of an event that did nothing.
    Event(EventId),
}

/// Makes an event the one that acts, unless another one is that may not be displaced.
async fn hold<S: State>(
    state: &S,
    key: Key,
    event: EventId,
    displaced: Displaced,
    lifetime: Duration,
    now: Timestamp,
) -> Result<Dedupe, Error> {
    let expires = now.checked_add(lifetime).ok();
    let updated = update(
        state,
        Update { key: &key, now, begin: Begin::AssumingAbsent },
        |present: Option<Present<DedupeRecord>>| {
            let first = Change::Write { record: DedupeRecord { event }, expires, result: Dedupe::First };
            Ok(match present.map(|present| present.record.event) {
                None => first,
                Some(holder) if holder == event => Change::Keep(Dedupe::Same),
                Some(holder) if displaced == Displaced::Event(holder) => first,
                Some(holder) => Change::Keep(Dedupe::Duplicate(holder)),
            })
        },
    );
    Ok(updated.await?.result)
}

/// Which event acts in the place of which other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakeOver {
    /// The event that did nothing.
    pub from: EventId,
    /// The event that is to act.
    pub to: EventId,
}

/// `once#{hash of the key}`, `{scope}`. A key holds what a device sent: it may be longer than the table allows, and it
/// may be a plate, which must not appear in an error message.
fn item_key(key: &str, scope: &str) -> Key {
    let mut hash = String::with_capacity(32);
    for octet in Sha256::digest(key.as_bytes()).iter().take(16) {
        hash.extend([octet >> 4, octet & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')));
    }
    Key::new(format!("once#{hash}"), scope)
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
    async fn of_several_events_one_acts_in_the_place_of_another() {
        let state = MemoryState::default();
        let take_over = |from, to| {
            let events = TakeOver { from: event(from), to: event(to) };
            take_over(&state, "k", "gate", events, DEDUPE_LIFETIME, NOW)
        };
        assert_eq!(dedupe(&state, "k", "gate", event('a'), NOW).await.unwrap(), Dedupe::First);
        assert_eq!(take_over('a', 'b').await.unwrap(), Dedupe::First);
        assert_eq!(take_over('a', 'c').await.unwrap(), Dedupe::Duplicate(event('b')));
        assert_eq!(take_over('a', 'b').await.unwrap(), Dedupe::Same);
        assert_eq!(
            dedupe(&state, "k", "gate", event('a'), NOW).await.unwrap(),
            Dedupe::Duplicate(event('b'))
        );
    }

    #[test]
    fn a_key_of_any_length_fits_the_table_and_shows_nothing_of_itself() {
        let long = "plate:B-AN 4711,".repeat(1000);
        let key = item_key(&long, "gate");
        assert_eq!((key.pk.len(), key.sk.as_str()), ("once#".len() + 32, "gate"));
        assert!(!key.pk.contains("4711"));
        assert_eq!(key, item_key(&long, "gate"));
        assert_ne!(key, item_key(&long[1..], "gate"));
    }

    #[tokio::test]
    async fn each_rule_asks_for_itself() {
        let state = MemoryState::default();
        assert_eq!(dedupe(&state, "k", "gate", event('a'), NOW).await.unwrap(), Dedupe::First);
        assert_eq!(dedupe(&state, "k", "light", event('b'), NOW).await.unwrap(), Dedupe::First);
    }
}
