//! The messages of the queues of notifications and of alerts.

use camhook_event::Event;
use camhook_state::alert::Alert;
use camhook_state::flush::Flush;
use camhook_state::message_limit::HeldBack;
use serde::Deserialize;

use crate::error::Error;

/// A message of either queue.
#[derive(Debug)]
pub(crate) enum QueueMessage {
    Event(Box<Event>),
    Flush(Flush),
    Alert(Alert),
    HeldBack(HeldBack),
}

#[derive(Deserialize)]
struct Typed {
    #[serde(rename = "type")]
    message_type: MessageType,
}

#[derive(Deserialize)]
enum MessageType {
    #[serde(rename = "camhook.event.v1")]
    Event,
    #[serde(rename = "camhook.flush.v1")]
    Flush,
    #[serde(rename = "camhook.trouble.v1")]
    Alert,
    #[serde(rename = "camhook.held_back.v1")]
    HeldBack,
}

/// Reads a message by its `type`.
pub(crate) fn read(body: &str) -> Result<QueueMessage, Error> {
    let typed: Typed = serde_json::from_str(body).map_err(|error| Error::unreadable(&error))?;
    let message = match typed.message_type {
        MessageType::Event => serde_json::from_str(body).map(|event| QueueMessage::Event(Box::new(event))),
        MessageType::Flush => serde_json::from_str(body).map(QueueMessage::Flush),
        MessageType::Alert => serde_json::from_str(body).map(QueueMessage::Alert),
        MessageType::HeldBack => serde_json::from_str(body).map(QueueMessage::HeldBack),
    };
    message.map_err(|error| Error::unreadable(&error))
}

#[cfg(test)]
mod tests {
    use camhook_state::alert::AlertSubject;
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_message_is_read_by_its_type() {
        let alert = Alert::new(AlertSubject::Configuration, "wrong".to_owned(), Timestamp::UNIX_EPOCH);
        let body = serde_json::to_string(&alert).unwrap();
        assert!(matches!(read(&body).unwrap(), QueueMessage::Alert(read) if read == alert));
    }

    #[test]
    fn the_error_does_not_repeat_an_unreadable_message() {
        for body in [
            "",
            "IB36NL",
            r#"{"type":"IB36NL"}"#,
            r#"{"type":"camhook.event.v1","id":"IB36NL"}"#,
            r#"{"type":"camhook.trouble.v1","IB36NL":1}"#,
        ] {
            let error = read(body).unwrap_err().to_string();
            assert!(!error.contains("IB36NL"), "{error}");
        }
    }
}
