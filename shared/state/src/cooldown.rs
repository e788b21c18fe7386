//! Cooldowns: the time after a message or an actuation in which a rule does not act again.
//!
//! A cooldown is reserved before an action, charged by what was done, and given back when nothing was done, so that
//! only what was really done suppresses what follows. The notification and the relay function share a rule's
//! cooldown: the event that holds it may act in both, and it is free again when both have given it back.

use std::time::Duration;

use camhook_event::EventId;
use camhook_ports::{Condition, Key, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{Begin, Change, Present, Update, decode, update};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Reserved,
    Charged,
}

/// Who reserved a cooldown for an event: the functions that may act on one event share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// The notification function.
    Notify,
    /// The relay function, or the agent on site in its place.
    Relay,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct CooldownRecord {
    event: EventId,
    phase: Phase,
    until: Timestamp,
    /// Who reserved it; empty in a record of an older version, where it is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    held_by: Vec<Holder>,
}

/// Which cooldown: of a rule, for a source or a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CooldownKey<'a> {
    /// The rule's id.
    pub rule: &'a str,
    /// What it is counted for: what `camhook_site::Site::cooldown_scope` derives from an event.
    pub scope: &'a str,
}

impl CooldownKey<'_> {
    /// `cooldown#{rule}`, `{scope}`
    #[must_use]
    pub fn key(&self) -> Key {
        Key::new(format!("cooldown#{}", self.rule), self.scope)
    }
}

/// Whether an event may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// It may, and no other event until then.
    Held {
        /// When the cooldown ends.
        until: Timestamp,
    },
    /// Another event acted.
    Charged {
        /// When the cooldown ends.
        until: Timestamp,
    },
    /// Another event is about to act, or tries to: whether it will is not known yet.
    Pending {
        /// When the other event's reservation ends by itself.
        until: Timestamp,
    },
}

/// What a cooldown's record means to an event.
fn reservation(record: &CooldownRecord, event: EventId) -> Reservation {
    let until = record.until;
    match record.phase {
        _ if record.event == event => Reservation::Held { until },
        Phase::Charged => Reservation::Charged { until },
        Phase::Reserved => Reservation::Pending { until },
    }
}

/// Reserves the cooldown for an event that is about to notify. The event that holds it gets it again.
///
/// # Errors
///
/// When the table fails.
pub async fn reserve<S: State>(
    state: &S,
    cooldown: CooldownKey<'_>,
    event: EventId,
    length: Duration,
    now: Timestamp,
) -> Result<Reservation, Error> {
    reserve_as(state, Holder::Notify, cooldown, event, length, now).await
}

/// The same for any holder. One that reserves what another one holds for the same event holds it too.
///
/// # Errors
///
/// When the table fails.
pub async fn reserve_as<S: State>(
    state: &S,
    holder: Holder,
    cooldown: CooldownKey<'_>,
    event: EventId,
    length: Duration,
    now: Timestamp,
) -> Result<Reservation, Error> {
    let key = cooldown.key();
    let ends = now.checked_add(length).unwrap_or(Timestamp::MAX);
    let updated = update(state, Update { key: &key, now, begin: Begin::Reading }, |present| {
        let Some(Present { mut record, .. }): Option<Present<CooldownRecord>> = present else {
            let held_by = vec![holder];
            let record = CooldownRecord { event, phase: Phase::Reserved, until: ends, held_by };
            let result = Reservation::Held { until: ends };
            return Ok(Change::Write { record, expires: Some(ends), result });
        };
        let result = reservation(&record, event);
        let is_to_join = record.event == event && record.phase == Phase::Reserved;
        if !is_to_join || record.held_by.contains(&holder) {
            return Ok(Change::Keep(result));
        }
        record.held_by.push(holder);
        let expires = Some(record.until);
        Ok(Change::Write { record, expires, result })
    });
    Ok(updated.await?.result)
}

/// Whether an event comes within a cooldown that another one charged. Reserves nothing.
///
/// # Errors
///
/// When the table fails.
pub async fn is_charged<S: State>(
    state: &S,
    cooldown: CooldownKey<'_>,
    event: EventId,
    now: Timestamp,
) -> Result<bool, Error> {
    let Some(item) = state.get(&cooldown.key()).await?.filter(|item| item.is_live(now)) else {
        return Ok(false);
    };
    Ok(matches!(reservation(&decode(&item)?, event), Reservation::Charged { .. }))
}

/// Confirms that the event acted: the cooldown runs from now. It is charged too when the event's reservation
/// ended or was given back meanwhile, and changes nothing when another event has it.
///
/// # Errors
///
/// When the table fails; a reservation then ends when the cooldown would have.
pub async fn confirm<S: State>(
    state: &S,
    cooldown: CooldownKey<'_>,
    event: EventId,
    length: Duration,
    now: Timestamp,
) -> Result<(), Error> {
    let key = cooldown.key();
    let until = now.checked_add(length).unwrap_or(Timestamp::MAX);
    let updated = update(state, Update { key: &key, now, begin: Begin::Reading }, |present| {
        let may_charge = present.is_none_or(|present: Present<CooldownRecord>| {
            present.record.event == event && present.record.phase == Phase::Reserved
        });
        if !may_charge {
            return Ok(Change::Keep(()));
        }
        let record = CooldownRecord { event, phase: Phase::Charged, until, held_by: Vec::new() };
        Ok(Change::Write { record, expires: Some(until), result: () })
    });
    updated.await?;
    Ok(())
}

/// Gives the cooldown back, since the event will not notify. Changes nothing when the event has acted elsewhere,
/// or does not hold it any more.
///
/// # Errors
///
/// When the table fails; the reservation then ends when the cooldown would have.
pub async fn give_back<S: State>(state: &S, cooldown: CooldownKey<'_>, event: EventId) -> Result<(), Error> {
    give_back_as(state, Holder::Notify, cooldown, event).await
}

/// The same for any holder. It stays reserved for the event while another one holds it.
///
/// # Errors
///
/// When the table fails; the reservation then ends when the cooldown would have.
pub async fn give_back_as<S: State>(
    state: &S,
    holder: Holder,
    cooldown: CooldownKey<'_>,
    event: EventId,
) -> Result<(), Error> {
    let key = cooldown.key();
    let Some(item) = state.get(&key).await? else { return Ok(()) };
    let record: CooldownRecord = decode(&item)?;
    if record.event != event || record.phase == Phase::Charged {
        return Ok(());
    }
    let others = |record: &CooldownRecord| record.held_by.iter().any(|other| *other != holder);
    if !others(&record) && state.delete(&key, Condition::Revision(item.revision)).await? {
        return Ok(());
    }
    // Another one holds it too, or has written it just now.
    let Ok(now) = record.until.checked_sub(Duration::from_nanos(1)) else { return Ok(()) };
    let updated = update(state, Update { key: &key, now, begin: Begin::Reading }, |present| {
        let Some(Present { mut record, .. }): Option<Present<CooldownRecord>> = present else {
            return Ok(Change::Keep(()));
        };
        let is_reserved = record.event == event && record.phase == Phase::Reserved;
        if !is_reserved || !others(&record) || !record.held_by.contains(&holder) {
            return Ok(Change::Keep(()));
        }
        record.held_by.retain(|other| *other != holder);
        let expires = Some(record.until);
        Ok(Change::Write { record, expires, result: () })
    });
    updated.await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);
    const LENGTH: Duration = Duration::from_secs(30);
    const GATE: CooldownKey<'static> = CooldownKey { rule: "gate", scope: "cam" };

    fn event(digit: char) -> EventId {
        digit.to_string().repeat(32).parse().unwrap()
    }

    fn after(seconds: u64) -> Timestamp {
        NOW.checked_add(Duration::from_secs(seconds)).unwrap()
    }

    #[tokio::test]
    async fn of_two_racing_events_one_wins() {
        let state = MemoryState::default();
        let first = reserve(&state, GATE, event('a'), LENGTH, NOW).await.unwrap();
        assert_eq!(first, Reservation::Held { until: after(30) });
        let second = reserve(&state, GATE, event('b'), LENGTH, after(1)).await.unwrap();
        assert_eq!(second, Reservation::Pending { until: after(30) });
        confirm(&state, GATE, event('a'), LENGTH, after(2)).await.unwrap();
        assert!(is_charged(&state, GATE, event('b'), after(3)).await.unwrap());
        assert!(!is_charged(&state, GATE, event('a'), after(3)).await.unwrap());
        let third = reserve(&state, GATE, event('b'), LENGTH, after(3)).await.unwrap();
        assert_eq!(third, Reservation::Charged { until: after(32) });
        let fourth = reserve(&state, GATE, event('b'), LENGTH, after(32)).await.unwrap();
        assert_eq!(fourth, Reservation::Held { until: after(62) });
    }

    #[tokio::test]
    async fn both_see_a_free_cooldown_and_one_write_wins() {
        // The second one reads before the first one writes: what counts is the conditional write.
        let state = MemoryState::default();
        reserve(&state, GATE, event('a'), LENGTH, NOW).await.unwrap();
        let (key, absent) = (GATE.key(), Condition::Absent { now: NOW });
        let written = state.put(&key, serde_json::Value::Null, None, absent).await.unwrap();
        assert!(matches!(written, camhook_ports::PutOutcome::Refused(Some(_))));
    }

    #[tokio::test]
    async fn the_holder_gets_it_again() {
        let state = MemoryState::default();
        reserve(&state, GATE, event('a'), LENGTH, NOW).await.unwrap();
        let again = reserve(&state, GATE, event('a'), LENGTH, after(5)).await.unwrap();
        assert_eq!(again, Reservation::Held { until: after(30) });
    }

    #[tokio::test]
    async fn what_was_not_done_silences_nothing() {
        let state = MemoryState::default();
        reserve(&state, GATE, event('a'), LENGTH, NOW).await.unwrap();
        give_back(&state, GATE, event('a')).await.unwrap();
        let next = reserve(&state, GATE, event('b'), LENGTH, NOW).await.unwrap();
        assert_eq!(next, Reservation::Held { until: after(30) });
    }

    #[tokio::test]
    async fn what_one_function_gives_back_stays_reserved_while_the_other_holds_it() {
        let state = MemoryState::default();
        let held = Reservation::Held { until: after(30) };
        reserve(&state, GATE, event('a'), LENGTH, NOW).await.unwrap();
        // The relay function decides without having reserved: nothing of it is the relay function's to give back.
        give_back_as(&state, Holder::Relay, GATE, event('a')).await.unwrap();
        let other = reserve(&state, GATE, event('b'), LENGTH, after(1)).await.unwrap();
        assert_eq!(other, Reservation::Pending { until: after(30) });

        let again = reserve_as(&state, Holder::Relay, GATE, event('a'), LENGTH, after(2)).await.unwrap();
        assert_eq!(again, held, "the end does not move");
        give_back(&state, GATE, event('a')).await.unwrap();
        let other = reserve(&state, GATE, event('b'), LENGTH, after(3)).await.unwrap();
        assert_eq!(other, Reservation::Pending { until: after(30) });
        give_back_as(&state, Holder::Relay, GATE, event('a')).await.unwrap();
        let other = reserve(&state, GATE, event('b'), LENGTH, after(4)).await.unwrap();
        assert_eq!(other, Reservation::Held { until: after(34) });
    }

    #[tokio::test]
    async fn what_was_done_is_not_given_back() {
        let state = MemoryState::default();
        reserve(&state, GATE, event('a'), LENGTH, NOW).await.unwrap();
        confirm(&state, GATE, event('a'), LENGTH, NOW).await.unwrap();
        give_back(&state, GATE, event('a')).await.unwrap();
        let next = reserve(&state, GATE, event('b'), LENGTH, NOW).await.unwrap();
        assert_eq!(next, Reservation::Charged { until: after(30) });
    }

    #[tokio::test]
    async fn what_was_done_after_a_giving_back_is_charged() {
        // The relay of a rule fails for good while its message is still being sent.
        let state = MemoryState::default();
        reserve(&state, GATE, event('a'), LENGTH, NOW).await.unwrap();
        give_back(&state, GATE, event('a')).await.unwrap();
        confirm(&state, GATE, event('a'), LENGTH, after(1)).await.unwrap();
        let next = reserve(&state, GATE, event('b'), LENGTH, after(2)).await.unwrap();
        assert_eq!(next, Reservation::Charged { until: after(31) });
        confirm(&state, GATE, event('a'), LENGTH, after(40)).await.unwrap();
        let next = reserve(&state, GATE, event('b'), LENGTH, after(41)).await.unwrap();
        assert_eq!(next, Reservation::Charged { until: after(70) });
    }

    #[tokio::test]
    async fn a_late_word_of_one_event_leaves_the_reservation_of_another() {
        let state = MemoryState::default();
        reserve(&state, GATE, event('a'), LENGTH, NOW).await.unwrap();
        let old = state.get(&GATE.key()).await.unwrap().unwrap();
        reserve(&state, GATE, event('b'), LENGTH, after(31)).await.unwrap();
        give_back(&state, GATE, event('a')).await.unwrap();
        assert!(!state.delete(&GATE.key(), Condition::Revision(old.revision)).await.unwrap());
        confirm(&state, GATE, event('a'), LENGTH, after(31)).await.unwrap();
        let next = reserve(&state, GATE, event('c'), LENGTH, after(32)).await.unwrap();
        assert_eq!(next, Reservation::Pending { until: after(61) });
    }
}
