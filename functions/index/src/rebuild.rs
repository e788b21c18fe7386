//! The index made again from the records in the bucket.

use std::collections::{BTreeMap, BTreeSet};

use camhook_event::{RECORD_PREFIX, record_key_of};
use camhook_operations::events::{Summary, count_key};
use camhook_ports::{
    Clock, DayCount, DayKey, EventIndex, IndexItem, IndexKey, IndexPorts, ObjectStore, PageEnd, PageRequest,
    Position,
};
use futures_util::{StreamExt, stream};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Serialize;

use crate::Error;
use crate::index_event::{Change, read, store_thumbnail, write};
use crate::notification::is_record;

/// The number of records read at the same time.
const CONCURRENCY: usize = 16;

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The index is corrected.
    Write,
    /// Differences are counted only.
    DryRun,
}

/// What a rebuild found and, unless it is a dry run, corrected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Records in the bucket.
    pub records: u64,
    /// Events that the index did not have.
    pub added: u64,
    /// Events of which the index had another state.
    pub changed: u64,
    /// Events in the index without a record in the bucket.
    pub removed: u64,
    /// Records that are not events.
    pub unreadable: u64,
    /// Counts of a camera and day that were wrong.
    pub counts: u64,
    /// Thumbnails that could not be made.
    pub thumbnails_failed: u64,
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.records += other.records;
        self.added += other.added;
        self.changed += other.changed;
        self.removed += other.removed;
        self.unreadable += other.unreadable;
        self.counts += other.counts;
        self.thumbnails_failed += other.thumbnails_failed;
    }
}

/// One day of a rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Day {
    /// The day in UTC, by which the records are stored.
    pub day: Date,
    /// What was found.
    #[serde(flatten)]
    pub totals: Totals,
}

/// A rebuild, one day after the other, oldest first.
///
/// It can end between two days and be taken up by a new one that starts at [`Rebuild::next_day`].
#[derive(Debug)]
pub struct Rebuild<'a, P> {
    ports: &'a P,
    timezone: TimeZone,
    events_days: u32,
    mode: Mode,
    /// The next day in UTC to read.
    next_utc: Date,
    last_utc: Date,
    /// The first day of the site's zone whose events are not all counted.
    next_day: Date,
    counts: BTreeMap<DayKey, u64>,
}

/// The outcome of one record.
enum Indexed {
    Done { summary: Box<Summary>, change: Change, thumbnail: Thumbnail },
    Gone,
    Unreadable,
}

#[derive(PartialEq, Eq)]
enum Thumbnail {
    Done,
    Failed,
}

impl<'a, P: IndexPorts> Rebuild<'a, P> {
    /// A rebuild of all events since a day of the site's time zone.
    #[must_use]
    pub fn since(ports: &'a P, timezone: TimeZone, events_days: u32, mode: Mode, since: Date) -> Self {
        let start = start_of(since, &timezone);
        // The clock of a device may be ahead.
        let last_utc = utc_date(ports.clock().now()).saturating_add(1.day());
        let next_utc = utc_date(start);
        let counts = BTreeMap::new();
        Self { ports, timezone, events_days, mode, next_utc, last_utc, next_day: since, counts }
    }

    /// The day from which a new rebuild goes on where this one ends now.
    #[must_use]
    pub fn next_day(&self) -> Date {
        self.next_day
    }

    /// The number of days that are left.
    #[must_use]
    pub fn days_left(&self) -> usize {
        let days = self.last_utc.duration_since(self.next_utc).as_hours() / 24 + 1;
        usize::try_from(days).unwrap_or(0)
    }

    /// Rebuilds the next day. `progress` is called with the number of the day's records, and of those that are done.
    /// `None` when all days are done.
    ///
    /// # Errors
    ///
    /// When the bucket or the index fails. The day can be rebuilt again.
    pub async fn step(&mut self, progress: impl Fn(usize, usize)) -> Result<Option<Day>, Error> {
        let day = self.next_utc;
        if day > self.last_utc {
            return Ok(None);
        }
        let prefix = format!("{RECORD_PREFIX}{}/", day.strftime("%Y/%m/%d"));
        let keys: BTreeSet<String> = self
            .ports
            .objects()
            .list(&prefix, usize::MAX)
            .await?
            .into_iter()
            .filter(|key| is_record(key))
            .collect();
        let mut totals = Totals { records: keys.len() as u64, ..Totals::default() };
        progress(keys.len(), 0);
        let this = &*self;
        let mut records =
            stream::iter(&keys).map(|key| this.index(key)).buffer_unordered(CONCURRENCY).enumerate();
        let mut summaries = Vec::new();
        while let Some((index, indexed)) = records.next().await {
            progress(keys.len(), index + 1);
            match indexed? {
                Indexed::Done { summary, change, thumbnail } => {
                    totals.added += u64::from(change == Change::Added);
                    totals.changed += u64::from(change == Change::Changed);
                    totals.thumbnails_failed += u64::from(thumbnail == Thumbnail::Failed);
                    summaries.push(count_key(&summary, &this.timezone));
                }
                Indexed::Gone => totals.records -= 1,
                Indexed::Unreadable => totals.unreadable += 1,
            }
        }
        drop(records);
        totals.removed = self.remove_orphans(day, &keys).await?;
        for key in summaries.into_iter().filter(|key| key.day >= self.next_day) {
            *self.counts.entry(key).or_default() += 1;
        }
        self.next_utc = day.saturating_add(1.day());
        totals.counts = self.correct_counts().await?;
        Ok(Some(Day { day, totals }))
    }

    async fn index(&self, key: &str) -> Result<Indexed, Error> {
        let event = match read(self.ports, key).await {
            Ok(Some(event)) => event,
            Ok(None) => return Ok(Indexed::Gone),
            Err(Error::Record { .. }) => return Ok(Indexed::Unreadable),
            Err(error) => return Err(error),
        };
        let summary = Summary::of(&event);
        let (change, thumbnail) = match self.mode {
            Mode::DryRun => (self.compare(&summary).await?, Thumbnail::Done),
            Mode::Write => {
                let (change, _) = write(self.ports, &summary, self.events_days).await?;
                let made = match change {
                    Change::Added => store_thumbnail(self.ports, &event, &summary).await,
                    Change::Changed | Change::Unchanged => Ok(()),
                };
                (change, if made.is_ok() { Thumbnail::Done } else { Thumbnail::Failed })
            }
        };
        Ok(Indexed::Done { summary: Box::new(summary), change, thumbnail })
    }

    async fn compare(&self, summary: &Summary) -> Result<Change, Error> {
        let (item, _) = summary.item(self.events_days).map_err(Error::Summary)?;
        Ok(match self.ports.index().get(&item.position.id).await? {
            None => Change::Added,
            Some(previous) if previous.position == item.position && previous.data == item.data => {
                Change::Unchanged
            }
            Some(_) => Change::Changed,
        })
    }

    /// Removes the events of a day whose records are gone.
    async fn remove_orphans(&self, day: Date, keys: &BTreeSet<String>) -> Result<u64, Error> {
        let (since, until) =
            (start_of(day, &TimeZone::UTC), start_of(day.saturating_add(1.day()), &TimeZone::UTC));
        let mut after: Option<Position> = None;
        let mut removed = 0;
        loop {
            let request = PageRequest {
                key: &IndexKey::All,
                since: Some(since),
                until: Some(until),
                after: after.as_ref(),
                limit: 1000,
            };
            let page = self.ports.index().page(request).await?;
            after = page.items.last().map(|item| item.position.clone());
            for item in page.items {
                removed += u64::from(self.remove_orphan(item, keys).await?);
            }
            if page.end == PageEnd::Complete {
                return Ok(removed);
            }
        }
    }

    async fn remove_orphan(&self, item: IndexItem, keys: &BTreeSet<String>) -> Result<bool, Error> {
        let id = item.position.id.clone();
        // An item that cannot be read is of no use.
        let key = Summary::of_item(item)
            .map(|summary| record_key_of(summary.time, summary.source.as_str(), summary.id));
        if let Some(key) = key {
            // An event may have been stored since the records were listed.
            if keys.contains(&key) || self.ports.objects().get(&key).await?.is_some() {
                return Ok(false);
            }
        }
        if self.mode == Mode::Write {
            self.ports.index().delete(&id).await?;
        }
        Ok(true)
    }

    /// Sets the counts of the days of the site's zone that were read to their end.
    async fn correct_counts(&mut self) -> Result<u64, Error> {
        let read_until = start_of(self.next_utc, &TimeZone::UTC);
        let mut corrected = 0;
        loop {
            let following = self.next_day.saturating_add(1.day());
            if start_of(following, &self.timezone) > read_until || following == self.next_day {
                return Ok(corrected);
            }
            corrected += self.correct_counts_of(self.next_day).await?;
            let next_day = following;
            self.counts.retain(|key, _| key.day >= next_day);
            self.next_day = next_day;
        }
    }

    async fn correct_counts_of(&self, day: Date) -> Result<u64, Error> {
        let stored = self.ports.index().counts(day).await?.into_iter();
        let stored: BTreeMap<DayKey, u64> =
            stored.filter(|count| count.key.day == day).map(|count| (count.key, count.events)).collect();
        let counted =
            self.counts.iter().filter(|(key, _)| key.day == day).map(|(key, events)| (key, *events));
        let obsolete = stored.keys().filter(|key| !self.counts.contains_key(key)).map(|key| (key, 0));
        let wrong =
            counted.chain(obsolete).filter(|(key, events)| stored.get(key).copied().unwrap_or(0) != *events);
        let days = SignedDuration::from_hours(24 * (i64::from(self.events_days) + 1));
        let start = start_of(day, &self.timezone);
        let expires = start.checked_add(days).unwrap_or(start);
        let mut corrected = 0;
        for (key, events) in wrong {
            corrected += 1;
            if self.mode == Mode::Write {
                self.ports.index().set_count(&DayCount { key: key.clone(), events }, expires).await?;
            }
        }
        Ok(corrected)
    }
}

fn utc_date(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

fn start_of(day: Date, timezone: &TimeZone) -> Timestamp {
    day.to_zoned(timezone.clone()).map_or(Timestamp::MAX, |start| start.timestamp())
}
