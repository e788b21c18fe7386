//! From topic and payload to what a camera says.

use camhook_ingest::{Ignored, Malformed};
use camhook_instar_http::{Objects, Triggers};
use camhook_site::Source;
use serde_json::Value;

use crate::topic::{About, Camera, about};

/// A longer payload is none of those that are read here, in bytes.
const PAYLOAD_LIMIT: usize = 4096;

/// What a camera says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// What set off an alarm, as a code; none when the alarm is over.
    Code(String, Triggers),
    /// What set off an alarm, as a bit mask; none when the alarm is over.
    Mask(String, Triggers),
    /// What was recognized.
    Objects(String, Objects),
    /// That it is connected to the broker, in its own word.
    Online(String),
    /// That it is not, as the broker says in its stead.
    Offline(String),
    /// Something of which nothing is made.
    Ignored(Ignored),
}

/// Reads what a camera says.
///
/// # Errors
///
/// When the topic is one of those that are read here and the payload is not.
pub fn read(camera: &Camera<'_>, payload: &[u8]) -> Result<Message, Malformed> {
    let about = about(camera.path, &camera.source);
    if about == About::Other {
        return Ok(Message::Ignored(Ignored::NoAlarm));
    }
    let payload = payload.trim_ascii();
    if payload.is_empty() {
        // How a retained value is taken back.
        return Ok(Message::Ignored(Ignored::NoAlarm));
    }
    let value = value(payload)?;
    let bad = |code, what: &str| Malformed::new(code, format!("the value at `{}` is {what}", camera.path));
    match about {
        About::Code => {
            let triggers = Triggers::of_code(&value);
            triggers.map(|triggers| Message::Code(value, triggers))
        }
        About::Mask => {
            let triggers = Triggers::of_mask(&value);
            triggers.map(|triggers| Message::Mask(value, triggers))
        }
        About::Objects => Objects::parse(&value).map(|objects| Message::Objects(value, objects)),
        About::Testament => {
            return testament(value, &camera.source)
                .ok_or_else(|| bad("bad_testament", "neither of the two words of a last will"));
        }
        About::Other => Some(Message::Ignored(Ignored::NoAlarm)),
    }
    .ok_or_else(|| bad("bad_trigger", "no whole number from 0 on"))
}

/// The words of the last will are settings of the camera; the defaults are those that were seen.
fn testament(word: String, source: &Source) -> Option<Message> {
    let is = |standard: &str, defaults: [&str; 2]| match source.parameters.get(standard) {
        Some(chosen) => word.eq_ignore_ascii_case(chosen.trim()),
        None => defaults.iter().any(|default| word.eq_ignore_ascii_case(default)),
    };
    if is("online", ["alive", "online"]) {
        Some(Message::Online(word))
    } else if is("offline", ["dead", "offline"]) {
        Some(Message::Offline(word))
    } else {
        None
    }
}

/// The value of `{"val":"…"}`, or of a bare one, as topics that end with `/raw` carry it.
fn value(payload: &[u8]) -> Result<String, Malformed> {
    if payload.len() > PAYLOAD_LIMIT {
        return Err(Malformed::new("too_long", format!("the payload has more than {PAYLOAD_LIMIT} bytes")));
    }
    let text =
        std::str::from_utf8(payload).map_err(|_| Malformed::new("not_text", "the payload is no UTF-8"))?;
    let is_json = text.starts_with(['{', '[', '"']);
    if !is_json {
        return Ok(text.to_owned());
    }
    let mut json: Value = serde_json::from_str(text).map_err(|error| {
        Malformed::new(
            "not_json",
            format!("the JSON ends or fails at line {}, column {}", error.line(), error.column()),
        )
    })?;
    if let Some(inner) = json.get_mut("val") {
        json = inner.take();
    }
    match json {
        Value::String(text) => Ok(text.trim().to_owned()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(u8::from(value).to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(Malformed::new("no_value", "the JSON has no scalar `val`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_in_every_form_it_may_have() {
        for (payload, expected) in [
            (r#"{"val":"17"}"#, "17"),
            (r#"{"val":17}"#, "17"),
            (r#"{"val":true}"#, "1"),
            (r#" {"val":" alive "} "#, "alive"),
            (r#""1""#, "1"),
            ("1", "1"),
            ("dead", "dead"),
        ] {
            assert_eq!(value(payload.trim().as_bytes()).unwrap(), expected, "{payload}");
        }
    }

    #[test]
    fn what_has_no_value_is_malformed() {
        for (payload, code) in [
            (&b"{\"val\":"[..], "not_json"),
            (b"{}", "no_value"),
            (b"{\"val\":null}", "no_value"),
            (b"[1]", "no_value"),
            (b"{\"val\":{\"val\":1}}", "no_value"),
            (b"\xff\xd8\xff", "not_text"),
            (&[b'1'; PAYLOAD_LIMIT + 1], "too_long"),
        ] {
            assert_eq!(value(payload).unwrap_err().code, code);
        }
    }
}
