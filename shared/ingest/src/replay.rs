//! Posts from the quarantine, read again by today's parser and configuration.
//!
//! The credentials of a post were checked when it was received, and are not stored.

use std::sync::Arc;

use bytes::Bytes;
use camhook_event::{Event, Report, Text};
use camhook_ports::Ports;
use camhook_site::{Source, Tracking};

use crate::adapter::{Adapter, Ignored, Malformed, Parsed, Remainder};
use crate::normalize::{Normalized, normalize};
use crate::quarantine::Reason;
use crate::store::{StoreError, store_and_enqueue};
use crate::{Headers, Method, Parts, Request, Verified};

/// A post over HTTP from the quarantine.
#[derive(Debug, Clone, Copy)]
pub struct QuarantinedPost<'a> {
    /// The source, as camhook.toml has it now.
    pub source: &'a Arc<Source>,
    /// Its `reason.json`.
    pub reason: &'a Reason,
    /// Its body.
    pub body: &'a Bytes,
}

/// What a parser reads in a post.
#[derive(Debug)]
pub enum Reading {
    /// Events.
    Events {
        /// All events, without the limit that applies to a post as it is received.
        events: Vec<ReplayedEvent>,
        /// The part that still cannot be read.
        remainder: Option<Malformed>,
    },
    /// A heartbeat.
    Heartbeat,
    /// A known message that is not an event.
    Ignored(Ignored),
}

/// An event of a replayed post, not stored yet.
#[derive(Debug)]
pub struct ReplayedEvent(Normalized);

impl ReplayedEvent {
    /// The event. It has the id that it would have had when the post was received.
    #[must_use]
    pub fn event(&self) -> &Event {
        &self.0.event
    }
}

impl QuarantinedPost<'_> {
    /// Reads the post. `bucket` is where its events would be stored.
    ///
    /// # Errors
    ///
    /// When the post still cannot be read.
    pub fn read(&self, adapter: &dyn Adapter, bucket: &Text) -> Result<Reading, Malformed> {
        let request = self.request();
        let (drafts, remainder) = match adapter.parse(&request)? {
            Parsed::Events(drafts) => (drafts, None),
            Parsed::Partly { events, remainder: Remainder::Quarantine(malformed) } => {
                (events, Some(malformed))
            }
            Parsed::Partly { events, remainder: Remainder::Notice(_) } => (events, None),
            Parsed::Heartbeat => return Ok(Reading::Heartbeat),
            Parsed::Ignored(ignored) => return Ok(Reading::Ignored(ignored)),
        };
        let received = request.received();
        let events: Vec<ReplayedEvent> = drafts
            .into_iter()
            .enumerate()
            .filter(|(_, draft)| draft.report != Report::Tracking || self.source.tracking != Tracking::Drop)
            .map(|(ordinal, draft)| ReplayedEvent(normalize(draft, ordinal, &received, bucket)))
            .collect();
        if events.is_empty() && remainder.is_none() {
            return Ok(Reading::Ignored(Ignored::Tracking));
        }
        Ok(Reading::Events { events, remainder })
    }

    fn request(&self) -> Request<Verified> {
        let Reason { method, rest, query, content_type, request_id, received_at, .. } = self.reason;
        let headers: Headers =
            content_type.iter().map(|value| ("content-type".to_owned(), value.clone())).collect();
        let request = Request::new(Parts {
            method: Method::parse(method.as_deref().unwrap_or_default()),
            path: String::new(),
            query: query.clone(),
            headers,
            body: self.body.clone(),
            source_ip: None,
            request_id: request_id.clone(),
            received_at: *received_at,
        });
        Request::assume_verified(request, Arc::clone(self.source), rest.clone().unwrap_or_default())
    }
}

/// Stores an event of a replayed post and sends it to every consumer as a part of the run.
///
/// # Errors
///
/// When the record is not stored, or the event is neither in every queue nor under `pending/`.
pub async fn store_replayed<P: Ports>(
    ports: &P,
    event: ReplayedEvent,
    run: &str,
) -> Result<Event, StoreError> {
    store_and_enqueue(ports, event.0, Some(run)).await
}
