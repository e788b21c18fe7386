//! Messages that failed and are delivered again: visible before they become dead letters.
//!
//! `retry#{queue}`, `{message id}`

use std::time::Duration;

use camhook_ports::{Condition, Key, Queue, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{decode, encode};

/// How long a record outlives the planned delivery, should the message vanish.
const GRACE: Duration = Duration::from_secs(24 * 3600);

/// A message that failed and is delivered again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryRecord {
    /// Which delivery failed, counted from 1.
    pub attempt: u32,
    /// The failures, for a person.
    pub reasons: Vec<String>,
    /// When it failed.
    pub at: Timestamp,
    /// When it is delivered again; absent where the queue's own timeout decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
}

fn partition(queue: Queue) -> String {
    format!("retry#{queue}")
}

/// Records a failure.
///
/// # Errors
///
/// When the table fails.
pub async fn record<S: State>(
    state: &S,
    queue: Queue,
    message_id: &str,
    retry: &RetryRecord,
) -> Result<(), Error> {
    let key = Key::new(partition(queue), message_id);
    let expires = retry.next_at.unwrap_or(retry.at).checked_add(GRACE).ok();
    state.put(&key, encode(&key, retry)?, expires, Condition::None).await?;
    Ok(())
}

/// Removes the record of a message that was processed, or that became a dead letter.
///
/// # Errors
///
/// When the table fails.
pub async fn remove<S: State>(state: &S, queue: Queue, message_id: &str) -> Result<(), Error> {
    state.delete(&Key::new(partition(queue), message_id), Condition::None).await?;
    Ok(())
}

/// The messages of a queue that failed and are delivered again, by message id.
///
/// # Errors
///
/// When the table fails.
pub async fn all<S: State>(
    state: &S,
    queue: Queue,
    now: Timestamp,
) -> Result<Vec<(String, RetryRecord)>, Error> {
    let items = state.query(&partition(queue)).await?;
    let live = items.into_iter().filter(|item| item.is_live(now));
    live.map(|item| Ok((item.key.sk.clone(), decode(&item)?))).collect()
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    #[tokio::test]
    async fn a_failure_is_listed_until_it_is_removed() {
        let state = MemoryState::default();
        let at = Timestamp::constant(1_800_000_000, 0);
        let next_at = at.checked_add(Duration::from_secs(15)).ok();
        let retry = RetryRecord { attempt: 2, reasons: vec!["refused".to_owned()], at, next_at };
        record(&state, Queue::Notify, "m-1", &retry).await.unwrap();
        assert_eq!(all(&state, Queue::Notify, at).await.unwrap(), [("m-1".to_owned(), retry)]);
        assert!(all(&state, Queue::Relay, at).await.unwrap().is_empty());
        remove(&state, Queue::Notify, "m-1").await.unwrap();
        assert!(all(&state, Queue::Notify, at).await.unwrap().is_empty());
    }
}
