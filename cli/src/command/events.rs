//! `camhook events`

use std::path::{Path, PathBuf};

use camhook_event::Event;
use camhook_ports::{Clock, ObjectError, ObjectStore, Ports};
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use serde::Serialize;

use super::Outcome;
use crate::arguments::Events;
use crate::error::Error;
use crate::event_line::event_line;
use crate::output::Output;
use crate::stack::{Selection, Stack};

/// The maximum number of records read per day.
const MAX_RECORDS_PER_DAY: usize = 20_000;

/// The number of records read concurrently.
const CONCURRENCY: usize = 16;

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    event: &'a Event,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    saved: Vec<PathBuf>,
}

pub(super) async fn run(arguments: &Events, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let ports = Stack::find(stack)?.connect().await;
    let now = ports.clock().now();
    let since = moment(&arguments.since, now)?;
    let events = newest(&ports, arguments, since, now, output).await?;
    for event in &events {
        let saved = match &arguments.save {
            Some(folder) => save(&ports, event, folder).await?,
            None => Vec::new(),
        };
        let mut lines = vec![event_line(event)];
        lines.extend(saved.iter().map(|path| format!("    {}", path.display())));
        output.result(&Shown { event, saved }, lines.join("\n"));
    }
    if events.is_empty() {
        output.note(format_args!("No events since {since:.0}."));
    }
    Ok(Outcome::Done)
}

/// The newest events since a time, read day by day backwards: keys contain the date, not the time.
async fn newest<P: Ports>(
    ports: &P,
    arguments: &Events,
    since: Timestamp,
    now: Timestamp,
    output: &Output,
) -> Result<Vec<Event>, Error> {
    let mut events = Vec::new();
    // A device's clock may be a little ahead.
    let mut day = utc_date(now).saturating_add(1.day());
    // Keys contain the day of the event, which may be the one before the day of its receipt.
    let last_day = utc_date(since).saturating_sub(1.day());
    while day >= last_day && events.len() < arguments.limit {
        let date = day.strftime("%Y/%m/%d");
        let prefix = match &arguments.source {
            Some(source) => format!("events/{date}/{source}/"),
            None => format!("events/{date}/"),
        };
        let keys = ports.objects().list(&prefix, MAX_RECORDS_PER_DAY).await?;
        if keys.len() == MAX_RECORDS_PER_DAY {
            output.note(format_args!(
                "{date} has more than {MAX_RECORDS_PER_DAY} events; the rest is not searched"
            ));
        }
        let bar = output.progress(keys.len(), "reading events");
        let mut of_the_day: Vec<Event> = stream::iter(keys)
            .map(|key| {
                let bar = &bar;
                async move {
                    let event = record(ports, &key).await;
                    bar.inc(1);
                    event
                }
            })
            .buffer_unordered(CONCURRENCY)
            .try_filter_map(async |event| {
                Ok(event.filter(|event| event.data.received_at.timestamp() >= since))
            })
            .try_collect()
            .await?;
        bar.finish_and_clear();
        of_the_day.sort_by_key(|event| std::cmp::Reverse((event.data.received_at, event.time)));
        events.extend(of_the_day);
        day = day.saturating_sub(1.day());
    }
    events.sort_by_key(|event| std::cmp::Reverse((event.data.received_at, event.time)));
    events.truncate(arguments.limit);
    Ok(events)
}

/// Reads a record; `None` if it was deleted in the meantime.
async fn record<P: Ports>(ports: &P, key: &str) -> Result<Option<Event>, Error> {
    let Some(object) = ports.objects().get(key).await? else { return Ok(None) };
    serde_json::from_slice(&object.bytes)
        .map(Some)
        .map_err(|error| Error::BadRecord { key: key.to_owned(), error })
}

/// Saves an event's pictures to a folder.
async fn save<P: Ports>(ports: &P, event: &Event, folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let wrong = |path: &Path| {
        let path = path.to_owned();
        move |error| Error::Write { path, error }
    };
    std::fs::create_dir_all(folder).map_err(wrong(folder))?;
    let mut saved = Vec::new();
    for (index, image) in event.data.images.iter().enumerate() {
        let Some(image) = image.stored() else { continue };
        let key = image.key.as_str();
        let object = ports.objects().get(key).await?.ok_or_else(|| ObjectError::Failed {
            key: key.to_owned(),
            reason: "it was deleted".to_owned(),
        })?;
        let path = folder.join(format!("{}-{}-{index}-{}.jpg", event.data.source, event.id, image.role));
        std::fs::write(&path, &object.bytes).map_err(wrong(&path))?;
        saved.push(path);
    }
    Ok(saved)
}

/// Parses an age, a date in the local time zone, or a timestamp.
fn moment(text: &str, now: Timestamp) -> Result<Timestamp, Error> {
    let here = TimeZone::system();
    let wrong = || Error::NotATime(text.to_owned());
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    if let Ok(date) = text.parse::<Date>() {
        return date.to_zoned(here).map(|midnight| midnight.timestamp()).map_err(|_| wrong());
    }
    let ago: Span = text.parse().map_err(|_| wrong())?;
    if ago.is_negative() {
        return Err(wrong());
    }
    now.to_zoned(here).checked_sub(ago).map(|then| then.timestamp()).map_err(|_| wrong())
}

fn utc_date(moment: Timestamp) -> Date {
    moment.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_ages_dates_or_timestamps() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let at = |text: &str| moment(text, now).unwrap().to_string();
        assert_eq!(at("30m"), "2026-11-23T11:30:00Z");
        assert_eq!(at("2h"), "2026-11-23T10:00:00Z");
        assert_eq!(at("2026-11-20T08:00:00Z"), "2026-11-20T08:00:00Z");
        assert!(moment("2026-11-20", now).is_ok());
        for wrong in ["", "yesterday", "-2h", "5"] {
            assert!(moment(wrong, now).is_err(), "{wrong}");
        }
    }
}
