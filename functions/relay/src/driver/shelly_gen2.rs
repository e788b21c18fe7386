//! Shelly of the second generation and later: RPC over HTTP.
//!
//! Source: Shelly's API documentation, Gen2+ (`Switch.Set`, `Switch.Toggle`, `toggle_after`). A device with a
//! password requires HTTP Digest with SHA-256; its user is always `admin`. `toggle_after` is the device's own timer: a
//! pulse ends even if the network is down.

use std::time::Duration;

use camhook_outbound::digest::{Algorithm, Challenge};
use camhook_outbound::{Answer, Authentication, Request};
use camhook_ports::{Clock, Ports};
use camhook_site::ShellyGen2;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value};
use url::Url;

use crate::driver::answer::{is_challenge, object, status, status_and_text, text, undocumented};
use crate::driver::client::DeviceClient;
use crate::{DeviceCommand, SendOutcome};

/// RPC error code: the device did not finish in time.
const DEADLINE_EXCEEDED: i64 = -104;

/// RPC error code: there is no such method.
const NO_HANDLER: i64 = 404;

/// The only user of the device.
const USER: &str = "admin";

/// Executes a command.
pub(super) async fn execute<P: Ports>(
    client: &DeviceClient<'_, P>,
    device: &ShellyGen2,
    command: DeviceCommand,
) -> Result<String, SendOutcome> {
    let authentication = match &device.password {
        Some(password) => Authentication::Digest {
            user: USER.to_owned(),
            password: client.secret(password).await?,
            weakest: Algorithm::Sha256,
        },
        None => Authentication::None,
    };
    let url = url(&device.url, device.switch, command);
    let request = Request::new(Method::GET, url).with_authentication(authentication);
    confirmed(&client.send(&request).await?, client.ports.clock().now())
}

fn url(device: &Url, switch: u8, command: DeviceCommand) -> Url {
    let (method, on) = match command {
        DeviceCommand::On { .. } => ("Switch.Set", Some("true")),
        DeviceCommand::Off => ("Switch.Set", Some("false")),
        DeviceCommand::Toggle => ("Switch.Toggle", None),
    };
    let mut url = device.clone();
    url.set_path(&format!("/rpc/{method}"));
    let mut query = url.query_pairs_mut();
    query.clear().append_pair("id", &switch.to_string());
    if let Some(on) = on {
        query.append_pair("on", on);
    }
    if let DeviceCommand::On { off_after: Some(off_after) } = command {
        query.append_pair("toggle_after", &seconds(off_after));
    }
    drop(query);
    url
}

/// A time in seconds with at most one decimal place, rounded up.
///
/// Shelly documents `toggle_after` as a number of seconds. That devices accept fractions is unverified, so whole times
/// are sent without one.
fn seconds(duration: Duration) -> String {
    let tenths = duration.as_millis().div_ceil(100);
    if tenths.is_multiple_of(10) {
        format!("{}", tenths / 10)
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// Confirmed by the result of the method, which contains the previous state. Refused by an RPC error, whatever the status.
/// Deferred by the status 429, with which the device answers while its table of nonces is full.
fn confirmed(answer: &Answer, now: Timestamp) -> Result<String, SendOutcome> {
    if answer.status == StatusCode::TOO_MANY_REQUESTS {
        let retry_after = answer.retry_after(now);
        return Err(SendOutcome::Deferred { reason: status_and_text(answer), retry_after });
    }
    if is_challenge(answer, "Digest") && Challenge::best(&answer.headers, Algorithm::Sha256).is_none() {
        let text = "it requests another authentication than Digest with SHA-256, so it is not a Shelly of the second generation";
        return Err(SendOutcome::NotExecuted(format!("{}: {text}", status(answer))));
    }
    let Some(members) = object(answer) else { return Err(undocumented(answer, "Shelly")) };
    if let Some(code) = error_code(&members) {
        return Err(match code {
            // The device may execute it after its timeout.
            DEADLINE_EXCEEDED => SendOutcome::Unconfirmed(text(answer)),
            _ => SendOutcome::NotExecuted(text(answer)),
        });
    }
    let result = members.get("result").and_then(Value::as_object).unwrap_or(&members);
    if answer.status.is_success() && result.get("was_on").is_some_and(Value::is_boolean) {
        return Ok(text(answer));
    }
    Err(undocumented(answer, "Shelly"))
}

/// The code of an RPC error: `{"error": {"code": -103, …}}`, or `{"code": -103, …}` alone. The device's own codes are
/// negative, or 404 for an unknown method; any other code is from a gateway.
fn error_code(members: &Map<String, Value>) -> Option<i64> {
    let error = members.get("error").and_then(Value::as_object).unwrap_or(members);
    let code = error.get("code").and_then(Value::as_i64)?;
    (error.contains_key("message") && (code < 0 || code == NO_HANDLER)).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::answer::testing::{answer, answer_with};

    #[test]
    fn each_command_has_its_request() {
        let pulse = |milliseconds| DeviceCommand::On { off_after: Some(Duration::from_millis(milliseconds)) };
        for (device, command, expected) in [
            ("http://192.168.85.151", DeviceCommand::On { off_after: None }, "/rpc/Switch.Set?id=1&on=true"),
            ("http://192.168.85.151/", DeviceCommand::Off, "/rpc/Switch.Set?id=1&on=false"),
            ("http://192.168.85.151", DeviceCommand::Toggle, "/rpc/Switch.Toggle?id=1"),
            ("http://192.168.85.151", pulse(5000), "/rpc/Switch.Set?id=1&on=true&toggle_after=5"),
            ("http://192.168.85.151", pulse(1501), "/rpc/Switch.Set?id=1&on=true&toggle_after=1.6"),
            ("http://192.168.85.151", pulse(1), "/rpc/Switch.Set?id=1&on=true&toggle_after=0.1"),
        ] {
            let url = url(&device.parse().unwrap(), 1, command);
            assert_eq!(url.as_str().split_once("//").unwrap().1.split_once('/').unwrap().1, &expected[1..]);
        }
    }

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    #[test]
    fn a_confirmation_is_the_result_of_the_method() {
        let was_on = r#"{"was_on":false}"#;
        assert_eq!(confirmed(&answer(200, "{\"was_on\":false}\n"), NOW), Ok(was_on.to_owned()));
        let frame = r#"{"id":1,"src":"shellyplus1","result":{"was_on":true}}"#;
        assert_eq!(confirmed(&answer(200, frame), NOW), Ok(frame.to_owned()));
        for (status, body) in [
            (200, "<html>please log in"),
            (204, ""),
            (200, "[]"),
            (200, "{}"),
            (200, r#"{"was_on":"no"}"#),
            (404, r#"{"was_on":false}"#),
            (404, ""),
            (500, ""),
            (504, r#"{"code":504,"message":"upstream request timeout"}"#),
            (500, r#"{"code":-104,"message":"deadline exceeded"}"#),
        ] {
            let outcome = confirmed(&answer(status, body), NOW);
            assert!(matches!(outcome, Err(SendOutcome::Unconfirmed(_))), "{status} {body}: {outcome:?}");
        }
    }

    #[test]
    fn an_error_of_the_rpc_is_a_refusal_whatever_the_status() {
        for (status, error) in [
            (200, r#"{"id":1,"error":{"code":-103,"message":"Argument 'id' is missing"}}"#),
            (400, r#"{"id":1,"error":{"code":-103,"message":"Argument 'id' is missing"}}"#),
            (500, r#"{"code":-105,"message":"Argument 'id', value 4 not found!"}"#),
            (404, r#"{"code":404,"message":"No handler for Switch.Sett"}"#),
        ] {
            let refused = Err(SendOutcome::NotExecuted(error.to_owned()));
            assert_eq!(confirmed(&answer(status, error), NOW), refused, "{status}");
        }
    }

    #[test]
    fn a_device_without_a_free_nonce_defers_the_command() {
        let later = |retry_after: Option<u64>| {
            let retry_after = retry_after.map(Duration::from_secs);
            Err(SendOutcome::Deferred { reason: "status 429".to_owned(), retry_after })
        };
        assert_eq!(confirmed(&answer(429, ""), NOW), later(None));
        let three = answer_with(429, http::header::RETRY_AFTER, "3", "");
        assert_eq!(confirmed(&three, NOW), later(Some(3)));
    }

    #[test]
    fn a_challenge_with_md5_is_not_that_of_such_a_device() {
        let value = "Digest realm=\"shelly\", nonce=\"1\", qop=\"auth\", algorithm=MD5";
        let md5 = answer_with(401, http::header::WWW_AUTHENTICATE, value, "");
        let Err(SendOutcome::NotExecuted(text)) = confirmed(&md5, NOW) else { panic!("not refused") };
        assert!(text.contains("SHA-256"), "{text}");
    }
}
