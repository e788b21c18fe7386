//! What to type into a camera's or recorder's menus.

use camhook_ingest::{Apply, DialectGuide, WebhookUrl};

use crate::sample::SAMPLES;

/// Setup text and samples.
pub const GUIDE: DialectGuide =
    DialectGuide { setup: |url, _| setup(url), apply: Some(APPLY), sign: None, samples: SAMPLES };

/// Configures one of the addresses that a camera posts to.
const APPLY: Apply = Apply {
    path: "/SetHttpPostConfig",
    content_type: "application/xml",
    body: http_post_config,
    success: "success",
};

/// What to type where, word for word, to make a camera or recorder post to an address.
///
/// Menus are those of firmware 5.1 (cameras) and 1.4.13 (recorders); other firmware words them a little
/// differently.
fn setup(url: &WebhookUrl) -> String {
    let WebhookUrl { scheme, host, port, path } = url;
    let protocol = scheme.to_uppercase();
    let address = match (scheme.as_str(), port) {
        ("https", 443) | ("http", 80) => format!("{scheme}://{host}{path}"),
        _ => format!("{scheme}://{host}:{port}{path}"),
    };
    let plain = if scheme == "https" {
        "HTTPS is a must: the address answers on port 443 only, with TLS 1.2 or newer. A firmware whose menu has no\n\
         HTTPS cannot post to it directly; let a recorder with a newer firmware forward the camera's events."
    } else {
        "This address is not encrypted: everybody on the way can read the token in it. Use it within your own\n\
         network only."
    };
    format!(
        "\
Webhook address: {address}

{plain}

IP camera, in its web page
  Config > Network > HTTP POST (on some firmware: Config > Event > Alarm Server)
    Enable                    ticked
    Push Protocol Version     V1            (V2 sends levels, and pictures only now and then)
    Protocol                  {protocol}
    Server Address / Domain   {host}
    Server Port               {port}
    Path / URL                {path}
    Authentication            none          (the path holds the token; user and password work too when the
                                             source's auth names them)
    Connection                Persistent
    Heartbeat                 ticked, interval 30 seconds
    Data types                Alarm status, Smart data, Source image, Target image
                              (Smart track data only for lights that follow somebody: 6 to 12 posts a second)
    Events                    All, or those that you want
  Save, then restart the camera: some firmware posts to the old address until then.
  Below Event, switch on the detections themselves (perimeter, line crossing, plate, face …).

Recorder (NVR), on its own screen or web page
  Settings > Network > HTTP POST (on some firmware: Alarm > Event Notification > HTTP POST)
    Enable                    ticked
    Protocol                  {protocol}
    Server Address            {host}
    Server Port               {port}
    URL / Path                {path}
    Anonymous Login           ticked        (the path holds the token)
    Connection                Persistent
    Heartbeat                 30 seconds
    Picture                   Original and Target
  Then tick HTTP POST in the linkage of each detection of each channel. Firmware 1.4.13 or newer; one that asks for
  address and port only, without a path, cannot carry the token: its source needs auth = {{ basic = … }} or
  auth = {{ allow = […] }} and no token, and then its posts to /SendAlarmStatus, /SendAlarmData and /SendKeepalive at the
  root of the host are received.

Older firmware appends these three to the path: that works as well. Some alarm servers that are set by address and port
alone send heartbeats as bare XML without HTTP: those cannot arrive, and the source looks silent between alarms.

Instead of typing it into a camera: camhook setup SOURCE --apply http://CAMERA (it asks for the camera's password).
"
    )
}

/// The body of `POST http://<camera>/SetHttpPostConfig`, which does the same as the camera's menu: the first of
/// its three addresses, heartbeat every 30 s, levels and smart events with both pictures, every event.
///
/// The camera answers 401 without Basic credentials of an administrator, and `status="success"` when it is done.
/// Positions (`traject`) are left out: they are 6 to 12 posts a second.
fn http_post_config(url: &WebhookUrl) -> String {
    let WebhookUrl { scheme, host, port, path } = url;
    let (host, path) = (cdata(host), cdata(path));
    format!(
        "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<config version=\"1.0\" xmlns=\"http://www.ipc.com/ver10\">
<httpPostV2><postUrlConf>
<urlList type=\"list\" count=\"1\"><item>
<urlId>1</urlId>
<switch>true</switch>
<url>
<protocol>{scheme}</protocol>
<domain>{host}</domain>
<port>{port}</port>
<path>{path}</path>
<authentication>none</authentication>
</url>
<heatBeatSwitch>true</heatBeatSwitch>
<keepaliveTimeval>30</keepaliveTimeval>
<subscribeDateType type=\"list\" count=\"4\">
<item>alarmStatus</item>
<item>smartData</item>
<item>sourceImage</item>
<item>targetImage</item>
</subscribeDateType>
<subscriptionEvents type=\"list\" count=\"1\">
<item>ALL</item>
</subscriptionEvents>
</item></urlList>
</postUrlConf></httpPostV2>
</config>
"
    )
}

/// Text in a CDATA section, as the vendor's own example has it.
fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Cursor, Node};

    fn url() -> WebhookUrl {
        WebhookUrl {
            scheme: "https".to_owned(),
            host: "abc.execute-api.eu-central-1.amazonaws.com".to_owned(),
            port: 443,
            path: "/viewtron/gate/dG9rZW4".to_owned(),
        }
    }

    #[test]
    fn every_field_of_the_menus_has_its_value() {
        let text = setup(&url());
        for line in [
            "Webhook address: https://abc.execute-api.eu-central-1.amazonaws.com/viewtron/gate/dG9rZW4",
            "Protocol                  HTTPS",
            "Server Port               443",
            "Path / URL                /viewtron/gate/dG9rZW4",
            "Push Protocol Version     V1",
            "interval 30 seconds",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        let local = WebhookUrl { scheme: "http".to_owned(), port: 9000, ..url() };
        assert!(setup(&local).contains("everybody on the way can read the token"));
    }

    #[test]
    fn the_configuration_is_what_the_camera_reads() {
        let xml = http_post_config(&url());
        let (mut cursor, _) = Cursor::at_root(xml.as_bytes()).unwrap();
        let mut texts = Vec::new();
        let mut depth = 1;
        while depth > 0 {
            match cursor.next().unwrap() {
                Node::Open(_) => depth += 1,
                Node::Close => {
                    depth -= 1;
                    texts.push(cursor.take_text().to_scalar().into_owned());
                }
            }
        }
        texts.retain(|text| !text.is_empty());
        let expected = [
            "1",
            "true",
            "https",
            "abc.execute-api.eu-central-1.amazonaws.com",
            "443",
            "/viewtron/gate/dG9rZW4",
            "none",
            "true",
            "30",
            "alarmStatus",
            "smartData",
            "sourceImage",
            "targetImage",
            "ALL",
        ];
        assert_eq!(texts, expected);
    }
}
