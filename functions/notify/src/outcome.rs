//! Outcomes of messages, and what they mean for the queue's message.

use std::time::Duration;

use camhook_site::ChannelId;

use crate::error::DeliveryError;

/// The outcome of one message to one channel.
#[derive(Debug)]
pub(crate) enum DeliveryOutcome {
    /// Delivered by this attempt.
    Delivered,
    /// Delivered by an earlier attempt.
    AlreadyDelivered,
    /// Another delivery of the queue's message holds the claim: look again after this long.
    Busy(Duration),
    /// Not delivered, or nobody knows.
    Failed {
        /// The channel.
        channel: ChannelId,
        /// The error.
        error: DeliveryError,
    },
}

impl DeliveryOutcome {
    /// What the outcome means for the queue's message.
    pub(crate) fn disposition(&self) -> Disposition {
        match self {
            Self::Delivered | Self::AlreadyDelivered => Disposition::Done,
            Self::Busy(after) => Disposition::retry(Some(*after)),
            Self::Failed { channel, error } => Disposition::Retry {
                after: error.retry_after(),
                reasons: vec![format!("channel {channel}: {error}")],
            },
        }
    }
}

/// Whether a message of the queue is done or has to be delivered again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Disposition {
    /// Nothing is left to do.
    Done,
    /// The queue is to deliver it again.
    Retry {
        /// The shortest delay, where a channel or the work of another delivery asks for one.
        after: Option<Duration>,
        /// The failures, for a person; empty when the message only waits.
        reasons: Vec<String>,
    },
}

impl Disposition {
    /// The message waits for something.
    pub(crate) fn retry(after: Option<Duration>) -> Self {
        Self::Retry { after, reasons: vec![] }
    }

    /// Something failed.
    pub(crate) fn failed(reason: String) -> Self {
        Self::Retry { after: None, reasons: vec![reason] }
    }

    /// The disposition of a message with two parts.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Done, disposition) | (disposition, Self::Done) => disposition,
            (Self::Retry { after: left, mut reasons }, Self::Retry { after: right, reasons: more }) => {
                reasons.extend(more);
                Self::Retry { after: left.max(right), reasons }
            }
        }
    }
}
