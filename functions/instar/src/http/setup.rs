//! What to type into the menus of the INSTAR Cloud or of a camera.

use camhook_ingest::WebhookUrl;
use camhook_site::{Dialect, Source};

/// What a person does to make this source send, menus and fields as the vendor's pages name them.
#[must_use]
pub fn setup(url: &WebhookUrl, dialect: Dialect, source: &Source) -> String {
    match dialect {
        Dialect::Cloud => cloud(url, source),
        Dialect::CameraV1 => camera(url, source, "active=1"),
        Dialect::CameraV2 => camera(url, source, "trigger=1"),
    }
}

fn plain_http(url: &WebhookUrl) -> &'static str {
    if url.scheme == "https" {
        ""
    } else {
        "\nOver plain HTTP anybody on the way can read the token and the password: use https wherever you can.\n"
    }
}

fn cloud(url: &WebhookUrl, source: &Source) -> String {
    let name = |standard: &'static str| source.parameters.get(standard).map_or(standard, String::as_str);
    let login = if source.auth.basic.is_empty() {
        "   At the bottom of the page, leave the HTTP login empty: the address itself is the secret."
    } else {
        "   At the bottom of the page, enter user and password of this source as the HTTP login."
    };
    format!(
        "INSTAR Cloud, for the source {id}

1. Sign in at the INSTAR Cloud and open Alarm Settings > Webhook.
2. Enter as the webhook:
     {url}?{trigger}=cloud
   `{trigger}=cloud` is a fixed text of yours and may be left out; camhook keeps it as `vendor_kind`.
3. Let the Cloud append the Cloud ID of the camera as `{cam}` and the detected object as `{object}`.
   With the add-ons for faces and licence plates, let it append their results too, and the storage level.
   The names of those three stand only in pictures of the manual: camhook expects `{face}`, `{plate}` and
   `{storage}`. If your page shows others, write them down in camhook.toml:
     parameters = {{ face = \"...\", plate = \"...\", storage = \"...\" }}
{login}
4. To try it, add `&{cam}=cameraid&{object}=1` to the webhook and press Test. `camhook events` shows the event.
   Remove both afterwards: the Cloud appends them itself, and each would be there twice.
{warning}",
        id = source.id,
        trigger = name("trigger"),
        cam = name("cam"),
        object = name("object"),
        face = name("face"),
        plate = name("plate"),
        storage = name("storage"),
        warning = plain_http(url),
    )
}

fn camera(url: &WebhookUrl, source: &Source, example: &str) -> String {
    let WebhookUrl { scheme, host, port, path } = url;
    let https = if scheme == "https" { "on" } else { "off" };
    let login = if source.auth.basic.is_empty() {
        "leave it off: the path itself is the secret"
    } else {
        "on, with user and password of this source"
    };
    format!(
        "INSTAR camera, for the source {id}

Open the camera's web interface: Smarthome > Alarm Server. One of its three servers is enough.

  Alarm Server address    {host}
  Port                    {port}
  SSL/HTTPS               {https}
  Path                    {path}
  Authentication          {login}
  Post Request            off (on works too)
  Append Alarm Trigger    on: without it no request says what happened
  Own parameters          none needed; `cam` with a name of your choice tells cameras apart that share a source
  Cooldown                1 to 60 s between two requests; the shortest loses the least
  Triggers                the areas, inputs and sensors that you want to hear of

Save and press Test, then look at `camhook events`.

The camera now calls {url}?&{example} at an alarm. The two generations of cameras give their
parameters other meanings: this source is set to dialect = \"{dialect}\". Full HD cameras, and WQHD ones up to
firmware 3.4.0, send `active` (camera-v1); WQHD 2K+ and later send `trigger` (camera-v2).
{warning}",
        id = source.id,
        dialect = if example.starts_with("active") { "camera-v1" } else { "camera-v2" },
        warning = plain_http(url),
    )
}
