//! What to type into the menus of the INSTAR Cloud or of a camera.

use camhook_ingest::{DialectGuide, Sample, WebhookUrl};
use camhook_site::Source;

use super::sample;

/// Setup text and samples of the INSTAR Cloud.
pub const CLOUD: DialectGuide = guide(cloud, sample::CLOUD);

/// Setup text and samples of older cameras.
pub const CAMERA_V1: DialectGuide =
    guide(|url, source| camera(url, source, "camera-v1", "active=1"), sample::CAMERA_V1);

/// Setup text and samples of newer cameras.
pub const CAMERA_V2: DialectGuide =
    guide(|url, source| camera(url, source, "camera-v2", "trigger=1"), sample::CAMERA_V2);

const fn guide(
    setup: fn(&WebhookUrl, Option<&Source>) -> String,
    samples: &'static [Sample],
) -> DialectGuide {
    DialectGuide { setup, apply: None, sign: None, samples }
}

/// The source's id; a placeholder where it is not known.
fn id(source: Option<&Source>) -> &str {
    source.map_or("SOURCE", |source| source.id.as_str())
}

fn has_login(source: Option<&Source>) -> bool {
    source.is_some_and(|source| !source.auth.basic.is_empty())
}

fn plain_http(url: &WebhookUrl) -> &'static str {
    if url.scheme == "https" {
        ""
    } else {
        "\nOver plain HTTP anybody on the way can read the token and the password: use https wherever you can.\n"
    }
}

fn cloud(url: &WebhookUrl, source: Option<&Source>) -> String {
    let name = |standard: &'static str| {
        source.and_then(|source| source.parameters.get(standard)).map_or(standard, String::as_str)
    };
    let login = if has_login(source) {
        "   At the bottom of the page, enter user and password of this source as the HTTP login."
    } else {
        "   At the bottom of the page, leave the HTTP login empty: the address itself is the secret."
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
        id = id(source),
        trigger = name("trigger"),
        cam = name("cam"),
        object = name("object"),
        face = name("face"),
        plate = name("plate"),
        storage = name("storage"),
        warning = plain_http(url),
    )
}

fn camera(url: &WebhookUrl, source: Option<&Source>, dialect: &str, example: &str) -> String {
    let WebhookUrl { scheme, host, port, path } = url;
    let https = if scheme == "https" { "on" } else { "off" };
    let login = if has_login(source) {
        "on, with user and password of this source"
    } else {
        "leave it off: the path itself is the secret"
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
        id = id(source),
        warning = plain_http(url),
    )
}
