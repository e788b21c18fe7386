//! The dialect as the ingest sees it.

use camhook_event::Vendor;
use camhook_ingest::{
    Adapter, FixedContent, FixedPath, Ignored, Malformed, Outcome, Parsed, Reply, Request, Verified,
};
use camhook_site::Tracking;

use crate::event::{Circumstances, drafts};
use crate::message::Content;
use crate::parse::{TracksWanted, parse};
use crate::reply::reply;

/// Where firmware posts to that knows an "alarm server" of address and port alone, and older firmware in any case: below
/// the configured path, or at the root of the host.
const FIXED_PATHS: &[FixedPath] = &[
    FixedPath { path: "/SendAlarmStatus", content: FixedContent::Posts },
    FixedPath { path: "/SendAlarmData", content: FixedContent::Posts },
    FixedPath { path: "/SendKeepalive", content: FixedContent::Posts },
];

/// Last segments of paths at which every post is a heartbeat.
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
        let body = request.body();
        let is_heartbeat_path = request
            .rest()
            .last()
            .is_some_and(|segment| HEARTBEAT_PATHS.iter().any(|path| path.eq_ignore_ascii_case(segment)));
        if is_heartbeat_path || body.iter().all(|octet| octet.is_ascii_whitespace() || *octet == 0) {
            return Ok(Parsed::Heartbeat);
        }
        let source = request.source();
        let tracks_wanted = match source.tracking {
            Tracking::Drop => TracksWanted::No,
            Tracking::Every(_) => TracksWanted::Yes,
        };
        let post = parse(body, tracks_wanted)?;
        match post.content {
            Content::Keepalive => return Ok(Parsed::Heartbeat),
            Content::UnwantedTracks => return Ok(Parsed::Ignored(Ignored::Tracking)),
            // A post whose list of alarms is empty.
            Content::Reports { ref alarms, smart: None, .. } if alarms.is_empty() => {
                return Ok(Parsed::Ignored(Ignored::NoAlarm));
            }
            Content::Tracks(ref tracks) if tracks.targets.is_empty() => {
                return Ok(Parsed::Ignored(Ignored::Tracking));
            }
            Content::Tracks(_) | Content::Reports { .. } => {}
        }
        Ok(Parsed::Events(drafts(
            post,
            Circumstances {
                timezone: &source.timezone,
                faces: source.faces,
                received_at: request.received_at(),
                length: body.len(),
            },
        )))
    }

    fn reply(&self, outcome: Outcome<'_>) -> Reply {
        reply(outcome)
    }
}
