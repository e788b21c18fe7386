//! Dead letters, and messages that failed and are delivered again.
//!
//! [`recorded`] and [`retrying`] read the table alone. A message itself is known only to who receives it from its
//! dead-letter queue, which hides it from others meanwhile: [`DeadLetter::read`].

mod letter;

use camhook_ports::{Queue, State};
use camhook_state::{Error, dead_letter, retry};
use jiff::Timestamp;
use serde::Serialize;

pub use letter::{ActionState, DeadLetter, ReceivedLetter};

/// A dead letter as the table has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedLetter {
    /// The queue that delivered it.
    pub queue: Queue,
    /// The message id.
    pub message: String,
    /// The failures of the last delivery.
    pub reasons: Vec<String>,
    /// When the last delivery failed.
    pub at: Timestamp,
}

/// A message that failed and is delivered again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Retrying {
    /// The queue.
    pub queue: Queue,
    /// The message id.
    pub message: String,
    /// Which delivery failed last, counted from 1.
    pub attempt: u32,
    /// The failures of that delivery.
    pub reasons: Vec<String>,
    /// When it failed.
    pub at: Timestamp,
    /// When it is delivered again; `None` where the visibility timeout of the queue decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
}

/// The recorded dead letters of some queues, newest first: one query of the table for each queue.
///
/// # Errors
///
/// When the table fails.
pub async fn recorded<S: State>(
    state: &S,
    queues: &[Queue],
    now: Timestamp,
) -> Result<Vec<RecordedLetter>, Error> {
    let mut letters = Vec::new();
    for &queue in queues {
        let of_queue = dead_letter::all(state, queue, now).await?.into_iter().map(|(message, letter)| {
            RecordedLetter { queue, message, reasons: letter.reasons, at: letter.at }
        });
        letters.extend(of_queue);
    }
    letters.sort_by_key(|letter| std::cmp::Reverse(letter.at));
    Ok(letters)
}

/// The messages of some queues that are retried, in the order of their next delivery: one query of the table for each
/// queue.
///
/// # Errors
///
/// When the table fails.
pub async fn retrying<S: State>(state: &S, queues: &[Queue], now: Timestamp) -> Result<Vec<Retrying>, Error> {
    let mut messages = Vec::new();
    for &queue in queues {
        let of_queue = retry::all(state, queue, now).await?.into_iter().map(|(message, record)| Retrying {
            queue,
            message,
            attempt: record.attempt,
            reasons: record.reasons,
            at: record.at,
            next_at: record.next_at,
        });
        messages.extend(of_queue);
    }
    messages.sort_by_key(|retrying| retrying.next_at.unwrap_or(retrying.at));
    Ok(messages)
}
