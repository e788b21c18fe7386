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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It is.
    Finished,
    /// It is to be delivered again, after as long as is asked for, if anything is.
    Again {
        /// What a channel, or the work of another delivery, asks for.
        asked: Option<Duration>,
    },
}

impl Ended {
    /// What two parts of one message's work come to.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Finished, ended) | (ended, Self::Finished) => ended,
            (Self::Again { asked: left }, Self::Again { asked: right }) => {
                Self::Again { asked: left.max(right) }
            }
        }
    }
}

impl Told {
    /// What the message's part comes to.
    pub(crate) fn ended(&self) -> Ended {
        match self {
            Self::Now | Self::Before => Ended::Finished,
            Self::Busy(after) => Ended::Again { asked: Some(*after) },
            Self::Failed { error, .. } => Ended::Again { asked: error.retry_after() },
        }
    }
}
