//! Errors of the queue's messages and of channels.

use std::time::Duration;

use camhook_outbound::{Failure, NotSent};
use camhook_ports::{QueueError, SecretError};
use camhook_state::claim::Effect;

/// An error that prevents handling a message of the queue now.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The message is of no known type. Its content stays out of the log.
    #[error(
        "the message is not an event, a flush or an alert of this version: {category} error at line {line}, column {column}"
    )]
    Unreadable {
        /// The kind of error that stopped the reading.
        category: &'static str,
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
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

/// An error of one delivery by a channel.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The service refused the request.
    #[error("refused with status {status}{}", after_colon(reason.as_deref()))]
    Refused {
        /// The status of the answer.
        status: u16,
        /// The service's reason, where its answer has a place for one.
        reason: Option<String>,
        /// How long the service asks to wait.
        retry_after: Option<Duration>,
    },
    /// The service answered that it does not accept the message, and a retry is unlikely to help.
    #[error("not accepted: {reason}")]
    Declined {
        /// The service's reason.
        reason: String,
    },
    /// The service answered that it cannot accept the message now.
    #[error("not accepted now: {reason}")]
    Passing {
        /// The service's reason.
        reason: String,
    },
    /// The service refused because of the chat: it does not exist, or the bot is not in it.
    #[error("refused with status {status}: {reason}")]
    ChatRefused {
        /// The status of the answer.
        status: u16,
        /// The service's reason.
        reason: String,
    },
    /// The chat has another id now.
    #[error("the chat was upgraded and has the id {chat} now")]
    Moved {
        /// The new id.
        chat: String,
    },
    /// A mail server refused.
    #[error("the mail server refused with {status}: {reason}")]
    MailRefused {
        /// The reply code: 4xx is temporary, 5xx is not.
        status: u16,
        /// The server's reason.
        reason: String,
    },
    /// A mail server refused every recipient.
    #[error("the mail server refused every recipient: {reason}")]
    RecipientsRefused {
        /// The reply code: 4xx, which is temporary, where the server gave one to any recipient.
        status: u16,
        /// The recipients with the server's reasons.
        reason: String,
    },
    /// The connection broke while a mail was sent.
    #[error("the mail server did not confirm the mail: {reason}")]
    MailInDoubt {
        /// What happened.
        reason: String,
    },
    /// The delivery took longer than the limit.
    #[error("no result within {} s", limit.as_secs())]
    TooSlow {
        /// The limit.
        limit: Duration,
    },
    /// A setting that is only read at delivery, such as a URL that is a secret, is wrong.
    #[error("the value of the channel's `{key}` {problem}")]
    Setting {
        /// The key in camhook.toml.
        key: &'static str,
        /// The problem, without the value.
        problem: &'static str,
    },
    /// The message cannot be written in the service's form.
    #[error("the message cannot be formatted: {reason}")]
    Unwritten {
        /// The reason.
        reason: String,
    },
    /// Nothing was sent.
    #[error(transparent)]
    NotSent(#[from] NotSent),
    /// No answer arrived: the message may have been delivered or not.
    #[error(transparent)]
    NoAnswer(#[from] Failure),
    /// A secret of the channel is not available now.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The request cannot be built from the channel's settings and the message.
    #[error(transparent)]
    Unusable(#[from] camhook_outbound::Error),
    /// The message cannot be written as JSON.
    #[error("the message cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl DeliveryError {
    /// Whether the message may have been delivered nevertheless.
    #[must_use]
    pub fn effect(&self) -> Effect {
        match self {
            Self::NoAnswer(_) | Self::MailInDoubt { .. } | Self::TooSlow { .. } => Effect::Possible,
            Self::Refused { .. }
            | Self::Declined { .. }
            | Self::Passing { .. }
            | Self::ChatRefused { .. }
            | Self::Moved { .. }
            | Self::MailRefused { .. }
            | Self::RecipientsRefused { .. }
            | Self::Setting { .. }
            | Self::Unwritten { .. }
            | Self::NotSent(_)
            | Self::Secret(_)
            | Self::Unusable(_)
            | Self::Json(_) => Effect::None,
        }
    }

    /// How long the service asks to wait before the next attempt.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether a person has to change something before a retry can succeed: a setting, a password, a topic.
    #[must_use]
    pub fn needs_a_person(&self) -> bool {
        match self {
            // 408, 425 and 429 are temporary.
            Self::Refused { status, .. } => (300..500).contains(status) && !matches!(status, 408 | 425 | 429),
            Self::MailRefused { status, .. } | Self::RecipientsRefused { status, .. } => *status >= 500,
            Self::NotSent(NotSent::NotConnected { .. })
            | Self::NoAnswer(_)
            | Self::MailInDoubt { .. }
            | Self::TooSlow { .. }
            | Self::Passing { .. }
            | Self::Secret(_) => false,
            Self::Declined { .. }
            | Self::ChatRefused { .. }
            | Self::Moved { .. }
            | Self::Setting { .. }
            | Self::Unwritten { .. }
            | Self::NotSent(_)
            | Self::Unusable(_)
            | Self::Json(_) => true,
        }
    }
}

impl DeliveryError {
    /// Whether the same message without its picture may be accepted.
    ///
    /// Services word such refusals in many ways and give them many status codes, so that only those are excluded
    /// that are about the credential, the rate or the chat.
    pub(crate) fn may_concern_picture(&self) -> bool {
        match self {
            Self::Refused { status, .. } => match status {
                401 | 407 | 408 | 425 | 429 => false,
                // Insufficient storage.
                507 => true,
                status => (400..500).contains(status),
            },
            Self::Declined { .. } => true,
            // 530 to 538 are about the login.
            Self::MailRefused { status, .. } => *status >= 500 && !(530..=538).contains(status),
            _ => false,
        }
    }
}

fn after_colon(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(": {reason}"))
}
