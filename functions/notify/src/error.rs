//! What can go wrong.

use std::time::Duration;

use camhook_outbound::{Failure, NotSent};
use camhook_ports::{QueueError, SecretError};
use camhook_state::claim::Effect;

/// Why a message of the queue cannot be handled now.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is neither an event, a group nor a trouble. What it says instead stays out of the log.
    #[error(
        "the message is neither an event, a group nor a trouble of this version: {category} error at line {line}, column {column}"
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
    #[error("it refused with status {status}{}", said(reason.as_deref()))]
    Refused {
        /// The status of its answer.
        status: u16,
        /// What it said, where its answer has a place for that.
        reason: Option<String>,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// It answered that it does not want the message, and will hardly want it later.
    #[error("it does not take the message: {reason}")]
    Declined {
        /// What it said.
        reason: String,
    },
    /// It answered that it cannot take the message now.
    #[error("it cannot take the message now: {reason}")]
    Passing {
        /// What it said.
        reason: String,
    },
    /// A mail server refused.
    #[error("the mail server refused with {status}: {reason}")]
    MailRefused {
        /// The reply code: 4xx passes, 5xx does not.
        status: u16,
        /// What it said.
        reason: String,
    },
    /// The connection broke while a mail was sent.
    #[error("the mail server did not say that it took the mail: {reason}")]
    MailInDoubt {
        /// What happened.
        reason: String,
    },
    /// It took longer than a channel may.
    #[error("it took longer than {} s", limit.as_secs())]
    TooSlow {
        /// How long it may take.
        limit: Duration,
    },
    /// A setting that can only be read when it is used, such as a URL that is a secret, is wrong.
    #[error("what `{key}` of the channel leads to {what}")]
    Setting {
        /// Which key of the channel.
        key: &'static str,
        /// What is wrong with it, without what it says.
        what: &'static str,
    },
    /// The message cannot be written in the service's form.
    #[error("the message cannot be written: {reason}")]
    Unwritten {
        /// What is wrong.
        reason: String,
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
            Self::NoAnswer(_) | Self::MailInDoubt { .. } | Self::TooSlow { .. } => Effect::Possible,
            Self::Refused { .. }
            | Self::Declined { .. }
            | Self::Passing { .. }
            | Self::MailRefused { .. }
            | Self::Setting { .. }
            | Self::Unwritten { .. }
            | Self::NotSent(_)
            | Self::Secret(_)
            | Self::Unusable(_)
            | Self::Json(_) => Effect::None,
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
            Self::MailRefused { status, .. } => *status >= 500,
            Self::NotSent(NotSent::NotConnected { .. })
            | Self::NoAnswer(_)
            | Self::MailInDoubt { .. }
            | Self::TooSlow { .. }
            | Self::Passing { .. }
            | Self::Secret(_) => false,
            Self::Declined { .. }
            | Self::Setting { .. }
            | Self::Unwritten { .. }
            | Self::NotSent(_)
            | Self::Unusable(_)
            | Self::Json(_) => true,
        }
    }
}

fn said(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(": {reason}"))
}
