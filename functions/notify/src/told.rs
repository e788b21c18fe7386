//! What came of the messages of one delivery.

use std::time::Duration;

use camhook_site::ChannelId;

use crate::NotTold;

/// What came of one message to one channel.
#[derive(Debug)]
pub(crate) enum Told {
    /// It was sent just now.
    Now,
    /// It had been sent before.
    Before,
    /// Another delivery is at it: look again after this long.
    Busy(Duration),
    /// It was not sent, or nobody knows.
    Failed {
        /// The channel.
        channel: ChannelId,
        /// Why.
        error: NotTold,
    },
}

/// Whether a message of the queue is done with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It is.
    Finished,
    /// It is to be delivered again.
    Again {
        /// After how long, where a channel or the work of another delivery asks for it.
        asked: Option<Duration>,
        /// What failed, for a person; nothing when it only waits.
        reasons: Vec<String>,
    },
}

impl Ended {
    /// It waits for something.
    pub(crate) fn again(asked: Option<Duration>) -> Self {
        Self::Again { asked, reasons: vec![] }
    }

    /// Something failed.
    pub(crate) fn failed(reason: String) -> Self {
        Self::Again { asked: None, reasons: vec![reason] }
    }

    /// What two parts of one message's work come to.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Finished, ended) | (ended, Self::Finished) => ended,
            (Self::Again { asked: left, mut reasons }, Self::Again { asked: right, reasons: more }) => {
                reasons.extend(more);
                Self::Again { asked: left.max(right), reasons }
            }
        }
    }
}

impl Told {
    /// What the message's part comes to.
    pub(crate) fn ended(&self) -> Ended {
        match self {
            Self::Now | Self::Before => Ended::Finished,
            Self::Busy(after) => Ended::again(Some(*after)),
            Self::Failed { channel, error } => Ended::Again {
                asked: error.retry_after(),
                reasons: vec![format!("the channel {channel}: {error}")],
            },
        }
    }
}
