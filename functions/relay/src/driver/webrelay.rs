//! ControlByWeb's WebRelay, and the external relays that 2N sells: `state.xml`.
//!
//! Source: 2N's manual of the external relay (9137410E has one relay and `relayState`, 9137411E has four and
//! `relayNState`; 0 is off, 1 is on, 2 is a pulse), the manual of WebRelay-Quad (`pulseTimeN` from 0.1 to
//! 86400 s, a repeated pulse starts the time anew) and public code that reads the answers. The page `state.xml`
//! of the classic WebRelay answers without a status line and headers; `stateFull.xml` has them.

use std::time::Duration;

use camhook_outbound::{Answer, Authentication, Request};
use camhook_ports::Ports;
use camhook_site::{WebRelay, WebRelayPage};
use http::Method;
use url::Url;

use crate::driver::answer::{refused_login, text, undocumented};
use crate::driver::client::DeviceClient;
use crate::{DeviceCommand, SendOutcome};

/// The user of the control password.
const USER: &str = "none";

/// A pulse of at most this length may be over before the device answers.
const SHORT_PULSE: Duration = Duration::from_secs(2);

/// The shortest pulse, and the longest.
const PULSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(86_400));

/// Executes a command.
pub(super) async fn execute<P: Ports>(
    client: &DeviceClient<'_, P>,
    device: &WebRelay,
    command: DeviceCommand,
) -> Result<String, SendOutcome> {
    let Some(url) = url(device, command) else {
        return Err(SendOutcome::NotExecuted("the driver webrelay cannot toggle".to_owned()));
    };
    let authentication = match &device.password {
        Some(password) => {
            Authentication::Basic { user: USER.to_owned(), password: client.secret(password).await? }
        }
        None => Authentication::None,
    };
    let request = Request::new(Method::GET, url).with_authentication(authentication).allowing_bare_answer();
    confirmed(&client.send(&request).await?, device, command)
}

/// The address of a command; `None` for `toggle`, which the classic devices do not support.
fn url(device: &WebRelay, command: DeviceCommand) -> Option<Url> {
    let state = match command {
        DeviceCommand::Off => "0",
        DeviceCommand::On { off_after: None } => "1",
        DeviceCommand::On { off_after: Some(_) } => "2",
        DeviceCommand::Toggle => return None,
    };
    let number = device.relay.map(|number| number.to_string()).unwrap_or_default();
    let mut url = device.url.clone();
    url.set_path(match device.page {
        WebRelayPage::StateFull => "/stateFull.xml",
        WebRelayPage::State => "/state.xml",
    });
    let mut query = url.query_pairs_mut();
    query.clear().append_pair(&format!("relay{number}State"), state);
    if let DeviceCommand::On { off_after: Some(off_after) } = command {
        query.append_pair(&format!("pulseTime{number}"), &tenths(off_after));
    }
    drop(query);
    Some(url)
}

/// A time in seconds with at most one decimal place, rounded up, within the device's limits.
fn tenths(duration: Duration) -> String {
    let (shortest, longest) = PULSES;
    let tenths = duration.clamp(shortest, longest).as_millis().div_ceil(100);
    if tenths.is_multiple_of(10) {
        return format!("{}", tenths / 10);
    }
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Confirmed by the page of states if it contains this relay under the name that belongs to the parameter that was sent
/// (`relayNstate` or `relaystate`), in the requested state. After a short pulse the state may be 0 again.
///
/// Newer modules (X-400 and others) use the name `relay1` and ignore `relay1State`: they also answer 200 with a page of
/// states, but do not switch.
fn confirmed(answer: &Answer, device: &WebRelay, command: DeviceCommand) -> Result<String, SendOutcome> {
    if let Some(refused) = refused_login(answer) {
        return Err(refused);
    }
    let body = String::from_utf8_lossy(&answer.body);
    let page = body.trim_start();
    let is_page =
        (page.starts_with("<?xml") || page.starts_with("<datavalues")) && page.contains("</datavalues>");
    if !is_page || !answer.status.is_success() {
        return Err(undocumented(answer, "WebRelay"));
    }
    let number = device.relay.map(|number| number.to_string()).unwrap_or_default();
    let Some(state) = element(page, &format!("relay{number}state")) else {
        return Err(SendOutcome::Unconfirmed(missing(page, device.relay)));
    };
    let is_as_requested = match command {
        DeviceCommand::On { off_after: None } => state == "1",
        DeviceCommand::Off => state == "0",
        DeviceCommand::On { off_after: Some(off_after) } if off_after > SHORT_PULSE => state == "1",
        DeviceCommand::On { off_after: Some(_) } | DeviceCommand::Toggle => matches!(state, "0" | "1" | "2"),
    };
    if is_as_requested {
        return Ok(text(answer));
    }
    Err(SendOutcome::Unconfirmed(format!("the device reports the state {state}")))
}

/// Why the page does not contain the relay, and what to do.
fn missing(page: &str, relay: Option<u8>) -> String {
    let number = relay.unwrap_or(1);
    if element(page, &format!("relay{number}")).is_some() {
        return format!(
            "the page contains `relay{number}`, as that of newer ControlByWeb modules, which ignore `relay{number}State`: \
             use driver = \"http\" with state.xml?relay{number}=1"
        );
    }
    match relay {
        None if element(page, "relay1state").is_some() => {
            "the page contains several relays: add `relay`, the number of this one".to_owned()
        }
        None => "the page does not contain the relay".to_owned(),
        Some(number) => format!("the page does not contain relay {number}"),
    }
}

/// The text of an element of the page.
fn element<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = page.split_once(&format!("<{name}>"))?;
    Some(after.split_once('<')?.0.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::answer::testing::answer;

    const ON: DeviceCommand = DeviceCommand::On { off_after: None };

    fn device(relay: Option<u8>, page: WebRelayPage) -> WebRelay {
        WebRelay { url: "http://192.168.85.151".parse().unwrap(), password: None, relay, page }
    }

    fn pulse(milliseconds: u64) -> DeviceCommand {
        DeviceCommand::On { off_after: Some(Duration::from_millis(milliseconds)) }
    }

    #[test]
    fn requests_of_commands() {
        let (one, third) = (device(None, WebRelayPage::StateFull), device(Some(3), WebRelayPage::State));
        for (device, command, expected) in [
            (&one, ON, "/stateFull.xml?relayState=1"),
            (&one, DeviceCommand::Off, "/stateFull.xml?relayState=0"),
            (&one, pulse(5000), "/stateFull.xml?relayState=2&pulseTime=5"),
            (&third, ON, "/state.xml?relay3State=1"),
            (&third, pulse(1501), "/state.xml?relay3State=2&pulseTime3=1.6"),
            (&third, pulse(1), "/state.xml?relay3State=2&pulseTime3=0.1"),
            (&third, pulse(90_000_000), "/state.xml?relay3State=2&pulseTime3=86400"),
        ] {
            let url = url(device, command).unwrap();
            assert_eq!(url.as_str().strip_prefix("http://192.168.85.151").unwrap(), expected);
        }
        assert_eq!(url(&one, DeviceCommand::Toggle), None);
    }

    #[test]
    fn the_page_has_to_contain_this_relay_in_the_requested_state() {
        let one = device(None, WebRelayPage::StateFull);
        let second = device(Some(2), WebRelayPage::StateFull);
        let quad = "<?xml version='1.0' encoding='utf-8' ?>\n<datavalues>\n  <relay1state>0</relay1state>\n  \
                    <relay2state>1</relay2state>\n</datavalues>\n";
        let single = "<datavalues><relaystate>1</relaystate></datavalues>";
        let x400 = "<datavalues><relay1>0</relay1><relay2>1</relay2></datavalues>";
        let bits = "<datavalues><relaystates>2</relaystates></datavalues>";
        let odd = "<datavalues><relaystate>on</relaystate></datavalues>";
        for (device, page, command, is_confirmed) in [
            (&second, quad, ON, true),
            (&second, quad, pulse(100), true),
            (&second, quad, pulse(5000), true),
            (&device(Some(1), WebRelayPage::StateFull), quad, pulse(2000), true),
            (&device(Some(1), WebRelayPage::StateFull), quad, pulse(2100), false),
            (&second, quad, DeviceCommand::Off, false),
            (&one, quad, ON, false),
            (&one, quad, DeviceCommand::Off, false),
            (&one, quad, pulse(100), false),
            (&one, single, ON, true),
            (&one, single, pulse(100), true),
            (&one, single, DeviceCommand::Off, false),
            (&second, single, pulse(100), false),
            (&one, x400, DeviceCommand::Off, false),
            (&second, x400, ON, false),
            (&second, x400, pulse(5000), false),
            (&second, bits, ON, false),
            (&one, bits, pulse(100), false),
            (&one, odd, pulse(100), false),
        ] {
            let outcome = confirmed(&answer(200, page), device, command);
            assert_eq!(outcome.is_ok(), is_confirmed, "{page} {command:?} {outcome:?}");
            assert!(is_confirmed || matches!(outcome, Err(SendOutcome::Unconfirmed(_))), "{outcome:?}");
        }
        for (status, page) in [
            (200, ""),
            (200, "<html>please log in"),
            (200, "<?xml version='1.0'?><datavalues><relaystate>1</rel"),
            (404, single),
            (502, ""),
        ] {
            let outcome = confirmed(&answer(status, page), &one, ON);
            assert!(matches!(outcome, Err(SendOutcome::Unconfirmed(_))), "{status} {page}: {outcome:?}");
        }
    }
}
