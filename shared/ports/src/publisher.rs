//! Where messages for devices are published: an MQTT broker.

use std::future::Future;

/// A broker that did not confirm a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// It did not accept the message.
    #[error("the broker refused the message: {0}")]
    Refused(String),
    /// It did not accept the message, since there were too many.
    #[error("the broker takes no message now: {0}")]
    Throttled(String),
    /// Whether it accepted the message is unknown.
    #[error("the broker did not confirm the message: {0}")]
    Unconfirmed(String),
}

/// Where messages for devices are published.
pub trait Publisher: Send + Sync {
    /// Publishes a message once, with QoS 1 and not retained. `Ok` means that the broker accepted it, not that a device
    /// received it.
    fn publish(&self, topic: &str, payload: &str) -> impl Future<Output = Result<(), PublishError>> + Send;
}
