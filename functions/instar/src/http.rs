//! INSTAR over HTTP: the webhook of the INSTAR Cloud, and the Alarm Server of the cameras themselves.
//!
//! All senders call one URL with a few parameters in its query. What the parameters mean depends on the sender:
//! `trigger` is a text of the user's own at the Cloud and a bit mask at newer cameras. So the dialect is a setting of
//! the source (`dialect`).
//!
//! | dialect | sender | parameters |
//! |---|---|---|
//! | `cloud` | INSTAR Cloud, after its object detection | `cam`: the camera's Cloud ID; `object`: bit mask of 1 person, 2 vehicle, 4 animal; `trigger`: a fixed text from the configured URL |
//! | `camera-v1` | Full HD cameras, WQHD to firmware 3.4.0 | `active`: 1 to 4 area, 5 alarm input or PIR, 6 audio, 7 to 10 PIR with area 1 to 4, 99 manual; `object` |
//! | `camera-v2` | WQHD 2K+ and later | `trigger`: bit mask, several at once; `object` |
//!
//! A camera changes from `active` to `trigger` with a firmware update. The two names differ, so a source of either
//! camera dialect reads both, and reports once that its setting is out of date.
//!
//! Real requests begin their query with an empty pair (`GET /instar?&active=1`), since the camera appends its
//! parameters to an empty list of the user's own. A camera may be set to POST instead; no capture of that is known, so
//! the query, a form, the texts of a multipart form and a JSON object are all read. A body that cannot be read, a picture
//! for one, costs no alarm that stands in the query: it goes to the quarantine beside the event. A name that occurs twice is one that the user left in the URL
//! after a test, followed by the one that the sender appended: the last one counts, all are kept.
//!
//! Sources: wiki.instar.com, "INSTAR Cloud Webhook", "Alarmserver Queries for your Smarthome", "Alarmserver Testing";
//! the bit mask of the newer cameras from public code that reads it (`Schnittcher/INSTARMQTT`); that newer cameras
//! send `active` until a firmware update, from an openHAB binding. The names of the parameters for faces, plates and
//! storage stand only in screenshots there: they are the source's setting `parameters`, and their defaults are
//! unverified.

mod event;
mod message;
mod multipart;
mod parameters;
mod parse;
mod reply;
mod sample;
mod setup;

use camhook_event::Vendor;
use camhook_ingest::{
    Adapter, Ignored, Malformed, Notice, Outcome, Parsed, Remainder, Reply, Request, Verified, query_in_path,
};
use camhook_site::Dialect;

pub use setup::{CAMERA_V1, CAMERA_V2, CLOUD};

use message::Message;
use parameters::Found;
use parse::Parser;

/// The INSTAR dialects over HTTP.
#[derive(Debug, Clone, Copy, Default)]
pub struct InstarHttp;

impl Adapter for InstarHttp {
    fn vendor(&self) -> Vendor {
        Vendor::Instar
    }

    fn parser_version(&self) -> &'static str {
        concat!("instar-http ", env!("CARGO_PKG_VERSION"))
    }

    fn notice(&self, request: &Request<Verified>) -> Option<Notice> {
        let Found { parameters, .. } = parameters::read(request).ok()?;
        let parser = Parser { parameters: &parameters, chosen: &request.source().parameters };
        let used = parser.other_parameter(request.source().dialect?)?;
        let detail =
            format!("the alarm stands in `{used}`, the parameter of another dialect: change `dialect`");
        Some(Notice { code: "other_dialect", detail })
    }

    fn parse<'a>(&self, request: &'a Request<Verified>) -> Result<Parsed<'a>, Malformed> {
        let source = request.source();
        let dialect = source.dialect.ok_or_else(|| {
            Malformed::new("no_dialect", "the source has no `dialect` for HTTP: it is one for MQTT")
        })?;
        if let Some(malformed) = query_in_path(request) {
            return Err(malformed);
        }
        let Found { parameters, unread } = parameters::read(request)?;
        let parser = Parser { parameters: &parameters, chosen: &source.parameters };
        match (parser.parse(dialect), unread) {
            (Ok(Message::Alarm(alarm)), None) => Ok(Parsed::Events(vec![event::draft(&alarm, source)])),
            (Ok(Message::Alarm(alarm)), Some(unread)) => Ok(Parsed::Partly {
                events: vec![event::draft(&alarm, source)],
                remainder: Remainder::Quarantine(unread),
            }),
            // The alarm may stand in what cannot be read.
            (Ok(Message::Idle), Some(unread)) => Err(unread),
            (Err(_), Some(unread)) if parameters.is_empty() => Err(unread),
            (Err(malformed), Some(unread)) => {
                Err(Malformed::new(unread.code, format!("{}; {}", unread.detail, malformed.detail)))
            }
            (Ok(Message::Idle), None) => Ok(Parsed::Ignored(Ignored::NoAlarm)),
            (Err(malformed), None) => Err(malformed),
        }
    }

    fn reply(&self, outcome: Outcome<'_>) -> Reply {
        reply::reply(outcome)
    }

    fn reply_to_malformed(&self, malformed: &Malformed) -> Reply {
        reply::reply_to_malformed(malformed)
    }
}

/// The name of the parameter in which a dialect's camera sends what set off an alarm.
fn trigger_parameter(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::CameraV1 => "active",
        Dialect::Cloud | Dialect::CameraV2 => "trigger",
    }
}
