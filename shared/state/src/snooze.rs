//! Snoozes: notifications of a rule or camera that are not sent until a time.
//!
//! One item, `snooze` `-`, holds them all, so that an event costs one read. An entry stays after its end until the next
//! message says how many were not sent, at most for [`LIFETIME`].

use std::time::Duration;

use camhook_ports::{Key, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{Begin, Change, Present, Update, decode, update};

/// How long an entry is kept after its end.
pub const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

/// What is snoozed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnoozeTarget {
    /// The notifications of a rule, by its id.
    Rule(String),
    /// The notifications about a camera: the id of a `[[camera]]`, a source, or `source/camera`.
    Camera(String),
}

/// One snooze.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snooze {
    /// What is snoozed.
    pub target: SnoozeTarget,
    /// Until when.
    pub until: Timestamp,
    /// The number of messages that were not sent.
    #[serde(default)]
    pub suppressed: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Snoozes {
    pub(crate) entries: Vec<Snooze>,
}

pub(crate) fn key() -> Key {
    Key::new("snooze", "-")
}

/// All snoozes, including those that have ended and were not reported yet.
///
/// # Errors
///
/// When the table fails.
pub async fn all<S: State>(state: &S) -> Result<Vec<Snooze>, Error> {
    let item = state.get(&key()).await?;
    let snoozes: Option<Snoozes> = item.as_ref().map(decode).transpose()?;
    Ok(snoozes.unwrap_or_default().entries)
}

/// Snoozes a target until a time, in place of an earlier snooze of it.
///
/// # Errors
///
/// When the table fails.
pub async fn set<S: State>(
    state: &S,
    target: &SnoozeTarget,
    until: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    change(state, now, |entries| {
        match entries.iter_mut().find(|entry| entry.target == *target) {
            Some(entry) => entry.until = until,
            None => entries.push(Snooze { target: target.clone(), until, suppressed: 0 }),
        }
        Some(())
    })
    .await
    .map(drop)
}

/// Ends a snooze now; whether there was one. The next message says how many were not sent.
///
/// # Errors
///
/// When the table fails.
pub async fn end<S: State>(state: &S, target: &SnoozeTarget, now: Timestamp) -> Result<bool, Error> {
    let ended = change(state, now, |entries| {
        let entry = entries.iter_mut().find(|entry| entry.target == *target && entry.until > now)?;
        entry.until = now;
        Some(())
    });
    Ok(ended.await?.is_some())
}

/// Counts messages that a snooze suppressed.
///
/// # Errors
///
/// When the table fails.
pub async fn count<S: State>(
    state: &S,
    target: &SnoozeTarget,
    messages: u32,
    now: Timestamp,
) -> Result<(), Error> {
    change(state, now, |entries| {
        let entry = entries.iter_mut().find(|entry| entry.target == *target)?;
        entry.suppressed = entry.suppressed.saturating_add(messages);
        Some(())
    })
    .await
    .map(drop)
}

/// Takes a snooze that has ended, so that one message reports it; `None` if another message does.
///
/// # Errors
///
/// When the table fails.
pub async fn take_ended<S: State>(
    state: &S,
    target: &SnoozeTarget,
    now: Timestamp,
) -> Result<Option<Snooze>, Error> {
    change(state, now, |entries| {
        let index = entries.iter().position(|entry| entry.target == *target && entry.until <= now)?;
        Some(entries.remove(index))
    })
    .await
}

/// Changes the entries, unless `change_entries` returns `None`.
async fn change<S: State, R>(
    state: &S,
    now: Timestamp,
    mut change_entries: impl FnMut(&mut Vec<Snooze>) -> Option<R>,
) -> Result<Option<R>, Error> {
    let key = key();
    let updated = update(state, Update { key: &key, now, begin: Begin::Reading }, |present| {
        let mut record = present.map_or_else(Snoozes::default, |present: Present<Snoozes>| present.record);
        record.entries.retain(|entry| entry.until.checked_add(LIFETIME).is_ok_and(|kept| kept > now));
        let Some(result) = change_entries(&mut record.entries) else { return Ok(Change::Keep(None)) };
        let last = record.entries.iter().map(|entry| entry.until).max().unwrap_or(now);
        let expires = last.max(now).checked_add(LIFETIME).ok();
        Ok(Change::Write { record, expires, result: Some(result) })
    });
    Ok(updated.await?.result)
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn after(seconds: u64) -> Timestamp {
        NOW.checked_add(Duration::from_secs(seconds)).unwrap()
    }

    #[tokio::test]
    async fn a_snooze_counts_until_its_end_and_is_reported_once() {
        let state = MemoryState::default();
        let (rule, camera) =
            (SnoozeTarget::Rule("drive".to_owned()), SnoozeTarget::Camera("drive".to_owned()));
        set(&state, &rule, after(60), NOW).await.unwrap();
        set(&state, &camera, after(90), NOW).await.unwrap();
        count(&state, &rule, 2, after(10)).await.unwrap();
        assert_eq!(take_ended(&state, &rule, after(59)).await.unwrap(), None);
        let ended = take_ended(&state, &rule, after(60)).await.unwrap().unwrap();
        assert_eq!((ended.suppressed, ended.until), (2, after(60)));
        assert_eq!(take_ended(&state, &rule, after(61)).await.unwrap(), None);
        let left = all(&state).await.unwrap();
        assert_eq!(left, [Snooze { target: camera, until: after(90), suppressed: 0 }]);
    }

    #[tokio::test]
    async fn a_snooze_is_prolonged_with_its_count_and_ended_early() {
        let state = MemoryState::default();
        let rule = SnoozeTarget::Rule("drive".to_owned());
        assert!(!end(&state, &rule, NOW).await.unwrap());
        set(&state, &rule, after(60), NOW).await.unwrap();
        count(&state, &rule, 1, NOW).await.unwrap();
        set(&state, &rule, after(600), after(30)).await.unwrap();
        assert!(end(&state, &rule, after(40)).await.unwrap());
        assert_eq!(take_ended(&state, &rule, after(40)).await.unwrap().unwrap().suppressed, 1);
    }

    #[tokio::test]
    async fn entries_are_forgotten_after_their_lifetime() {
        let state = MemoryState::default();
        let (old, new) = (SnoozeTarget::Rule("old".to_owned()), SnoozeTarget::Rule("new".to_owned()));
        set(&state, &old, after(60), NOW).await.unwrap();
        let later = after(60).checked_add(LIFETIME).unwrap();
        set(&state, &new, later, later).await.unwrap();
        let left: Vec<SnoozeTarget> =
            all(&state).await.unwrap().into_iter().map(|entry| entry.target).collect();
        assert_eq!(left, [new]);
    }
}
