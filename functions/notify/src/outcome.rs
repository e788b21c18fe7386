//! Outcomes of messages, and what they mean for the queue's message.

use std::time::Duration;

use camhook_consumer::Retry;
use camhook_site::ChannelId;

use crate::channel::Caveat;
use crate::error::DeliveryError;

/// The outcome of one message to one channel.
#[derive(Debug)]
pub(crate) enum DeliveryOutcome {
    /// Delivered by this attempt.
    Delivered(Vec<Caveat>),
    /// Delivered by an earlier attempt.
    AlreadyDelivered,
    /// Held back by the limit of messages in a minute.
    HeldBack,
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
    pub(crate) fn result(&self) -> Result<(), Retry> {
        match self {
            Self::Delivered(_) | Self::AlreadyDelivered | Self::HeldBack => Ok(()),
            Self::Busy(after) => Err(Retry::waiting("busy").after(*after)),
            Self::Failed { channel, error } => {
                let retry = Retry::failed("not_delivered", format!("channel {channel}: {error}"));
                Err(match error.retry_after() {
                    Some(after) => retry.after(after),
                    None => retry,
                })
            }
        }
    }
}

/// The result of a message with several parts.
pub(crate) fn combine(results: impl IntoIterator<Item = Result<(), Retry>>) -> Result<(), Retry> {
    let retries = results.into_iter().filter_map(Result::err);
    retries.reduce(Retry::and).map_or(Ok(()), Err)
}
