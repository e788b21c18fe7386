//! What the cameras of a soak send, and what is to become of each post.

use base64_simd::STANDARD;
use camhook_end_to_end::gateway::{self, BodyForm};
use camhook_end_to_end::post::INTRUSION;
use camhook_ingest::Sample;
use camhook_picture::{Context, SamplePost, render};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::site::{self, Camera};

/// The first mark. A mark is a number of ten digits, which each post carries into what is stored of it.
pub(crate) const FIRST_MARK: u64 = 3_000_000_000;

/// The size of pictures. Large ones would measure the local cloud alone.
const PICTURE: &str = "{{jpeg 64x36 1500}}";

/// What is to become of a post that is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// One event.
    Event,
    /// One event, which switches a relay.
    Relay(usize),
    /// One event where the level is another one than before: on or off.
    Level(Level),
    /// One of the posts of a burst becomes an event.
    Tracking {
        /// The burst.
        burst: u64,
    },
    /// Nothing but a sign of life.
    Heartbeat,
    /// Nothing, by a rule that has a name.
    Ignored,
    /// An object in the quarantine, whatever is answered.
    Quarantine,
    /// It is refused.
    Refused,
}

/// A level of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    On,
    Off,
}

/// What a camera may post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    ViewtronIntrusion,
    ViewtronLineCrossing,
    ViewtronFace,
    ViewtronCounting,
    ViewtronPlate {
        relay: Option<usize>,
    },
    ViewtronTrack {
        burst: u64,
        dropped: bool,
    },
    ViewtronLevel(Level),
    ViewtronHeartbeat,
    ViewtronRecorderIntrusion,
    ViewtronCutOff,
    InstarAlarm(u8),
    InstarNoAlarm,
    InstarUnreadable,
    XprotectMotion,
    XprotectExternal,
    XprotectAnalytics,
    XprotectCutOff,
    IvsecLineCrossing,
    IvsecMotion,
    IvsecFace,
    IvsecPlate {
        relay: Option<usize>,
    },
    IvsecHeartbeat,
    IvsecCutOff,
    /// Any of them with a wrong secret.
    WrongSecret,
}

/// A post that was filled in.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    text: String,
    headers: Vec<(&'static str, String)>,
    /// What is to become of it.
    pub(crate) expected: Expected,
}

impl Draft {
    /// The post of a camera with this mark, sent now.
    pub(crate) fn new(camera: &Camera, kind: Kind, mark: u64, now: Timestamp) -> Self {
        let template = template(camera, kind, mark);
        let path = match kind {
            Kind::WrongSecret => format!("{}x", camera.path()),
            _ => camera.path(),
        };
        let timezone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
        let context = Context { path, now, timezone, seed: mark, plate: None };
        let mut text = render(&template, &context).unwrap_or_default();
        if matches!(kind, Kind::ViewtronCutOff | Kind::XprotectCutOff | Kind::IvsecCutOff) {
            // Within its body, which every one of them has more of than of a head.
            text.truncate(text.floor_char_boundary(text.len() * 3 / 5));
        }
        let mut headers = Vec::new();
        if camera.model == site::Model::Xprotect {
            let body = SamplePost::parse(text.as_bytes()).map(|post| post.body.to_vec()).unwrap_or_default();
            let secret = match kind {
                Kind::WrongSecret => "another-secret",
                _ => camera.secret.as_str(),
            };
            headers.push((camhook_xprotect::SIGNATURE_FIELD, camhook_xprotect::sign(secret, &body)));
        }
        Self { text, headers, expected: expected(kind) }
    }

    /// The event of the gateway for one delivery of it.
    pub(crate) fn event(&self, request_id: &str) -> Option<Value> {
        let mut post = SamplePost::parse(self.text.as_bytes()).ok()?;
        post.headers.extend(self.headers.iter().map(|(name, value)| (*name, value.as_str())));
        Some(gateway::event(&post, BodyForm::Text, request_id))
    }
}

fn expected(kind: Kind) -> Expected {
    match kind {
        Kind::ViewtronIntrusion
        | Kind::ViewtronLineCrossing
        | Kind::ViewtronFace
        | Kind::ViewtronCounting
        | Kind::ViewtronRecorderIntrusion
        | Kind::InstarAlarm(_)
        | Kind::XprotectMotion
        | Kind::XprotectExternal
        | Kind::XprotectAnalytics
        | Kind::IvsecLineCrossing
        | Kind::IvsecMotion
        | Kind::IvsecFace
        | Kind::ViewtronPlate { relay: None }
        | Kind::IvsecPlate { relay: None } => Expected::Event,
        Kind::ViewtronPlate { relay: Some(relay) } | Kind::IvsecPlate { relay: Some(relay) } => {
            Expected::Relay(relay)
        }
        Kind::ViewtronTrack { dropped: true, .. } | Kind::InstarNoAlarm => Expected::Ignored,
        Kind::ViewtronTrack { burst, dropped: false } => Expected::Tracking { burst },
        Kind::ViewtronLevel(level) => Expected::Level(level),
        Kind::ViewtronHeartbeat | Kind::IvsecHeartbeat => Expected::Heartbeat,
        Kind::ViewtronCutOff | Kind::InstarUnreadable | Kind::XprotectCutOff | Kind::IvsecCutOff => {
            Expected::Quarantine
        }
        Kind::WrongSecret => Expected::Refused,
    }
}

fn template(camera: &Camera, kind: Kind, mark: u64) -> String {
    let viewtron = |name: &str| sample(camhook_viewtron::SAMPLES, name);
    let template = match kind {
        Kind::ViewtronIntrusion | Kind::ViewtronCutOff => INTRUSION.to_owned(),
        Kind::ViewtronLineCrossing => viewtron("line-crossing"),
        Kind::ViewtronFace => viewtron("face"),
        Kind::ViewtronCounting => viewtron("counting"),
        Kind::ViewtronPlate { relay } => {
            let plate = relay.map_or_else(|| format!("S{}", mark % 1_000_000), site::plate);
            viewtron("plate").replace("IB36NL", &plate).replace(">412<", &format!(">{mark}<"))
        }
        Kind::ViewtronTrack { .. } => viewtron("traject"),
        Kind::ViewtronLevel(Level::On) => viewtron("alarm-start"),
        Kind::ViewtronLevel(Level::Off) => viewtron("alarm-stop"),
        Kind::ViewtronHeartbeat => viewtron("keepalive"),
        Kind::ViewtronRecorderIntrusion => viewtron("nvr-intrusion"),
        Kind::InstarAlarm(code) => format!("GET {{{{path}}}}?&active={code}&ref={mark} HTTP/1.1\n\n"),
        Kind::InstarNoAlarm => "GET {{path}}?&active=0 HTTP/1.1\n\n".to_owned(),
        Kind::InstarUnreadable => {
            "POST {{path}} HTTP/1.1\nContent-Type: application/xml\n\n<alarm>1</alarm>".to_owned()
        }
        Kind::XprotectMotion => sample(camhook_xprotect::SAMPLES, "motion"),
        Kind::XprotectExternal | Kind::XprotectCutOff => sample(camhook_xprotect::SAMPLES, "external-event"),
        Kind::XprotectAnalytics => sample(camhook_xprotect::SAMPLES, "analytics"),
        Kind::IvsecLineCrossing | Kind::IvsecCutOff => sample(camhook_ivsec::SAMPLES, "line-crossing"),
        Kind::IvsecMotion => sample(camhook_ivsec::SAMPLES, "motion-start"),
        Kind::IvsecFace => sample(camhook_ivsec::SAMPLES, "face"),
        Kind::IvsecPlate { relay } => {
            let plate = relay.map_or_else(|| format!("S{}", mark % 1_000_000), site::plate);
            sample(camhook_ivsec::SAMPLES, "plate").replace("AIDRIVE", &plate)
        }
        Kind::IvsecHeartbeat => sample(camhook_ivsec::SAMPLES, "keep-alive"),
        Kind::WrongSecret => match camera.model {
            site::Model::Xprotect => sample(camhook_xprotect::SAMPLES, "motion"),
            _ => INTRUSION.to_owned(),
        },
    };
    let target = match kind {
        Kind::ViewtronTrack { burst, .. } => burst,
        _ => mark,
    };
    marked(&small(&template), camera, mark, target)
}

#[expect(clippy::panic, reason = "the soak names the samples itself")]
fn sample(samples: &[Sample], name: &str) -> String {
    let sample = samples.iter().find(|sample| sample.name == name);
    sample.map_or_else(|| panic!("no sample is called {name}"), |sample| sample.request.to_owned())
}

/// With small pictures.
fn small(template: &str) -> String {
    let mut parts = template.split("{{jpeg ");
    let mut small = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        small.push_str(PICTURE);
        small.push_str(part.split_once("}}").map_or("", |(_, rest)| rest));
    }
    small
}

/// With the mark where a device has a name or a number, and the addresses of this camera.
fn marked(template: &str, camera: &Camera, mark: u64, target: u64) -> String {
    let mac = |separator: char| {
        let mut mac = "58:5b:69:00:00:".replace(':', &separator.to_string());
        mac.push_str(&format!("{:02x}", camera.index));
        mac
    };
    let mut text = template
        .replace("[CDATA[Drive]]", &format!("[CDATA[Drive {mark}]]"))
        .replace("[CDATA[Recorder]]", &format!("[CDATA[Recorder {mark}]]"))
        .replace("\"NVR-Yard\"", &format!("\"NVR {mark}\""))
        .replace("\"LPR-Gate\"", &format!("\"LPR {mark}\""))
        .replace("\"RS-CH281M8ND-DF-WA2812PW\"", &format!("\"RS {mark}\""))
        // The last twelve digits of an identity in XProtect.
        .replace("{{now s}}\",\"Timestamp\"", &format!("{mark}\",\"Timestamp\""))
        .replace("00-23-63-69-23-6D", &mac('-'))
        .replace("8C-1F-64-D5-DA-99", &mac('-'));
    for address in ["58:5b:69:5a:84:bb", "58:5b:69:11:22:33", "58:5B:69:44:55:66"] {
        text = text.replace(address, &mac(':'));
    }
    for element in ["targetId", "SnapId\":\""] {
        text = renumbered(&text, element, target);
    }
    text
}

/// With another number in each element, or member, of this name.
fn renumbered(text: &str, name: &str, number: u64) -> String {
    let mut parts = text.split(name);
    let mut renumbered = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        renumbered.push_str(name);
        let begin = if name.ends_with('"') { 0 } else { part.find('>').map_or(part.len(), |at| at + 1) };
        let (head, rest) = part.split_at_checked(begin).unwrap_or((part, ""));
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        renumbered.push_str(head);
        if digits > 0 {
            renumbered.push_str(&number.to_string());
        }
        renumbered.push_str(rest.get(digits..).unwrap_or_default());
    }
    renumbered
}

/// A message as the IoT rule puts it on the queue `mqtt`.
pub(crate) fn mqtt_message(topic: &str, payload: &str, at: i64, client: &str, trace: &str) -> Value {
    json!({
        "data": STANDARD.encode_to_string(payload),
        "topic": topic,
        "ts": at,
        "client": client,
        "trace": trace,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{Model, cameras};

    fn text(model: Model, kind: Kind) -> String {
        let camera = cameras().into_iter().find(|camera| camera.model == model).unwrap();
        let now = "2026-11-23T08:00:00Z".parse().unwrap();
        Draft::new(&camera, kind, FIRST_MARK + 7, now).text
    }

    #[test]
    fn every_post_that_becomes_an_event_has_its_mark() {
        for (model, kind) in [
            (Model::Viewtron, Kind::ViewtronIntrusion),
            (Model::Viewtron, Kind::ViewtronLineCrossing),
            (Model::Viewtron, Kind::ViewtronFace),
            (Model::Viewtron, Kind::ViewtronCounting),
            (Model::Viewtron, Kind::ViewtronPlate { relay: Some(3) }),
            (Model::ViewtronTracking, Kind::ViewtronTrack { burst: 1, dropped: false }),
            (Model::ViewtronRecorder, Kind::ViewtronLevel(Level::On)),
            (Model::ViewtronRecorder, Kind::ViewtronLevel(Level::Off)),
            (Model::ViewtronRecorder, Kind::ViewtronRecorderIntrusion),
            (Model::InstarHttp, Kind::InstarAlarm(2)),
            (Model::Xprotect, Kind::XprotectMotion),
            (Model::Xprotect, Kind::XprotectExternal),
            (Model::Xprotect, Kind::XprotectAnalytics),
            (Model::Ivsec, Kind::IvsecLineCrossing),
            (Model::Ivsec, Kind::IvsecMotion),
            (Model::Ivsec, Kind::IvsecFace),
            (Model::Ivsec, Kind::IvsecPlate { relay: Some(3) }),
        ] {
            assert!(text(model, kind).contains("3000000007"), "{kind:?}");
        }
    }

    #[test]
    fn targets_have_numbers_of_their_own_and_pictures_are_small() {
        let post = text(Model::Viewtron, Kind::ViewtronLineCrossing);
        assert_eq!(post.matches("<targetId").count(), 2);
        assert_eq!(post.matches(">3000000007</targetId>").count(), 2);
        assert!(post.len() < 8000, "{}", post.len());
        let face = text(Model::Ivsec, Kind::IvsecFace);
        assert!(face.contains(r#""SnapId":"3000000007""#), "{face}");
        let plate = text(Model::Ivsec, Kind::IvsecPlate { relay: Some(3) });
        assert!(plate.contains(r#""SnapId":"RLY003""#), "{plate}");
    }
}
