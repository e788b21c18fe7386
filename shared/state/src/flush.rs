//! The message that has a group of events delivered when its time is over.

use std::time::Duration;

use camhook_event::EventId;
use camhook_ports::{Message, Queue, QueueError};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum FlushType {
    #[serde(rename = "camhook.flush.v1")]
    V1,
}

/// A message on the notification queue, delayed until a group of events (`crate::coalesce`) is due.
///
/// It may be delivered twice: the group's state says whether anything is left to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flush {
    #[serde(rename = "type")]
    flush_type: FlushType,
    /// The rule's id.
    pub rule: String,
    /// The source's id.
    pub source: String,
    /// Which group: the id of its first event.
    pub group: EventId,
}

impl Flush {
    /// The flush of a group.
    #[must_use]
    pub fn new(rule: String, source: String, group: EventId) -> Self {
        Self { flush_type: FlushType::V1, rule, source, group }
    }

    /// The message for the queue of alerts, delivered after `delay` (at most 900 s).
    ///
    /// # Errors
    ///
    /// When it cannot be written as JSON.
    pub fn message(&self, delay: Duration) -> Result<Message, QueueError> {
        let body = serde_json::to_string(self)
            .map_err(|error| QueueError { queue: Queue::Alerts, reason: error.to_string() })?;
        let mut message = Message::new(body, format!("{}/@flush", self.source));
        message.delay = delay;
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flush_is_read_back_and_is_nothing_else() {
        let flush = Flush::new("people".to_owned(), "gate".to_owned(), "0".repeat(32).parse().unwrap());
        let message = flush.message(Duration::from_secs(10)).unwrap();
        assert_eq!((message.delay, message.group.as_str()), (Duration::from_secs(10), "gate/@flush"));
        assert_eq!(serde_json::from_str::<Flush>(&message.body).unwrap(), flush);
        let renamed = message.body.replace("camhook.flush.v1", "camhook.trouble.v1");
        assert!(serde_json::from_str::<Flush>(&renamed).is_err());
    }
}
