//! INSTAR over HTTP: the webhook of the INSTAR Cloud, and the Alarm Server of the cameras themselves.
//!
//! All three senders call one URL with a few parameters in its query, and send no picture, no time and no number
//! of the event. What the parameters mean depends on who sends them, and nothing in a request tells them apart:
//! `trigger` is a text of the user's own at the Cloud and a bit mask at newer cameras. So the dialect is a setting
//! of the source (`dialect`) and never a guess.
//!
//! | dialect | sender | parameters |
//! |---|---|---|
//! | `cloud` | INSTAR Cloud, after its object detection | `cam`: the camera's Cloud ID; `object`: bit mask of 1 person, 2 vehicle, 4 animal; `trigger`: a fixed text from the configured URL |
//! | `camera-v1` | Full HD cameras, WQHD to firmware 3.4.0 | `active`: 1 to 4 area, 5 alarm input or PIR, 6 audio, 7 to 10 PIR with area 1 to 4, 99 manual; `object` |
//! | `camera-v2` | WQHD 2K+ and later | `trigger`: bit mask, several at once; `object` |
//!
//! Real requests begin their query with an empty pair (`GET /instar?&active=1`), since the camera appends its
//! parameters to an empty list of the user's own. A camera may be told to POST instead; no capture of that is
//! known, so the query, a form and a JSON object are all read. A name that occurs twice is one that the user left
//! in the URL after a test, followed by the one that the sender appended: the last one counts, all are kept.
//!
//! Sources: wiki.instar.com, "INSTAR Cloud Webhook", "Alarmserver Queries for your Smarthome", "Alarmserver
//! Testing"; the bit mask of the newer cameras from public code that reads it (`Schnittcher/INSTARMQTT`). The names
//! of the parameters for faces, plates and storage stand only in screenshots there: they are the source's setting
//! `parameters`, and their defaults are unverified.

#![warn(clippy::indexing_slicing)]

mod event;
mod message;
mod object;
mod parameters;
mod parse;
mod reply;
mod sample;
mod setup;
mod trigger;

use camhook_event::Vendor;
use camhook_ingest::{Adapter, Ignored, Malformed, Outcome, Parsed, Reply, Request, Verified};

pub use object::Objects;
pub use sample::samples;
pub use setup::setup;
pub use trigger::{Trigger, Triggers};

use message::Message;

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

    fn parse<'a>(&self, request: &'a Request<Verified>) -> Result<Parsed<'a>, Malformed> {
        let source = request.source();
        let dialect = source.dialect.ok_or_else(|| {
            Malformed::new("no_dialect", "the source says nothing of its dialect: it comes over MQTT")
        })?;
        let parameters = parameters::read(request)?;
        Ok(match parse::parse(&parameters, dialect, &source.parameters)? {
            Message::Idle => Parsed::Ignored(Ignored::NoAlarm),
            Message::Alarm(alarm) => Parsed::Events(vec![event::draft(&alarm, source)]),
        })
    }

    fn reply(&self, outcome: Outcome<'_>) -> Reply {
        reply::reply(outcome)
    }
}
