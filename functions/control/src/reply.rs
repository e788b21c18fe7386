//! Replies, as JSON.

use std::borrow::Cow;

use camhook_ingest::Reply;
use camhook_site::DEFAULT_MODE;
use camhook_state::control::{AreaMode, ModeRecord};
use serde::Serialize;

use crate::Error;

/// The mode of an area as replies have it.
pub(crate) fn area_mode(area: &str, record: Option<ModeRecord>) -> AreaMode<String> {
    AreaMode::new(area, record, DEFAULT_MODE).in_words()
}

#[derive(Serialize)]
struct Areas<'a> {
    areas: &'a [AreaMode<String>],
}

#[derive(Serialize)]
struct Failure {
    error: String,
}

/// The mode was set.
pub(crate) fn set(area: &AreaMode<String>) -> Reply {
    json(200, area)
}

/// The modes of several areas.
pub(crate) fn modes(areas: &[AreaMode<String>]) -> Reply {
    json(200, &Areas { areas })
}

/// Nothing was changed.
pub(crate) fn failure(error: &Error) -> Reply {
    let mut reply = json(error.status(), &Failure { error: error.to_string() });
    if error.status() == 405 {
        let allowed = if *error == Error::Get { "POST" } else { "GET, POST" };
        reply.headers.push(("allow", Cow::Borrowed(allowed)));
    }
    reply
}

fn json(status: u16, value: &impl Serialize) -> Reply {
    let Ok(body) = serde_json::to_string(value) else { return Reply::empty(503) };
    let mut reply = Reply::with_body(status, "application/json", body);
    reply.headers.push(("cache-control", Cow::Borrowed("no-store")));
    reply.headers.push(("x-content-type-options", Cow::Borrowed("nosniff")));
    reply
}
