//! What can go wrong.

use std::time::Duration;

use camhook_outbound::{Failure, NotSent};
use camhook_ports::{QueueError, SecretError};
use camhook_state::claim::Effect;

/// Why a message of the queue cannot be handled now.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is neither an event nor a trouble. What it says instead stays out of the log.
    #[error(
        "the message is neither an event nor a trouble of this version: {category} error at line {line}, column {column}"
    )]
    Unreadable {
        /// What kind of error stopped the reading.
        category: &'static str,
        /// Where.
        line: usize,
        /// Where in the line.
        column: usize,
    },
    /// The state table failed.
    #[error(transparent)]
    State(#[from] camhook_state::Error),
    /// The queue failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Error {
    pub(crate) fn unreadable(error: &serde_json::Error) -> Self {
        let category = match error.classify() {
            serde_json::error::Category::Io => "input",
            serde_json::error::Category::Syntax => "syntax",
            serde_json::error::Category::Data => "data",
            serde_json::error::Category::Eof => "end of text",
        };
        Self::Unreadable { category, line: error.line(), column: error.column() }
    }
}

/// Why a channel did not take a message.
#[derive(Debug, thiserror::Error)]
pub enum NotTold {
    /// It refused.
    #[error("it refused with status {status}")]
    Refused {
        /// The status of its answer.
        status: u16,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// Nothing was sent.
    #[error(transparent)]
    NotSent(#[from] NotSent),
    /// No answer came: it may have been told or not.
    #[error(transparent)]
    NoAnswer(#[from] Failure),
    /// A secret of the channel cannot be had now.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The channel's settings or the message cannot be sent as they are.
    #[error(transparent)]
    Unusable(#[from] camhook_outbound::Error),
    /// The message cannot be written as JSON.
    #[error("the message cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl NotTold {
    /// Whether it was surely not told.
    #[must_use]
    pub fn effect(&self) -> Effect {
        match self {
            Self::NoAnswer(_) => Effect::Possible,
            Self::Refused { .. } | Self::NotSent(_) | Self::Secret(_) | Self::Unusable(_) | Self::Json(_) => {
                Effect::None
            }
        }
    }

    /// How long the channel asks to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether it will hardly be told before a person changes something: the settings, a password, a topic.
    #[must_use]
    pub fn needs_a_person(&self) -> bool {
        match self {
            // 408, 425 and 429 pass by themselves.
            Self::Refused { status, .. } => (300..500).contains(status) && !matches!(status, 408 | 425 | 429),
            Self::NotSent(NotSent::NotConnected { .. }) | Self::NoAnswer(_) | Self::Secret(_) => false,
            Self::NotSent(_) | Self::Unusable(_) | Self::Json(_) => true,
        }
    }
}
