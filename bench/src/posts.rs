//! The posts that are measured, in the real size of their pictures.

use camhook_ingest::Sample;
use camhook_picture::{Context, SamplePost, render};
use camhook_site::Site;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::error::Error;
use crate::gateway;

/// The configuration of the site that the posts go to.
pub(crate) const SITE: &str = include_str!("../camhook.toml");

/// The token of every source that has one.
const TOKEN: &str = "bench-token-22-charact";

/// What the source of XProtect signs with.
pub(crate) const SIGNING_KEY: &str = "bench-signing-key";

/// When they are sent and received.
const NOW: Timestamp = Timestamp::constant(1_795_420_800, 0);

/// Events as Lambda hands them over.
#[derive(Debug)]
pub(crate) struct Posts {
    /// Viewtron: an intrusion with overview and target, 530 kB of base64.
    pub(crate) intrusion: Vec<u8>,
    /// The same with the overview alone.
    pub(crate) one_picture: Vec<u8>,
    /// The same with a second target.
    pub(crate) three_pictures: Vec<u8>,
    /// Viewtron: the level of an alarm, without a picture.
    pub(crate) alarm: Vec<u8>,
    /// Viewtron: a position, which is dropped.
    pub(crate) tracking: Vec<u8>,
    /// Viewtron: a recorder's heartbeat.
    pub(crate) heartbeat: Vec<u8>,
    /// XProtect: an analytics event with a picture, 100 kB of base64, signed.
    pub(crate) analytics: Vec<u8>,
    /// iVSEC: a licence plate with its pictures.
    pub(crate) ivsec: Vec<u8>,
    /// INSTAR: a GET of the Cloud.
    pub(crate) instar: Vec<u8>,
    /// INSTAR: a message of a camera, as the IoT rule puts it on its queue.
    pub(crate) mqtt: Vec<u8>,
}

impl Posts {
    /// Makes the posts. Their pictures are drawn, the same ones at every run.
    pub(crate) fn render() -> Result<Self, Error> {
        let viewtron = format!("/viewtron/gate/{TOKEN}");
        let of_viewtron = |name| post(sample(camhook_viewtron::SAMPLES, name)?, name, &viewtron, None);
        Ok(Self {
            intrusion: of_viewtron("intrusion")?,
            one_picture: post(
                include_str!("../posts/intrusion-1-picture.http"),
                "one picture",
                &viewtron,
                None,
            )?,
            three_pictures: post(
                include_str!("../posts/intrusion-3-pictures.http"),
                "three pictures",
                &viewtron,
                None,
            )?,
            alarm: of_viewtron("alarm-start")?,
            tracking: of_viewtron("traject")?,
            heartbeat: of_viewtron("keepalive")?,
            analytics: post(
                sample(camhook_xprotect::SAMPLES, "analytics")?,
                "analytics",
                "/xprotect/vms",
                Some(SIGNING_KEY),
            )?,
            ivsec: post(
                sample(camhook_ivsec::SAMPLES, "plate")?,
                "plate",
                &format!("/ivsec/recorder/{TOKEN}"),
                None,
            )?,
            instar: post(
                sample(camhook_instar::http::CLOUD.samples, "person")?,
                "person",
                &format!("/instar/house/{TOKEN}"),
                None,
            )?,
            mqtt: queue_event(&mqtt_message()),
        })
    }
}

/// The site that the posts go to.
pub(crate) fn site() -> Result<Site, Error> {
    let (site, _) = camhook_site::read(SITE, "bench/camhook.toml").map_err(|problems| {
        Error::Site(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    })?;
    Ok(site)
}

/// When a request is received.
pub(crate) fn received_at() -> Timestamp {
    NOW
}

fn sample(samples: &[Sample], name: &'static str) -> Result<&'static str, Error> {
    let found = samples.iter().find(|sample| sample.name == name);
    found
        .map(|sample| sample.request)
        .ok_or(Error::Post { name, reason: "there is no such sample".to_owned() })
}

fn post(template: &str, name: &'static str, path: &str, signing_key: Option<&str>) -> Result<Vec<u8>, Error> {
    let context = Context { path: path.to_owned(), now: NOW, timezone: TimeZone::UTC, seed: 1, plate: None };
    let failed = |reason: String| Error::Post { name, reason };
    let request = render(template, &context).map_err(|error| failed(error.to_string()))?;
    let post = SamplePost::parse(request.as_bytes()).map_err(|error| failed(error.to_string()))?;
    let signature = signing_key.map(|key| camhook_xprotect::sign(key, post.body)).unwrap_or_default();
    let signed = [(camhook_xprotect::SIGNATURE_FIELD, signature.as_str())];
    let extra_headers = if signing_key.is_some() { signed.as_slice() } else { &[] };
    Ok(gateway::event(&post, extra_headers, "bench"))
}

/// A message of a queue, as its event source mapping delivers it.
pub(crate) fn queue_event(body: &str) -> Vec<u8> {
    let record = json!({
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": { "ApproximateReceiveCount": "1", "SentTimestamp": "1795420800000" },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:bench",
        "awsRegion": "eu-central-1",
    });
    json!({ "Records": [record] }).to_string().into_bytes()
}

fn mqtt_message() -> String {
    let payload = base64_simd::STANDARD.encode_to_string(br#"{"val":"1"}"#);
    json!({
        "data": payload,
        "topic": "cameras/115/status/alarm/triggered",
        "ts": NOW.as_millisecond(),
        "client": "115",
        "trace": "b3c9f3a0-5f3e-4a7b-9d57-0d9a3d1c2f11",
    })
    .to_string()
}
