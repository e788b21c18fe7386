//! The objects below `quarantine/`.

use std::collections::BTreeMap;

use bytes::Bytes;
use camhook_event::EventId;
use camhook_ingest::{KeptContent, Reason};
use camhook_ports::{ObjectError, ObjectStore};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bucket::{day_prefix, days, keys_after};

const ROOT: &str = "quarantine";

/// The folder of events that no queue accepted for a day.
const PENDING: &str = "pending";

/// The folder of messages that the queue `mqtt` refused.
const MQTT_RULE: &str = "mqtt-rule";

const REASON: &str = "reason.json";
const REQUEST: &str = "request.bin";
pub(super) const REPLAY: &str = "replay.json";

/// The number of objects that are read at the same time.
const AT_ONCE: usize = 16;

/// Which entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The source's id, `pending` or `mqtt-rule`; `None` for all.
    pub source: Option<String>,
    /// Received at this time or later.
    pub since: Timestamp,
    /// Received before this time.
    pub until: Timestamp,
}

/// An entry of the quarantine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// The id of the request or message that brought it.
    pub id: String,
    /// The prefix of its objects in the bucket.
    pub prefix: String,
    /// The source's id; `pending` or `mqtt-rule` for what belongs to none.
    pub source: String,
    /// What it is.
    pub kind: EntryKind,
    /// Why it is in the quarantine; `None` for what has no `reason.json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Whether it was replayed.
    pub status: Status,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A post over HTTP.
    Post,
    /// A message over MQTT that could not be read.
    Message,
    /// A message over MQTT that the queue refused.
    Undelivered,
    /// A stored event that a queue refused for a day.
    PendingEvent,
}

/// Whether an entry was replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Status {
    /// It can be replayed.
    Waiting,
    /// It cannot be replayed: only its structure is kept, since the source has `faces = "drop"`.
    StructureOnly,
    /// It cannot be replayed: only its beginning is kept, since it is too large.
    BeginningOnly,
    /// A replay began and did not end.
    Interrupted {
        /// When it began.
        at: Timestamp,
    },
    /// It was replayed.
    Replayed {
        /// When.
        at: Timestamp,
        /// Its events.
        events: Vec<EventId>,
    },
}

/// `replay.json`: a replay of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReplayRecord {
    /// The name of the run.
    pub(super) run: String,
    /// When it began.
    pub(super) at: Timestamp,
    /// The events of the post that were stored before the replay.
    pub(super) stored_before: Vec<EventId>,
    /// The events of the post, once the replay has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) events: Option<Vec<EventId>>,
}

impl Entry {
    /// When it was received. An entry without a reason is known by its day only.
    #[must_use]
    pub fn received_at(&self) -> Option<Timestamp> {
        self.reason.as_ref().map(|reason| reason.received_at)
    }

    /// The day of its receipt in UTC, as `yyyy-mm-dd`.
    #[must_use]
    pub fn day(&self) -> String {
        let date: Vec<&str> = self.prefix.split('/').skip(1).take(3).collect();
        date.join("-")
    }

    pub(super) fn replay_key(&self) -> String {
        format!("{}{REPLAY}", self.prefix)
    }
}

/// The entries of a filter, newest day first and newest first within a day, at most `limit`. Of a day with more than
/// that, those of the first sources by name are listed.
///
/// # Errors
///
/// When the bucket fails.
pub async fn list<O: ObjectStore>(
    objects: &O,
    filter: &Filter,
    limit: usize,
) -> Result<Vec<Entry>, ObjectError> {
    let mut entries = Vec::new();
    for day in days(filter.since, filter.until) {
        let left = limit - entries.len();
        if left == 0 {
            break;
        }
        let folders = list_folders(objects, &prefix(filter, day)).await?;
        let mut of_day: Vec<Entry> = stream::iter(folders)
            .map(|folder| read(objects, folder))
            .buffered(AT_ONCE)
            .try_filter(|entry| std::future::ready(filter.includes(entry)))
            .take(left)
            .try_collect()
            .await?;
        of_day.sort_by_key(|entry| std::cmp::Reverse(entry.received_at()));
        entries.extend(of_day);
    }
    Ok(entries)
}

/// The number of entries by source, without reading them: those of whole days in UTC.
///
/// # Errors
///
/// When the bucket fails.
pub async fn counts<O: ObjectStore>(
    objects: &O,
    filter: &Filter,
) -> Result<BTreeMap<String, usize>, ObjectError> {
    let mut counts = BTreeMap::new();
    for day in days(filter.since, filter.until) {
        for folder in list_folders(objects, &prefix(filter, day)).await? {
            *counts.entry(folder.source).or_default() += 1;
        }
    }
    Ok(counts)
}

/// The entries of a filter whose id begins with `id`.
///
/// # Errors
///
/// When the bucket fails.
pub async fn find<O: ObjectStore>(objects: &O, filter: &Filter, id: &str) -> Result<Vec<Entry>, ObjectError> {
    let mut found = Vec::new();
    for day in days(filter.since, filter.until) {
        for folder in list_folders(objects, &prefix(filter, day)).await? {
            if folder.id.starts_with(id) {
                found.push(read(objects, folder).await?);
            }
        }
    }
    Ok(found)
}

/// The kept body of an entry; `None` if it has expired.
///
/// # Errors
///
/// When the bucket fails.
pub async fn body<O: ObjectStore>(objects: &O, entry: &Entry) -> Result<Option<Bytes>, ObjectError> {
    let object = objects.get(&format!("{}{REQUEST}", entry.prefix)).await?;
    Ok(object.map(|object| object.bytes))
}

impl Filter {
    /// The day is checked by the prefix.
    fn includes(&self, entry: &Entry) -> bool {
        entry.received_at().is_none_or(|received_at| received_at >= self.since && received_at < self.until)
    }
}

fn prefix(filter: &Filter, day: jiff::civil::Date) -> String {
    let mut prefix = day_prefix(ROOT, day);
    if let Some(source) = &filter.source {
        prefix.push_str(source);
        prefix.push('/');
    }
    prefix
}

/// An entry before its objects are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The common prefix of its keys, with a slash at its end.
    pub prefix: String,
    /// Its source, or what could not be delivered.
    pub source: String,
    /// Its request id.
    pub id: String,
    /// Whether it is recorded why it was kept.
    pub has_reason: bool,
    /// Whether it was replayed.
    pub has_replay: bool,
}

/// The folders of these keys, which are sorted.
pub fn folders<'a>(keys: impl Iterator<Item = &'a str>) -> Vec<Folder> {
    let mut folders: Vec<Folder> = Vec::new();
    for key in keys {
        let segments: Vec<&str> = key.split('/').collect();
        let [_, _, _, _, source, id, file] = segments.as_slice() else { continue };
        let prefix = key.strip_suffix(file).unwrap_or_default();
        if folders.last().is_none_or(|last| last.prefix != prefix) {
            folders.push(Folder {
                prefix: prefix.to_owned(),
                source: (*source).to_owned(),
                id: (*id).to_owned(),
                has_reason: false,
                has_replay: false,
            });
        }
        if let Some(folder) = folders.last_mut() {
            folder.has_reason |= *file == REASON;
            folder.has_replay |= *file == REPLAY;
        }
    }
    folders
}

async fn list_folders<O: ObjectStore>(objects: &O, prefix: &str) -> Result<Vec<Folder>, ObjectError> {
    let keys = keys_after(objects, prefix, None).await?;
    Ok(folders(keys.iter().map(String::as_str)))
}

async fn read<O: ObjectStore>(objects: &O, folder: Folder) -> Result<Entry, ObjectError> {
    let Folder { prefix, source, id, has_reason, has_replay } = folder;
    let reason: Option<Reason> =
        if has_reason { json(objects, &format!("{prefix}{REASON}")).await? } else { None };
    let replay: Option<ReplayRecord> =
        if has_replay { json(objects, &format!("{prefix}{REPLAY}")).await? } else { None };
    let kind = match (&reason, source.as_str()) {
        (Some(reason), _) if reason.topic.is_some() => EntryKind::Message,
        (None, PENDING) => EntryKind::PendingEvent,
        (None, MQTT_RULE) => EntryKind::Undelivered,
        _ => EntryKind::Post,
    };
    let status = match (replay, reason.as_ref().map_or(KeptContent::Whole, |reason| reason.content)) {
        (Some(ReplayRecord { at, events: Some(events), .. }), _) => Status::Replayed { at, events },
        (Some(ReplayRecord { at, events: None, .. }), _) => Status::Interrupted { at },
        (None, KeptContent::Whole) => Status::Waiting,
        (None, KeptContent::Beginning) => Status::BeginningOnly,
        (None, KeptContent::Structure) => Status::StructureOnly,
    };
    Ok(Entry { id, prefix, source, kind, reason, status })
}

/// An object that is not what it should be counts as absent: it must not hide the other entries.
pub(super) async fn json<O: ObjectStore, T: serde::de::DeserializeOwned>(
    objects: &O,
    key: &str,
) -> Result<Option<T>, ObjectError> {
    let object = objects.get(key).await?;
    Ok(object.and_then(|object| serde_json::from_slice(&object.bytes).ok()))
}
