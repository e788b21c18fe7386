//! Replies, as JSON.

use std::borrow::Cow;

use camhook_ingest::Reply;
use camhook_site::DEFAULT_MODE;
use camhook_state::control::ModeRecord;
use jiff::Timestamp;
use serde::Serialize;

use crate::Error;

/// The mode of an area.
#[derive(Debug, Serialize)]
pub(crate) struct AreaMode<'a> {
    area: &'a str,
    mode: String,
    /// Absent if it was never set.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    /// Absent if it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

impl<'a> AreaMode<'a> {
    pub(crate) fn new(area: &'a str, record: Option<ModeRecord>) -> Self {
        match record {
            None => Self { area, mode: DEFAULT_MODE.to_owned(), since: None, by: None },
            Some(ModeRecord { mode, since, by }) => {
                Self { area, mode, since: Some(since), by: by.map(|by| by.to_string()) }
            }
        }
    }
}

#[derive(Serialize)]
struct Areas<'a> {
    areas: &'a [AreaMode<'a>],
}

#[derive(Serialize)]
struct Failure {
    error: String,
}

/// The mode was set.
pub(crate) fn set(area: &AreaMode<'_>) -> Reply {
    json(200, area)
}

/// The modes of several areas.
pub(crate) fn modes(areas: &[AreaMode<'_>]) -> Reply {
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
