//! Marks: events that somebody reviewed.

use std::collections::{BTreeMap, BTreeSet};

use camhook_event::EventId;
use camhook_ports::State;
use camhook_state::person::Person;
use camhook_state::review::{self, Review};
use futures_util::future::try_join_all;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::events::Summary;

/// The maximum number of events that are marked at once.
pub const AT_ONCE: usize = 100;

fn expires(now: Timestamp, events_days: u32) -> Timestamp {
    now.checked_add(SignedDuration::from_hours(24 * i64::from(events_days))).unwrap_or(now)
}

/// Marks events as reviewed by a person, all with the time `now`. What somebody has reviewed keeps that mark.
///
/// # Errors
///
/// When the table fails; some of the events may then be marked.
pub async fn mark<S: State>(
    state: &S,
    events: &[Summary],
    person: &Person,
    now: Timestamp,
    events_days: u32,
) -> Result<(), camhook_state::Error> {
    let marked = of_days(state, &days_of(events)).await?;
    let review = |event: &Summary| Review {
        by: person.name.clone(),
        at: now,
        time: event.time.timestamp(),
        area: event.area.as_ref().map(ToString::to_string),
    };
    let events = events.iter().filter(|event| !marked.contains_key(&event.id));
    let reviews: Vec<(EventId, Review)> = events.map(|event| (event.id, review(event))).collect();
    review::mark(state, &reviews, expires(now, events_days)).await
}

/// Removes the marks of events.
///
/// # Errors
///
/// When the table fails; some of the marks may then be removed.
pub async fn unmark<S: State>(
    state: &S,
    events: &[Summary],
    now: Timestamp,
    events_days: u32,
) -> Result<(), camhook_state::Error> {
    let events: Vec<(EventId, Timestamp)> =
        events.iter().map(|event| (event.id, event.time.timestamp())).collect();
    review::unmark(state, &events, expires(now, events_days)).await
}

/// Removes the marks that a person made at one time on events of these days in UTC, and returns how many.
///
/// # Errors
///
/// When the table fails; some of the marks may then be removed.
pub async fn undo<S: State>(
    state: &S,
    days: &BTreeSet<Date>,
    person: &Person,
    marked_at: Timestamp,
    now: Timestamp,
    events_days: u32,
) -> Result<usize, camhook_state::Error> {
    let marks = of_days(state, days).await?;
    let is_own = |review: &Review| review.by == person.name && review.at == marked_at;
    let events: Vec<(EventId, Timestamp)> = marks
        .into_iter()
        .filter(|(_, review)| is_own(review) && person.may_see(review.area.as_deref()))
        .map(|(id, review)| (id, review.time))
        .collect();
    review::unmark(state, &events, expires(now, events_days)).await?;
    Ok(events.len())
}

/// The marks of events of these days in UTC.
///
/// # Errors
///
/// When the table fails.
pub async fn of_days<S: State>(
    state: &S,
    days: &BTreeSet<Date>,
) -> Result<BTreeMap<EventId, Review>, camhook_state::Error> {
    let days: Vec<_> = days.iter().map(|day| review::of_day(state, *day)).collect();
    let marks = try_join_all(days).await?;
    Ok(marks.into_iter().flatten().collect())
}

/// The days in UTC under which the marks of events are stored.
#[must_use]
pub fn days_of(events: &[Summary]) -> BTreeSet<Date> {
    events.iter().map(|event| review::day_of(event.time.timestamp())).collect()
}
