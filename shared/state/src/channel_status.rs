//! The last message of each channel.
//!
//! `channel`, `{channel}`

use camhook_event::EventId;
use camhook_ports::{Key, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Error;
use crate::item::{decode, encode};

const CHANNEL: &str = "channel";

/// The last messages of a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelStatus {
    /// When it last accepted a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<Timestamp>,
    /// The event of that message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// When it last failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Timestamp>,
    /// The reason of that failure, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl ChannelStatus {
    /// Whether the last attempt failed.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.failed.is_some_and(|failed| self.delivered.is_none_or(|delivered| failed > delivered))
    }
}

/// Records a message: fields that are `None` stay as they are.
///
/// # Errors
///
/// When the table fails.
pub async fn record<S: State>(state: &S, channel: &str, status: &ChannelStatus) -> Result<(), Error> {
    let key = Key::new(CHANNEL, channel);
    if let Value::Object(fields) = encode(&key, status)? {
        state.merge(&key, fields, None).await?;
    }
    Ok(())
}

/// The last messages of all channels, by id.
///
/// # Errors
///
/// When the table fails.
pub async fn all<S: State>(state: &S) -> Result<Vec<(String, ChannelStatus)>, Error> {
    let items = state.query(CHANNEL).await?;
    items.into_iter().map(|item| Ok((item.key.sk.clone(), decode(&item)?))).collect()
}
