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
use camhook_outbound::{Answer, Outcome, Request};
use camhook_ports::{Clock, Ports};
use camhook_site::ShellyCloud;
use camhook_state::rate_limit;
use http::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;

use crate::driver::answer::{object, status, stranger, text};
use crate::driver::line::{Line, meaning};
use crate::protocol::time_until;
use crate::{Command, Sent};

/// The time between two requests of an account: a little more than the second that the API wants, since clocks and
/// ways differ.
const SPACING: Duration = Duration::from_millis(1100);

/// How much of the time has to be left for the request itself when its turn comes.
const REQUEST_TIME: Duration = Duration::from_secs(2);

/// Asks the cloud for a command.
pub(super) async fn ask<P: Ports>(
    line: &Line<'_, P>,
    device: &ShellyCloud,
    command: Command,
) -> Result<String, Sent> {
    let Some(body) = body(device, command) else {
        return Err(Sent::NoEffect("the driver shelly-cloud cannot toggle".to_owned()));
    };
    let key = line.secret(&device.key).await?;
    await_turn(line, device).await?;
    let request = Request::new(Method::POST, url(device, &key)).with_body("application/json", body);
    let said = match line.client.send(line.network, &request).await {
        Outcome::Refused(answer) if answer.status == StatusCode::UNAUTHORIZED => {
            Err(Sent::NoEffect(format!(
                "status 401: the key is wrong, or something else asked in the account's name within the same second \
             (camhook itself keeps {:.1} s between two requests) {}",
                SPACING.as_secs_f64(),
                text(&answer)
            )))
        }
        outcome => meaning(outcome).and_then(|answer| confirmed(&answer)),
    };
    without_key(said, &key)
}

fn url(device: &ShellyCloud, key: &SecretString) -> Url {
    let mut url = device.server.clone();
    url.set_path("/v2/devices/api/set/switch");
    url.query_pairs_mut().clear().append_pair("auth_key", key.expose_secret());
    url
}

fn body(device: &ShellyCloud, command: Command) -> Option<Bytes> {
    let ShellyCloud { device: id, channel, .. } = device;
    let body = match command {
        Command::On { off_after: None } => json!({ "id": id, "channel": channel, "on": true }),
        Command::On { off_after: Some(off_after) } => {
            json!({ "id": id, "channel": channel, "on": true, "toggle_after": seconds(off_after) })
        }
        Command::Off => json!({ "id": id, "channel": channel, "on": false }),
        Command::Toggle => return None,
    };
    Some(Bytes::from(body.to_string()))
}

/// A time in seconds, rounded up to tenths; whole where it is whole, since fractions are unverified.
fn seconds(duration: Duration) -> serde_json::Value {
    let tenths = u64::try_from(duration.as_millis().div_ceil(100)).unwrap_or(u64::MAX);
    if tenths.is_multiple_of(10) {
        return (tenths / 10).into();
    }
    Duration::from_millis(tenths.saturating_mul(100)).as_secs_f64().into()
}

/// Waits until the account may be asked. Its server stands for it: two accounts on one server wait for each other,
/// which is slower than need be and never wrong.
async fn await_turn<P: Ports>(line: &Line<'_, P>, device: &ShellyCloud) -> Result<(), Sent> {
    let now = line.ports.clock().now();
    let latest = now.checked_add(line.left.saturating_sub(REQUEST_TIME)).unwrap_or(now);
    let account = device.server.host_str().unwrap_or_default();
    let turn =
        rate_limit::acquire(line.ports.state(), &format!("shelly-cloud/{account}"), SPACING, latest, now)
            .await;
    match turn {
        Ok(Some(turn)) => {
            tokio::time::sleep(time_until(turn, now)).await;
            Ok(())
        }
        Ok(None) => Err(Sent::NoEffect(
            "the account may be asked once a second, and others are before this".to_owned(),
        )),
        Err(error) => Err(Sent::NoEffect(error.to_string())),
    }
}

/// A success is an empty body, or an object without an error.
fn confirmed(answer: &Answer) -> Result<String, Sent> {
    if answer.body.trim_ascii().is_empty() {
        return Ok(status(answer));
    }
    match object(answer) {
        Some(members) if members.contains_key("error") => Err(Sent::NoEffect(text(answer))),
        Some(_) => Ok(text(answer)),
        None => Err(stranger(answer, "Shelly Cloud")),
    }
}

fn without_key(said: Result<String, Sent>, key: &SecretString) -> Result<String, Sent> {
    let key = key.expose_secret();
    let clean = |words: String| if key.is_empty() { words } else { words.replace(key, "…") };
    match said {
        Ok(words) => Ok(clean(words)),
        Err(Sent::Confirmed(words)) => Err(Sent::Confirmed(clean(words))),
        Err(Sent::NoEffect(words)) => Err(Sent::NoEffect(clean(words))),
        Err(Sent::Forbidden(words)) => Err(Sent::Forbidden(clean(words))),
        Err(Sent::NoWord(words)) => Err(Sent::NoWord(clean(words))),
    }
}

#[cfg(test)]
mod tests {
    use camhook_ports::SecretReference;

    use super::*;
    use crate::driver::answer::made::answer;

    #[test]
    fn each_command_has_its_body() {
        let device = ShellyCloud {
            server: "https://shelly-144-eu.shelly.cloud".parse().unwrap(),
            device: "b48a0a1cd978".to_owned(),
            key: SecretReference::parse("ssm:/camhook/shelly"),
            channel: 0,
        };
        let pulse = |milliseconds| Command::On { off_after: Some(Duration::from_millis(milliseconds)) };
        for (command, expected) in [
            (Command::On { off_after: None }, json!({ "on": true })),
            (Command::Off, json!({ "on": false })),
            (pulse(2000), json!({ "on": true, "toggle_after": 2 })),
            (pulse(1501), json!({ "on": true, "toggle_after": 1.6 })),
        ] {
            let mut expected = expected;
            expected["id"] = "b48a0a1cd978".into();
            expected["channel"] = 0.into();
            let sent: serde_json::Value = serde_json::from_slice(&body(&device, command).unwrap()).unwrap();
            assert_eq!(sent, expected);
        }
        assert_eq!(body(&device, Command::Toggle), None);
        let key = SecretString::from("MWRk/N=".to_owned());
        let expected = "https://shelly-144-eu.shelly.cloud/v2/devices/api/set/switch?auth_key=MWRk%2FN%3D";
        assert_eq!(url(&device, &key).as_str(), expected);
    }

    #[test]
    fn an_empty_body_is_the_confirmation() {
        assert_eq!(confirmed(&answer(200, "")), Ok("status 200".to_owned()));
        let error = r#"{"error":"DEVICE_OFFLINE","data":{"messages":["..."]}}"#;
        assert_eq!(confirmed(&answer(200, error)), Err(Sent::NoEffect(error.to_owned())));
        assert!(matches!(confirmed(&answer(200, "<html>")), Err(Sent::NoWord(_))));
    }

    #[test]
    fn the_key_is_never_kept() {
        let key = SecretString::from("MWRkNzRl".to_owned());
        for said in [
            Ok("key MWRkNzRl".to_owned()),
            Err(Sent::NoEffect("key MWRkNzRl".to_owned())),
            Err(Sent::NoWord("key MWRkNzRl".to_owned())),
        ] {
            assert!(!format!("{:?}", without_key(said, &key)).contains("MWRk"));
        }
    }
}
