//! Why a message cannot be processed in this delivery.

use camhook_ports::QueueError;
use camhook_state::Error as StateError;

/// Why a message cannot be processed in this delivery.
///
/// No variant holds a correlation key, which may be a plate: these texts are logged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body is neither an event nor a message about a relay. Its content is not part of the text: it may be a
    /// plate.
    #[error("the message is neither an event nor about a relay: line {line}, column {column} is unexpected")]
    Unreadable {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// The state table cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// The state table cannot say whether another event about the same thing acted.
    #[error("the state table cannot say whether rule {rule} acted for the same thing: {reason}")]
    Dedupe {
        /// The rule's id.
        rule: String,
        /// What the table said, without the item's key.
        reason: String,
    },
    /// A queue does not take a message.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A message cannot be written as JSON.
    #[error("failed to write the message about relay {relay}: {reason}")]
    Unwritable {
        /// The relay's id.
        relay: String,
        /// What is wrong with it.
        reason: serde_json::Error,
    },
    /// Others changed the relay's item each time before this delivery could.
    #[error("the item of relay {relay} changes faster than it can be written")]
    Contended {
        /// The relay's id.
        relay: String,
    },
    /// A message that only the agent on site can take.
    #[error("a command for relay {relay} is on the function's queue, it belongs on the agent's")]
    CommandOnFunctionQueue {
        /// The relay's id.
        relay: String,
    },
    /// A message that only the relay function can take.
    #[error("event {event} is on the agent's queue, it belongs on the relay function's")]
    EventOnAgentQueue {
        /// The event.
        event: camhook_event::EventId,
    },
}

impl Error {
    /// The error of the table that was asked about a correlation key, without that key.
    #[must_use]
    pub(crate) fn of_dedupe(rule: &str, error: StateError) -> Self {
        let reason = match error {
            StateError::Table(error) => error.reason,
            StateError::Corrupt { reason, .. } => reason.to_string(),
            StateError::Contended { .. } => "it changes faster than it can be written".to_owned(),
        };
        Self::Dedupe { rule: rule.to_owned(), reason }
    }
}
