//! What can go wrong with a message.

use camhook_ingest::StoreError;
use camhook_ports::PutError;

/// Why a message is not done with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The queue holds something that the IoT rule did not put there.
    #[error("the message is not of the form that the IoT rule gives it: {0}")]
    Form(String),
    /// What was heard of the camera before cannot be read or kept.
    #[error(transparent)]
    State(#[from] camhook_state::Error),
    /// An event is not kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A message that cannot be read is not kept either.
    #[error("the quarantine does not take it: {0}")]
    Quarantine(#[from] PutError),
}

impl Error {
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
