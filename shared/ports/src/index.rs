//! The event index: what lists and searches of events read.
//!
//! The bucket holds the events; the index can be rebuilt from it at any time. Reads are eventually consistent.

use std::future::Future;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

/// A position in the order of events, newest first. Events of the same time are ordered by their ids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The event's time, in milliseconds.
    pub time: Timestamp,
    /// The event's id: 32 lower-case hex digits.
    pub id: String,
}

/// By what events are found. Each key lists its events newest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndexKey {
    /// All events.
    All,
    /// The events of an area.
    Area(String),
    /// The events with this plate, normalized as rules compare plates.
    Plate(String),
    /// The events of a source.
    Source(String),
    /// The events of one camera of a source.
    Camera {
        /// The source's id.
        source: String,
        /// The camera's id within the source.
        camera: String,
    },
}

/// An event in the index.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexItem {
    /// Its time and id.
    pub position: Position,
    /// From when on it does not count any more.
    pub expires: Timestamp,
    /// What a list shows of it: a JSON object.
    pub data: Value,
}

/// The keys by which an event is found, next to [`IndexKey::All`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexKeys {
    /// The event's source.
    pub source: String,
    /// The camera within the source.
    pub camera: Option<String>,
    /// The event's area.
    pub area: Option<String>,
    /// The event's plate, normalized.
    pub plate: Option<String>,
}

impl IndexKeys {
    /// The keys that lead to the event.
    #[must_use]
    pub fn all(&self) -> Vec<IndexKey> {
        let source = self.source.clone();
        let camera = self.camera.clone().map(|camera| IndexKey::Camera { source: source.clone(), camera });
        let area = self.area.clone().map(IndexKey::Area);
        let plate = self.plate.clone().map(IndexKey::Plate);
        [Some(IndexKey::All), Some(IndexKey::Source(source)), area, plate, camera]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// One page of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest<'a> {
    /// Which events.
    pub key: &'a IndexKey,
    /// Not older than this.
    pub since: Option<Timestamp>,
    /// Older than this.
    pub until: Option<Timestamp>,
    /// Only events after this position: those that are older.
    pub after: Option<&'a Position>,
    /// The maximum number of events; the table may return fewer.
    pub limit: usize,
}

/// The events of one page, in the order of the query.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IndexPage {
    /// The events, expired ones too.
    pub items: Vec<IndexItem>,
    /// Whether the last page of the query was read.
    pub end: PageEnd,
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PageEnd {
    /// There may be more after the last item.
    #[default]
    More,
    /// There is nothing more.
    Complete,
}

/// What is counted: the events of a camera on one day of the site's time zone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayKey {
    /// The day.
    pub day: Date,
    /// The source's id.
    pub source: String,
    /// The camera's id within the source; `None` for events without a camera.
    pub camera: Option<String>,
}

/// How many events a camera had on a day. Approximate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCount {
    /// What was counted.
    pub key: DayKey,
    /// How many.
    pub events: u64,
}

/// An index that refused or did not answer in time.
#[derive(Debug, thiserror::Error)]
#[error("the event index failed to {action}: {reason}")]
pub struct IndexError {
    /// What it was asked for.
    pub action: &'static str,
    /// What the table or the connection to it reported.
    pub reason: String,
}

/// The event index.
pub trait EventIndex: Send + Sync {
    /// Writes an event under all its keys, in place of what the index has of the same id, and returns that.
    fn put(
        &self,
        item: IndexItem,
        keys: &IndexKeys,
    ) -> impl Future<Output = Result<Option<IndexItem>, IndexError>> + Send;

    /// The event with this id.
    fn get(&self, id: &str) -> impl Future<Output = Result<Option<IndexItem>, IndexError>> + Send;

    /// Removes the event with this id; one that is not there is removed, too.
    fn delete(&self, id: &str) -> impl Future<Output = Result<(), IndexError>> + Send;

    /// One page of events.
    fn page(&self, request: PageRequest<'_>) -> impl Future<Output = Result<IndexPage, IndexError>> + Send;

    /// The events of a key that come directly after a position in time, oldest first; the table may return fewer than
    /// `limit`.
    fn newer(
        &self,
        key: &IndexKey,
        than: &Position,
        limit: usize,
    ) -> impl Future<Output = Result<IndexPage, IndexError>> + Send;

    /// Adds to the count of a day.
    fn add(
        &self,
        key: &DayKey,
        events: i64,
        expires: Timestamp,
    ) -> impl Future<Output = Result<(), IndexError>> + Send;

    /// Sets the count of a day.
    fn set_count(
        &self,
        count: &DayCount,
        expires: Timestamp,
    ) -> impl Future<Output = Result<(), IndexError>> + Send;

    /// The counts of the month that a day belongs to, by day.
    fn counts(&self, month: Date) -> impl Future<Output = Result<Vec<DayCount>, IndexError>> + Send;
}
