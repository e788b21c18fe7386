//! Messages to the alert channel: camhook itself, or something that it needs, does not work.

use std::fmt;

use camhook_event::EventId;
use camhook_ports::{Message, Queue, QueueError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an alert is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what", content = "id")]
pub enum AlertSubject {
    /// A channel, by its id.
    Channel(String),
    /// A relay, by its id.
    Relay(String),
    /// A source, by its id.
    Source(String),
    /// A rule, by its id.
    Rule(String),
    /// An agent on site, by its area.
    Agent(String),
    /// A queue.
    Queue(Queue),
    /// camhook.toml.
    Configuration,
}

impl fmt::Display for AlertSubject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channel(id) => write!(formatter, "channel {id}"),
            Self::Relay(id) => write!(formatter, "relay {id}"),
            Self::Source(id) => write!(formatter, "source {id}"),
            Self::Rule(id) => write!(formatter, "rule {id}"),
            Self::Agent(area) => write!(formatter, "agent {area}"),
            Self::Queue(queue) => write!(formatter, "queue {queue}"),
            Self::Configuration => formatter.write_str("camhook.toml"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum AlertType {
    #[serde(rename = "camhook.trouble.v1")]
    V1,
}

/// A message on the queue of alerts to the alert channel.
///
/// Its `type` is not that of an event, so that neither can be read as the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    #[serde(rename = "type")]
    alert_type: AlertType,
    /// The same for every delivery of this message.
    pub id: EventId,
    /// What it is about.
    pub about: AlertSubject,
    /// What is wrong, in a sentence for a person, without secrets.
    pub text: String,
    /// When it was found.
    pub at: Timestamp,
}

impl Alert {
    /// An alert about something found at `at`.
    #[must_use]
    pub fn new(about: AlertSubject, text: String, at: Timestamp) -> Self {
        let id = EventId::of_sender_id("@trouble", &format!("{at}\0{about}\0{text}"));
        Self { alert_type: AlertType::V1, id, about, text, at }
    }

    /// Whether a message's body is an alert.
    #[must_use]
    pub fn is_in(body: &str) -> bool {
        serde_json::from_str::<Self>(body).is_ok()
    }

    /// Equal for alerts with the same subject and text, whenever they were found.
    #[must_use]
    pub fn fingerprint(&self) -> EventId {
        EventId::of_sender_id("@trouble", &format!("{}\0{}", self.about, self.text))
    }

    /// The message for [`Queue::Alerts`].
    ///
    /// # Errors
    ///
    /// When it cannot be written as JSON.
    pub fn message(&self) -> Result<Message, QueueError> {
        let body = serde_json::to_string(self)
            .map_err(|error| QueueError { queue: Queue::Alerts, reason: error.to_string() })?;
        Ok(Message::new(body, format!("trouble/{}", self.about).replace(' ', "-")))
    }
}

#[cfg(test)]
mod tests {
    use camhook_event::Event;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    #[test]
    fn an_alert_is_read_back_and_is_no_event() {
        let alert = Alert::new(AlertSubject::Relay("gate".to_owned()), "no answer".to_owned(), NOW);
        let message = alert.message().unwrap();
        assert_eq!(message.group, "trouble/relay-gate");
        assert!(message.body.contains(r#""type":"camhook.trouble.v1""#));
        assert!(message.body.contains(r#""about":{"what":"relay","id":"gate"}"#));
        assert_eq!(serde_json::from_str::<Alert>(&message.body).unwrap(), alert);
        assert!(serde_json::from_str::<Event>(&message.body).is_err());
        let renamed = message.body.replace("camhook.trouble.v1", "camhook.event.v1");
        assert!(serde_json::from_str::<Alert>(&renamed).is_err());
    }

    #[test]
    fn the_same_alert_later_is_another_message_with_the_same_fingerprint() {
        let later = Timestamp::constant(1_800_000_060, 0);
        let first = Alert::new(AlertSubject::Configuration, "wrong".to_owned(), NOW);
        let second = Alert::new(AlertSubject::Configuration, "wrong".to_owned(), later);
        assert_ne!(first.id, second.id);
        assert_eq!(first.fingerprint(), second.fingerprint());
        let queue = Alert::new(AlertSubject::Queue(Queue::RelayLan), "full".to_owned(), NOW);
        assert_eq!(serde_json::from_str::<Alert>(&queue.message().unwrap().body).unwrap(), queue);
    }
}
