//! Schedules.

use jiff::civil::{Time, Weekday};

use super::scalar;
use crate::problem::{Notes, Path};
use crate::raw::{DatesText, DaysText, HourText, Many, RawSchedule};
use crate::{DateRange, Hours, Schedule};

/// Schedules, any of which is good.
pub(crate) fn schedules(
    raw: Option<&Many<RawSchedule>>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Vec<Schedule> {
    let schedules = raw.map_or(&[][..], Many::as_slice).iter().enumerate();
    schedules.filter_map(|(index, raw)| schedule(raw, &path.index(index), notes)).collect()
}

fn schedule(raw: &RawSchedule, path: &Path<'_>, notes: &mut Notes) -> Option<Schedule> {
    let path_days = path.key("days");
    let mut days_of_week = Vec::new();
    for (index, text) in raw.days.as_ref().map_or(&[][..], Many::as_slice).iter().enumerate() {
        days_of_week.extend(days(text, &path_days.index(index), notes).unwrap_or_default());
    }
    let path_dates = path.key("dates");
    let mut dates = Vec::new();
    for (index, text) in raw.dates.as_ref().map_or(&[][..], Many::as_slice).iter().enumerate() {
        dates.extend(date_range(text, &path_dates.index(index), notes));
    }
    let hours = hours(raw, path, notes);
    let timezone = match &raw.timezone {
        None => None,
        Some(text) => Some(scalar::timezone(text, &path.key("timezone"), notes)?),
    };
    if raw.days.is_none() && raw.dates.is_none() && raw.from.is_none() && raw.to.is_none() {
        notes.warning(path, "this means always", "name days, from, to or dates, or leave the key out");
    }
    Some(Schedule { days: days_of_week, dates, hours, timezone })
}

fn hours(raw: &RawSchedule, path: &Path<'_>, notes: &mut Notes) -> Option<Hours> {
    if raw.from.is_none() && raw.to.is_none() {
        return None;
    }
    let mut read = |text: Option<&HourText>, key: &str| match text {
        None => Some(Time::midnight()),
        Some(text) => hour(text, &path.key(key), notes),
    };
    let (from, to) = (read(raw.from.as_ref(), "from"), read(raw.to.as_ref(), "to"));
    let (from, to) = (from?, to?);
    let is_whole_day = from == to && raw.to.as_ref().is_none_or(|to| to.0 == "24:00");
    if from == to && !is_whole_day {
        notes.problem(&path.key("to"), "it ends when it begins", "leave both out for the whole day");
    }
    Some(Hours { from, to })
}

fn hour(text: &HourText, path: &Path<'_>, notes: &mut Notes) -> Option<Time> {
    if text.0 == "24:00" {
        return Some(Time::midnight());
    }
    let number = |text: &str| (text.len() == 2).then(|| text.parse::<i8>().ok()).flatten();
    let time = text.0.split_once(':').and_then(|(hour, minute)| {
        let (hour, minute) = (number(hour)?, number(minute)?);
        Time::new(hour, minute, 0, 0).ok()
    });
    if time.is_none() {
        notes.problem(path, format!("`{}` is no time of day", text.0), "write it as 06:00");
    }
    time
}

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// `mon`, or `mon-fri`; `fri-mon` runs over the weekend.
fn days(text: &DaysText, path: &Path<'_>, notes: &mut Notes) -> Option<Vec<Weekday>> {
    let position = |name: &str| DAYS.iter().position(|(known, _)| *known == name);
    let (first, last) = text.0.split_once('-').unwrap_or((&text.0, &text.0));
    let (Some(first), Some(last)) = (position(first), position(last)) else {
        notes.problem(
            path,
            format!("`{}` is no day of the week", text.0),
            "use mon, tue, wed, thu, fri, sat, sun, or two of them as mon-fri",
        );
        return None;
    };
    let count = (last + DAYS.len() - first) % DAYS.len() + 1;
    Some(DAYS.iter().cycle().skip(first).take(count).map(|(_, day)| *day).collect())
}

fn date_range(text: &DatesText, path: &Path<'_>, notes: &mut Notes) -> Option<DateRange> {
    let (first, last) = text.0.split_once("..").unwrap_or((&text.0, &text.0));
    let (first, last) = (scalar::date(first, path, notes)?, scalar::date(last, path, notes)?);
    if last < first {
        notes.problem(path, "it ends before it begins", "exchange the two dates");
    }
    Some(DateRange { first, last })
}
