//! Events that somebody marked as reviewed.
//!
//! `reviewed#{day in UTC}`, `{hour}:{tens of minutes}`: one item per ten minutes of event time, with one field per event.
//! An item of DynamoDB holds about 3,500 marks.

use std::collections::BTreeMap;

use camhook_event::EventId;
use camhook_ports::{Key, State};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Error;

/// An event that was marked as reviewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The name of the person.
    pub by: String,
    /// When it was marked.
    pub at: Timestamp,
    /// When the event happened.
    pub time: Timestamp,
    /// The event's area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
}

/// The day in UTC under which the mark of an event is stored.
#[must_use]
pub fn day_of(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

fn partition(day: Date) -> String {
    format!("reviewed#{day}")
}

fn key(time: Timestamp) -> Key {
    let time = time.to_zoned(TimeZone::UTC);
    Key::new(partition(time.date()), format!("{:02}:{}0", time.hour(), time.minute() / 10))
}

/// Marks events as reviewed. The marks expire with the event records.
///
/// # Errors
///
/// When the table fails; some of the events may then be marked.
pub async fn mark<S: State>(
    state: &S,
    reviews: &[(EventId, Review)],
    expires: Timestamp,
) -> Result<(), Error> {
    let marks = reviews.iter().map(|(id, review)| (*id, review.time, serde_json::to_value(review).ok()));
    write(state, marks, expires).await
}

/// Removes the marks of events, each with the time when it happened.
///
/// # Errors
///
/// When the table fails; some of the marks may then be removed.
pub async fn unmark<S: State>(
    state: &S,
    events: &[(EventId, Timestamp)],
    expires: Timestamp,
) -> Result<(), Error> {
    write(state, events.iter().map(|(id, time)| (*id, *time, None)), expires).await
}

async fn write<S: State>(
    state: &S,
    marks: impl Iterator<Item = (EventId, Timestamp, Option<Value>)>,
    expires: Timestamp,
) -> Result<(), Error> {
    let mut items: BTreeMap<Key, Map<String, Value>> = BTreeMap::new();
    for (id, time, mark) in marks {
        items.entry(key(time)).or_default().insert(id.to_string(), mark.unwrap_or_default());
    }
    for (key, fields) in items {
        state.merge(&key, fields, Some(expires)).await?;
    }
    Ok(())
}

/// The reviewed events of a day in UTC.
///
/// # Errors
///
/// When the table fails.
pub async fn of_day<S: State>(state: &S, day: Date) -> Result<BTreeMap<EventId, Review>, Error> {
    let items = state.query(&partition(day)).await?;
    let fields = items.into_iter().filter_map(|item| match item.data {
        Value::Object(fields) => Some(fields),
        _ => None,
    });
    // What was removed is null.
    let reviews = fields
        .flatten()
        .filter_map(|(id, review)| Some((id.parse().ok()?, serde_json::from_value::<Review>(review).ok()?)));
    Ok(reviews.collect())
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    #[tokio::test]
    async fn marks_are_added_to_each_other_and_removed_one_by_one() {
        let state = MemoryState::default();
        let time: Timestamp = "2026-11-29T22:59:59Z".parse().unwrap();
        let next: Timestamp = "2026-11-29T23:00:00Z".parse().unwrap();
        let ids: Vec<EventId> = (0..3).map(|digit| format!("{digit:032x}").parse().unwrap()).collect();
        let review = |time| Review { by: "Anna".to_owned(), at: next, time, area: None };
        let expires = next.checked_add(std::time::Duration::from_secs(60)).unwrap();
        mark(&state, &[(ids[0], review(time)), (ids[1], review(next))], expires).await.unwrap();
        mark(&state, &[(ids[2], review(time))], expires).await.unwrap();
        let day = day_of(time);
        assert_eq!(of_day(&state, day).await.unwrap().len(), 3);
        unmark(&state, &[(ids[0], time)], expires).await.unwrap();
        let left: Vec<EventId> = of_day(&state, day).await.unwrap().into_keys().collect();
        assert_eq!(left, ids[1..]);
    }
}
