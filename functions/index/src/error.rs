//! Errors.

use camhook_consumer::Retry;
use camhook_ports::{IndexError, ObjectError, PutError, QueueError};

use crate::ThumbnailError;

/// Why a record was not indexed, or not completely.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A message that is not a notification of S3.
    #[error("the message is not a notification of S3: {0}")]
    Notification(serde_json::Error),
    /// The bucket failed.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// A record that is not an event.
    #[error("the record {key} is not an event: {error}")]
    Record {
        /// Its key.
        key: String,
        /// The cause.
        error: serde_json::Error,
    },
    /// A summary that is not JSON.
    #[error("failed to write the summary of an event: {0}")]
    Summary(serde_json::Error),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A picture that cannot be scaled.
    #[error("the picture {key} cannot be scaled: {error}")]
    Picture {
        /// Its key.
        key: String,
        /// The cause.
        error: ThumbnailError,
    },
    /// The thumbnail was not stored.
    #[error(transparent)]
    Put(#[from] PutError),
    /// A message that is not JSON.
    #[error("failed to write an event as a message: {0}")]
    Message(serde_json::Error),
    /// The queue of the event bus failed.
    #[error(transparent)]
    Bus(#[from] QueueError),
}

impl Error {
    /// The value in metrics.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Notification(_) => "notification",
            Self::Object(ObjectError::Denied { .. }) => "denied",
            Self::Object(ObjectError::Failed { .. }) | Self::Put(_) => "bucket",
            Self::Record { .. } => "record",
            Self::Summary(_) => "summary",
            Self::Index(_) => "index",
            Self::Picture { .. } => "picture",
            Self::Message(_) => "message",
            Self::Bus(_) => "bus",
        }
    }

    /// Whether another attempt may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Object(ObjectError::Failed { .. }) | Self::Put(_) | Self::Index(_) | Self::Bus(_) => true,
            Self::Object(ObjectError::Denied { .. })
            | Self::Notification(_)
            | Self::Record { .. }
            | Self::Summary(_)
            | Self::Message(_)
            | Self::Picture { .. } => false,
        }
    }

    pub(crate) fn retry(self) -> Retry {
        Retry::failed(self.reason(), self.to_string())
    }
}
