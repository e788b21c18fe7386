//! Shelly of the first generation: a relay or a light, over plain HTTP.
//!
//! Source: Shelly's API documentation, Gen1 (`/relay/{i}`, `/light/{i}`: `turn`, `timer`, `brightness`), and
//! public code that uses such devices by GET. A device with restricted login requires HTTP Basic. `timer` is the
//! device's own: a pulse ends even if the network is down.

use std::time::Duration;

use camhook_outbound::{Answer, Request};
use camhook_ports::Ports;
use camhook_site::{ShellyGen1, ShellyGen1Output};
use http::Method;
use url::Url;

use crate::driver::answer::{object, refused_login, text, undocumented};
use crate::driver::client::DeviceClient;
use crate::{DeviceCommand, SendOutcome};

/// Executes a command.
pub(super) async fn execute<P: Ports>(
    client: &DeviceClient<'_, P>,
    device: &ShellyGen1,
    command: DeviceCommand,
) -> Result<String, SendOutcome> {
    let authentication = client.basic(device.basic.as_ref()).await?;
    let request = Request::new(Method::GET, url(device, command)).with_authentication(authentication);
    confirmed(&client.send(&request).await?, command)
}

fn url(device: &ShellyGen1, command: DeviceCommand) -> Url {
    let (output, brightness) = match device.output {
        ShellyGen1Output::Relay => ("relay", None),
        ShellyGen1Output::Light { brightness } => ("light", brightness),
    };
    let mut url = device.url.clone();
    url.set_path(&format!("/{output}/{}", device.channel));
    let mut query = url.query_pairs_mut();
    query.clear();
    match command {
        DeviceCommand::On { off_after } => {
            query.append_pair("turn", "on");
            if let Some(brightness) = brightness {
                query.append_pair("brightness", &brightness.to_string());
            }
            if let Some(off_after) = off_after {
                query.append_pair("timer", &whole_seconds(off_after).to_string());
            }
        }
        DeviceCommand::Off => {
            query.append_pair("turn", "off");
        }
        DeviceCommand::Toggle => {
            query.append_pair("turn", "toggle");
        }
    }
    drop(query);
    url
}

/// A time in whole seconds, rounded up: fractions are not documented for these devices.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// Confirmed by the requested state in `ison`. Refused by the challenge of the restricted login. A device that is on and
/// reports that its timer is not running (`has_timer`) does not end a pulse.
fn confirmed(answer: &Answer, command: DeviceCommand) -> Result<String, SendOutcome> {
    if let Some(refused) = refused_login(answer) {
        return Err(refused);
    }
    let members = object(answer);
    let member = |name: &str| members.as_ref()?.get(name)?.as_bool();
    let Some(is_on) = member("ison").filter(|_| answer.status.is_success()) else {
        return Err(undocumented(answer, "Shelly of the first generation"));
    };
    let is_as_requested = match command {
        DeviceCommand::On { .. } => is_on,
        DeviceCommand::Off => !is_on,
        DeviceCommand::Toggle => true,
    };
    if !is_as_requested {
        let state = if is_on { "on" } else { "off" };
        return Err(SendOutcome::Unconfirmed(format!(
            "the device reports that it is {state}: {}",
            text(answer)
        )));
    }
    if let (DeviceCommand::On { off_after: Some(_) }, Some(false)) = (command, member("has_timer")) {
        return Err(SendOutcome::WithoutTimer(text(answer)));
    }
    Ok(text(answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::answer::testing::answer;

    fn device(output: ShellyGen1Output) -> ShellyGen1 {
        ShellyGen1 { url: "http://192.168.85.151".parse().unwrap(), basic: None, output, channel: 1 }
    }

    #[test]
    fn each_command_has_its_request() {
        let pulse = |milliseconds| DeviceCommand::On { off_after: Some(Duration::from_millis(milliseconds)) };
        let (relay, light) = (ShellyGen1Output::Relay, ShellyGen1Output::Light { brightness: Some(40) });
        for (output, command, expected) in [
            (relay, DeviceCommand::On { off_after: None }, "/relay/1?turn=on"),
            (relay, DeviceCommand::Off, "/relay/1?turn=off"),
            (relay, DeviceCommand::Toggle, "/relay/1?turn=toggle"),
            (relay, pulse(5000), "/relay/1?turn=on&timer=5"),
            (relay, pulse(1500), "/relay/1?turn=on&timer=2"),
            (light, pulse(90_000), "/light/1?turn=on&brightness=40&timer=90"),
            (light, DeviceCommand::Off, "/light/1?turn=off"),
            (
                ShellyGen1Output::Light { brightness: None },
                DeviceCommand::On { off_after: None },
                "/light/1?turn=on",
            ),
        ] {
            let url = url(&device(output), command);
            assert_eq!(url.as_str().strip_prefix("http://192.168.85.151").unwrap(), expected);
        }
    }

    #[test]
    fn a_pulse_is_confirmed_only_while_the_devices_timer_runs() {
        let pulse = DeviceCommand::On { off_after: Some(Duration::from_secs(5)) };
        for (body, is_confirmed) in [
            (r#"{"ison":true,"has_timer":true,"timer_duration":5}"#, true),
            (r#"{"ison":true}"#, true),
            (r#"{"ison":true,"has_timer":false,"timer_duration":0}"#, false),
        ] {
            let expected = if is_confirmed {
                Ok(body.to_owned())
            } else {
                Err(SendOutcome::WithoutTimer(body.to_owned()))
            };
            assert_eq!(confirmed(&answer(200, body), pulse), expected);
        }
        let off = r#"{"ison":false,"has_timer":false}"#;
        assert!(matches!(confirmed(&answer(200, off), pulse), Err(SendOutcome::Unconfirmed(_))));
    }

    #[test]
    fn the_state_that_was_asked_for_is_the_confirmation() {
        const ON: &str = r#"{"ison":true,"has_timer":false,"timer_started":0}"#;
        const OFF: &str = r#"{"ison":false}"#;
        let on = DeviceCommand::On { off_after: None };
        for (command, good, bad) in
            [(on, ON, Some(OFF)), (DeviceCommand::Off, OFF, Some(ON)), (DeviceCommand::Toggle, ON, None)]
        {
            assert_eq!(confirmed(&answer(200, good), command), Ok(good.to_owned()));
            for bad in bad.into_iter().chain(["", "<html>", "{}", r#"{"ison":"true"}"#]) {
                assert!(
                    matches!(confirmed(&answer(200, bad), command), Err(SendOutcome::Unconfirmed(_))),
                    "{bad}"
                );
            }
        }
    }
}
