//! Shelly of the second generation and later: RPC over HTTP.
//!
//! Source: Shelly's API documentation, Gen2+ (`Switch.Set`, `Switch.Toggle`, `toggle_after`). A device with a
//! password asks for HTTP Digest with SHA-256; its user is always `admin`. `toggle_after` makes the device
//! itself switch back: a pulse ends even when nobody can speak to the device any more.

use std::time::Duration;

use camhook_outbound::{Answer, Authentication, Request};
use camhook_ports::Ports;
use camhook_site::ShellyGen2;
use http::Method;
use url::Url;

use crate::driver::answer::{object, stranger, text};
use crate::driver::line::Line;
use crate::{Command, Sent};

/// The only user that the device knows.
const USER: &str = "admin";

/// Asks the device for a command.
pub(super) async fn ask<P: Ports>(
    line: &Line<'_, P>,
    device: &ShellyGen2,
    command: Command,
) -> Result<String, Sent> {
    let authentication = match &device.password {
        Some(password) => {
            Authentication::Digest { user: USER.to_owned(), password: line.secret(password).await? }
        }
        None => Authentication::None,
    };
    let url = url(&device.url, device.switch, command);
    let request = Request::new(Method::GET, url).with_authentication(authentication);
    confirmed(&line.send(&request).await?)
}

fn url(device: &Url, switch: u8, command: Command) -> Url {
    let (method, on) = match command {
        Command::On { .. } => ("Switch.Set", Some("true")),
        Command::Off => ("Switch.Set", Some("false")),
        Command::Toggle => ("Switch.Toggle", None),
    };
    let mut url = device.clone();
    url.set_path(&format!("/rpc/{method}"));
    let mut query = url.query_pairs_mut();
    query.clear().append_pair("id", &switch.to_string());
    if let Some(on) = on {
        query.append_pair("on", on);
    }
    if let Command::On { off_after: Some(off_after) } = command {
        query.append_pair("toggle_after", &seconds(off_after));
    }
    drop(query);
    url
}

/// A time in whole seconds, or with one decimal place, rounded up: a light stays rather a moment longer.
///
/// Shelly's documentation calls `toggle_after` a number of seconds; that a device takes fractions of them is
/// unverified, so that none is sent where the time is whole.
fn seconds(duration: Duration) -> String {
    let tenths = duration.as_millis().div_ceil(100);
    if tenths.is_multiple_of(10) {
        format!("{}", tenths / 10)
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// A success is an object of JSON without an error: whatever else answers at that address has switched
/// nothing that camhook knows of.
fn confirmed(answer: &Answer) -> Result<String, Sent> {
    match object(answer) {
        Some(members) if members.contains_key("error") => Err(Sent::NoEffect(text(answer))),
        Some(_) => Ok(text(answer)),
        None => Err(stranger(answer, "Shelly")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::answer::made::answer;

    #[test]
    fn each_command_has_its_request() {
        let pulse = |milliseconds| Command::On { off_after: Some(Duration::from_millis(milliseconds)) };
        for (device, command, expected) in [
            ("http://192.168.85.151", Command::On { off_after: None }, "/rpc/Switch.Set?id=1&on=true"),
            ("http://192.168.85.151/", Command::Off, "/rpc/Switch.Set?id=1&on=false"),
            ("http://192.168.85.151", Command::Toggle, "/rpc/Switch.Toggle?id=1"),
            ("http://192.168.85.151", pulse(5000), "/rpc/Switch.Set?id=1&on=true&toggle_after=5"),
            ("http://192.168.85.151", pulse(1501), "/rpc/Switch.Set?id=1&on=true&toggle_after=1.6"),
            ("http://192.168.85.151", pulse(1), "/rpc/Switch.Set?id=1&on=true&toggle_after=0.1"),
        ] {
            let url = url(&device.parse().unwrap(), 1, command);
            assert_eq!(url.as_str().split_once("//").unwrap().1.split_once('/').unwrap().1, &expected[1..]);
        }
    }

    #[test]
    fn only_the_words_of_a_shelly_are_a_confirmation() {
        let words = r#"{"was_on":false}"#;
        assert_eq!(confirmed(&answer(200, "{\"was_on\":false}\n")), Ok(words.to_owned()));
        let error = r#"{"id":1,"error":{"code":-103,"message":"Argument 'id' is missing"}}"#;
        assert_eq!(confirmed(&answer(200, error)), Err(Sent::NoEffect(error.to_owned())));
        for (status, body) in [(200, "<html>please log in"), (204, ""), (200, "[]")] {
            assert!(matches!(confirmed(&answer(status, body)), Err(Sent::NoWord(_))), "{body}");
        }
    }
}
