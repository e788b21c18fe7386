//! Erasing what a stack stores about a plate, a person, a source or a time.

mod find;
mod naming;
mod subject;

use std::collections::{BTreeMap, BTreeSet};

use camhook_event::{EventId, Kind, Time, pending_key};
use camhook_ports::{Condition, EventIndex, IndexError, IndexPorts, Key, ObjectError, ObjectStore, State};
use camhook_site::Site;
use camhook_state::Error as StateError;
use futures_util::stream::{self, TryStreamExt};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;

pub use find::{Finding, find};
pub use subject::{InvalidSubject, Mention, Subject};

use crate::events::{Summary, count_key};

/// The number of events that are erased at the same time.
const AT_ONCE: usize = 8;

/// What is to be erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The events, by the keys of their records.
    pub events: Vec<FoundEvent>,
    /// The events that are in the index and have no record.
    pub index_only: Vec<IndexedEvent>,
    /// Pictures and thumbnails without a record.
    pub pictures: BTreeSet<String>,
    /// The objects of posts in the quarantine.
    pub quarantine: Vec<String>,
    /// What stays, and is not erased.
    pub remains: Remains,
}

/// What is not erased.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Remains {
    /// The number of records of the audit that name the subject or one of its events.
    pub audit_records: usize,
    /// The day in UTC of the newest of them; `None` when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest_audit_record: Option<Date>,
    /// The lines of camhook.toml that name the subject, counted from 1.
    pub configuration_lines: Vec<usize>,
}

/// An event to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundEvent {
    /// Its id.
    pub id: EventId,
    /// The key of its record.
    pub record: String,
    /// The keys of its pictures and its thumbnail.
    pub pictures: Vec<String>,
    /// Its source.
    pub source: String,
    /// What its record says, where the record had to be read and can be.
    pub read: Option<ReadEvent>,
}

/// What the record of an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadEvent {
    /// When it happened.
    pub time: Time,
    /// What happened.
    pub kind: Kind,
    /// What names the plate or person.
    pub mention: Option<Mention>,
}

/// An event of the index that has no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedEvent {
    /// Its id.
    pub id: EventId,
    /// Its source; `None` for an item that cannot be read.
    pub source: Option<String>,
}

/// What is to be erased in more detail than numbers, for a person who decides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// The number of events and quarantined posts by source.
    pub sources: BTreeMap<String, usize>,
    /// The number of events by kind, as far as records were read.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<&'static str, usize>,
    /// A few events, of different members and values where there are such.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<Sample>,
}

/// An event that names the subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// The event.
    pub event: EventId,
    /// When it happened.
    pub time: Time,
    /// Its source.
    pub source: String,
    /// What happened.
    pub kind: Kind,
    /// What names the plate or person.
    #[serde(flatten)]
    pub mention: Mention,
}

/// The maximum number of samples.
const SAMPLES: usize = 5;

/// Numbers of what is to be erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Events: records, entries of the index and decisions.
    pub events: usize,
    /// Pictures and thumbnails.
    pub pictures: usize,
    /// Posts in the quarantine.
    pub quarantined: usize,
}

/// Why the subject cannot be found or erased. The run can be repeated.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The bucket failed.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The table failed.
    #[error(transparent)]
    State(#[from] StateError),
}

impl Found {
    /// Numbers of what is to be erased.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let of_events: usize = self.events.iter().map(|event| event.pictures.len()).sum();
        let posts: BTreeSet<&str> =
            self.quarantine.iter().filter_map(|key| Some(key.rsplit_once('/')?.0)).collect();
        Totals {
            events: self.events.len() + self.index_only.len(),
            pictures: of_events + self.pictures.len(),
            quarantined: posts.len(),
        }
    }

    /// What is to be erased in more detail.
    #[must_use]
    pub fn overview(&self) -> Overview {
        let mut overview = Overview::default();
        let posts: BTreeSet<&str> =
            self.quarantine.iter().filter_map(|key| Some(key.rsplit_once('/')?.0)).collect();
        let sources = self.events.iter().map(|event| event.source.as_str());
        let sources = sources.chain(self.index_only.iter().filter_map(|event| event.source.as_deref()));
        for source in sources.chain(posts.into_iter().filter_map(|post| post.split('/').nth(4))) {
            *overview.sources.entry(source.to_owned()).or_default() += 1;
        }
        for event in &self.events {
            let Some(read) = &event.read else { continue };
            *overview.kinds.entry(read.kind.name()).or_default() += 1;
            let Some(mention) = &read.mention else { continue };
            // One of each member and value first: what was not meant is seen among many that were.
            let is_new = overview.samples.iter().all(|sample| sample.mention != *mention);
            if is_new && overview.samples.len() < SAMPLES {
                let (event, source) = (event.id, event.source.clone());
                let (time, kind, mention) = (read.time, read.kind, mention.clone());
                overview.samples.push(Sample { event, time, source, kind, mention });
            }
        }
        overview
    }

    /// Whether nothing is to be erased.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.totals() == Totals::default()
    }

    /// The number of steps of [`Eraser::erase`].
    #[must_use]
    pub fn steps(&self) -> usize {
        self.events.len() + self.index_only.len() + self.pictures.len() + self.quarantine.len()
    }
}

/// Erases what was found.
#[derive(Debug)]
pub struct Eraser<'a, P> {
    /// The stack.
    pub ports: &'a P,
    /// What is erased.
    pub subject: &'a Subject,
    /// Its configuration: events are counted in its time zone, and grouped by its rules.
    pub site: &'a Site,
    /// Days that records are kept.
    pub events_days: u32,
}

impl<P: IndexPorts> Eraser<'_, P> {
    /// Erases all versions of what was found. `done` is called after each step.
    ///
    /// The record of an event goes last: as long as anything else of it is left, the next run finds it.
    ///
    /// # Errors
    ///
    /// When the bucket, the index or the table fails. The rest is erased when the subject is searched for and erased
    /// again.
    pub async fn erase(&self, found: &Found, done: impl Fn() + Sync) -> Result<(), EraseError> {
        let done = &done;
        let objects = self.ports.objects();
        let erase_key = async |key: &String| {
            objects.erase(key).await?;
            done();
            Ok::<_, EraseError>(())
        };
        self.erase_groups(found).await?;
        if let Subject::Source(source) = self.subject {
            self.erase_source(source).await?;
        }
        for event in &found.index_only {
            self.erase_of_tables(event.id).await?;
            done();
        }
        for key in found.quarantine.iter().chain(&found.pictures) {
            erase_key(key).await?;
        }
        stream::iter(found.events.iter().map(Ok::<_, EraseError>))
            .try_for_each_concurrent(AT_ONCE, |event| async move {
                self.erase_event(event).await?;
                done();
                Ok(())
            })
            .await
    }

    async fn erase_event(&self, event: &FoundEvent) -> Result<(), EraseError> {
        let objects = self.ports.objects();
        for key in event.pictures.iter().chain([&pending_key(event.id)]) {
            objects.erase(key).await?;
        }
        self.erase_of_tables(event.id).await?;
        objects.erase(&event.record).await?;
        Ok(())
    }

    /// Erases the groups that rules with `coalesce` made of the events.
    async fn erase_groups(&self, found: &Found) -> Result<(), EraseError> {
        let ids: BTreeSet<String> = found
            .events
            .iter()
            .map(|event| event.id)
            .chain(found.index_only.iter().map(|event| event.id))
            .map(|id| id.to_string())
            .collect();
        for rule in self.site.rules() {
            self.erase_items(&format!("coalesce#{}", rule.id), |data| contains_any(data, &ids)).await?;
        }
        Ok(())
    }

    /// Erases what is remembered about a source's devices.
    async fn erase_source(&self, source: &str) -> Result<(), EraseError> {
        for kind in ["mqtt", "level", "alert"] {
            self.erase_items(&format!("{kind}#{source}"), |_| true).await?;
        }
        let presence = Key::new("presence", source);
        self.ports.state().delete(&presence, Condition::None).await.map_err(StateError::from)?;
        Ok(())
    }

    async fn erase_items(&self, pk: &str, is_found: impl Fn(&Value) -> bool) -> Result<(), StateError> {
        let state = self.ports.state();
        for item in state.query(pk).await? {
            if is_found(&item.data) {
                state.delete(&item.key, Condition::None).await?;
            }
        }
        Ok(())
    }

    /// Erases an event's entry of the index, and its decisions.
    async fn erase_of_tables(&self, id: EventId) -> Result<(), EraseError> {
        self.erase_items(&format!("decision#{id}"), |_| true).await?;
        let index = self.ports.index();
        let Some(item) = index.get(&id.to_string()).await? else { return Ok(()) };
        index.delete(&id.to_string()).await?;
        if let Some(summary) = Summary::of_item(item) {
            index
                .add(&count_key(&summary, self.site.timezone()), -1, summary.expires(self.events_days))
                .await?;
        }
        Ok(())
    }
}

/// Whether a value or one below it is one of these texts.
fn contains_any(value: &Value, texts: &BTreeSet<String>) -> bool {
    match value {
        Value::String(text) => texts.contains(text),
        Value::Array(values) => values.iter().any(|value| contains_any(value, texts)),
        Value::Object(members) => members.values().any(|value| contains_any(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
