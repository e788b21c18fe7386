//! Why a message was given up.
//!
//! The queue moves a message that failed too often to its dead letters without a word; the reason stands here,
//! under the name that the message keeps there.

use std::time::Duration;

use camhook_ports::{Condition, Key, Queue, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{decode, encode};

/// How long a reason is remembered: as long as SQS keeps a dead letter at most.
const DEAD_LETTER_LIFETIME: Duration = Duration::from_secs(14 * 24 * 3600);

/// Why a message was given up, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// What every failure of its last delivery said, for a person.
    pub reasons: Vec<String>,
    /// When that was.
    pub at: Timestamp,
}

/// `dead#{queue}`, `{message id}`
fn key(queue: Queue, message_id: &str) -> Key {
    Key::new(format!("dead#{queue}"), message_id)
}

/// Notes why a message is given up.
///
/// # Errors
///
/// When the table fails; the message is then without a reason.
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

/// Why a message was given up; `None` when nobody could note it.
///
/// # Errors
///
/// When the table fails.
pub async fn find<S: State>(state: &S, queue: Queue, message_id: &str) -> Result<Option<DeadLetter>, Error> {
    let item = state.get(&key(queue, message_id)).await?;
    item.map(|item| decode(&item)).transpose()
}

/// Forgets why a message was given up, since it was sent again.
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
        remove(&state, Queue::Notify, "m-1").await.unwrap();
        assert_eq!(find(&state, Queue::Notify, "m-1").await.unwrap(), None);
    }
}
