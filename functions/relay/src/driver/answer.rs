//! What answers of devices mean, whatever the device.

use camhook_outbound::Answer;
use serde_json::{Map, Value};

use crate::Sent;

/// The most of a device's answer that is kept, in characters.
const KEPT: usize = 300;

/// The beginning of an answer in one line.
pub(super) fn text(answer: &Answer) -> String {
    let body = String::from_utf8_lossy(&answer.body);
    body.trim().chars().map(|one| if one.is_control() { ' ' } else { one }).take(KEPT).collect()
}

/// `status 200`.
pub(super) fn status(answer: &Answer) -> String {
    format!("status {}", answer.status.as_u16())
}

/// What an answer means whose status is not of 200 to 299: one of 400 or more had no effect, and a redirect
/// says nothing.
pub(super) fn refusal(answer: &Answer) -> Sent {
    if answer.status.is_client_error() || answer.status.is_server_error() {
        return Sent::NoEffect(format!("{} {}", status(answer), text(answer)).trim_end().to_owned());
    }
    Sent::NoWord(status(answer))
}

/// What was answered under the address of a device, and is not what such a device answers: a login page, say.
pub(super) fn stranger(answer: &Answer, device: &str) -> Sent {
    Sent::NoWord(format!("{} from what is no {device}", status(answer)))
}

/// The members of an answer that is an object of JSON.
pub(super) fn object(answer: &Answer) -> Option<Map<String, Value>> {
    match serde_json::from_slice(&answer.body) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    }
}

/// Answers for the tests of the drivers.
#[cfg(test)]
pub(super) mod made {
    use bytes::Bytes;
    use camhook_outbound::Completeness;
    use http::{HeaderMap, StatusCode};

    use super::*;

    pub(in crate::driver) fn answer(status: u16, body: &'static str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
            completeness: Completeness::Whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::made::answer;
    use super::*;

    #[test]
    fn a_refusal_had_no_effect_and_a_redirect_says_nothing() {
        for status in [400, 401, 404, 429, 500, 503] {
            assert!(matches!(refusal(&answer(status, "")), Sent::NoEffect(_)), "{status}");
        }
        assert_eq!(refusal(&answer(400, "no\r\nswitch")), Sent::NoEffect("status 400 no  switch".to_owned()));
        assert_eq!(refusal(&answer(302, "")), Sent::NoWord("status 302".to_owned()));
    }
}
