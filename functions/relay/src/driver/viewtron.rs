//! The alarm output of a Viewtron camera or recorder.
//!
//! Source: Viewtron's API guide: `POST /ManualAlarmOut[/channel]` with HTTP Basic, answered by
//! `<config status="success"/>` or `<config status="failed" errorCode="…" errorDesc="…"/>`. It sets a level: what
//! is on stays on until it receives `false`. The guide names a fault of cameras: they reset the output when an alarm of
//! their own perimeter detection ends.

use bytes::Bytes;
use camhook_outbound::{Answer, Request};
use camhook_ports::Ports;
use camhook_site::ViewtronOutput;
use http::Method;
use url::Url;

use crate::driver::answer::{refused_login, text, undocumented};
use crate::driver::client::DeviceClient;
use crate::{DeviceCommand, SendOutcome};

/// Executes a command.
pub(super) async fn execute<P: Ports>(
    client: &DeviceClient<'_, P>,
    device: &ViewtronOutput,
    command: DeviceCommand,
) -> Result<String, SendOutcome> {
    let level = match command {
        DeviceCommand::On { .. } => "true",
        DeviceCommand::Off => "false",
        DeviceCommand::Toggle => {
            return Err(SendOutcome::NotExecuted("the driver viewtron cannot toggle".to_owned()));
        }
    };
    let authentication = client.basic(device.basic.as_ref()).await?;
    let request = Request::new(Method::POST, url(device))
        .with_body("application/xml", body(level))
        .with_authentication(authentication);
    confirmed(&client.send(&request).await?)
}

fn url(device: &ViewtronOutput) -> Url {
    let mut url = device.url.clone();
    url.set_path(&match device.channel {
        Some(channel) => format!("/ManualAlarmOut/{channel}"),
        None => "/ManualAlarmOut".to_owned(),
    });
    url
}

/// The vendor's own sample has spaces before the declaration, which XML does not allow. That cameras accept the body
/// without them is inferred.
fn body(level: &str) -> Bytes {
    Bytes::from(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <config version=\"1.0\" xmlns=\"http://www.ipc.com/ver10\">\n\
         <action>\n<status>{level}</status>\n</action>\n</config>\n"
    ))
}

/// Confirmed by the success of the guide with a status of 200 to 299; refused by `status="failed"` or the challenge of the
/// login. An answer with neither, as older firmware may give it, proves nothing.
fn confirmed(answer: &Answer) -> Result<String, SendOutcome> {
    let body = String::from_utf8_lossy(&answer.body);
    let is_success = body.contains("status=\"success\"") || body.contains("<status>success</status>");
    if is_success && answer.status.is_success() {
        return Ok(text(answer));
    }
    if body.contains("status=\"failed\"") || body.contains("errorCode=") {
        return Err(SendOutcome::NotExecuted(text(answer)));
    }
    Err(refused_login(answer).unwrap_or_else(|| undocumented(answer, "Viewtron device")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::answer::testing::answer;

    #[test]
    fn the_output_is_that_of_a_channel_or_the_devices_own() {
        let url: Url = "http://192.168.85.151".parse().unwrap();
        for (channel, expected) in [(None, "/ManualAlarmOut"), (Some(3), "/ManualAlarmOut/3")] {
            let device = ViewtronOutput { url: url.clone(), basic: None, channel };
            assert_eq!(self::url(&device).path(), expected);
        }
        assert!(body("true").starts_with(b"<?xml"));
    }

    #[test]
    fn confirmations_and_refusals_are_those_of_the_guide() {
        let success = r#"<?xml version="1.0" encoding="UTF-8"?><config status="success"/>"#;
        assert_eq!(confirmed(&answer(200, success)), Ok(success.to_owned()));
        let failed = r#"<config status="failed" errorCode="6" errorDesc="Sensor ID Error"/>"#;
        assert_eq!(confirmed(&answer(200, failed)), Err(SendOutcome::NotExecuted(failed.to_owned())));
        for (status, body) in
            [(200, ""), (200, "<html>please log in"), (200, "<config/>"), (404, ""), (500, ""), (401, "")]
        {
            let outcome = confirmed(&answer(status, body));
            assert!(matches!(outcome, Err(SendOutcome::Unconfirmed(_))), "{status} {body}: {outcome:?}");
        }
        assert!(matches!(confirmed(&answer(504, success)), Err(SendOutcome::Unconfirmed(_))));
    }
}
