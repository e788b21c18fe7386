//! Shelly devices through the Shelly Cloud, without an agent on site.
//!
//! Source: Shelly's documentation of the cloud control API, version 2 (a beta): `POST
//! /v2/devices/api/set/switch?auth_key=…` with JSON, answered by 200 and an empty body, or by an object with
//! `error`. `toggle_after` is the device's own timer. An account may send one request per second; public code
//! reports that further requests are answered by 401, as a wrong key is.
//!
//! The key is part of the address. Outcomes therefore contain only the host of an address, and the key is removed from
//! answers that repeat it.

use std::time::Duration;

use bytes::Bytes;
use camhook_outbound::{Answer, Request};
use camhook_ports::{Clock, Ports};
use camhook_site::ShellyCloud;
use camhook_state::rate_limit;
use http::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use crate::driver::answer::{object, status, status_and_text, text, undocumented};
use crate::driver::client::DeviceClient;
use crate::protocol::time_until;
use crate::{DeviceCommand, SendOutcome};

/// The time between two requests of an account: the second that the API requires, and a margin for clocks and latency.
const SPACING: Duration = Duration::from_millis(1100);

/// The time that has to be left for the request itself after the wait.
const REQUEST_TIME: Duration = Duration::from_secs(2);

/// Executes a command.
pub(super) async fn execute<P: Ports>(
    client: &DeviceClient<'_, P>,
    device: &ShellyCloud,
    command: DeviceCommand,
) -> Result<String, SendOutcome> {
    let Some(body) = body(device, command) else {
        return Err(SendOutcome::NotExecuted("the driver shelly-cloud cannot toggle".to_owned()));
    };
    let key = client.secret(&device.key).await?;
    await_rate_limit(client, device).await?;
    let request = Request::new(Method::POST, url(device, &key)).with_body("application/json", body);
    confirmed(&without_key(client.send(&request).await?, &key))
}

fn url(device: &ShellyCloud, key: &SecretString) -> Url {
    let mut url = device.server.clone();
    url.set_path("/v2/devices/api/set/switch");
    url.query_pairs_mut().clear().append_pair("auth_key", key.expose_secret());
    url
}

fn body(device: &ShellyCloud, command: DeviceCommand) -> Option<Bytes> {
    let ShellyCloud { device: id, channel, .. } = device;
    let body = match command {
        DeviceCommand::On { off_after: None } => json!({ "id": id, "channel": channel, "on": true }),
        DeviceCommand::On { off_after: Some(off_after) } => {
            json!({ "id": id, "channel": channel, "on": true, "toggle_after": seconds(off_after) })
        }
        DeviceCommand::Off => json!({ "id": id, "channel": channel, "on": false }),
        DeviceCommand::Toggle => return None,
    };
    Some(Bytes::from(body.to_string()))
}

/// A time in seconds, rounded up to tenths; an integer if it is whole, since fractions are unverified.
fn seconds(duration: Duration) -> Value {
    let tenths = u64::try_from(duration.as_millis().div_ceil(100)).unwrap_or(u64::MAX);
    if tenths.is_multiple_of(10) {
        return (tenths / 10).into();
    }
    Duration::from_millis(tenths.saturating_mul(100)).as_secs_f64().into()
}

/// Waits until the account may send a request. The limit is counted per server: two accounts on one server wait for each
/// other, which is slower than necessary and never wrong.
async fn await_rate_limit<P: Ports>(
    client: &DeviceClient<'_, P>,
    device: &ShellyCloud,
) -> Result<(), SendOutcome> {
    let now = client.ports.clock().now();
    let latest = now.checked_add(client.left.saturating_sub(REQUEST_TIME)).unwrap_or(now);
    let account = device.server.host_str().unwrap_or_default();
    let slot =
        rate_limit::acquire(client.ports.state(), &format!("shelly-cloud/{account}"), SPACING, latest, now)
            .await;
    match slot {
        Ok(Some(slot)) => {
            tokio::time::sleep(time_until(slot, now)).await;
            Ok(())
        }
        Ok(None) => Err(SendOutcome::NotExecuted(
            "the account may send one request per second, and other requests are waiting".to_owned(),
        )),
        Err(error) => Err(SendOutcome::NotExecuted(error.to_string())),
    }
}

/// The errors that the API documents, in which the cloud has sent nothing to the device. Any other one, such as a timeout,
/// may come after the device has switched.
const REFUSALS: [&str; 1] = ["DEVICE_OFFLINE"];

/// Confirmed by the status 200 with an empty body: 202, for example, means that the cloud has the command and the device
/// may not. Refused by the status 401, or an object with a documented `error` and a status below 500: from 500 on, a
/// gateway in front of the cloud may have made the object.
fn confirmed(answer: &Answer) -> Result<String, SendOutcome> {
    if answer.status == StatusCode::UNAUTHORIZED {
        return Err(SendOutcome::NotExecuted(format!(
            "status 401: the key is wrong, or another program used the account within the same second \
             (camhook leaves {:.1} s between two requests) {}",
            SPACING.as_secs_f64(),
            text(answer)
        )));
    }
    if answer.status == StatusCode::OK && answer.body.trim_ascii().is_empty() {
        return Ok(status(answer));
    }
    let members = object(answer);
    let Some(error) = members.as_ref().and_then(|members| members.get("error")).and_then(Value::as_str)
    else {
        return Err(undocumented(answer, "Shelly Cloud"));
    };
    if !answer.status.is_server_error() && REFUSALS.contains(&error) {
        return Err(SendOutcome::NotExecuted(text(answer)));
    }
    Err(SendOutcome::Unconfirmed(status_and_text(answer)))
}

/// Removes the key from an answer, before the answer is cut.
fn without_key(answer: Answer, key: &SecretString) -> Answer {
    let key = key.expose_secret();
    let body = String::from_utf8_lossy(&answer.body);
    if key.is_empty() || !body.contains(key) {
        return answer;
    }
    let body = Bytes::from(body.replace(key, "…"));
    Answer { body, ..answer }
}

#[cfg(test)]
mod tests {
    use camhook_ports::SecretReference;

    use super::*;
    use crate::driver::answer::testing::answer;

    #[test]
    fn each_command_has_its_body() {
        let device = ShellyCloud {
            server: "https://shelly-144-eu.shelly.cloud".parse().unwrap(),
            device: "b48a0a1cd978".to_owned(),
            key: SecretReference::parse("ssm:/camhook/shelly"),
            channel: 0,
        };
        let pulse = |milliseconds| DeviceCommand::On { off_after: Some(Duration::from_millis(milliseconds)) };
        for (command, expected) in [
            (DeviceCommand::On { off_after: None }, json!({ "on": true })),
            (DeviceCommand::Off, json!({ "on": false })),
            (pulse(2000), json!({ "on": true, "toggle_after": 2 })),
            (pulse(1501), json!({ "on": true, "toggle_after": 1.6 })),
        ] {
            let mut expected = expected;
            expected["id"] = "b48a0a1cd978".into();
            expected["channel"] = 0.into();
            let sent: Value = serde_json::from_slice(&body(&device, command).unwrap()).unwrap();
            assert_eq!(sent, expected);
        }
        assert_eq!(body(&device, DeviceCommand::Toggle), None);
        let key = SecretString::from("MWRk/N=".to_owned());
        let expected = "https://shelly-144-eu.shelly.cloud/v2/devices/api/set/switch?auth_key=MWRk%2FN%3D";
        assert_eq!(url(&device, &key).as_str(), expected);
    }

    #[test]
    fn a_confirmation_is_a_status_of_200_with_an_empty_body() {
        assert_eq!(confirmed(&answer(200, "")), Ok("status 200".to_owned()));
        for (status, body) in [
            (202, ""),
            (204, ""),
            (200, "<html>"),
            (200, "{}"),
            (200, r#"{"isok":true}"#),
            (500, ""),
            (504, r#"{"error":"Gateway Timeout"}"#),
            (404, r#"{"error":{"code":1}}"#),
            (200, r#"{"error":"REQUEST_TIMEOUT"}"#),
            (400, r#"{"error":"BAD_REQUEST","data":{"messages":["..."]}}"#),
            (404, r#"{"error":"device_offline"}"#),
            (502, r#"{"error":"DEVICE_OFFLINE"}"#),
        ] {
            let outcome = confirmed(&answer(status, body));
            assert!(matches!(outcome, Err(SendOutcome::Unconfirmed(_))), "{status} {body}: {outcome:?}");
        }
        let error = r#"{"error":"DEVICE_OFFLINE","data":{"messages":["..."]}}"#;
        for status in [200, 400, 404] {
            let refused = Err(SendOutcome::NotExecuted(error.to_owned()));
            assert_eq!(confirmed(&answer(status, error)), refused, "{status}");
        }
        assert!(matches!(confirmed(&answer(401, "")), Err(SendOutcome::NotExecuted(_))));
    }

    #[test]
    fn the_key_is_never_kept_wherever_an_answer_is_cut() {
        let key = SecretString::from("MWRkNzRl".to_owned());
        let long = format!("{}MWRkNzRl", "a".repeat(296));
        for body in ["key MWRkNzRl", long.as_str()] {
            let mut answer = answer(500, "");
            answer.body = Bytes::from(body.to_owned());
            let outcome = confirmed(&without_key(answer, &key));
            assert!(!format!("{outcome:?}").contains("MWRk"), "{outcome:?}");
        }
    }
}
