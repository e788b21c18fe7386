//! Errors of the relay function.

use camhook_ports::QueueError;
use camhook_state::Error as StateError;

/// Why a message cannot be processed in this delivery.
///
/// The texts are logged, so no variant contains a deduplication key, which may contain a plate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body is neither an event nor a message about a relay. The text omits its content, which may be a plate.
    #[error(
        "the message is neither an event nor a relay message: unexpected input in line {line}, column {column}"
    )]
    Unreadable {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// The state table failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// The state table failed at the deduplication of the event.
    #[error("failed to deduplicate the event for rule {rule}: {reason}")]
    Dedupe {
        /// The rule's id.
        rule: String,
        /// The table's error, without the item's key.
        reason: String,
    },
    /// A queue refused a message.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A message cannot be serialized.
    #[error("failed to serialize the message about relay {relay}: {reason}")]
    Unwritable {
        /// The relay's id.
        relay: String,
        /// The serializer's error.
        reason: serde_json::Error,
    },
    /// Other deliveries changed the relay's item each time before this one could.
    #[error("the item of relay {relay} changes faster than it can be written")]
    Contended {
        /// The relay's id.
        relay: String,
    },
    /// A command for the agent is on a queue of the relay function.
    #[error("a command for relay {relay} is on the function's queue, not on the agent's")]
    CommandOnFunctionQueue {
        /// The relay's id.
        relay: String,
    },
    /// An event is on a queue of the agent.
    #[error("event {event} is on the agent's queue, not on the relay function's")]
    EventOnAgentQueue {
        /// The event.
        event: camhook_event::EventId,
    },
}

impl Error {
    /// An error of the deduplication item, without its key.
    #[must_use]
    pub(crate) fn of_dedupe(rule: &str, error: StateError) -> Self {
        let reason = match error {
            StateError::Table(error) => error.reason,
            StateError::Corrupt { reason, .. } => reason.to_string(),
            StateError::Contended { .. } => "the item changes faster than it can be written".to_owned(),
        };
        Self::Dedupe { rule: rule.to_owned(), reason }
    }
}
