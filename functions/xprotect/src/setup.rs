//! What to type into XProtect Management Client.

use camhook_ingest::{DialectGuide, Sign, WebhookUrl};

use crate::sample::SAMPLES;
use crate::signature::{SIGNATURE_FIELD, sign};

/// Setup text and samples.
pub const GUIDE: DialectGuide =
    DialectGuide { setup: |url, _| setup(url), apply: None, sign: Some(SIGN), samples: SAMPLES };

const SIGN: Sign = Sign { field: SIGNATURE_FIELD, value: sign };

/// What to type where, word for word, to make XProtect post to an address.
///
/// Menus are those of Milestone's own examples, for XProtect 2023 R1 and later.
fn setup(url: &WebhookUrl) -> String {
    let plain = if url.scheme == "https" {
        "The connection is encrypted (TLS 1.2 or newer): Windows Server 2012 R2 or newer does that unasked."
    } else {
        "This address is not encrypted: event data crosses the network as plain text. Use it within your own network\n\
         only."
    };
    format!(
        "\
Webhook address: {url}

{plain}

1. Create the webhook
   Management Client > Rules and Events > Webhooks, right-click Webhooks, Add New…
   In Webhook Information:
     Name               camhook
     Address            {url}
     Token (optional)   the text that the source's hmac stands for in camhook.toml; leave it empty for a source with
                        a token in its path and no hmac. Its text is the key: type it in exactly as it is there.
                        64 random hexadecimal digits are a good one: openssl rand -hex 32
   Click Save in the toolbar.

2. Trigger it with a rule
   Management Client > Rules and Events > Rules, right-click Rules, Add Rule…
     Step 1: Type of rule    Name: Send to camhook
                             Select Perform an action on <event>, click event in the rule description and choose one,
                             for example Events > External Events > User-defined Events > Event High, click OK, Next
     Step 2: Conditions      those that you want, Next
     Step 3: Actions         select Send event info to <Webhook>, click webhook in the rule description, add camhook,
                             click OK, Next
     Step 4: Stop criteria   Finish
   One rule sends one kind of event; make a rule for each that camhook is to know.

3. Test it
   Management Client > Rules and Events > User-defined Events, select Event High, click Test Event.
   `camhook events` shows what arrived.

If nothing arrives
  Open the MIP Logs from the Event Server tray icon. An error takes up to 90 seconds to appear there: a post is tried
  three times, 30 seconds apart, except after the answer 400, which means that the token does not fit the source's
  hmac, or that the address names no source.

To change the token without losing an event: name both in camhook.toml,
hmac = [\"ssm:/camhook/sources/new\", \"ssm:/camhook/sources/old\"],
then type the new one into Management Client, then leave the old one out of camhook.toml.

A webhook of XProtect carries the event's header and no picture. A plug-in that posts the same JSON with user and
password (Basic) works too: give the source auth = {{ basic = {{ user = \"…\", password = \"…\" }} }}.
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_menus_has_its_value() {
        let url = WebhookUrl {
            scheme: "https".to_owned(),
            host: "abc.execute-api.eu-central-1.amazonaws.com".to_owned(),
            port: 443,
            path: "/xprotect/vms".to_owned(),
        };
        let text = setup(&url);
        for line in [
            "Address            https://abc.execute-api.eu-central-1.amazonaws.com/xprotect/vms\n",
            "Rules and Events > Webhooks",
            "Send event info to <Webhook>",
            "Token (optional)",
            "Test Event",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        assert!(text.lines().all(|line| line.len() < 128));
        let local = WebhookUrl { scheme: "http".to_owned(), port: 9000, ..url };
        assert!(
            setup(&local).contains("http://abc.execute-api.eu-central-1.amazonaws.com:9000/xprotect/vms")
        );
        assert!(setup(&local).contains("plain text"));
    }
}
