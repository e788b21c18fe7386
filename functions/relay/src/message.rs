//! The messages about relays.

use camhook_event::Event;
use serde::Deserialize;

use crate::release::ReleaseMessage;
use crate::{CommandMessage, Error};

/// A message of one of the queues about relays.
#[derive(Debug)]
pub enum Received {
    /// An event.
    Event(Box<Event>),
    /// The time of a relay is over.
    Release(ReleaseMessage),
    /// A claimed action, for the agent.
    Command(Box<CommandMessage>),
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type", borrow)]
    message_type: std::borrow::Cow<'a, str>,
}

/// Reads a message.
///
/// # Errors
///
/// When it is none of them. The error says where, and never what the message contains: it may be a plate.
pub fn read(body: &str) -> Result<Received, Error> {
    let unreadable =
        |error: serde_json::Error| Error::Unreadable { line: error.line(), column: error.column() };
    let envelope: Envelope<'_> = serde_json::from_str(body).map_err(unreadable)?;
    match envelope.message_type.as_ref() {
        ReleaseMessage::TYPE => serde_json::from_str(body).map(Received::Release),
        CommandMessage::TYPE => serde_json::from_str(body).map(Received::Command),
        _ => serde_json::from_str(body).map(Received::Event),
    }
    .map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_release_is_read_back() {
        let release = ReleaseMessage::new("gate", 7);
        let message = release.message(Duration::from_millis(1500)).unwrap();
        assert_eq!(message.delay, Duration::from_secs(2));
        let Received::Release(read) = read(&message.body).unwrap() else { panic!("no release") };
        assert_eq!(read, release);
        assert_eq!(release.message(Duration::from_secs(4000)).unwrap().delay, Duration::from_secs(900));
    }

    #[test]
    fn an_unreadable_message_is_not_repeated_in_the_error() {
        for body in ["", "IB36NL", r#"{"plate":"IB36NL"}"#, r#"{"type":"IB36NL"}"#] {
            let error = read(body).unwrap_err();
            assert!(!error.to_string().contains("IB36NL"), "{error}");
        }
    }
}
