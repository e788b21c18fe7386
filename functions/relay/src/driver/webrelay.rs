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

use crate::driver::answer::{stranger, text};
use crate::driver::line::Line;
use crate::{Command, Sent};

/// The user of the control password.
const USER: &str = "none";

/// The shortest pulse, and the longest.
const PULSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(86_400));

/// Asks the device for a command.
pub(super) async fn ask<P: Ports>(
    line: &Line<'_, P>,
    device: &WebRelay,
    command: Command,
) -> Result<String, Sent> {
    let Some(url) = url(device, command) else {
        return Err(Sent::NoEffect("the driver webrelay cannot toggle".to_owned()));
    };
    let authentication = match &device.password {
        Some(password) => {
            Authentication::Basic { user: USER.to_owned(), password: line.secret(password).await? }
        }
        None => Authentication::None,
    };
    let request = Request::new(Method::GET, url).with_authentication(authentication).allowing_bare_answer();
    confirmed(&line.send(&request).await?, device, command)
}

/// The address of a command; `None` for `toggle`, which the classic devices do not know.
fn url(device: &WebRelay, command: Command) -> Option<Url> {
    let state = match command {
        Command::Off => "0",
        Command::On { off_after: None } => "1",
        Command::On { off_after: Some(_) } => "2",
        Command::Toggle => return None,
    };
    let number = device.relay.map(|number| number.to_string()).unwrap_or_default();
    let mut url = device.url.clone();
    url.set_path(match device.page {
        WebRelayPage::StateFull => "/stateFull.xml",
        WebRelayPage::State => "/state.xml",
    });
    let mut query = url.query_pairs_mut();
    query.clear().append_pair(&format!("relay{number}State"), state);
    if let Command::On { off_after: Some(off_after) } = command {
        query.append_pair(&format!("pulseTime{number}"), &tenths(off_after));
    }
    drop(query);
    Some(url)
}

/// A time in seconds with at most one decimal place, rounded up, within what the device takes.
fn tenths(duration: Duration) -> String {
    let (shortest, longest) = PULSES;
    let tenths = duration.clamp(shortest, longest).as_millis().div_ceil(100);
    if tenths.is_multiple_of(10) {
        return format!("{}", tenths / 10);
    }
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A success is the page of the states. Where it tells that of this relay, it has to be the one that was asked
/// for; of a pulse it tells `1`, or `0` when it was short, and neither proves that a door opened.
fn confirmed(answer: &Answer, device: &WebRelay, command: Command) -> Result<String, Sent> {
    let body = String::from_utf8_lossy(&answer.body);
    let page = body.trim_start();
    if !(page.starts_with("<?xml") || page.starts_with("<datavalues")) || !page.contains("</datavalues>") {
        return Err(stranger(answer, "WebRelay"));
    }
    let expected = match command {
        Command::On { off_after: None } => Some("1"),
        Command::Off => Some("0"),
        Command::On { off_after: Some(_) } | Command::Toggle => None,
    };
    match (expected, state(page, device.relay)) {
        (Some(expected), Some(state)) if expected != state => {
            Err(Sent::NoWord(format!("the device took it and says that the relay is in state {state}")))
        }
        _ => Ok(text(answer)),
    }
}

/// What the page says of a relay. The models name it differently: `relay1state`, `relaystate`, `relay1`.
fn state(page: &str, relay: Option<u8>) -> Option<&str> {
    let number = relay.unwrap_or(1);
    let mut names = vec![format!("relay{number}state"), format!("relay{number}")];
    if relay.is_none() {
        names.insert(0, "relaystate".to_owned());
    }
    names.iter().find_map(|name| {
        let (_, after) = page.split_once(&format!("<{name}>"))?;
        Some(after.split_once('<')?.0.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::answer::made::answer;

    const ON: Command = Command::On { off_after: None };

    fn device(relay: Option<u8>, page: WebRelayPage) -> WebRelay {
        WebRelay { url: "http://192.168.85.151".parse().unwrap(), password: None, relay, page }
    }

    fn pulse(milliseconds: u64) -> Command {
        Command::On { off_after: Some(Duration::from_millis(milliseconds)) }
    }

    #[test]
    fn each_command_has_its_request() {
        let (one, third) = (device(None, WebRelayPage::StateFull), device(Some(3), WebRelayPage::State));
        for (device, command, expected) in [
            (&one, ON, "/stateFull.xml?relayState=1"),
            (&one, Command::Off, "/stateFull.xml?relayState=0"),
            (&one, pulse(5000), "/stateFull.xml?relayState=2&pulseTime=5"),
            (&third, ON, "/state.xml?relay3State=1"),
            (&third, pulse(1501), "/state.xml?relay3State=2&pulseTime3=1.6"),
            (&third, pulse(1), "/state.xml?relay3State=2&pulseTime3=0.1"),
            (&third, pulse(90_000_000), "/state.xml?relay3State=2&pulseTime3=86400"),
        ] {
            let url = url(device, command).unwrap();
            assert_eq!(url.as_str().strip_prefix("http://192.168.85.151").unwrap(), expected);
        }
        assert_eq!(url(&one, Command::Toggle), None);
    }

    #[test]
    fn the_page_of_the_states_is_the_confirmation_unless_it_tells_the_other_state() {
        let one = device(None, WebRelayPage::StateFull);
        let second = device(Some(2), WebRelayPage::StateFull);
        let quad = "<?xml version='1.0' encoding='utf-8' ?>\n<datavalues>\n  <relay1state>0</relay1state>\n  \
                    <relay2state>1</relay2state>\n</datavalues>\n";
        let single = "<datavalues><relaystate>1</relaystate></datavalues>";
        let another = "<datavalues><relay1>0</relay1></datavalues>";
        let bits = "<datavalues><relaystates>2</relaystates></datavalues>";
        for (device, page, command, is_confirmed) in [
            (&second, quad, ON, true),
            (&second, quad, Command::Off, false),
            (&one, quad, ON, false),
            (&one, quad, Command::Off, true),
            (&one, quad, pulse(100), true),
            (&one, single, ON, true),
            (&one, single, Command::Off, false),
            (&one, another, Command::Off, true),
            (&second, bits, ON, true),
            (&second, bits, Command::Off, true),
        ] {
            let said = confirmed(&answer(200, page), device, command);
            assert_eq!(said.is_ok(), is_confirmed, "{page} {command:?} {said:?}");
            assert!(is_confirmed || matches!(said, Err(Sent::NoWord(_))));
        }
        for page in ["", "<html>please log in", "<?xml version='1.0'?><datavalues><relay1state>1</rel"] {
            assert!(matches!(confirmed(&answer(200, page), &one, ON), Err(Sent::NoWord(_))), "{page}");
        }
    }
}
