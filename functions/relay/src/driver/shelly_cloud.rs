//! A Shelly by the Shelly Cloud, which is reached without touching the site.
//!
//! Source: Shelly's documentation of the cloud control API, version 2 (a beta): `POST
//! /v2/devices/api/set/switch?auth_key=…` with JSON, answered by 200 and an empty body, or by an object with
//! `error`. `toggle_after` is the device's own timer. An account may ask once a second; public code reports that
//! more than that is answered by 401, as a wrong key is.
//!
//! The key stands in the address. What comes of a request names no more of an address than its host, and answers
//! are kept without the key, should one repeat it.

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

use crate::driver::answer::{object, status, text, undocumented};
use crate::driver::client::DeviceClient;
use crate::protocol::time_until;
use crate::{DeviceCommand, SendOutcome};

/// The time between two requests of an account: a little more than the second that the API wants, since clocks and
/// ways differ.
const SPACING: Duration = Duration::from_millis(1100);

/// How much of the time has to be left for the request itself when its turn comes.
const REQUEST_TIME: Duration = Duration::from_secs(2);

/// Asks the cloud for a command.
pub(super) async fn ask<P: Ports>(
    client: &DeviceClient<'_, P>,
    device: &ShellyCloud,
    command: DeviceCommand,
) -> Result<String, SendOutcome> {
    let Some(body) = body(device, command) else {
        return Err(SendOutcome::NotExecuted("the driver shelly-cloud cannot toggle".to_owned()));
    };
    let key = client.secret(&device.key).await?;
    await_turn(client, device).await?;
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

/// A time in seconds, rounded up to tenths; whole where it is whole, since fractions are unverified.
fn seconds(duration: Duration) -> Value {
    let tenths = u64::try_from(duration.as_millis().div_ceil(100)).unwrap_or(u64::MAX);
    if tenths.is_multiple_of(10) {
        return (tenths / 10).into();
    }
    Duration::from_millis(tenths.saturating_mul(100)).as_secs_f64().into()
}

/// Waits until the account may be asked. Its server stands for it: two accounts on one server wait for each other,
/// which is slower than need be and never wrong.
async fn await_turn<P: Ports>(client: &DeviceClient<'_, P>, device: &ShellyCloud) -> Result<(), SendOutcome> {
    let now = client.ports.clock().now();
    let latest = now.checked_add(client.left.saturating_sub(REQUEST_TIME)).unwrap_or(now);
    let account = device.server.host_str().unwrap_or_default();
    let turn =
        rate_limit::acquire(client.ports.state(), &format!("shelly-cloud/{account}"), SPACING, latest, now)
            .await;
    match turn {
        Ok(Some(turn)) => {
            tokio::time::sleep(time_until(turn, now)).await;
            Ok(())
        }
        Ok(None) => Err(SendOutcome::NotExecuted(
            "the account may be asked once a second, and others are before this".to_owned(),
        )),
        Err(error) => Err(SendOutcome::NotExecuted(error.to_string())),
    }
}

/// A success is the status 200 with an empty body: 202, say, is a command that the cloud has and the device perhaps not.
/// A refusal is the status 401, or an object with `error` under a status below 500: a gateway in front of the cloud may
/// answer with an object of its own.
fn confirmed(answer: &Answer) -> Result<String, SendOutcome> {
    if answer.status == StatusCode::UNAUTHORIZED {
        return Err(SendOutcome::NotExecuted(format!(
            "status 401: the key is wrong, or something else asked in the account's name within the same second \
             (camhook itself keeps {:.1} s between two requests) {}",
            SPACING.as_secs_f64(),
            text(answer)
        )));
    }
    if answer.status == StatusCode::OK && answer.body.trim_ascii().is_empty() {
        return Ok(status(answer));
    }
    if !answer.status.is_server_error()
        && object(answer).is_some_and(|members| members.get("error").is_some_and(Value::is_string))
    {
        return Err(SendOutcome::NotExecuted(text(answer)));
    }
    Err(undocumented(answer, "Shelly Cloud"))
}

/// The answer without the key, should it repeat it: what is kept of an answer must not depend on where it is cut.
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
    fn only_an_empty_body_under_200_is_the_confirmation() {
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
