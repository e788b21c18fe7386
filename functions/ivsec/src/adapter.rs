//! The dialect as the ingest sees it.

use camhook_event::{Text, Vendor};
use camhook_ingest::{
    Adapter, FixedContent, FixedPath, Ignored, Malformed, Method, Outcome, Parsed, Reply, Request, Verified,
};
use camhook_json::text;

use crate::event::{Circumstances, flat_drafts, manual_draft, rich_drafts};
use crate::message::Message;
use crate::parse::{manual, parse_body, parse_query};
use crate::query::parameters;
use crate::reply::reply;

/// The path that the firmware posts its keep-alive to, on the host of the configured address, whatever path that has.
pub const KEEP_ALIVE_PATH: &str = "/API/HttpListening/KeepLive";

/// The path in the vendor's own sample of *API Command*. Devices whose command was left as it is post there.
pub const EVENT_PUSH_PATH: &str = "/API/AlarmEvent/EventPush";

/// The last segment of [`KEEP_ALIVE_PATH`]: below a source's own path it is a keep-alive too.
const KEEP_ALIVE_SEGMENT: &str = "KeepLive";

/// The segment below a source's path that leads the number of a Manual Push button.
pub(crate) const MANUAL_SEGMENT: &str = "manual";

/// The dialect of iVSEC cameras and recorders, and of other brands with Raysharp's firmware.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ivsec;

impl Adapter for Ivsec {
    fn vendor(&self) -> Vendor {
        Vendor::Ivsec
    }

    fn parser_version(&self) -> &'static str {
        concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"))
    }

    fn fixed_paths(&self) -> &'static [FixedPath] {
        &[
            FixedPath { path: KEEP_ALIVE_PATH, content: FixedContent::Heartbeats },
            FixedPath { path: EVENT_PUSH_PATH, content: FixedContent::Posts },
        ]
    }

    /// A GET without parameters is a look, unless its path is that of a button.
    fn is_visit(&self, request: &Request<Verified>) -> bool {
        request.method() == Method::Get
            && request.query().trim_matches('&').is_empty()
            && request.body().is_empty()
            && !is_manual(request)
    }

    fn parse<'a>(&self, request: &'a Request<Verified>) -> Result<Parsed<'a>, Malformed> {
        let source = request.source();
        let circumstances = Circumstances {
            timezone: &source.timezone,
            faces: source.faces,
            received_at: request.received_at(),
        };
        match text(request.body()) {
            Ok(body) => parsed(request, body, &circumstances),
            // A name in a Chinese code page, for example. What is no UTF-8 is replaced, so that the alarm is not lost.
            Err(_) => {
                let body = String::from_utf8_lossy(request.body());
                parsed(request, body.trim_matches(['\0', '\u{FEFF}', ' ', '\r', '\n', '\t']), &circumstances)
                    .map(Parsed::into_owned)
            }
        }
    }

    fn reply(&self, outcome: Outcome<'_>) -> Reply {
        reply(outcome)
    }
}

fn is_manual(request: &Request<Verified>) -> bool {
    request.rest().first().is_some_and(|segment| segment.eq_ignore_ascii_case(MANUAL_SEGMENT))
}

fn parsed<'a>(
    request: &Request<Verified>,
    body: &'a str,
    circumstances: &Circumstances<'_>,
) -> Result<Parsed<'a>, Malformed> {
    let message = message(request, body)?;
    Ok(match message {
        Message::Heartbeat => Parsed::Heartbeat,
        Message::Nothing => Parsed::Ignored(Ignored::NoAlarm),
        Message::Manual(manual) => Parsed::Events(vec![manual_draft(manual, circumstances)]),
        Message::Flat(flat) => Parsed::Events(flat_drafts(flat, circumstances)),
        Message::Rich(rich) => Parsed::Events(rich_drafts(rich, circumstances)),
    })
}

/// Where the request was sent decides first, then whether it has a body; a POST without one is read as a GET.
fn message<'a>(request: &Request<Verified>, body: &'a str) -> Result<Message<'a>, Malformed> {
    let rest = request.rest();
    if is_manual(request) {
        let button = rest.get(1).map(String::as_str).filter(|number| matches!(*number, "1" | "2"));
        let button = button.and_then(Text::new).ok_or_else(|| {
            Malformed::new("unknown_button", "the Manual Push buttons are manual/1 and manual/2")
        })?;
        return Ok(manual(button, parameters(request.query()), body));
    }
    if rest.last().is_some_and(|segment| segment.eq_ignore_ascii_case(KEEP_ALIVE_SEGMENT)) {
        return Ok(Message::Heartbeat);
    }
    if body.is_empty() && !request.query().trim_matches('&').is_empty() {
        return parse_query(parameters(request.query()));
    }
    parse_body(body)
}
