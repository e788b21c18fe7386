//! A message as the dialect means it.

use camhook_ingest::{Ignored, Malformed, MqttDevice};
use camhook_site::Source;

use super::payload;
use super::topic::{Subject, subject};
use crate::{Objects, Triggers};

/// The words of a last will's withdrawal that were seen.
const ONLINE: [&str; 2] = ["alive", "online"];

/// The words of a last will that were seen.
const OFFLINE: [&str; 2] = ["dead", "offline"];

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// What set off an alarm, as a code; none when the alarm is over.
    Code(String, Triggers),
    /// What set off an alarm, as a bit mask; none when the alarm is over.
    Mask(String, Triggers),
    /// What was recognized.
    Objects(String, Objects),
    /// That the camera is connected to the broker, in its own word.
    Online(String),
    /// That it is not, as the broker says in its stead.
    Offline(String),
    /// Something of which no event comes.
    Ignored(Ignored),
}

/// Reads a message.
///
/// # Errors
///
/// When the topic is one that is read and the payload is not.
pub fn read(source: &Source, camera: &MqttDevice<'_>, payload: &[u8]) -> Result<Message, Malformed> {
    let subject = subject(camera.path, source);
    let payload = payload.trim_ascii();
    // An empty payload is how a retained value is withdrawn.
    if subject == Subject::Other || payload.is_empty() {
        return Ok(Message::Ignored(Ignored::NoAlarm));
    }
    let value = match payload::value(payload) {
        Ok(value) => value,
        // Whatever it is, it is not a word of a last will.
        Err(_) if subject == Subject::MaybeConnection => return Ok(Message::Ignored(Ignored::NoAlarm)),
        Err(malformed) => return Err(malformed),
    };
    let malformed =
        |code, what: &str| Malformed::new(code, format!("the value at `{}` is {what}", camera.path));
    let message = match subject {
        Subject::Code => Triggers::of_code(&value).map(|triggers| Message::Code(value, triggers)),
        Subject::Mask => Triggers::of_mask(&value).map(|triggers| Message::Mask(value, triggers)),
        Subject::Objects => Objects::parse(&value).map(|objects| Message::Objects(value, objects)),
        Subject::Connection => {
            return connection(value, source)
                .ok_or_else(|| malformed("bad_testament", "neither of the two words of a last will"));
        }
        Subject::MaybeAlarm if is_no_alarm(&value) => Some(Message::Ignored(Ignored::NoAlarm)),
        Subject::MaybeConnection if !is_last_will(&value) => Some(Message::Ignored(Ignored::NoAlarm)),
        Subject::MaybeAlarm | Subject::MaybeConnection => {
            let detail = format!(
                "`{}` is not a topic that is read, and it may be an alarm or a last will",
                camera.path
            );
            return Err(Malformed::new("unknown_topic", detail));
        }
        Subject::Other => Some(Message::Ignored(Ignored::NoAlarm)),
    };
    message.ok_or_else(|| malformed("bad_trigger", "not a whole number from 0 on"))
}

/// Whether a value at an unknown topic says that there is no alarm.
fn is_no_alarm(value: &str) -> bool {
    matches!(value.trim(), "" | "0") || value.eq_ignore_ascii_case("none")
}

/// Whether a value at an unknown topic is one of the words of a last will.
fn is_last_will(value: &str) -> bool {
    [ONLINE, OFFLINE].concat().iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// The words of the last will are settings of the camera; the defaults are those that were seen.
fn connection(word: String, source: &Source) -> Option<Message> {
    let is = |standard: &str, defaults: [&'static str; 2]| match source.parameters.get(standard) {
        Some(chosen) => word.eq_ignore_ascii_case(chosen.trim()),
        None => defaults.iter().any(|default| word.eq_ignore_ascii_case(default)),
    };
    if is("online", ONLINE) {
        Some(Message::Online(word))
    } else if is("offline", OFFLINE) {
        Some(Message::Offline(word))
    } else {
        None
    }
}
