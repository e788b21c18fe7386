//! What to type into a camera's or recorder's menus.

use std::fmt::Write;

use camhook_ingest::{DialectGuide, WebhookUrl};

use crate::limit::{button_command, command, limits};
use crate::sample::SAMPLES;

/// Setup text and samples.
pub const GUIDE: DialectGuide =
    DialectGuide { setup: |url, _| setup(url), apply: None, sign: None, samples: SAMPLES };

/// What to type where, word for word, to make a camera or recorder post to an address, and what of the address its
/// firmware may refuse.
///
/// Menus are those of iVSEC's "HTTP Webhook API Feature", version 8.2.4.
fn setup(url: &WebhookUrl) -> String {
    let WebhookUrl { scheme, host, port, path: _ } = url;
    let protocol = scheme.to_uppercase();
    let (command, first, second) = (command(url), button_command(url, 1), button_command(url, 2));
    let mut text = format!(
        "\
Webhook address: {url}

Event Push, in the camera's or recorder's web page
  Remote Settings > Event > Event Push > Event Push Platform
    Enable              on
    Name                a single camera: what it shall be called (\"Yard\"); a recorder: any name, its channels have
                        names of their own
    Protocol            {protocol}
    Username, Password  empty            (those of the source's auth where it names basic)
    Server Address      {host}
    Port Number         {port}
    API Command         {command}
    Method              POST             (GET works but carries no picture, and firmware that writes a blank into the
                                         address is refused by the gateway)
    Interval            OFF              (iVSEC: the time between two pushes. On other firmware this field is the
                                         keep-alive interval: choose 1, 5 or 10 minutes there)
  Save.

Then for each detection, so that it is pushed
  AI > Alarm, tabs FD, FR, AD, LPR, PD&VD, PID, LCD, SOD
    Event push          on               (at the very bottom of the tab)
  Save.

Manual Push, the two buttons 1 and 2 in the live view of the recorder, of its web page and of the iVSEC X app
  Remote Settings > Event > Event Push > Manual Push
    Enable              on
    Protocol            {protocol}
    Server Address      {host}
    Port Number         {port}
    Method              POST
    POST1               {first}
    POST2               {second}
  Save, then press Test: \"Success !\" means that camhook received it. A press is an event of the kind manual with the
  button's number in zone.id; Test presses the button.

Keep-alives go to /API/HttpListening/KeepLive, whatever API Command says; no token fits into that path. They count for
this source when its auth names basic, allow or both, and no other iVSEC source has the same credentials.

Some recorders switch Event Push off when they restart: set offline_after for the source, and look here again when it
goes silent.
"
    );
    let limits = limits(url);
    if !limits.is_empty() {
        text.push_str("\nOld firmware may refuse this address:\n");
    }
    for limit in limits {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  * {limit}.");
    }
    if scheme == "http" {
        text.push_str(
            "\nThis address is not encrypted: anybody between the device and camhook can read the token in it. Name the\n\
             networks that posts come from as well: auth = { token_sha256 = \"…\", allow = [\"203.0.113.7/32\"] }.\n",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_menus_has_its_value() {
        let url = WebhookUrl {
            scheme: "https".to_owned(),
            host: "abcdefghij.execute-api.eu-central-1.amazonaws.com".to_owned(),
            port: 443,
            path: "/ivsec/nvr/AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        };
        let text = setup(&url);
        for line in [
            "Event Push Platform",
            "Server Address      abcdefghij.execute-api.eu-central-1.amazonaws.com\n",
            "API Command         ivsec/nvr/AAAAAAAAAAAAAAAAAAAAAA\n",
            "POST1               ivsec/nvr/AAAAAAAAAAAAAAAAAAAAAA/manual/1\n",
            "POST2               ivsec/nvr/AAAAAAAAAAAAAAAAAAAAAA/manual/2\n",
            "holds 31 characters on some firmware, and abcdefghij.execute-api.eu-central-1.amazonaws.com has 49",
            "Front=cloudfront",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        let front = WebhookUrl {
            scheme: "http".to_owned(),
            host: "d111111abcdef8.cloudfront.net".to_owned(),
            port: 80,
            ..url
        };
        let text = setup(&front);
        assert!(!text.contains("Old firmware may refuse"));
        assert!(text.contains("can read the token in it"));
    }
}
