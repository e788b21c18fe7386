//! Queries on the index.

use camhook_event::EventId;
use camhook_ports::{
    DayCount, DayKey, EventIndex, IndexError, IndexItem, IndexKey, PageEnd, PageRequest, Position,
};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::filter::Rest;
use super::{Cursor, Filter, Summary};

/// The maximum number of table pages that one query reads.
pub const PAGES: usize = 2;

/// The number of items that a page has where each of them must be looked at.
const SCANNED: usize = 1000;

/// The events of one query, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// The events.
    pub events: Vec<Summary>,
    /// Where to continue; `None` when everything was searched.
    pub next: Option<Cursor>,
    /// Down to which time was searched, when the query ended at its limit of pages and not of events.
    pub searched_until: Option<Timestamp>,
}

/// The newest events that match a filter, at most `limit`, after a cursor. Reads at most [`PAGES`] pages.
///
/// A plate, one or two cameras, a source or an area is found by a key of the index. Other conditions are checked on the
/// events of those pages: where few events match, the answer has fewer than `limit` and `searched_until` is set.
///
/// # Errors
///
/// When the index fails.
pub async fn query<I: EventIndex>(
    index: &I,
    filter: &Filter,
    cursor: Option<&Cursor>,
    limit: usize,
    now: Timestamp,
) -> Result<Page, IndexError> {
    let keys = filter.keys();
    // One more event than asked for shows whether there are more.
    let small = limit.saturating_add(1);
    let (first_limit, next_limit) = match filter.rest(&keys) {
        Rest::Nothing => (small, small),
        // The events of a source are almost always of one area.
        Rest::Areas => (small, SCANNED),
        Rest::Conditions => (SCANNED, SCANNED),
    };
    let mut streams: Vec<Stream> = keys.iter().map(|key| Stream::new(key, cursor)).collect();
    let pages = PAGES / streams.len().max(1);
    for stream in &mut streams {
        for page in 0..pages {
            let page_limit = if page == 0 { first_limit } else { next_limit };
            if stream.end == PageEnd::Complete || stream.matching.len() > limit {
                break;
            }
            stream.read(index, filter, page_limit, now).await?;
        }
    }
    // Below the last event of a key that has more, an event of that key may be missing.
    let more = streams.iter().filter(|stream| stream.end == PageEnd::More);
    let horizon = more.filter_map(|stream| stream.searched.clone()).max();
    let matching = streams.into_iter().flat_map(|stream| stream.matching);
    let mut found: Vec<(Position, Summary)> =
        matching.filter(|(position, _)| horizon.as_ref().is_none_or(|horizon| position >= horizon)).collect();
    found.sort_by(|(left, _), (right, _)| right.cmp(left));
    found.dedup_by(|(left, _), (right, _)| left == right);
    let is_cut = found.len() > limit;
    found.truncate(limit);
    let next = if is_cut { found.last().map(|(position, _)| position.clone()) } else { horizon };
    let next = next.map(Cursor);
    Ok(Page {
        searched_until: next.as_ref().filter(|_| !is_cut && found.len() < limit).map(Cursor::time),
        events: found.into_iter().map(|(_, summary)| summary).collect(),
        next,
    })
}

/// The matching events of one key, as far as it was searched.
struct Stream<'a> {
    key: &'a IndexKey,
    searched: Option<Position>,
    matching: Vec<(Position, Summary)>,
    end: PageEnd,
}

impl<'a> Stream<'a> {
    fn new(key: &'a IndexKey, cursor: Option<&Cursor>) -> Self {
        let searched = cursor.map(|cursor| cursor.0.clone());
        Self { key, searched, matching: Vec::new(), end: PageEnd::More }
    }

    async fn read<I: EventIndex>(
        &mut self,
        index: &I,
        filter: &Filter,
        limit: usize,
        now: Timestamp,
    ) -> Result<(), IndexError> {
        let (since, until, after) = (filter.since, filter.until, self.searched.as_ref());
        let page = index.page(PageRequest { key: self.key, since, until, after, limit }).await?;
        self.searched = page.items.last().map(|item| item.position.clone()).or_else(|| self.searched.take());
        self.end = page.end;
        let matching = page
            .items
            .into_iter()
            .filter_map(|item| Some((item.position.clone(), matching(item, filter, now)?)));
        self.matching.extend(matching);
        Ok(())
    }
}

/// The event, if it matches and has not expired. The table deletes expired items late.
fn matching(item: IndexItem, filter: &Filter, now: Timestamp) -> Option<Summary> {
    if item.expires <= now {
        return None;
    }
    Summary::of_item(item).filter(|summary| filter.matches(summary))
}

/// The event with this id; `None` when the index does not have it, or it has expired. The table deletes expired items
/// late.
///
/// # Errors
///
/// When the index fails.
pub async fn find<I: EventIndex>(
    index: &I,
    id: EventId,
    now: Timestamp,
) -> Result<Option<Summary>, IndexError> {
    let item = index.get(&id.to_string()).await?;
    Ok(item.filter(|item| item.expires > now).and_then(Summary::of_item))
}

/// The number of events that a page has in which the next event is looked for.
const NEXT: usize = 100;

/// The first event after another one that matches a filter by a single key, apart from its times. Reads at most [`PAGES`]
/// pages.
///
/// # Errors
///
/// When the index fails.
pub async fn next<I: EventIndex>(
    index: &I,
    filter: &Filter,
    after: &Cursor,
    now: Timestamp,
) -> Result<Option<Summary>, IndexError> {
    let keys = filter.keys();
    let Some(key) = keys.first() else { return Ok(None) };
    let (first_limit, next_limit) = match filter.rest(&keys) {
        Rest::Nothing => (1, 1),
        Rest::Areas => (1, NEXT),
        Rest::Conditions => (NEXT, NEXT),
    };
    let mut position = after.0.clone();
    for page in 0..PAGES {
        let limit = if page == 0 { first_limit } else { next_limit };
        let page = index.newer(key, &position, limit).await?;
        let Some(last) = page.items.last() else { return Ok(None) };
        position = last.position.clone();
        let found = page.items.into_iter().find_map(|item| matching(item, filter, now));
        if found.is_some() || page.end == PageEnd::Complete {
            return Ok(found);
        }
    }
    Ok(None)
}

/// What an event is counted under: its camera, and the day in the site's time zone.
#[must_use]
pub fn count_key(summary: &Summary, timezone: &TimeZone) -> DayKey {
    DayKey {
        day: summary.time.timestamp().to_zoned(timezone.clone()).date(),
        source: summary.source.to_string(),
        camera: summary.camera.as_ref().map(|camera| camera.id.to_string()),
    }
}

/// The number of events of each camera on each day of a month. Approximate: `camhook index rebuild` corrects it.
///
/// # Errors
///
/// When the index fails.
pub async fn counts<I: EventIndex>(index: &I, month: Date) -> Result<Vec<DayCount>, IndexError> {
    index.counts(month).await
}
