//! What fails when a stack is read.

use camhook_ports::{DepthError, ObjectError};

/// A stack that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bucket failed.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The table failed.
    #[error(transparent)]
    State(#[from] camhook_state::Error),
    /// The depths of the queues cannot be read.
    #[error(transparent)]
    Depths(#[from] DepthError),
}
