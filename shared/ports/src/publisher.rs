//! Where messages for devices are published: an MQTT broker.

use std::future::Future;

/// A broker that did not say that it has a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// It surely has it not.
    #[error("the broker refused the message: {0}")]
    Refused(String),
    /// It may have it or not.
    #[error("the broker gave no word: {0}")]
    Unconfirmed(String),
}

/// Where messages for devices are published.
pub trait Publisher: Send + Sync {
    /// Publishes a message once, with QoS 1 and not retained. When this returns, the broker has it; whether
    /// anybody listens to its topic is another matter.
    fn publish(&self, topic: &str, payload: &str) -> impl Future<Output = Result<(), PublishError>> + Send;
}
