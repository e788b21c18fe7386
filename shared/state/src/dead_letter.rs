//! Why a message was dead-lettered.
//!
//! SQS moves a message that failed too often to the dead-letter queue without a reason. The reason is recorded here
//! under the message id, which stays the same there.

use std::time::Duration;

use camhook_ports::{Condition, Key, Queue, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{decode, encode};

/// How long a reason is remembered: as long as SQS keeps a dead letter at most.
const DEAD_LETTER_LIFETIME: Duration = Duration::from_secs(14 * 24 * 3600);

/// Why and when a message was dead-lettered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The failures of its last delivery, as text for a person.
    pub reasons: Vec<String>,
    /// When the last delivery failed.
    pub at: Timestamp,
}

/// `dead#{queue}`, `{message id}`
fn key(queue: Queue, message_id: &str) -> Key {
    Key::new(format!("dead#{queue}"), message_id)
}

/// Records why a message is dead-lettered.
///
/// # Errors
///
/// When the table fails; no reason is then recorded.
pub async fn record<S: State>(
    state: &S,
    queue: Queue,
    message_id: &str,
    dead_letter: &DeadLetter,
) -> Result<(), Error> {
    let key = key(queue, message_id);
    let data = encode(&key, dead_letter)?;
    state.put(&key, data, dead_letter.at.checked_add(DEAD_LETTER_LIFETIME).ok(), Condition::None).await?;
    Ok(())
}

/// Why a message was dead-lettered; `None` when no reason was recorded.
///
/// # Errors
///
/// When the table fails.
pub async fn find<S: State>(state: &S, queue: Queue, message_id: &str) -> Result<Option<DeadLetter>, Error> {
    let item = state.get(&key(queue, message_id)).await?;
    item.map(|item| decode(&item)).transpose()
}

/// The recorded dead letters of a queue, by message id. A message that was deleted in another way than by camhook stays
/// listed until its record expires.
///
/// # Errors
///
/// When the table fails.
pub async fn all<S: State>(
    state: &S,
    queue: Queue,
    now: Timestamp,
) -> Result<Vec<(String, DeadLetter)>, Error> {
    let items = state.query(&key(queue, "").pk).await?;
    let live = items.into_iter().filter(|item| item.is_live(now));
    live.map(|item| Ok((item.key.sk.clone(), decode(&item)?))).collect()
}

/// Removes the reason of a message that was sent again.
///
/// # Errors
///
/// When the table fails.
pub async fn remove<S: State>(state: &S, queue: Queue, message_id: &str) -> Result<(), Error> {
    state.delete(&key(queue, message_id), Condition::None).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    #[tokio::test]
    async fn a_reason_is_found_by_the_messages_name() {
        let state = MemoryState::default();
        let at = Timestamp::constant(1_800_000_000, 0);
        let dead = DeadLetter { reasons: vec!["the channel family refused".to_owned()], at };
        record(&state, Queue::Notify, "m-1", &dead).await.unwrap();
        assert_eq!(find(&state, Queue::Notify, "m-1").await.unwrap(), Some(dead));
        assert_eq!(find(&state, Queue::Relay, "m-1").await.unwrap(), None);
        assert_eq!(all(&state, Queue::Notify, at).await.unwrap().len(), 1);
        assert!(all(&state, Queue::Relay, at).await.unwrap().is_empty());
        remove(&state, Queue::Notify, "m-1").await.unwrap();
        assert_eq!(find(&state, Queue::Notify, "m-1").await.unwrap(), None);
    }
}
