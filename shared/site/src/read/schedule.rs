//! Schedules, calendars and the place whose sun they follow.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::civil::{Time, Weekday};

use super::scalar;
use crate::problem::{Notes, Path, instead};
use crate::raw::{
    CalendarDatesText, DatesText, DaysText, EdgeText, Item, Many, RawCalendar, RawCalendarFile, RawSchedule,
    RawSite,
};
use crate::{DateRange, Edge, Hours, Place, Schedule, SunEvent};

/// What schedules of a file may refer to.
#[derive(Debug, Default)]
pub(crate) struct Almanac {
    place: Option<Place>,
    calendars: BTreeMap<String, Vec<DateRange>>,
}

impl Almanac {
    /// The place and the calendars of a file.
    pub(crate) fn read(document: &RawSite, notes: &mut Notes) -> Self {
        let root = Path::Root;
        let section = root.key("calendars");
        let mut calendars = BTreeMap::new();
        for (name, entries) in &document.calendars {
            let path = section.key(name);
            scalar::id(name, &path, notes);
            let entries: &[DatesText] = match entries.good() {
                None => &[],
                Some(RawCalendar::Dates(entries)) => {
                    if entries.is_empty() {
                        notes.warning(&path, "it has no dates", "name dates, or leave the calendar out");
                    }
                    entries
                }
                Some(RawCalendar::File(RawCalendarFile { ics })) => {
                    notes.problem(
                        &path.key("ics"),
                        format!("the dates of {ics} were not read in"),
                        "deploy the file with `camhook config push`, or upload what `camhook config render` prints",
                    );
                    &[]
                }
            };
            let entries = entries.iter().enumerate();
            let dates = entries.filter_map(|(index, text)| date_range(&text.0, &path.index(index), notes));
            calendars.insert(name.clone(), dates.collect());
        }
        Self { place: place(document, notes), calendars }
    }
}

fn place(document: &RawSite, notes: &mut Notes) -> Option<Place> {
    let root = Path::Root;
    // What is malformed has a finding of its own, and is not missing.
    if [&document.latitude, &document.longitude].into_iter().flatten().any(Item::is_bad) {
        return None;
    }
    let latitude = document.latitude.as_ref().and_then(Item::good).copied();
    let longitude = document.longitude.as_ref().and_then(Item::good).copied();
    match (latitude, longitude) {
        (None, None) => None,
        (Some(latitude), Some(longitude)) => {
            let place = Place::new(latitude, longitude);
            if place.is_none() {
                notes.problem(
                    &root.key("latitude"),
                    format!("{latitude}, {longitude} is no place on Earth"),
                    "use degrees: latitude from -90 (south) to 90, longitude from -180 (west) to 180",
                );
            }
            place
        }
        (Some(_), None) => {
            notes.problem(&root.key("latitude"), "`longitude` is missing", "add `longitude = …`");
            None
        }
        (None, Some(_)) => {
            notes.problem(&root.key("longitude"), "`latitude` is missing", "add `latitude = …`");
            None
        }
    }
}

/// Schedules, any of which is good.
pub(crate) fn schedules(
    raw: Option<&Many<RawSchedule>>,
    almanac: &Almanac,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Vec<Schedule> {
    let schedules = raw.map_or(&[][..], Many::as_slice).iter().enumerate();
    schedules.filter_map(|(index, raw)| schedule(raw, almanac, &path.index(index), notes)).collect()
}

fn schedule(raw: &RawSchedule, almanac: &Almanac, path: &Path<'_>, notes: &mut Notes) -> Option<Schedule> {
    let path_days = path.key("days");
    let mut days_of_week = Vec::new();
    for (index, text) in raw.days.as_ref().map_or(&[][..], Many::as_slice).iter().enumerate() {
        days_of_week.extend(days(text, &path_days.index(index), notes).unwrap_or_default());
    }
    let dates = raw.dates.as_ref().map(|texts| dates(texts.as_slice(), almanac, &path.key("dates"), notes));
    let except = raw.except.as_ref().map_or(&[][..], Many::as_slice);
    let except = self::dates(except, almanac, &path.key("except"), notes);
    let hours = hours(raw, almanac, path, notes);
    let timezone = match &raw.timezone {
        None => None,
        Some(text) => Some(scalar::timezone(text, &path.key("timezone"), notes)?),
    };
    let is_always = raw.days.is_none() && raw.dates.is_none() && except.is_empty() && hours.is_none();
    if is_always && raw.from.is_none() && raw.to.is_none() {
        notes.warning(
            path,
            "this means always",
            "name days, from, to, dates or except, or leave the key out",
        );
    }
    Some(Schedule { days: days_of_week, dates, except, hours, timezone })
}

/// Dates, ranges of dates and `@calendars`.
fn dates(
    texts: &[CalendarDatesText],
    almanac: &Almanac,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Vec<DateRange> {
    let mut dates = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let path = path.index(index);
        let Some(name) = text.0.strip_prefix('@') else {
            dates.extend(date_range(&text.0, &path, notes));
            continue;
        };
        match almanac.calendars.get(name) {
            Some(calendar) => dates.extend(calendar),
            None => {
                let known = almanac.calendars.keys().map(String::as_str);
                notes.problem(&path, format!("`{name}` is no calendar"), instead(name, known));
            }
        }
    }
    dates
}

fn hours(raw: &RawSchedule, almanac: &Almanac, path: &Path<'_>, notes: &mut Notes) -> Option<Hours> {
    if raw.from.is_none() && raw.to.is_none() {
        return None;
    }
    let mut read = |text: Option<&EdgeText>, key: &str| match text {
        None => Some(Edge::Clock(Time::midnight())),
        Some(text) => edge(&text.0, almanac, &path.key(key), notes),
    };
    let (from, to) = (read(raw.from.as_ref(), "from"), read(raw.to.as_ref(), "to"));
    let (from, to) = (from?, to?);
    let is_whole_day = from == to && raw.to.as_ref().is_none_or(|to| to.0 == "24:00");
    if from == to && !is_whole_day {
        notes.problem(&path.key("to"), "it ends when it begins", "leave both out for the whole day");
    }
    Some(Hours { from, to })
}

/// `06:00`, `sunset`, `sunset-30m` or `sunrise+1h`.
fn edge(text: &str, almanac: &Almanac, path: &Path<'_>, notes: &mut Notes) -> Option<Edge> {
    let (event, offset) = if let Some(offset) = text.strip_prefix("sunrise") {
        (SunEvent::Sunrise, offset)
    } else if let Some(offset) = text.strip_prefix("sunset") {
        (SunEvent::Sunset, offset)
    } else {
        return hour(text, path, notes).map(Edge::Clock);
    };
    let Some(offset) = signed_offset(offset) else {
        notes.problem(
            path,
            format!("`{text}` is no time of day"),
            "write it as sunset, sunset-30m or sunrise+1h; at most 12h",
        );
        return None;
    };
    let Some(place) = almanac.place else {
        notes.problem(
            path,
            "sunrise and sunset need the place of the site",
            "add latitude and longitude at the top of the file: latitude = 52.52, longitude = 13.40",
        );
        return None;
    };
    Some(Edge::Sun { event, offset, place })
}

/// ``, `-30m` or `+1h`: at most twelve hours.
fn signed_offset(text: &str) -> Option<SignedDuration> {
    const LONGEST: SignedDuration = SignedDuration::from_hours(12);
    if text.is_empty() {
        return Some(SignedDuration::ZERO);
    }
    let (is_before, length) = match text.split_at_checked(1)? {
        ("-", length) => (true, length),
        ("+", length) => (false, length),
        _ => return None,
    };
    let length = SignedDuration::try_from(scalar::parse_duration(length)?).ok()?;
    let offset = if is_before { -length } else { length };
    (length <= LONGEST).then_some(offset)
}

fn hour(text: &str, path: &Path<'_>, notes: &mut Notes) -> Option<Time> {
    if text == "24:00" {
        return Some(Time::midnight());
    }
    let number = |text: &str| (text.len() == 2).then(|| text.parse::<i8>().ok()).flatten();
    let time = text.split_once(':').and_then(|(hour, minute)| {
        let (hour, minute) = (number(hour)?, number(minute)?);
        Time::new(hour, minute, 0, 0).ok()
    });
    if time.is_none() {
        notes.problem(path, format!("`{text}` is no time of day"), "write it as 06:00, or sunset-30m");
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

/// `2026-12-24`, or `2026-12-24..2027-01-06`.
fn date_range(text: &str, path: &Path<'_>, notes: &mut Notes) -> Option<DateRange> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let (first, last) = (scalar::date(first, path, notes)?, scalar::date(last, path, notes)?);
    if last < first {
        notes.problem(path, "it ends before it begins", "exchange the two dates");
    }
    Some(DateRange { first, last })
}
