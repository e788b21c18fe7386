//! The queues: how much waits in them.

use camhook_ports::{QueueDepth, QueueDepths};

use crate::Error;

/// The depths of a stack's queues and dead-letter queues.
///
/// # Errors
///
/// When they cannot be read.
pub async fn list<D: QueueDepths>(depths: &D) -> Result<Vec<QueueDepth>, Error> {
    Ok(depths.depths().await?)
}
