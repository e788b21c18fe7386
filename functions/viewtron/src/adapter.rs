//! The adapter: from a request to its events.

use std::borrow::Cow;

use camhook_event::{State, Vendor};
use camhook_ingest::{
    Adapter, FixedContent, FixedPath, Ignored, Malformed, Notice, Outcome, Parsed, Remainder, Reply, Request,
    Verified,
};
use camhook_site::Tracking;

use crate::encoding;
use crate::event::{ParseContext, drafts};
use crate::message::Content;
use crate::parse::{EVENTS_LIMIT, Names, ParseError, Reading, TracksWanted, parse};
use crate::reply::reply;
use crate::suspicion;

/// Where firmware posts to that knows an "alarm server" of address and port alone, and older firmware in any case: below
/// the configured path, or at the root of the host.
const FIXED_PATHS: &[FixedPath] = &[
    FixedPath { path: "/SendAlarmStatus", content: FixedContent::Posts },
    FixedPath { path: "/SendAlarmData", content: FixedContent::Posts },
    FixedPath { path: "/SendKeepalive", content: FixedContent::Posts },
];

/// Last segments of paths for heartbeats.
const HEARTBEAT_PATHS: [&str; 2] = ["SendKeepalive", "SubscribeTimeOut"];

/// The dialect of Viewtron cameras and recorders, and of other TVT brands.
#[derive(Debug, Clone, Copy, Default)]
pub struct Viewtron;

impl Adapter for Viewtron {
    fn vendor(&self) -> Vendor {
        Vendor::Viewtron
    }

    fn parser_version(&self) -> &'static str {
        concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"))
    }

    fn fixed_paths(&self) -> &'static [FixedPath] {
        FIXED_PATHS
    }

    fn parse<'a>(&self, request: &'a Request<Verified>) -> Result<Parsed<'a>, Malformed> {
        let is_heartbeat_path = request
            .rest()
            .last()
            .is_some_and(|segment| HEARTBEAT_PATHS.iter().any(|path| path.eq_ignore_ascii_case(segment)));
        let body = encoding::to_utf8(request.body(), request.headers().get("content-type"));
        let query = Query::of(request.query());
        // Firmware posts its heartbeats there in forms that are not known.
        let is_heartbeat = is_heartbeat_path && !query.may_be_alarm && !suspicion::may_be_alarm(&body);
        let read = match body {
            Cow::Borrowed(body) => read(request, body, query),
            Cow::Owned(body) => read(request, &body, query).map(Parsed::into_owned),
        };
        match read {
            Ok(Parsed::Ignored(_)) if is_heartbeat_path => Ok(Parsed::Heartbeat),
            Err(_) if is_heartbeat => Ok(Parsed::Heartbeat),
            other => other,
        }
    }

    fn reply(&self, outcome: Outcome<'_>) -> Reply {
        reply(outcome)
    }
}

/// What stands in the query of a post. No device was seen to send one.
#[derive(Debug, Default)]
struct Query {
    /// Its parameters.
    names: Names,
    /// Whether one of them is called as an alarm is, or is on or off.
    may_be_alarm: bool,
}

impl Query {
    fn of(query: &str) -> Self {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            read.names.push(&name);
            read.may_be_alarm |= suspicion::may_be_alarm_of_device(&name, &value)
                || suspicion::has_word_of_alarm(&name)
                || suspicion::has_word_of_alarm(&value);
        }
        read
    }
}

/// Reads a body that is UTF-8, as far as it is text, and a query that may say what the body does not.
fn read<'a>(request: &Request<Verified>, body: &'a [u8], query: Query) -> Result<Parsed<'a>, Malformed> {
    if body.iter().all(|octet| octet.is_ascii_whitespace() || *octet == 0) {
        if query.names.is_empty() {
            return Ok(Parsed::Heartbeat);
        }
        // Only a query makes the difference between a heartbeat and whatever this is.
        return Err(ParseError::UnknownQuery(query.names).into());
    }
    let source = request.source();
    let tracks_wanted = match source.tracking {
        Tracking::Drop => TracksWanted::No,
        Tracking::Every(_) => TracksWanted::Yes,
    };
    let Reading { posts, mut remainder, stray_end_tag } = parse(body, tracks_wanted)?;
    if query.may_be_alarm {
        remainder.get_or_insert(ParseError::UnknownQuery(query.names));
    }
    let context = ParseContext {
        timezone: &source.timezone,
        faces: source.faces,
        received_at: request.received_at(),
        length: body.len(),
    };
    let mut events = Vec::new();
    let mut ignored = None;
    for post in posts {
        match post.content {
            Content::Keepalive => {}
            Content::UnwantedTracks => ignored = ignored.or(Some(Ignored::Tracking)),
            Content::Tracks(ref tracks) if tracks.targets.is_empty() => {
                ignored = ignored.or(Some(Ignored::Tracking));
            }
            Content::NoAlarm => ignored = ignored.or(Some(Ignored::NoAlarm)),
            Content::Tracks(_) | Content::Reports { .. } => events.append(&mut drafts(post, context)),
        }
    }
    if events.len() > EVENTS_LIMIT {
        // Ends of alarms are what can be missed first.
        events.sort_by_key(|event| event.state == Some(State::Stop));
        events.truncate(EVENTS_LIMIT);
        remainder.get_or_insert(ParseError::TooManyEvents);
    }
    match (remainder, ignored) {
        (Some(error), _) if events.is_empty() => Err(error.into()),
        (Some(error), _) => Ok(Parsed::Partly { events, remainder: Remainder::Quarantine(error.into()) }),
        (None, Some(ignored)) if events.is_empty() => Ok(Parsed::Ignored(ignored)),
        (None, None) if events.is_empty() => Ok(Parsed::Heartbeat),
        (None, _) => Ok(match stray_end_tag {
            Some(position) => Parsed::Partly { events, remainder: Remainder::Notice(stray_tag(position)) },
            None => Parsed::Events(events),
        }),
    }
}

fn stray_tag(position: usize) -> Notice {
    Notice {
        code: "stray_end_tag",
        detail: format!("the end tag before byte {position} closes no element; the post was read without it"),
    }
}
