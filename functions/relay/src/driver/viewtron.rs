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
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
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

/// Confirmed by the success of the guide with a status of 200 to 299; refused by its failure, for which it documents the
/// status 400, or by the challenge of the login. Any other answer proves nothing: one with neither, as older firmware may
/// give it, one that contradicts itself, or an error that a gateway reports.
fn confirmed(answer: &Answer) -> Result<String, SendOutcome> {
    let status = answer.status;
    match Statement::read(&String::from_utf8_lossy(&answer.body)) {
        Statement::Success if status.is_success() => Ok(text(answer)),
        Statement::Failure if status.is_success() || status.is_client_error() => {
            Err(SendOutcome::NotExecuted(text(answer)))
        }
        _ => Err(refused_login(answer).unwrap_or_else(|| undocumented(answer, "Viewtron device"))),
    }
}

/// What a device says of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Statement {
    /// `<config status="success"/>`, with an `errorCode` of 0 or none, or `<config><status>success</status></config>`.
    Success,
    /// `<config status="failed"/>`, with an `errorCode` other than 0 or none.
    Failure,
    /// Nothing, or several things that contradict each other.
    None,
}

impl Statement {
    /// Reads an answer. Firmware writes either quote and names in any case; namespaces carry no meaning.
    fn read(body: &str) -> Self {
        let mut reader = Reader::from_str(body.trim_start_matches('\u{feff}').trim_start());
        reader.config_mut().check_end_names = false;
        reader.config_mut().allow_unmatched_ends = true;
        let mut said = Vec::new();
        let mut codes = Vec::new();
        let mut depth = 0_usize;
        let mut is_in_status = false;
        let mut has_root = false;
        loop {
            match reader.read_event() {
                Ok(Event::Start(tag) | Event::Empty(tag)) if !has_root => {
                    if !is_called(tag.name().into_inner(), "config") {
                        return Self::None;
                    }
                    has_root = true;
                    depth = 1;
                    said.extend(attributes(&tag, "status").map(|value| (Place::Attribute, value)));
                    codes.extend(attributes(&tag, "errorCode"));
                }
                Ok(Event::Start(tag)) => {
                    depth += 1;
                    is_in_status = depth == 2 && is_called(tag.name().into_inner(), "status");
                }
                Ok(Event::Text(value)) if is_in_status => said.extend(word(&value.into_inner())),
                Ok(Event::CData(value)) if is_in_status => said.extend(word(&value.into_inner())),
                Ok(Event::End(_)) => {
                    depth = depth.saturating_sub(1);
                    is_in_status = false;
                }
                // What follows the beginning cannot take it back.
                Ok(Event::Eof) | Err(_) => break,
                Ok(_) => {}
            }
        }
        Self::of(&said, &codes)
    }

    fn of(said: &[(Place, String)], codes: &[String]) -> Self {
        let all = |expected: &str| !said.is_empty() && said.iter().all(|(_, word)| word == expected);
        let is_zero = |code: &String| code.parse() == Ok(0_u32);
        if all("success") && codes.iter().all(is_zero) {
            return Self::Success;
        }
        let is_documented = said.iter().all(|(place, _)| *place == Place::Attribute);
        if all("failed") && is_documented && !codes.iter().any(is_zero) {
            return Self::Failure;
        }
        Self::None
    }
}

/// Where a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In an attribute of the root.
    Attribute,
    /// In an element below it.
    Child,
}

/// What the text of an element states.
fn word(text: &str) -> Option<(Place, String)> {
    let word = text.trim().to_ascii_lowercase();
    (!word.is_empty()).then_some((Place::Child, word))
}

/// The values of the attributes of a name, in lower case.
fn attributes<'a>(tag: &'a BytesStart<'_>, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let mut attributes = tag.attributes();
    attributes.with_checks(false);
    attributes
        .flatten()
        .filter(move |attribute| is_called(attribute.key.into_inner(), name))
        .map(|attribute| attribute.value.trim().to_ascii_lowercase())
}

/// Whether a name is this one, in any case and namespace.
fn is_called(qualified: &str, name: &str) -> bool {
    let local = qualified.split_once(':').map_or(qualified, |(_, local)| local);
    local.eq_ignore_ascii_case(name)
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

    #[test]
    fn success_is_recognized_in_every_spelling() {
        for body in [
            "<config version='2.0.0' status='success' errorCode='0'/>",
            "<?xml version='1.0' encoding='UTF-8'?>\n<config errorCode='0' errorDesc='Successful' status='success'></config>",
            "\u{feff} \r\n<config\n  status = \"success\"\n  errorCode = \"0\" />",
            "<?xml version=\"1.0\"?><!-- status=\"failed\" --><CONFIG STATUS=\"SUCCESS\" ERRORCODE=\"0\"/>",
            "<tvt:config xmlns:tvt='http://www.ipc.com/ver10' tvt:status='success'/>",
            "<config version=\"1.0\" xmlns=\"http://www.ipc.com/ver10\"><status>success</status></config>",
            "<config version='1.0'>\n<status> Success\n</status></config>",
            "<config version='1.0'><status>\n<![CDATA[success]]></status></config>",
            "<config status='success' errorDesc='R&D'><x></config>",
        ] {
            assert_eq!(confirmed(&answer(200, body)).map(|_| ()), Ok(()), "{body}");
            for status in [400, 404, 500, 504] {
                let outcome = confirmed(&answer(status, body));
                assert!(matches!(outcome, Err(SendOutcome::Unconfirmed(_))), "{status} {body}: {outcome:?}");
            }
        }
    }

    #[test]
    fn only_a_documented_failure_proves_that_nothing_happened() {
        for body in [
            "<config status='failed' errorCode='7'/>",
            "<config errorCode = \"12\" status = \"FAILED\"/>",
            "<?xml version='1.0'?><config version='1.0' status='failed'></config>",
        ] {
            for status in [200, 400] {
                let outcome = confirmed(&answer(status, body));
                assert!(matches!(outcome, Err(SendOutcome::NotExecuted(_))), "{status} {body}: {outcome:?}");
            }
            let outcome = confirmed(&answer(502, body));
            assert!(matches!(outcome, Err(SendOutcome::Unconfirmed(_))), "{body}: {outcome:?}");
        }
        for body in [
            "<config errorCode='0'/>",
            "<config errorCode='6'/>",
            "<config status='pending' errorCode='6'/>",
            "<config status='success' errorCode='6'/>",
            "<config status='failed' errorCode='0'/>",
            "<config status='failed' status='success'/>",
            "<config status='failed'><status>success</status></config>",
            "<config><status>failed</status></config>",
            "<config><action><status>success</status></action></config>",
            "<config><errorDesc status='success'/></config>",
            "<html><body>status=\"failed\" errorCode=\"6\"</body></html>",
            "<html status='failed'/>",
            "<config status='fail",
            "errorCode=0",
        ] {
            for status in [200, 400] {
                let outcome = confirmed(&answer(status, body));
                assert!(matches!(outcome, Err(SendOutcome::Unconfirmed(_))), "{status} {body}: {outcome:?}");
            }
        }
    }
}
