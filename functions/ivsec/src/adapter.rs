//! The dialect, as `camhook-ingest` drives it.

use camhook_event::{Text, Vendor};
use camhook_ingest::{
    Adapter, FixedContent, FixedPath, Malformed, Method, Outcome, Parsed, Remainder, Reply, Request, Verified,
};
use camhook_json::text;

use crate::event::{Context, drafts, manual_draft};
use crate::message::Message;
use crate::parse::{EVENTS_LIMIT, manual, parameters, parse_body, parse_keep_alive, parse_query};
use crate::reply::reply;

/// The path that firmware posts keep-alives to, on the configured host, whatever path is configured.
pub const KEEP_ALIVE_PATH: &str = "/API/HttpListening/KeepLive";

/// The vendor's own sample of *API Command*: where devices post whose command was left as it is.
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

    /// A GET without parameters comes from a browser, unless its path is that of a button.
    fn is_visit(&self, request: &Request<Verified>) -> bool {
        request.method() == Method::Get
            && request.query().trim_matches('&').is_empty()
            && request.body().is_empty()
            && !is_manual(request)
    }

    fn parse<'a>(&self, request: &'a Request<Verified>) -> Result<Parsed<'a>, Malformed> {
        let context = Context::new(request.source(), request.received_at());
        match text(request.body()) {
            Ok(body) => parsed(request, body, &context),
            // A name in a Chinese code page, for example: its bytes are replaced, so that the alarm is not lost.
            Err(_) => {
                let body = String::from_utf8_lossy(request.body());
                let body = body.trim_matches(['\0', '\u{FEFF}', ' ', '\r', '\n', '\t']);
                parsed(request, body, &context).map(Parsed::into_owned)
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
    context: &Context<'_>,
) -> Result<Parsed<'a>, Malformed> {
    Ok(match message(request, body)? {
        Message::Heartbeat => Parsed::Heartbeat,
        Message::Ignored(ignored) => Parsed::Ignored(ignored),
        Message::Manual(manual) => Parsed::Events(vec![manual_draft(manual, context)]),
        Message::Push { pushes, remainder } => {
            let drafts = pushes.into_iter().flat_map(|push| drafts(push, context));
            let mut events: Vec<_> = drafts.take(EVENTS_LIMIT + 1).collect();
            if events.len() <= EVENTS_LIMIT {
                return Ok(match remainder {
                    None => Parsed::Events(events),
                    Some(malformed) => Parsed::Partly { events, remainder: Remainder::Quarantine(malformed) },
                });
            }
            events.truncate(EVENTS_LIMIT);
            let detail = format!("the post holds more than {EVENTS_LIMIT} events");
            let remainder = Remainder::Quarantine(Malformed::new("too_many_events", detail));
            Parsed::Partly { events, remainder }
        }
    })
}

/// The path decides first, then whether there is a body: a POST without one is read as a GET.
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
        return parse_keep_alive(parameters(request.query()), body);
    }
    if body.is_empty() && !request.query().trim_matches('&').is_empty() {
        return parse_query(parameters(request.query()));
    }
    parse_body(parameters(request.query()), body)
}
