//! Why a message is delivered again.

use camhook_consumer::Retry;
use camhook_ingest::StoreError;
use camhook_ports::PutError;

/// Why a message is delivered again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The queue holds something that the IoT rule did not put there.
    #[error("the message does not have the form of the IoT rule: {0}")]
    Form(String),
    /// What is remembered of the device cannot be read or written.
    #[error(transparent)]
    State(#[from] camhook_state::Error),
    /// An event cannot be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A message that cannot be read cannot be put into the quarantine either.
    #[error("failed to write to the quarantine: {0}")]
    Quarantine(#[from] PutError),
}

impl Error {
    /// The message is delivered again.
    pub(crate) fn retry(self) -> Retry {
        Retry::failed(self.name(), self.to_string())
    }

    /// The name in metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Form(_) => "form",
            Self::State(_) => "state",
            Self::Store(_) => "store",
            Self::Quarantine(_) => "quarantine",
        }
    }
}
