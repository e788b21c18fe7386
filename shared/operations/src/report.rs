//! Reports of a month.

use std::collections::{BTreeMap, BTreeSet};

use camhook_event::EventId;
use camhook_ports::{Clock, DayCount, EventIndex, IndexError, IndexPorts, ObjectError};
use camhook_site::Site;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use crate::audit::{self, AuditRecord};
use crate::events::{self, Cursor, Filter, Summary};

/// The number of events that are read with one query.
const QUERIED: usize = 1000;

/// The beginning and the end of a month in the site's time zone. `month` is any day of it.
///
/// # Errors
///
/// When the month is outside the range of times.
pub fn month(month: Date, timezone: &TimeZone) -> Result<(Timestamp, Timestamp), jiff::Error> {
    let first = month.first_of_month();
    let next = first.checked_add(1.month())?;
    let start = |day: Date| day.to_zoned(timezone.clone()).map(|midnight| midnight.timestamp());
    Ok((start(first)?, start(next)?))
}

/// A relay that was switched, with the event that caused it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Opening {
    /// When.
    pub at: Timestamp,
    /// The relay's id.
    pub relay: String,
    /// The action.
    pub action: String,
    /// `done`, or `unknown` where the device did not confirm it.
    pub decision: String,
    /// The rule's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// The event's source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The plate as the camera read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plate: Option<String>,
    /// The plate of the list that it was taken for, if the rule matched by tolerance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched_plate: Option<String>,
    /// The name beside the plate on a list of the site, or the name of the face.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

/// Why a report cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The bucket failed.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// The relays that were switched in a time range, oldest first, with plate and person of the event. These are missing
/// where the event has expired or was erased; a plate that a rule matched by tolerance is in the audit, too.
///
/// The person is the one of [`Site::name_of_plate`] for the plate that was matched, else for the plate that was read, else
/// the name of the face: as in messages, by the lists of today.
///
/// # Errors
///
/// When the bucket or the index fails.
pub async fn gate<P: IndexPorts>(
    ports: &P,
    site: &Site,
    since: Timestamp,
    until: Timestamp,
    relay: Option<&str>,
) -> Result<Vec<Opening>, ReportError> {
    let mut openings = Vec::new();
    for record in audit::list(ports.objects(), since, until, relay).await? {
        if !record.is_switched() {
            continue;
        }
        let event = match record.event {
            Some(id) => events::find(ports.index(), id, ports.clock().now()).await?,
            None => None,
        };
        openings.push(opening(site, record, event));
    }
    Ok(openings)
}

fn opening(site: &Site, record: AuditRecord, event: Option<Summary>) -> Opening {
    let AuditRecord { at, relay, action, decision, rule, event: id, source, plate: matched, .. } = record;
    let time = event.as_ref().map(|event| event.time.timestamp()).or(record.event_time).unwrap_or(at);
    let (plate, face) = event.map_or((None, None), |event| (event.plate, event.face));
    let plate = plate.map(|plate| plate.text.to_string());
    let read = matched.as_ref().map(|matched| matched.read.as_str());
    let plates = [matched.as_ref().map(|matched| matched.matched.as_str()), plate.as_deref(), read];
    let listed = plates.into_iter().flatten().find_map(|plate| site.name_of_plate(plate, time));
    let person =
        listed.or_else(|| face.as_ref().and_then(|face| face.name.as_ref())).map(ToString::to_string);
    Opening {
        at,
        relay,
        action,
        decision,
        rule,
        event: id,
        source,
        plate: plate.or_else(|| matched.as_ref().map(|matched| matched.read.clone())),
        matched_plate: matched.map(|matched| matched.matched),
        person,
    }
}

/// How often a plate was seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlateCount {
    /// The plate as it was read first.
    pub plate: String,
    /// The number of events.
    pub events: usize,
    /// The time of the first one.
    pub first: Timestamp,
    /// The time of the last one.
    pub last: Timestamp,
    /// The sources that read it.
    pub sources: BTreeSet<String>,
}

/// The plates of a time range by the number of their events. Spellings that rules take for one plate are one.
///
/// # Errors
///
/// When the index fails.
pub async fn plates<I: EventIndex>(
    index: &I,
    since: Timestamp,
    until: Timestamp,
    now: Timestamp,
) -> Result<Vec<PlateCount>, IndexError> {
    let filter = Filter { since: Some(since), until: Some(until), ..Filter::default() };
    let mut counts: BTreeMap<String, PlateCount> = BTreeMap::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = events::query(index, &filter, cursor.as_ref(), QUERIED, now).await?;
        for event in page.events {
            add(&mut counts, &event);
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let mut counts: Vec<PlateCount> = counts.into_values().collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.events));
    Ok(counts)
}

/// Events come newest first.
fn add(counts: &mut BTreeMap<String, PlateCount>, event: &Summary) {
    let Some(normalized) = event.normalized_plate() else { return };
    let plate = event.plate.as_ref().map(|plate| plate.text.to_string()).unwrap_or_default();
    let time = event.time.timestamp();
    let count = counts.entry(normalized).or_insert_with(|| PlateCount {
        plate: String::new(),
        events: 0,
        first: time,
        last: time,
        sources: BTreeSet::new(),
    });
    count.plate = plate;
    count.events += 1;
    count.first = count.first.min(time);
    count.last = count.last.max(time);
    count.sources.insert(event.source.to_string());
}

/// The number of events by day and camera.
///
/// # Errors
///
/// When the index fails.
pub async fn counts<I: EventIndex>(index: &I, month: Date) -> Result<Vec<DayCount>, IndexError> {
    let mut counts = events::counts(index, month).await?;
    counts.sort_by(|left, right| left.key.cmp(&right.key));
    Ok(counts)
}
