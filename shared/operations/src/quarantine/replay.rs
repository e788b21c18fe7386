//! Replays of entries.

use std::collections::BTreeSet;
use std::fmt;

use bytes::Bytes;
use camhook_event::{Event, EventId, Text, Vendor, record_key};
use camhook_ingest::{
    Adapter, Malformed, Pending, QuarantinedPost, Reading, ReplayedEvent, StoreError, message_group,
    store_replayed,
};
use camhook_ports::{
    Clock, EventQueue, Message, Object, ObjectError, ObjectStore, Ports, Precondition, PutError, Queue,
    QueueError,
};
use camhook_site::Site;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;

use super::entry::{Entry, EntryKind, ReplayRecord, Status, body, json};

/// The number of events that are stored at the same time.
const AT_ONCE: usize = 8;

/// Reads entries again with today's parsers and configuration, and stores their events.
///
/// A replayed event is a replay for the consumers: it is delivered again, sets no mode, charges no cooldown, and
/// switches relays only if the run's name says so.
pub struct Replayer<'a, P> {
    /// The stack.
    pub ports: &'a P,
    /// Its configuration.
    pub site: &'a Site,
    /// The adapter of a vendor's dialect over HTTP; `None` for a vendor without one.
    pub adapters: fn(Vendor) -> Option<&'static dyn Adapter>,
    /// The name of the run.
    pub run: &'a str,
}

impl<P> fmt::Debug for Replayer<'_, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Replayer").field("run", &self.run).finish_non_exhaustive()
    }
}

/// What a replay came to, or would come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ReplayOutcome {
    /// It has events.
    Events {
        /// Those that were not stored before.
        events: Vec<EventId>,
        /// The number of its events that were stored before, when the post was received.
        stored_before: usize,
        /// Why the rest of the post still cannot be read.
        #[serde(skip_serializing_if = "Option::is_none")]
        unreadable: Option<String>,
    },
    /// It was sent to the queue `mqtt`, whose function reads it.
    Enqueued,
    /// It is a heartbeat.
    Heartbeat,
    /// It is known and no event.
    Ignored {
        /// The reason.
        reason: &'static str,
    },
    /// It still cannot be read.
    Unreadable {
        /// The short name of the reason.
        reason: String,
        /// What is wrong, and where.
        detail: String,
    },
    /// It cannot be replayed.
    NotReplayable {
        /// Why.
        why: NotReplayable,
    },
}

/// Why an entry cannot be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotReplayable {
    /// It was replayed before.
    Replayed,
    /// Only its structure is kept.
    StructureOnly,
    /// Only its beginning is kept.
    BeginningOnly,
    /// camhook.toml has no such source, or one of another vendor.
    NoSource,
    /// Its objects are not what camhook writes, or have expired.
    Damaged,
}

/// A replay that failed. It can be repeated: what it did is not done twice.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The bucket cannot be read.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The bucket cannot be written.
    #[error(transparent)]
    Put(#[from] PutError),
    /// An event was not stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A queue refused.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The record of the replay cannot be represented as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl<P: Ports> Replayer<'_, P> {
    /// What a replay of an entry would come to. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the bucket fails.
    pub async fn preview(&self, entry: &Entry) -> Result<ReplayOutcome, ReplayError> {
        match self.read(entry).await? {
            Content::Final(outcome) => Ok(outcome),
            Content::Message(_) => Ok(ReplayOutcome::Enqueued),
            Content::Pending(_, event) => Ok(events_of([event.id], 0, None)),
            Content::Events { events, unreadable } => {
                let before = self.stored_before(entry, &events).await?;
                let new = events.iter().map(|event| event.event().id).filter(|id| !before.contains(id));
                Ok(events_of(new, before.len(), unreadable))
            }
        }
    }

    /// Replays an entry, and records that.
    ///
    /// Events that were stored when the post was received are not sent again. A replay that was interrupted is
    /// repeated as a part of its first run, within which an action is not repeated.
    ///
    /// # Errors
    ///
    /// When the bucket or a queue fails. The replay can be repeated.
    pub async fn replay(&self, entry: &Entry) -> Result<ReplayOutcome, ReplayError> {
        let content = self.read(entry).await?;
        if let Content::Final(outcome) = content {
            return Ok(outcome);
        }
        let before = match &content {
            Content::Events { events, .. } => self.stored_before(entry, events).await?,
            _ => BTreeSet::new(),
        };
        let record = self.begin(entry, before).await?;
        let before: BTreeSet<EventId> = record.stored_before.iter().copied().collect();
        let run = record.run.clone();
        let outcome = match content {
            Content::Final(outcome) => return Ok(outcome),
            Content::Message(message) => {
                let message = Message { replay: Some(run), ..Message::new(message, entry.source.clone()) };
                self.ports.queues().send(Queue::Mqtt, message).await?;
                ReplayOutcome::Enqueued
            }
            Content::Pending(pending, event) => {
                let body = serde_json::to_string(&pending.message)?;
                for queue in pending.queues {
                    let replay = Some(run.clone());
                    let message = Message { replay, ..Message::new(body.clone(), message_group(&event)) };
                    self.ports.queues().send(queue, message).await?;
                }
                events_of([event.id], 0, None)
            }
            Content::Events { events, unreadable } => {
                let new = events.into_iter().filter(|event| !before.contains(&event.event().id));
                let stored: Vec<EventId> = stream::iter(new)
                    .map(|event| store_replayed(self.ports, event, &run))
                    .buffered(AT_ONCE)
                    .map_ok(|event| event.id)
                    .try_collect()
                    .await?;
                events_of(stored, before.len(), unreadable)
            }
        };
        let events = match &outcome {
            ReplayOutcome::Events { events, .. } => events.clone(),
            _ => Vec::new(),
        };
        self.record(entry, &ReplayRecord { events: Some(events), ..record }).await?;
        Ok(outcome)
    }

    /// Records that a replay begins; the record of the interrupted one, if there is one.
    async fn begin(&self, entry: &Entry, before: BTreeSet<EventId>) -> Result<ReplayRecord, ReplayError> {
        if let Some(interrupted) = self.interrupted(entry).await? {
            return Ok(interrupted);
        }
        let record = ReplayRecord {
            run: self.run.to_owned(),
            at: self.ports.clock().now(),
            stored_before: before.into_iter().collect(),
            events: None,
        };
        self.record(entry, &record).await?;
        Ok(record)
    }

    async fn interrupted(&self, entry: &Entry) -> Result<Option<ReplayRecord>, ObjectError> {
        match entry.status {
            Status::Interrupted { .. } => json(self.ports.objects(), &entry.replay_key()).await,
            _ => Ok(None),
        }
    }

    async fn record(&self, entry: &Entry, record: &ReplayRecord) -> Result<(), ReplayError> {
        let bytes = Bytes::from(serde_json::to_vec(record)?);
        let object = Object { bytes, content_type: "application/json" };
        Ok(self.ports.objects().put(&entry.replay_key(), object, Precondition::None).await?)
    }

    /// The events that were stored before the replay: those of the readable part of the post.
    async fn stored_before(
        &self,
        entry: &Entry,
        events: &[ReplayedEvent],
    ) -> Result<BTreeSet<EventId>, ObjectError> {
        if let Some(interrupted) = self.interrupted(entry).await? {
            return Ok(interrupted.stored_before.into_iter().collect());
        }
        let stored = stream::iter(events.iter().map(ReplayedEvent::event)).map(|event| async move {
            let key = record_key(event);
            let listed = self.ports.objects().list(&key, 1).await?;
            Ok::<_, ObjectError>(listed.contains(&key).then_some(event.id))
        });
        stored.buffered(AT_ONCE).try_filter_map(|id| std::future::ready(Ok(id))).try_collect().await
    }

    async fn read(&self, entry: &Entry) -> Result<Content, ReplayError> {
        let not = |why| Ok(Content::Final(ReplayOutcome::NotReplayable { why }));
        match entry.status {
            Status::Waiting | Status::Interrupted { .. } => {}
            Status::StructureOnly => return not(NotReplayable::StructureOnly),
            Status::BeginningOnly => return not(NotReplayable::BeginningOnly),
            Status::Replayed { .. } => return not(NotReplayable::Replayed),
        }
        let Some(body) = body(self.ports.objects(), entry).await? else {
            return not(NotReplayable::Damaged);
        };
        match entry.kind {
            EntryKind::PendingEvent => Ok(match pending(&body) {
                Some((pending, event)) => Content::Pending(pending, Box::new(event)),
                None => return not(NotReplayable::Damaged),
            }),
            EntryKind::Message | EntryKind::Undelivered => Ok(match String::from_utf8(body.to_vec()) {
                Ok(message) => Content::Message(message),
                Err(_) => return not(NotReplayable::Damaged),
            }),
            EntryKind::Post => {
                let Some(reason) = &entry.reason else { return not(NotReplayable::Damaged) };
                let source = self.site.source(&entry.source).filter(|source| source.vendor == reason.vendor);
                let Some(source) = source else { return not(NotReplayable::NoSource) };
                let Some(adapter) = (self.adapters)(reason.vendor) else {
                    return not(NotReplayable::Damaged);
                };
                let Some(bucket) = Text::new(self.ports.objects().bucket()) else {
                    return not(NotReplayable::Damaged);
                };
                let post = QuarantinedPost { source, reason, body: &body };
                Ok(content(post.read(adapter, &bucket)))
            }
        }
    }
}

/// What an entry holds.
enum Content {
    /// Nothing is to be sent.
    Final(ReplayOutcome),
    Events {
        events: Vec<ReplayedEvent>,
        unreadable: Option<String>,
    },
    Message(String),
    Pending(Pending, Box<Event>),
}

fn content(reading: Result<Reading, Malformed>) -> Content {
    Content::Final(match reading {
        Ok(Reading::Events { events, remainder }) => {
            let unreadable = remainder.map(|malformed| malformed.detail);
            return Content::Events { events, unreadable };
        }
        Ok(Reading::Heartbeat) => ReplayOutcome::Heartbeat,
        Ok(Reading::Ignored(ignored)) => ReplayOutcome::Ignored { reason: ignored.name() },
        Err(Malformed { code, detail }) => ReplayOutcome::Unreadable { reason: code.to_owned(), detail },
    })
}

fn events_of(
    events: impl IntoIterator<Item = EventId>,
    stored_before: usize,
    unreadable: Option<String>,
) -> ReplayOutcome {
    ReplayOutcome::Events { events: events.into_iter().collect(), stored_before, unreadable }
}

fn pending(body: &[u8]) -> Option<(Pending, Event)> {
    let pending: Pending = serde_json::from_slice(body).ok()?;
    let event = serde_json::from_value(pending.message.clone()).ok()?;
    Some((pending, event))
}
