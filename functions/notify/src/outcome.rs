//! Outcomes of messages, and what they mean for the queue's message.

use std::time::Duration;

use camhook_consumer::Retry;
use camhook_site::ChannelId;
use camhook_state::control::ModeChange;
use camhook_state::decision::ActionOutcome;
use jiff::Timestamp;

use crate::channel::Caveat;
use crate::error::DeliveryError;
use crate::retry::LAST_DELIVERY;

/// The outcome of one message to one channel.
#[derive(Debug)]
pub(crate) enum DeliveryOutcome {
    /// Delivered by this attempt.
    Delivered(Vec<Caveat>),
    /// The mode was set, or was set by someone after the event.
    Mode(ModeChange),
    /// Delivered by an earlier attempt.
    AlreadyDelivered,
    /// Held back by the limit of messages in a minute.
    HeldBack,
    /// Another delivery of the queue's message holds the claim: look again after this long.
    Busy(Duration),
    /// The service asked to wait for this much longer.
    NotDue(Duration),
    /// Not delivered, or nobody knows.
    Failed {
        /// The channel.
        channel: ChannelId,
        /// The error.
        error: DeliveryError,
        /// The service asked not to be tried again before.
        not_before: Option<Timestamp>,
    },
}

impl DeliveryOutcome {
    /// What the outcome means for the queue's message.
    pub(crate) fn result(&self) -> Result<(), Retry> {
        match self {
            Self::Delivered(_) | Self::Mode(_) | Self::AlreadyDelivered | Self::HeldBack => Ok(()),
            Self::Busy(after) => Err(Retry::waiting("busy").after(*after)),
            Self::NotDue(left) => Err(Retry::waiting("not_due").after(*left)),
            Self::Failed { channel, error, .. } => {
                let retry = Retry::failed("not_delivered", format!("channel {channel}: {error}"));
                Err(match error.retry_after() {
                    Some(after) => retry.after(after),
                    None => retry,
                })
            }
        }
    }
}

/// The outcome of one action of a rule.
#[derive(Debug)]
pub(crate) struct ActionResult {
    /// The index of the action in the rule.
    pub(crate) action: usize,
    pub(crate) outcome: DeliveryOutcome,
}

impl ActionResult {
    /// The outcome as it is recorded; `None` when an earlier delivery recorded it. A retry has the time that the
    /// service asked for.
    pub(crate) fn recorded(&self, receive_count: u32) -> Option<ActionOutcome> {
        Some(match &self.outcome {
            DeliveryOutcome::Delivered(caveats) => ActionOutcome::Delivered { caveat: join(caveats) },
            DeliveryOutcome::Mode(ModeChange::Set) => ActionOutcome::ModeSet,
            DeliveryOutcome::Mode(ModeChange::Newer) => ActionOutcome::ModeNewer,
            DeliveryOutcome::AlreadyDelivered | DeliveryOutcome::NotDue(_) => return None,
            DeliveryOutcome::HeldBack => ActionOutcome::HeldBack,
            DeliveryOutcome::Busy(_) => ActionOutcome::Waiting,
            DeliveryOutcome::Failed { error, .. } if receive_count >= LAST_DELIVERY => {
                ActionOutcome::Failed { reason: error.to_string() }
            }
            DeliveryOutcome::Failed { error, not_before, .. } => {
                ActionOutcome::Retrying { reason: error.to_string(), next: *not_before }
            }
        })
    }
}

/// The caveats of a delivery in one text; `None` without any.
pub(crate) fn join(caveats: &[Caveat]) -> Option<String> {
    (!caveats.is_empty()).then(|| caveats.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

/// The result of a message with several parts, none of which waits for another.
pub(crate) fn combine(results: impl IntoIterator<Item = Result<(), Retry>>) -> Result<(), Retry> {
    let retries = results.into_iter().filter_map(Result::err);
    retries.reduce(Retry::and_independent).map_or(Ok(()), Err)
}
