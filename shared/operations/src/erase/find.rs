//! Finding what is to be erased.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use camhook_event::{CONFIG_KEY, Event, EventId, thumbnail_key};
use camhook_ports::{
    EventIndex, IndexKey, IndexPorts, ListedObject, ObjectError, ObjectStore, PageEnd, PageRequest, Ports,
};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{EraseError, Found, FoundEvent, IndexedEvent, ReadEvent, Remains, Subject};
use crate::audit;
use crate::bucket::{LISTED, keys_after};
use crate::events::Summary;

/// The number of objects that are read at the same time.
const AT_ONCE: usize = 16;

/// The object of a quarantined post that says when and why.
const REASON: &str = "/reason.json";

/// The number of events of the index that are read at once.
const PAGE: usize = 1000;

/// What a search is doing, for a person who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// It has read some of the records of events.
    Records {
        /// How many.
        read: usize,
        /// How many there are.
        of: usize,
    },
    /// It searches the index, pictures, quarantine and audit.
    Others,
}

/// Finds what is stored about a subject. Reads each record for a plate or person; for a source or time, keys are
/// enough.
///
/// # Errors
///
/// When the bucket or the index fails.
pub async fn find<P: IndexPorts>(
    ports: &P,
    subject: &Subject,
    progress: impl Fn(Finding),
) -> Result<Found, EraseError> {
    let events = events(ports, subject, &progress).await?;
    progress(Finding::Others);
    let ids: BTreeSet<EventId> = events.iter().map(|event| event.id).collect();
    let index_only = index_only(ports, subject, &ids).await?;
    let pictures = pictures(ports, subject, &events).await?;
    let quarantine = quarantined(ports, subject).await?;
    let ids = ids.iter().copied().chain(index_only.iter().map(|event| event.id)).collect();
    let remains = remains(ports, subject, &ids).await?;
    Ok(Found { events, index_only, pictures, quarantine, remains })
}

/// `events/yyyy/mm/dd/source/id.json`
struct RecordKey<'a> {
    date: String,
    source: &'a str,
    id: EventId,
}

fn record_key(key: &str) -> Option<RecordKey<'_>> {
    let segments: Vec<&str> = key.split('/').collect();
    let [_, year, month, day, source, file] = segments.as_slice() else { return None };
    let id = file.strip_suffix(".json")?.parse().ok()?;
    Some(RecordKey { date: format!("{year}/{month}/{day}"), source, id })
}

/// The day in the key of an object: `root/yyyy/mm/dd/…`.
fn day_of(key: &str) -> Option<Date> {
    let day: Vec<&str> = key.split('/').skip(1).take(3).collect();
    day.join("-").parse().ok()
}

fn date(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).date().to_string().replace('-', "/")
}

async fn events<P: Ports>(
    ports: &P,
    subject: &Subject,
    progress: &impl Fn(Finding),
) -> Result<Vec<FoundEvent>, EraseError> {
    let keys = keys_after(ports.objects(), "events/", None).await?;
    let of = keys.len();
    let candidates = keys.into_iter().enumerate().map(|(read, key)| async move {
        let found = candidate(ports, subject, key).await?;
        Ok::<_, EraseError>((read + 1, found))
    });
    let mut candidates = stream::iter(candidates).buffered(AT_ONCE);
    let mut events = Vec::new();
    while let Some((read, found)) = candidates.try_next().await? {
        if read % 64 == 0 || read == of {
            progress(Finding::Records { read, of });
        }
        events.extend(found);
    }
    Ok(events)
}

/// The event under a key, if it is one of the subject's.
async fn candidate<P: Ports>(
    ports: &P,
    subject: &Subject,
    key: String,
) -> Result<Option<FoundEvent>, EraseError> {
    let Some(parsed) = record_key(&key) else { return Ok(None) };
    let is_found = match subject {
        Subject::Source(source) => Some(parsed.source == source),
        // The day of the time itself is decided by the record.
        Subject::Before(before) if parsed.date != date(*before) => Some(parsed.date < date(*before)),
        Subject::Before(_) | Subject::Plate(_) | Subject::Person(_) => None,
    };
    if is_found == Some(false) {
        return Ok(None);
    }
    let (id, source, date) = (parsed.id, parsed.source.to_owned(), parsed.date);
    let Some(object) = ports.objects().get(&key).await? else { return Ok(None) };
    let event: Option<Event> = serde_json::from_slice(&object.bytes).ok();
    let mention = event.as_ref().and_then(|event| subject.mention_in(event));
    let is_found = is_found.unwrap_or_else(|| match (&event, subject) {
        (Some(event), Subject::Before(before)) => event.time.timestamp() < *before,
        (Some(_), _) => mention.is_some(),
        (None, _) => subject.is_mentioned(&String::from_utf8_lossy(&object.bytes)),
    });
    if !is_found {
        return Ok(None);
    }
    let mut pictures = keys_after(ports.objects(), &format!("images/{source}/{date}/{id}/"), None).await?;
    if let Some(event) = &event {
        let thumbnail = thumbnail_key(event);
        pictures.extend(keys_after(ports.objects(), &thumbnail, None).await?);
    }
    pictures.sort();
    pictures.dedup();
    let read = event.map(|event| ReadEvent { time: event.time, kind: event.data.kind, mention });
    Ok(Some(FoundEvent { id, record: key, pictures, source, read }))
}

/// The events of the index that have no record.
async fn index_only<P: IndexPorts>(
    ports: &P,
    subject: &Subject,
    found: &BTreeSet<EventId>,
) -> Result<Vec<IndexedEvent>, EraseError> {
    let (key, until) = match subject {
        Subject::Plate(plate) => (IndexKey::Plate(plate.as_str().to_owned()), None),
        Subject::Person(_) => (IndexKey::All, None),
        Subject::Source(source) => (IndexKey::Source(source.clone()), None),
        Subject::Before(before) => (IndexKey::All, Some(*before)),
    };
    let mut ids = Vec::new();
    let mut after = None;
    loop {
        let request = PageRequest { key: &key, since: None, until, after: after.as_ref(), limit: PAGE };
        let page = ports.index().page(request).await?;
        let last = page.items.last().map(|item| item.position.clone());
        for item in page.items {
            let Ok(id) = item.position.id.parse::<EventId>() else { continue };
            if found.contains(&id) {
                continue;
            }
            let summary = Summary::of_item(item);
            let is_found = match subject {
                Subject::Person(name) => summary.as_ref().is_some_and(|summary| {
                    let face = summary.face.as_ref().and_then(|face| face.name.as_ref());
                    face.and_then(|face| camhook_site::PlateText::new(face.as_str())).as_ref() == Some(name)
                }),
                _ => true,
            };
            if is_found {
                ids.push(IndexedEvent { id, source: summary.map(|summary| summary.source.to_string()) });
            }
        }
        match (page.end, last) {
            (PageEnd::More, Some(last)) => after = Some(last),
            _ => return Ok(ids),
        }
    }
}

/// Pictures and thumbnails of a source or time that belong to none of the events. Those of a plate or person cannot be
/// recognized without a record.
async fn pictures<P: Ports>(
    ports: &P,
    subject: &Subject,
    events: &[FoundEvent],
) -> Result<BTreeSet<String>, ObjectError> {
    let known: BTreeSet<&str> =
        events.iter().flat_map(|event| event.pictures.iter().map(String::as_str)).collect();
    let mut pictures = BTreeSet::new();
    for root in ["images/", "thumbnails/"] {
        let prefix = match subject {
            Subject::Plate(_) | Subject::Person(_) => continue,
            Subject::Source(source) => format!("{root}{source}/"),
            Subject::Before(_) => root.to_owned(),
        };
        for key in keys_after(ports.objects(), &prefix, None).await? {
            let is_found = match subject {
                // Those of the day itself belong to events, which are decided by their records.
                Subject::Before(before) => {
                    let day: Vec<&str> = key.split('/').skip(2).take(3).collect();
                    day.join("/") < date(*before)
                }
                _ => true,
            };
            if is_found && !known.contains(key.as_str()) {
                pictures.insert(key);
            }
        }
    }
    Ok(pictures)
}

/// The objects of quarantined posts: of the source, before the time, or with a mention of the plate or person.
///
/// Those with the mention come last: as long as one is left, the next run finds the rest of its post.
async fn quarantined<P: Ports>(ports: &P, subject: &Subject) -> Result<Vec<String>, ObjectError> {
    let of_last_day = match subject {
        Subject::Before(before) => without_reason(ports, *before).await?,
        _ => BTreeSet::new(),
    };
    let of_last_day = &of_last_day;
    let keys = keys_after(ports.objects(), "quarantine/", None).await?;
    let folder = |key: &str| key.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let checked = keys.iter().map(|key| async move {
        let segments: Vec<&str> = key.split('/').collect();
        let [_, year, month, day, source, ..] = segments.as_slice() else { return Ok(false) };
        let is_found = match subject {
            Subject::Source(wanted) => source == wanted,
            Subject::Before(before) => match format!("{year}/{month}/{day}").cmp(&date(*before)) {
                Ordering::Less => true,
                Ordering::Equal => {
                    of_last_day.contains(key) || is_received_before(ports, key, *before).await?
                }
                Ordering::Greater => false,
            },
            Subject::Plate(_) | Subject::Person(_) => {
                let object = ports.objects().get(key).await?;
                object.is_some_and(|object| subject.is_mentioned(&String::from_utf8_lossy(&object.bytes)))
            }
        };
        Ok::<_, ObjectError>(is_found)
    });
    let checked: Vec<bool> = stream::iter(checked).buffered(AT_ONCE).try_collect().await?;
    let folders: BTreeSet<String> =
        keys.iter().zip(&checked).filter_map(|(key, is_found)| folder(key).filter(|_| *is_found)).collect();
    let is_found = |key: &String| folder(key).is_some_and(|folder| folders.contains(&folder));
    let of_posts = keys.into_iter().zip(checked).filter(|(key, _)| is_found(key));
    let (naming, others): (Vec<_>, Vec<_>) = of_posts.partition(|(_, is_naming)| *is_naming);
    Ok(others.into_iter().chain(naming).map(|(key, _)| key).collect())
}

/// When a post was received, as its `reason.json` has it.
#[derive(Deserialize)]
struct Receipt {
    received_at: Timestamp,
}

/// Whether an object is the `reason.json` of a post that was received before a time.
async fn is_received_before<P: Ports>(ports: &P, key: &str, before: Timestamp) -> Result<bool, ObjectError> {
    if !key.ends_with(REASON) {
        return Ok(false);
    }
    let Some(object) = ports.objects().get(key).await? else { return Ok(false) };
    let receipt: Option<Receipt> = serde_json::from_slice(&object.bytes).ok();
    Ok(receipt.is_some_and(|receipt| receipt.received_at < before))
}

/// The objects of the day of a time, in UTC, whose post has no `reason.json` and which were stored before that time: what
/// no function of a vendor received, and the rest of a post that was erased in part.
async fn without_reason<P: Ports>(ports: &P, before: Timestamp) -> Result<BTreeSet<String>, ObjectError> {
    let prefix = format!("quarantine/{}/", date(before));
    let mut objects: Vec<ListedObject> = Vec::new();
    loop {
        let after = objects.last().map_or(&prefix, |last| &last.key);
        let listed = ports.objects().list_stored(&prefix, after, LISTED).await?;
        let is_last = listed.len() < LISTED;
        objects.extend(listed);
        if is_last {
            break;
        }
    }
    let folder = |key: &str| key.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let with_reason: BTreeSet<String> = objects
        .iter()
        .filter(|object| object.key.ends_with(REASON))
        .filter_map(|object| folder(&object.key))
        .collect();
    let is_found = |object: &ListedObject| {
        object.stored_at < before && folder(&object.key).is_some_and(|folder| !with_reason.contains(&folder))
    };
    Ok(objects.into_iter().filter(is_found).map(|object| object.key).collect())
}

/// What names the subject and stays.
async fn remains<P: Ports>(
    ports: &P,
    subject: &Subject,
    events: &BTreeSet<EventId>,
) -> Result<Remains, ObjectError> {
    let keys = keys_after(ports.objects(), &format!("{}/", audit::ROOT), None).await?;
    let ids: BTreeSet<String> = events.iter().map(ToString::to_string).collect();
    let checked = keys.iter().map(|key| {
        let ids = &ids;
        async move {
            // The name of an object contains the event.
            let file = key.rsplit('/').next().unwrap_or_default();
            if file.split(['-', '.']).any(|part| ids.contains(part)) {
                return Ok(true);
            }
            if subject.text().is_none() {
                return Ok(false);
            }
            let object = ports.objects().get(key).await?;
            Ok::<_, ObjectError>(
                object.is_some_and(|object| subject.is_mentioned(&String::from_utf8_lossy(&object.bytes))),
            )
        }
    });
    let checked: Vec<bool> = stream::iter(checked).buffered(AT_ONCE).try_collect().await?;
    let named = || keys.iter().zip(&checked).filter_map(|(key, is_named)| is_named.then_some(key));
    let configuration = match subject.text() {
        Some(_) => ports.objects().get(CONFIG_KEY).await?,
        None => None,
    };
    let text = configuration.map(|object| String::from_utf8_lossy(&object.bytes).into_owned());
    let lines = text.iter().flat_map(|text| text.lines().enumerate());
    Ok(Remains {
        audit_records: named().count(),
        newest_audit_record: named().filter_map(|key| day_of(key)).max(),
        configuration_lines: lines
            .filter(|(_, line)| subject.is_mentioned(line))
            .map(|(number, _)| number + 1)
            .collect(),
    })
}
