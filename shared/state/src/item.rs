//! Items as typed values, and the one way to change them.

use camhook_ports::{Condition, Item, Key, PutOutcome, State};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Error;

/// How often a write is tried that another writer was faster than.
const ATTEMPTS: usize = 8;

pub(crate) fn decode<T: DeserializeOwned>(item: &Item) -> Result<T, Error> {
    T::deserialize(&item.data).map_err(|reason| Error::corrupt(&item.key, reason))
}

pub(crate) fn encode<T: Serialize>(key: &Key, value: &T) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|reason| Error::corrupt(key, reason))
}

/// Which item is changed, and how the first attempt begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Update<'a> {
    pub(crate) key: &'a Key,
    /// An item that has expired by then counts as absent.
    pub(crate) now: Timestamp,
    pub(crate) begin: Begin,
}

/// How the first attempt of an update begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// With a read.
    Reading,
    /// As if the item were absent, which saves the read where it usually is.
    AssumingAbsent,
}

/// What an item holds.
#[derive(Debug)]
pub(crate) struct Present<T> {
    pub(crate) record: T,
    pub(crate) revision: u64,
    pub(crate) expires: Option<Timestamp>,
}

/// What an update decides.
#[derive(Debug)]
pub(crate) enum Change<T, R> {
    /// Writes a record.
    Write { record: T, expires: Option<Timestamp>, result: R },
    /// Writes a record, and first, under no condition, the same under a second key: when the item is changed, the copy
    /// is there.
    WriteAfterCopy { copy: Key, record: T, expires: Option<Timestamp>, result: R },
    /// Leaves the item as it is.
    Keep(R),
}

/// What an update came to.
#[derive(Debug)]
pub(crate) struct Updated<R> {
    pub(crate) result: R,
    /// The revision that was written; `None` when the item was left as it is.
    pub(crate) revision: Option<u64>,
}

/// Changes an item by compare-and-set: `decide` is asked what to write in the place of what the item holds, and
/// asked again when another writer was faster.
///
/// A record in the place of an expired one is written under the condition that the expired one is still there.
/// Revisions therefore never come back while the table keeps the item, and a late writer that saw the old record
/// cannot overwrite the new one.
pub(crate) async fn update<S, T, R>(
    state: &S,
    update: Update<'_>,
    mut decide: impl FnMut(Option<Present<T>>) -> Result<Change<T, R>, Error>,
) -> Result<Updated<R>, Error>
where
    S: State,
    T: Serialize + DeserializeOwned,
{
    let Update { key, now, begin } = update;
    let mut item = match begin {
        Begin::Reading => state.get(key).await?,
        Begin::AssumingAbsent => None,
    };
    for _ in 0..ATTEMPTS {
        let condition =
            item.as_ref().map_or(Condition::Absent { now }, |item| Condition::Revision(item.revision));
        let present = match item.filter(|item| item.is_live(now)) {
            Some(item) => {
                let record = decode(&item)?;
                Some(Present { record, revision: item.revision, expires: item.expires })
            }
            None => None,
        };
        let (copy, record, expires, result) = match decide(present)? {
            Change::Keep(result) => return Ok(Updated { result, revision: None }),
            Change::Write { record, expires, result } => (None, record, expires, result),
            Change::WriteAfterCopy { copy, record, expires, result } => (Some(copy), record, expires, result),
        };
        let data = encode(key, &record)?;
        if let Some(copy) = copy {
            state.put(&copy, data.clone(), expires, Condition::None).await?;
        }
        match state.put(key, data, expires, condition).await? {
            PutOutcome::Written(revision) => return Ok(Updated { result, revision: Some(revision) }),
            PutOutcome::Refused(standing) => item = standing,
        }
    }
    Err(Error::contended(key))
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);
    const LATER: Timestamp = Timestamp::constant(1_800_000_060, 0);

    #[derive(Debug, Serialize, serde::Deserialize)]
    struct Counter {
        sum: u32,
    }

    fn key() -> Key {
        Key::new("counter", "-")
    }

    fn incremented(present: Option<Present<Counter>>, expires: Option<Timestamp>) -> Change<Counter, u32> {
        let sum = present.map_or(1, |present| present.record.sum + 1);
        Change::Write { record: Counter { sum }, expires, result: sum }
    }

    async fn increment(
        state: &MemoryState,
        begin: Begin,
        now: Timestamp,
        expires: Option<Timestamp>,
    ) -> Updated<u32> {
        let key = key();
        let update =
            update(state, Update { key: &key, now, begin }, |present| Ok(incremented(present, expires)));
        update.await.unwrap()
    }

    /// Another writer, in the middle of an update.
    fn interfere(state: &MemoryState) {
        let (key, fields) = (key(), [("sum".to_owned(), 40.into())].into_iter().collect());
        let write = std::pin::pin!(state.merge(&key, fields, None));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(write.poll(&mut context).is_ready(), "a table in memory never waits");
    }

    #[tokio::test]
    async fn a_record_is_changed_however_the_update_begins() {
        let state = MemoryState::default();
        assert_eq!(increment(&state, Begin::AssumingAbsent, NOW, None).await.result, 1);
        assert_eq!(state.calls(), 1, "nothing was read");
        assert_eq!(increment(&state, Begin::AssumingAbsent, NOW, None).await.result, 2);
        let third = increment(&state, Begin::Reading, NOW, None).await;
        assert_eq!((third.result, third.revision), (3, Some(3)));
    }

    #[tokio::test]
    async fn what_expired_counts_as_absent_and_its_revision_does_not_come_back() {
        let state = MemoryState::default();
        increment(&state, Begin::Reading, NOW, Some(LATER)).await;
        let again = increment(&state, Begin::Reading, LATER, Some(LATER)).await;
        assert_eq!((again.result, again.revision), (1, Some(2)));
    }

    #[tokio::test]
    async fn another_writer_that_is_faster_is_seen_at_the_next_attempt() {
        let state = MemoryState::default();
        let key = key();
        let mut interferes = true;
        let updated = update(&state, Update { key: &key, now: NOW, begin: Begin::Reading }, |present| {
            if std::mem::take(&mut interferes) {
                interfere(&state);
            }
            Ok(incremented(present, None))
        });
        assert_eq!(updated.await.unwrap().result, 41);
    }

    #[tokio::test]
    async fn an_item_that_changes_before_every_write_is_contended() {
        let state = MemoryState::default();
        let key = key();
        let updated = update(&state, Update { key: &key, now: NOW, begin: Begin::Reading }, |present| {
            interfere(&state);
            Ok(incremented(present, None))
        });
        assert!(matches!(updated.await, Err(Error::Contended { .. })));
    }
}
