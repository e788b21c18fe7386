//! Switches of 2N intercoms (IP Verso and others; Axis sells them too), by their HTTP API.
//!
//! Source: 2N's manual of the HTTP API, `api/switch/ctrl`: `on` and `off`, and `trigger`, which pulses a
//! monostable switch and toggles a bistable one. An answer of 200 may say `"success": false`; the codes are those
//! of the manual and of public code that names them. The service requires no authentication, Basic or Digest (MD5);
//! the user needs the privilege to control switches.
//!
//! A monostable switch receives `on`, never `trigger`: both pulse it, and if it is bistable after all, `on` twice is
//! still on.

use camhook_outbound::{Answer, Request};
use camhook_ports::Ports;
use camhook_site::{TwoN, TwoNMode};
use http::Method;
use serde_json::{Map, Value};
use url::Url;

use crate::driver::answer::{object, refused_login, text, undocumented};
use crate::driver::client::DeviceClient;
use crate::{DeviceCommand, SendOutcome};

/// Executes a command.
pub(super) async fn execute<P: Ports>(
    client: &DeviceClient<'_, P>,
    device: &TwoN,
    command: DeviceCommand,
) -> Result<String, SendOutcome> {
    let Some(url) = url(device, command) else {
        return Err(SendOutcome::NotExecuted("a monostable switch cannot be toggled".to_owned()));
    };
    let authentication = client.authentication(&device.login).await?;
    let request = Request::new(Method::GET, url).with_authentication(authentication);
    confirmed(&client.send(&request).await?)
}

fn url(device: &TwoN, command: DeviceCommand) -> Option<Url> {
    let action = match (command, device.mode) {
        (DeviceCommand::On { .. }, _) => "on",
        (DeviceCommand::Off, _) => "off",
        (DeviceCommand::Toggle, TwoNMode::Bistable) => "trigger",
        (DeviceCommand::Toggle, TwoNMode::Monostable { .. }) => return None,
    };
    let mut url = device.url.clone();
    url.set_path("/api/switch/ctrl");
    url.query_pairs_mut()
        .clear()
        .append_pair("switch", &device.switch.to_string())
        .append_pair("action", action);
    Some(url)
}

/// Confirmed by `"success": true` with a status of 200 to 299. Refused by `"success": false`, whatever the status, or by
/// the challenge of the service's login.
fn confirmed(answer: &Answer) -> Result<String, SendOutcome> {
    let members = object(answer);
    match members.as_ref().and_then(|members| members.get("success")).and_then(Value::as_bool) {
        Some(true) if answer.status.is_success() => Ok(text(answer)),
        Some(false) => Err(SendOutcome::NotExecuted(refusal(&members.unwrap_or_default()))),
        Some(true) | None => {
            Err(refused_login(answer).unwrap_or_else(|| undocumented(answer, "2N intercom")))
        }
    }
}

/// `error 12, invalid value of the parameter switch: invalid parameter value`.
fn refusal(members: &Map<String, Value>) -> String {
    let error = members.get("error");
    let of = |name: &str| error.and_then(|error| error.get(name));
    let Some(code) = of("code").and_then(Value::as_i64) else {
        return "the device refused without a reason".to_owned();
    };
    let mut text = format!("error {code}, {}", meaning(code));
    if let Some(parameter) = of("param").and_then(Value::as_str) {
        text.push_str(&format!(" (parameter {parameter})"));
    }
    if let Some(description) = of("description").and_then(Value::as_str) {
        text.push_str(&format!(": {description}"));
    }
    text.chars().map(|one| if one.is_control() { ' ' } else { one }).take(300).collect()
}

/// The meaning of an error code, and what to do where that is known.
fn meaning(code: i64) -> &'static str {
    match code {
        1 => "the device does not support it",
        2 => "there is no such path",
        3 => "the method is not the right one",
        4 => "the service is switched off: allow the Switch API in the device",
        7 => "the service requires https, or unsecured connections have to be allowed in the device",
        8 => "the service requires another authentication: use `basic` or `digest` as set in the device",
        9 => "the service requires a user: add `basic` or `digest`",
        10 => "the user lacks the privilege to control switches",
        11 => "a parameter is missing",
        12 => "a parameter has a wrong value",
        13 => "the data is too long",
        14 => "the switch was not changed: it may be locked or disabled in the device",
        15 => "there is no data",
        17 => "it collides with something else",
        18 => "the device rejected it",
        19 => "the file has the wrong version",
        _ => "a code that is not in the manual",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use camhook_site::DeviceLogin;

    use super::*;
    use crate::driver::answer::testing::answer;

    fn device(mode: TwoNMode) -> TwoN {
        let url = "https://192.168.85.151".parse().unwrap();
        TwoN { url, login: DeviceLogin::None, switch: 2, mode }
    }

    #[test]
    fn each_command_has_its_request() {
        let monostable = TwoNMode::Monostable { length: Duration::from_secs(5) };
        for (mode, command, expected) in [
            (monostable, DeviceCommand::On { off_after: Some(Duration::from_secs(5)) }, Some("on")),
            (monostable, DeviceCommand::Off, Some("off")),
            (monostable, DeviceCommand::Toggle, None),
            (TwoNMode::Bistable, DeviceCommand::On { off_after: None }, Some("on")),
            (TwoNMode::Bistable, DeviceCommand::Off, Some("off")),
            (TwoNMode::Bistable, DeviceCommand::Toggle, Some("trigger")),
        ] {
            let url = url(&device(mode), command).map(|url| url.to_string());
            let expected = expected
                .map(|action| format!("https://192.168.85.151/api/switch/ctrl?switch=2&action={action}"));
            assert_eq!(url, expected);
        }
    }

    #[test]
    fn success_is_what_the_answer_says_and_not_its_status() {
        assert_eq!(confirmed(&answer(200, r#"{"success": true}"#)), Ok(r#"{"success": true}"#.to_owned()));
        for (body, expected) in [
            (
                r#"{"success":false,"error":{"code":12,"param":"switch","description":"invalid parameter value"}}"#,
                "error 12, a parameter has a wrong value (parameter switch): invalid parameter value",
            ),
            (r#"{"success":false}"#, "the device refused without a reason"),
            (
                r#"{"success":false,"error":{"code":10}}"#,
                "error 10, the user lacks the privilege to control switches",
            ),
            (r#"{"success":false,"error":{"code":99}}"#, "error 99, a code that is not in the manual"),
        ] {
            assert_eq!(confirmed(&answer(200, body)), Err(SendOutcome::NotExecuted(expected.to_owned())));
        }
        for (status, body) in [
            (200, ""),
            (200, "<html>"),
            (200, "{}"),
            (200, r#"{"success":"true"}"#),
            (200, r#"{"data":{"success":true}}"#),
            (404, ""),
            (401, ""),
            (504, r#"{"success":true}"#),
        ] {
            let outcome = confirmed(&answer(status, body));
            assert!(matches!(outcome, Err(SendOutcome::Unconfirmed(_))), "{status} {body}: {outcome:?}");
        }
        let locked = "{\n  \"success\" : false, \"error\" : { \"code\" : 14 } }";
        assert!(matches!(confirmed(&answer(403, locked)), Err(SendOutcome::NotExecuted(_))));
    }
}
