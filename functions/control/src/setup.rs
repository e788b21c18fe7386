//! How to set a mode from a phone, Home Assistant or a script.

use camhook_ingest::{DialectGuide, WebhookUrl};

/// Setup text and samples.
pub const GUIDE: DialectGuide =
    DialectGuide { setup: |url, _| setup(url), apply: None, sign: None, samples: &[] };

/// Recipes for the URL of a control source.
fn setup(url: &WebhookUrl) -> String {
    let plain = if url.scheme == "https" {
        "Keep it secret: whoever has it can set the modes."
    } else {
        "This address is not encrypted: everybody on the way can read the token in it. Use it within your own\n\
         network only."
    };
    format!(
        "\
URL: {url}

{plain}

POST {url}/AREA/MODE sets a mode; GET {url} shows the modes and changes nothing.
AREA is an `area` of camhook.toml and may be omitted if there is only one; MODE is home, away, off or one of your own.
If the source has `basic` in its auth, add user and password to each request.

Command line
  curl -X POST {url}/AREA/away

iOS (Shortcuts)
  1. Shortcuts > + > Get Contents of URL
       URL      {url}/AREA/away
       Method   POST            (tap the arrow beside the URL to see it)
  2. Name it `Away`. Make another one for `home`.
  3. Automation > + > Leave (or Arrive) > your home > Run Immediately > Away (or Home)

Android (app HTTP Shortcuts)
  + > Regular Shortcut > Method POST, URL {url}/AREA/away

Home Assistant (configuration.yaml)
  rest_command:
    camhook_mode:
      url: {url}
      method: post
      content_type: application/json
      payload: '{{\"area\": \"{{{{ area }}}}\", \"mode\": \"{{{{ mode }}}}\"}}'

  and in an automation
    - action: rest_command.camhook_mode
      data:
        area: AREA
        mode: away

ntfy (a message with buttons)
  curl -d 'Nobody at home?' -H 'Actions: http, Away, {url}/AREA/away, method=POST, clear=true' https://ntfy.sh/TOPIC
  Whoever can read the topic can use the buttons.
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_has_the_url_and_posts() {
        let url = WebhookUrl {
            scheme: "https".to_owned(),
            host: "abc.execute-api.eu-central-1.amazonaws.com".to_owned(),
            port: 443,
            path: "/control/phone/AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        };
        let text = setup(&url);
        let full = "https://abc.execute-api.eu-central-1.amazonaws.com/control/phone/AAAAAAAAAAAAAAAAAAAAAA";
        for line in [
            format!("curl -X POST {full}/AREA/away\n"),
            format!("URL      {full}/AREA/away\n"),
            format!("url: {full}\n"),
            "payload: '{\"area\": \"{{ area }}\", \"mode\": \"{{ mode }}\"}'\n".to_owned(),
            format!("Actions: http, Away, {full}/AREA/away, method=POST, clear=true"),
        ] {
            assert!(text.contains(&line), "{line} is missing in\n{text}");
        }
        let local = WebhookUrl { scheme: "http".to_owned(), port: 9000, ..url };
        assert!(setup(&local).contains("not encrypted"));
    }
}
