//! Shelly of the second generation and later: RPC over HTTP.
//!
//! Source: Shelly's API documentation, Gen2+ (`Switch.Set`, `Switch.Toggle`, `toggle_after`). A device with a
//! password asks for HTTP Digest with SHA-256; its user is always `admin`. `toggle_after` makes the device
//! itself switch back: a pulse ends even when nobody can speak to the device any more.

use std::time::Duration;

use camhook_outbound::{Answer, Authentication, Completeness, Outcome, Request};
use http::Method;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use crate::{Command, Sent};

/// The only user that the device knows.
const USER: &str = "admin";

/// The most of a device's answer that is kept, in characters.
const KEPT: usize = 300;

/// The request for a command.
pub(crate) fn request(device: &Url, switch: u8, password: Option<SecretString>, command: Command) -> Request {
    let authentication = match password {
        Some(password) => Authentication::Digest { user: USER.to_owned(), password },
        None => Authentication::None,
    };
    Request::new(Method::GET, url(device, switch, command)).with_authentication(authentication)
}

fn url(device: &Url, switch: u8, command: Command) -> Url {
    let (method, on) = match command {
        Command::On { .. } => ("Switch.Set", Some("true")),
        Command::Off => ("Switch.Set", Some("false")),
        Command::Toggle => ("Switch.Toggle", None),
    };
    let mut url = device.clone();
    url.set_path(&format!("{}/rpc/{method}", device.path().trim_end_matches('/')));
    url.set_fragment(None);
    let mut query = url.query_pairs_mut();
    query.clear().append_pair("id", &switch.to_string());
    if let Some(on) = on {
        query.append_pair("on", on);
    }
    if let Command::On { off_after: Some(off_after) } = command {
        query.append_pair("toggle_after", &seconds(off_after));
    }
    drop(query);
    url
}

/// A time in seconds with one decimal place, rounded up: a light stays rather a moment longer.
fn seconds(duration: Duration) -> String {
    let tenths = duration.as_millis().div_ceil(100);
    if tenths.is_multiple_of(10) {
        format!("{}", tenths / 10)
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// What the device's answer means.
pub(crate) fn sent(outcome: Outcome) -> Sent {
    match outcome {
        Outcome::Done(answer) => done(&answer),
        Outcome::Refused(answer) if answer.status.is_client_error() || answer.status.is_server_error() => {
            Sent::NoEffect(
                format!("status {} {}", answer.status.as_u16(), text(&answer)).trim_end().to_owned(),
            )
        }
        Outcome::Refused(answer) => Sent::NoWord(format!("status {}", answer.status.as_u16())),
        Outcome::NotSent(reason) => not_sent(&reason),
        Outcome::NoAnswer(failure) => Sent::NoWord(failure.to_string()),
    }
}

fn not_sent(reason: &camhook_outbound::NotSent) -> Sent {
    use camhook_outbound::NotSent;
    match reason {
        NotSent::Forbidden { .. } | NotSent::LoopbackDeployed { .. } => Sent::Forbidden(reason.to_string()),
        NotSent::Unusable { .. } | NotSent::NotConnected { .. } => Sent::NoEffect(reason.to_string()),
    }
}

/// A success is an object of JSON without an error: whatever else answers at that address has switched
/// nothing that camhook knows of.
fn done(answer: &Answer) -> Sent {
    if answer.completeness == Completeness::Cut {
        return Sent::NoWord(format!("status {} and half an answer", answer.status.as_u16()));
    }
    match serde_json::from_slice::<Value>(&answer.body) {
        Ok(Value::Object(members)) if members.contains_key("error") => Sent::NoEffect(text(answer)),
        Ok(Value::Object(_)) => Sent::Confirmed(text(answer)),
        _ => Sent::NoWord(format!("status {} from what is no Shelly", answer.status.as_u16())),
    }
}

/// The beginning of an answer in one line.
fn text(answer: &Answer) -> String {
    let body = String::from_utf8_lossy(&answer.body);
    body.trim().chars().map(|one| if one.is_control() { ' ' } else { one }).take(KEPT).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    #[test]
    fn each_command_has_its_request() {
        let pulse = |milliseconds| Command::On { off_after: Some(Duration::from_millis(milliseconds)) };
        for (device, command, expected) in [
            ("http://192.168.85.151", Command::On { off_after: None }, "/rpc/Switch.Set?id=1&on=true"),
            ("http://192.168.85.151/", Command::Off, "/rpc/Switch.Set?id=1&on=false"),
            ("http://192.168.85.151", Command::Toggle, "/rpc/Switch.Toggle?id=1"),
            ("http://192.168.85.151", pulse(5000), "/rpc/Switch.Set?id=1&on=true&toggle_after=5"),
            ("http://192.168.85.151", pulse(1501), "/rpc/Switch.Set?id=1&on=true&toggle_after=1.6"),
            ("http://192.168.85.151", pulse(1), "/rpc/Switch.Set?id=1&on=true&toggle_after=0.1"),
            ("http://proxy.example/shed/", Command::Off, "/shed/rpc/Switch.Set?id=1&on=false"),
        ] {
            let url = url(&device.parse().unwrap(), 1, command);
            assert_eq!(url.as_str().split_once("//").unwrap().1.split_once('/').unwrap().1, &expected[1..]);
        }
    }

    fn answer(status: u16, body: &'static str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
            completeness: Completeness::Whole,
        }
    }

    #[test]
    fn only_the_words_of_a_shelly_are_a_confirmation() {
        let confirmed = Sent::Confirmed(r#"{"was_on":false}"#.to_owned());
        assert_eq!(sent(Outcome::Done(answer(200, "{\"was_on\":false}\n"))), confirmed);
        let error = r#"{"id":1,"error":{"code":-103,"message":"Argument 'id' is missing"}}"#;
        assert_eq!(sent(Outcome::Done(answer(200, error))), Sent::NoEffect(error.to_owned()));
        assert!(matches!(sent(Outcome::Done(answer(200, "<html>please log in"))), Sent::NoWord(_)));
        assert!(matches!(sent(Outcome::Done(answer(204, ""))), Sent::NoWord(_)));
        let mut half = answer(200, "{}");
        half.completeness = Completeness::Cut;
        assert!(matches!(sent(Outcome::Done(half)), Sent::NoWord(_)));
    }

    #[test]
    fn a_refusal_had_no_effect_and_a_redirect_says_nothing() {
        for status in [400, 401, 404, 429, 500, 503] {
            assert!(matches!(sent(Outcome::Refused(answer(status, ""))), Sent::NoEffect(_)), "{status}");
        }
        assert!(matches!(sent(Outcome::Refused(answer(302, ""))), Sent::NoWord(_)));
    }
}
