//! One event: its item, its count and its thumbnail.

use std::panic::{AssertUnwindSafe, catch_unwind};

use camhook_event::{Event, thumbnail_key};
use camhook_operations::events::{Summary, count_key, smallest_picture};
use camhook_ports::{EventIndex, IndexPorts, Object, ObjectStore, Precondition};
use jiff::tz::TimeZone;

use crate::{Error, ThumbnailError, thumbnail};

/// How the index changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The event was not in the index.
    Added,
    /// The index had another state of it.
    Changed,
    /// The index had the same.
    Unchanged,
}

/// Reads a record; `None` when it is gone.
pub(crate) async fn read<P: IndexPorts>(ports: &P, key: &str) -> Result<Option<Event>, Error> {
    let Some(object) = ports.objects().get(key).await? else { return Ok(None) };
    let event = serde_json::from_slice(&object.bytes);
    event.map(Some).map_err(|error| Error::Record { key: key.to_owned(), error })
}

/// Writes an event into the index.
pub(crate) async fn write<P: IndexPorts>(
    ports: &P,
    summary: &Summary,
    events_days: u32,
) -> Result<(Change, Option<Summary>), Error> {
    let (item, keys) = summary.item(events_days).map_err(Error::Summary)?;
    let previous = ports.index().put(item.clone(), &keys).await?;
    let change = match &previous {
        None => Change::Added,
        Some(previous) if previous.position == item.position && previous.data == item.data => {
            Change::Unchanged
        }
        Some(_) => Change::Changed,
    };
    Ok((change, previous.and_then(Summary::of_item)))
}

/// Counts an event that was written, unless it was counted before under the same camera and day.
pub(crate) async fn count<P: IndexPorts>(
    ports: &P,
    timezone: &TimeZone,
    summary: &Summary,
    previous: Option<&Summary>,
    events_days: u32,
) -> Result<(), Error> {
    let (key, expires) = (count_key(summary, timezone), summary.expires(events_days));
    match previous.map(|previous| count_key(previous, timezone)) {
        Some(counted) if counted == key => return Ok(()),
        Some(counted) => ports.index().add(&counted, -1, expires).await?,
        None => {}
    }
    Ok(ports.index().add(&key, 1, expires).await?)
}

/// Makes the thumbnail of an event without a small picture, and stores it.
pub(crate) async fn store_thumbnail<P: IndexPorts>(
    ports: &P,
    event: &Event,
    summary: &Summary,
) -> Result<(), Error> {
    let key = thumbnail_key(event);
    if summary.thumbnail.as_ref() != Some(&key) {
        return Ok(());
    }
    let Some(image) = smallest_picture(event) else { return Ok(()) };
    let Some(picture) = ports.objects().get(image.key.as_str()).await? else { return Ok(()) };
    // A picture comes from a device: an error of the decoder, a panic too, costs the thumbnail only.
    let scaled = catch_unwind(AssertUnwindSafe(|| thumbnail(&picture.bytes)));
    let scaled = scaled.unwrap_or(Err(ThumbnailError::Panic));
    let bytes = scaled.map_err(|error| Error::Picture { key: image.key.to_string(), error })?;
    let object = Object { bytes: bytes.into(), content_type: "image/jpeg" };
    Ok(ports.objects().put(&key, object, Precondition::None).await?)
}
