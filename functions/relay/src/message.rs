//! The messages of the relay queues.

use camhook_event::Event;
use serde::Deserialize;

use crate::release::ReleaseMessage;
use crate::{CommandMessage, Error};

/// A message of one of the relay queues.
#[derive(Debug)]
pub enum Received {
    /// An event.
    Event(Box<Event>),
    /// A request to switch a relay off.
    Release(ReleaseMessage),
    /// A claimed action for the agent.
    Command(Box<CommandMessage>),
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type", borrow)]
    message_type: std::borrow::Cow<'a, str>,
}

/// Parses a message.
///
/// # Errors
///
/// When it is none of these. The error names the position and never the content, which may be a plate.
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
    fn the_error_does_not_contain_the_message() {
        for body in ["", "IB36NL", r#"{"plate":"IB36NL"}"#, r#"{"type":"IB36NL"}"#] {
            let error = read(body).unwrap_err();
            assert!(!error.to_string().contains("IB36NL"), "{error}");
        }
    }
}
