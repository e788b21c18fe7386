//! Calendars of a camhook.toml that are kept in iCalendar files: `holidays = { ics = "holidays.ics" }`.
//!
//! Functions read no files. The dates are therefore written into camhook.toml, in place of the file's name, before it is
//! checked or deployed. Recurring events are expanded from the beginning of this year to the end of the year after next.
//! Only events of whole days count, whether they are written as dates or as times from midnight to midnight.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use camhook_ports::{Clock, SystemClock};
use ical::component::{IcalComponent, IcalComponentKind, IcalComponentName};
use ical::prop::{IcalProp, IcalPropKind, IcalPropName};
use ical::recur::set::{IcalRecurOverride, IcalRecurSet};
use ical::recur::{IcalRecurDateTime, IcalRecurRule};
use ical::tree::cst::IcalCst;
use ical::tz::IcalTz;
use ical::value::IcalValue;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use toml::de::{DeTable, DeValue};

use crate::error::Error;
use crate::output::counted;

/// The largest iCalendar file, in bytes.
const FILE_LIMIT: u64 = 4 * 1024 * 1024;

/// The most dates and ranges of one calendar in camhook.toml.
const RANGES_LIMIT: usize = 1000;

/// The most occurrences of one event that are looked at, those before the first date included.
const OCCURRENCES_LIMIT: usize = 100_000;

/// What some programs write at the beginning of a file in UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The property by which Outlook and Exchange mark events of whole days, which they write with the time 00:00.
const ALL_DAY_OF_OUTLOOK: &str = "X-MICROSOFT-CDO-ALLDAYEVENT";

/// The dates of recurring events that are written.
#[derive(Debug, Clone, Copy)]
struct Horizon {
    first: Date,
    last: Date,
}

impl Horizon {
    /// From the beginning of this year to the end of the year after next: the same for a whole year, so that
    /// `camhook config diff` shows changes of the calendar only.
    fn of_year(year: i16) -> Self {
        Self { first: date(year, 1, 1), last: date(year.saturating_add(2), 12, 31) }
    }

    fn now() -> Self {
        Self::of_year(SystemClock::start().now().to_zoned(TimeZone::UTC).year())
    }
}

/// A camhook.toml with the dates of its calendars.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) text: String,
    /// What its author should know.
    pub(crate) notes: Vec<String>,
    /// The calendars whose files cannot be read. Their tables are still in the text.
    pub(crate) unread: Vec<UnreadCalendar>,
}

/// A calendar whose file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnreadCalendar {
    /// Its name in camhook.toml.
    pub(crate) name: String,
    /// What is wrong, and with which file.
    pub(crate) reason: String,
    /// The line in camhook.toml, counted from 1.
    pub(crate) line: usize,
    /// The character in that line, counted from 1.
    pub(crate) column: usize,
}

impl From<UnreadCalendar> for Error {
    fn from(UnreadCalendar { name, reason, .. }: UnreadCalendar) -> Self {
        Self::Calendar { name, reason }
    }
}

/// What a camhook.toml is called in reports.
pub(crate) fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}

/// Reads a camhook.toml, or standard input for `-`, with the dates of its calendars.
pub(crate) fn read(path: &Path) -> Result<Resolved, Error> {
    let failed = |error| Error::Read { path: path.to_owned(), error };
    let (bytes, folder) = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(failed)?;
        (bytes, Path::new("."))
    } else {
        (std::fs::read(path).map_err(failed)?, path.parent().unwrap_or(Path::new(".")))
    };
    match camhook_site::text_of(&bytes, &name(path)) {
        Ok(text) => Ok(resolve(text.to_owned(), folder)),
        Err(problem) => Err(Error::NotUtf8 { problem, lossy: String::from_utf8_lossy(&bytes).into_owned() }),
    }
}

/// Replaces each `{ ics = "FILE" }` by the dates in the file, which is looked for in this folder. A text that is not TOML
/// remains as it is.
fn resolve(text: String, folder: &Path) -> Resolved {
    let mut replacements = Vec::new();
    let mut notes = Vec::new();
    let mut failed = Vec::new();
    for calendar in calendars(&text) {
        let Dates { ranges, timed } = match calendar.dates(folder) {
            Ok(dates) => dates,
            Err(reason) => {
                failed.push((calendar.name, reason));
                continue;
            }
        };
        let file = calendar.file;
        if timed > 0 {
            let events = counted(timed, "event that has", "events that have");
            notes.push(format!("{file}: ignored {events} a time of day"));
        }
        if ranges.is_empty() {
            let Horizon { first, last } = Horizon::now();
            notes.push(format!("{file}: no event of a whole day from {first} to {last}"));
        }
        replacements.push((calendar.span, array(&ranges)));
    }
    let mut resolved = text;
    replacements.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    for (span, dates) in replacements {
        resolved.replace_range(span, &dates);
    }
    // Their places are those in the new text.
    let unread = calendars(&resolved).into_iter().filter_map(|calendar| {
        let (name, reason) = failed.iter().find(|(name, _)| *name == calendar.name)?;
        let (line, column) = place(&resolved, calendar.file_start);
        Some(UnreadCalendar { name: name.clone(), reason: reason.clone(), line, column })
    });
    let unread = unread.collect();
    Resolved { text: resolved, notes, unread }
}

/// A calendar that is kept in a file.
struct FileCalendar {
    name: String,
    file: String,
    /// Its table in camhook.toml.
    span: Range<usize>,
    form: Form,
    /// Where the file's name begins.
    file_start: usize,
}

/// How the table of a calendar is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `{ ics = "FILE" }`, which can be replaced.
    Inline,
    Other,
}

impl FileCalendar {
    fn dates(&self, folder: &Path) -> Result<Dates, String> {
        let Self { name, file, .. } = self;
        match self.form {
            Form::Inline => load(file, folder),
            Form::Other => Err(format!("write it as {name} = {{ ics = \"{file}\" }} below [calendars]")),
        }
    }
}

/// The calendars of a text that are kept in files; none of a text that is not TOML.
fn calendars(text: &str) -> Vec<FileCalendar> {
    let Ok(document) = DeTable::parse(text) else { return Vec::new() };
    let calendars = document.get_ref().get("calendars").and_then(|value| value.get_ref().as_table());
    let calendars = calendars.into_iter().flatten().filter_map(|(name, value)| {
        let DeValue::Table(table) = value.get_ref() else { return None };
        let ics = table.get("ics")?;
        let is_inline = text.get(value.span()).is_some_and(|written| written.starts_with('{'));
        Some(FileCalendar {
            name: name.get_ref().to_string(),
            file: ics.get_ref().as_str()?.to_owned(),
            span: value.span(),
            form: if is_inline && table.len() == 1 { Form::Inline } else { Form::Other },
            file_start: ics.span().start,
        })
    });
    calendars.collect()
}

/// Line and character of a byte, both counted from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// An event with those that replace one of its occurrences, and the time zones of its calendar.
struct Series<'a> {
    event: &'a IcalComponent<'a>,
    overrides: &'a [&'a IcalComponent<'a>],
    zones: &'a [IcalTz],
}

/// The dates of a file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Dates {
    /// First and last dates, in order, neither overlapping nor adjacent.
    ranges: Vec<(Date, Date)>,
    /// How many events have a time of day.
    timed: usize,
}

fn load(file: &str, folder: &Path) -> Result<Dates, String> {
    if file.contains("://") {
        return Err(format!("{file} is a URL: download the calendar, and name the file"));
    }
    let path = folder.join(file);
    let failed = |error: std::io::Error| format!("failed to read {}: {error}", path.display());
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(&path).map_err(failed)?;
    opened.take(FILE_LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(format!("{file} is larger than {} MB", FILE_LIMIT / 1024 / 1024));
    }
    dates(&bytes, Horizon::now()).map_err(|reason| format!("{file}: {reason}"))
}

/// The dates of all events of whole days.
fn dates(bytes: &[u8], horizon: Horizon) -> Result<Dates, String> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let trees = IcalCst::parse_many(bytes).collect::<Result<Vec<_>, _>>();
    let trees = trees.map_err(|error| format!("not a valid iCalendar file: {error}"))?;
    let calendars: Vec<_> = trees.iter().map(IcalCst::decode).collect();
    let events: Vec<&IcalComponent<'_>> = calendars
        .iter()
        .flat_map(|calendar| &calendar.components)
        .filter(|component| component.name == IcalComponentName::Kind(IcalComponentKind::VEvent))
        .collect();
    if events.is_empty() {
        return Err("it has no event".to_owned());
    }
    let components = calendars.iter().flat_map(|calendar| &calendar.components);
    let zones: Vec<IcalTz> = components.filter_map(IcalTz::of_component).collect();
    let is_override = |event: &IcalComponent<'_>| property(event, IcalPropKind::RecurrenceId).is_some();
    let mut found = Dates::default();
    for event in &events {
        let uid = property(event, IcalPropKind::Uid).and_then(text);
        let of_the_series = |other: &&&IcalComponent<'_>| {
            uid.is_some() && property(other, IcalPropKind::Uid).and_then(text) == uid
        };
        let mut series = events.iter().filter(of_the_series);
        // An occurrence whose series is not in the file is an event of its own.
        if is_override(event) && series.clone().any(|other| !is_override(other)) {
            continue;
        }
        let overrides: Vec<&IcalComponent<'_>> = match is_override(event) {
            true => Vec::new(),
            false => series.by_ref().filter(|other| is_override(other)).copied().collect(),
        };
        let series = Series { event, overrides: &overrides, zones: &zones };
        found.add(&series, horizon).map_err(|reason| format!("{}: {reason}", title(event)))?;
    }
    found.merge();
    if found.ranges.len() > RANGES_LIMIT {
        return Err(format!("it has more than {RANGES_LIMIT} dates"));
    }
    Ok(found)
}

impl Dates {
    /// Adds the dates of an event.
    fn add(&mut self, series: &Series<'_>, horizon: Horizon) -> Result<(), String> {
        let Series { event, overrides, zones } = *series;
        check(event)?;
        if is_cancelled(event) {
            return Ok(());
        }
        let Some(days) = days(event)? else {
            self.timed += 1;
            return Ok(());
        };
        let mut set = IcalRecurSet::of_component_in(event, zones);
        let mut lengths = BTreeMap::new();
        for replacing in overrides {
            check(replacing)?;
            let replaced = IcalRecurOverride::of_component(replacing, &set.zone, zones);
            let id = replaced.ok_or_else(|| invalid("RECURRENCE-ID"))?.id;
            match self::days(replacing)? {
                Some(days) if !is_cancelled(replacing) => {
                    lengths.insert(id, days);
                    set.with_override_in(replacing, zones);
                }
                _ => set.exdates.push(id),
            }
        }
        for (number, occurrence) in set.expand().enumerate() {
            if number >= OCCURRENCES_LIMIT {
                return Err(format!("it occurs more than {OCCURRENCES_LIMIT} times"));
            }
            if civil(occurrence.id).is_none_or(|date| date > horizon.last) {
                break;
            }
            let days = lengths.get(&occurrence.id).copied().unwrap_or(days);
            let Some(first) = civil(occurrence.start) else { continue };
            let last = first.saturating_add((days - 1).days());
            if last >= horizon.first && first <= horizon.last {
                self.ranges.push((first.max(horizon.first), last.min(horizon.last)));
            }
        }
        Ok(())
    }

    /// Sorts the ranges, and joins those that overlap or follow one another.
    fn merge(&mut self) {
        self.ranges.sort_unstable();
        let mut merged: Vec<(Date, Date)> = Vec::new();
        for (first, last) in self.ranges.drain(..) {
            match merged.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1.day()) => *end = last.max(*end),
                _ => merged.push((first, last)),
            }
        }
        self.ranges = merged;
    }
}

/// Reads every property that the dates depend on: the expansion itself skips what it cannot read.
fn check(event: &IcalComponent<'_>) -> Result<(), String> {
    let is_date = |text: &str| IcalRecurDateTime::parse(text).is_ok();
    if property(event, IcalPropKind::DtStart).is_none() {
        return Err("it has no DTSTART".to_owned());
    }
    for prop in &event.props {
        let IcalPropName::Kind(kind) = prop.name else { continue };
        let is_valid = match kind {
            IcalPropKind::DtStart | IcalPropKind::DtEnd | IcalPropKind::RecurrenceId => {
                text(prop).is_some_and(is_date)
            }
            IcalPropKind::RDate | IcalPropKind::ExDate => match &prop.value {
                IcalValue::DateTimeList(list) => list.0.iter().all(|item| is_date(item.as_ref())),
                _ => text(prop).is_some_and(is_date),
            },
            IcalPropKind::RRule | IcalPropKind::ExRule => match &prop.value {
                IcalValue::Recur(rule) => IcalRecurRule::parse(&rule.0).is_ok(),
                _ => false,
            },
            _ => true,
        };
        if !is_valid {
            return Err(invalid(&kind));
        }
    }
    Ok(())
}

/// How many days an event lasts; `None` if it begins or ends at another time than midnight.
fn days(event: &IcalComponent<'_>) -> Result<Option<i64>, String> {
    let start = property(event, IcalPropKind::DtStart).and_then(text).unwrap_or_default();
    let is_marked = is_marked_as_all_day(event);
    let Some(form) = WholeDay::of(start, is_marked) else { return Ok(None) };
    let start = day(start).ok_or_else(|| invalid("DTSTART"))?;
    let days = if let Some(end) = property(event, IcalPropKind::DtEnd).and_then(text) {
        // The end is not part of the event.
        let last = end.get(..8).and_then(day).ok_or_else(|| invalid("DTEND"))?;
        if form == WholeDay::Midnight && WholeDay::of(end, is_marked).is_none() {
            return Ok(None);
        }
        i64::from(start.until(last).map_or(0, |span| span.get_days()))
    } else if let Some(prop) = property(event, IcalPropKind::Duration) {
        let IcalValue::Duration(duration) = &prop.value else { return Err(invalid("DURATION")) };
        let span: Span = duration.0.parse().map_err(|_| invalid("DURATION"))?;
        let hours = i64::from(span.get_hours());
        let is_whole = hours % 24 == 0 && span.get_minutes() == 0 && span.get_seconds() == 0;
        if form == WholeDay::Midnight && !is_whole {
            return Ok(None);
        }
        i64::from(span.get_weeks()) * 7 + i64::from(span.get_days()) + hours / 24
    } else {
        i64::from(form == WholeDay::Date || is_marked)
    };
    match (days, form) {
        (..0, _) => Err("it ends before it begins".to_owned()),
        // A moment at midnight, such as a reminder.
        (0, WholeDay::Midnight) if !is_marked => Ok(None),
        // Some calendars end an event of one day on the day on which it begins.
        (days, _) => Ok(Some(days.max(1))),
    }
}

/// How an event of whole days writes when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WholeDay {
    /// As a date.
    Date,
    /// As midnight.
    Midnight,
}

impl WholeDay {
    /// How a date or time of an event is written; `None` if it is another time of day. Midnight in UTC is one elsewhere
    /// only if the event says that it lasts all day.
    fn of(text: &str, is_marked: bool) -> Option<Self> {
        match text.split_once('T').map(|(_, time)| time) {
            None => Some(Self::Date),
            Some("000000") => Some(Self::Midnight),
            Some("000000Z") if is_marked => Some(Self::Midnight),
            Some(_) => None,
        }
    }
}

fn is_marked_as_all_day(event: &IcalComponent<'_>) -> bool {
    event.props.iter().any(|prop| {
        let value = match &prop.value {
            IcalValue::Text(value) => Some(value.0.as_ref()),
            IcalValue::Unknown(value) => value.components.iter().flatten().next().map(AsRef::as_ref),
            _ => None,
        };
        prop.name.eq_ignore_ascii_case(ALL_DAY_OF_OUTLOOK)
            && value.is_some_and(|value: &str| value.eq_ignore_ascii_case("TRUE"))
    })
}

fn invalid(property: &str) -> String {
    format!("its {property} is not valid")
}

fn is_cancelled(event: &IcalComponent<'_>) -> bool {
    let status = property(event, IcalPropKind::Status).and_then(text);
    status.is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED"))
}

/// The event in an error: its summary, shortened.
fn title(event: &IcalComponent<'_>) -> String {
    let summary = property(event, IcalPropKind::Summary).and_then(text).unwrap_or_default();
    let summary: String = summary.chars().filter(|character| !character.is_control()).take(60).collect();
    if summary.is_empty() { "an event".to_owned() } else { format!("event `{summary}`") }
}

fn property<'a>(event: &'a IcalComponent<'_>, kind: IcalPropKind) -> Option<&'a IcalProp<'a>> {
    event.props.iter().find(|prop| prop.name == IcalPropName::Kind(kind))
}

/// The value of a property that is a date or a text.
fn text<'a>(prop: &'a IcalProp<'_>) -> Option<&'a str> {
    match &prop.value {
        IcalValue::Date(value) => Some(&value.0),
        IcalValue::DateTime(value) => Some(&value.0),
        IcalValue::Text(value) => Some(&value.0),
        _ => None,
    }
}

fn day(text: &str) -> Option<Date> {
    IcalRecurDateTime::parse(text).ok().and_then(civil)
}

fn civil(time: IcalRecurDateTime) -> Option<Date> {
    let part = |number: u8| i8::try_from(number).ok();
    Date::new(i16::try_from(time.year).ok()?, part(time.month)?, part(time.day)?).ok()
}

/// The dates as camhook.toml has them, on one line.
fn array(ranges: &[(Date, Date)]) -> String {
    let dates = ranges.iter().map(|(first, last)| match first == last {
        true => format!("\"{first}\""),
        false => format!("\"{first}..{last}\""),
    });
    format!("[{}]", dates.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(events: &[&str]) -> String {
        let events: String = events
            .iter()
            .enumerate()
            .map(|(number, event)| {
                let uid = if event.contains("UID:") { String::new() } else { format!("UID:{number}\r\n") };
                format!("BEGIN:VEVENT\r\n{uid}{}\r\nEND:VEVENT\r\n", event.replace('\n', "\r\n"))
            })
            .collect();
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n{events}END:VCALENDAR\r\n")
    }

    fn read_dates(text: &str) -> Result<Dates, String> {
        dates(text.as_bytes(), Horizon::of_year(2026))
    }

    fn written(events: &[&str]) -> String {
        array(&read_dates(&calendar(events)).unwrap().ranges)
    }

    #[test]
    fn whole_days_are_written_and_the_end_is_excluded() {
        assert_eq!(written(&["SUMMARY:New Year\nDTSTART;VALUE=DATE:20260101"]), "[\"2026-01-01\"]");
        assert_eq!(
            written(&["DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227"]),
            "[\"2026-12-24..2026-12-26\"]"
        );
        assert_eq!(written(&["DTSTART;VALUE=DATE:20261224\nDURATION:P1W"]), "[\"2026-12-24..2026-12-30\"]");
        assert_eq!(written(&["DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261224"]), "[\"2026-12-24\"]");
    }

    #[test]
    fn dates_are_in_order_and_joined() {
        let events = [
            "DTSTART;VALUE=DATE:20261226\nDTEND;VALUE=DATE:20261228",
            "DTSTART;VALUE=DATE:20261003",
            "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261226",
            "DTSTART;VALUE=DATE:20261225",
        ];
        assert_eq!(written(&events), "[\"2026-10-03\", \"2026-12-24..2026-12-27\"]");
    }

    #[test]
    fn recurring_events_are_expanded_to_the_horizon() {
        assert_eq!(
            written(&["DTSTART;VALUE=DATE:19901003\nRRULE:FREQ=YEARLY"]),
            "[\"2026-10-03\", \"2027-10-03\", \"2028-10-03\"]"
        );
        assert_eq!(
            written(&["DTSTART;VALUE=DATE:20260907\nRRULE:FREQ=YEARLY;BYMONTH=9;BYDAY=1MO;UNTIL=20270930"]),
            "[\"2026-09-07\", \"2027-09-06\"]"
        );
        assert_eq!(
            written(&["DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE;VALUE=DATE:20260112"]),
            "[\"2026-01-05\", \"2026-01-19\"]"
        );
        assert_eq!(
            written(&["DTSTART;VALUE=DATE:20260105\nRDATE;VALUE=DATE:20260301,20260401"]),
            "[\"2026-01-05\", \"2026-03-01\", \"2026-04-01\"]"
        );
        // The last day of a vacation at the turn of the year.
        assert_eq!(
            written(&["DTSTART;VALUE=DATE:20251224\nDTEND;VALUE=DATE:20260103"]),
            "[\"2026-01-01..2026-01-02\"]"
        );
        assert_eq!(written(&["DTSTART;VALUE=DATE:20200101"]), "[]");
    }

    #[test]
    fn occurrences_are_moved_and_cancelled() {
        let series = "UID:series\nDTSTART;VALUE=DATE:20260105\nRRULE:FREQ=WEEKLY;COUNT=3";
        let moved = "UID:series\nRECURRENCE-ID;VALUE=DATE:20260112\nDTSTART;VALUE=DATE:20260114\nDTEND;VALUE=DATE:20260116";
        assert_eq!(written(&[series, moved]), "[\"2026-01-05\", \"2026-01-14..2026-01-15\", \"2026-01-19\"]");
        let cancelled =
            "UID:series\nRECURRENCE-ID;VALUE=DATE:20260112\nDTSTART;VALUE=DATE:20260112\nSTATUS:CANCELLED";
        assert_eq!(written(&[series, cancelled]), "[\"2026-01-05\", \"2026-01-19\"]");
        assert_eq!(written(&["DTSTART;VALUE=DATE:20260105\nSTATUS:CANCELLED"]), "[]");
    }

    #[test]
    fn events_with_a_time_of_day_are_counted() {
        let events = ["DTSTART:20260105T100000Z\nDTEND:20260105T110000Z", "DTSTART;VALUE=DATE:20260106"];
        let found = read_dates(&calendar(&events)).unwrap();
        assert_eq!((array(&found.ranges).as_str(), found.timed), ("[\"2026-01-06\"]", 1));
    }

    #[test]
    fn a_time_from_midnight_to_midnight_is_a_whole_day() {
        const ALL_DAY: &str = "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE";
        const ZONE: &str = "TZID=W. Europe Standard Time";
        for (start, rest, expected) in [
            (
                format!(";{ZONE}:20261224T000000"),
                format!("DTEND;{ZONE}:20261227T000000\n{ALL_DAY}"),
                "24..26",
            ),
            (format!(";{ZONE}:20261224T000000"), format!("DTEND;{ZONE}:20261225T000000"), "24"),
            (":20261224T000000".to_owned(), "DTEND:20261226T000000".to_owned(), "24..25"),
            (":20261224T000000".to_owned(), "DURATION:P2D".to_owned(), "24..25"),
            (":20261224T000000".to_owned(), "DURATION:PT24H".to_owned(), "24"),
            (":20261224T000000Z".to_owned(), format!("DTEND:20261225T000000Z\n{ALL_DAY}"), "24"),
            (":20261224T000000".to_owned(), ALL_DAY.to_owned(), "24"),
            // Times of day.
            (":20261224T000000Z".to_owned(), "DTEND:20261225T000000Z".to_owned(), ""),
            (":20261224T000000".to_owned(), "DTEND:20261224T060000".to_owned(), ""),
            (":20261224T000000".to_owned(), "DTEND:20261224T000000".to_owned(), ""),
            (":20261224T000000".to_owned(), "DURATION:PT90M".to_owned(), ""),
            (":20261224T000000".to_owned(), "SUMMARY:Reminder".to_owned(), ""),
            (":20261224T080000".to_owned(), "DTEND:20261225T080000".to_owned(), ""),
        ] {
            let found = read_dates(&calendar(&[&format!("DTSTART{start}\n{rest}")])).unwrap();
            let dates = match expected.split_once("..") {
                None if expected.is_empty() => "[]".to_owned(),
                None => format!("[\"2026-12-{expected}\"]"),
                Some((first, last)) => format!("[\"2026-12-{first}..2026-12-{last}\"]"),
            };
            assert_eq!(array(&found.ranges), dates, "{start} {rest}");
            assert_eq!(found.timed, usize::from(expected.is_empty()), "{start} {rest}");
        }
    }

    #[test]
    fn a_series_of_whole_days_may_be_written_with_times_and_zones() {
        const ZONE: &str = "BEGIN:VTIMEZONE\r\nTZID:Berlin\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n\
            TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n";
        let series = "UID:series\nDTSTART;TZID=Berlin:20260105T000000\nDTEND;TZID=Berlin:20260106T000000\n\
            RRULE:FREQ=WEEKLY;UNTIL=20260125T230000Z\nEXDATE;TZID=Berlin:20260119T000000";
        let moved = "UID:series\nRECURRENCE-ID:20260111T230000Z\nDTSTART;TZID=Berlin:20260114T000000\n\
            DTEND;TZID=Berlin:20260116T000000";
        let text = calendar(&[series, moved]).replace(
            "BEGIN:VEVENT\r\nUID:series\r\nDTSTART",
            &format!("{ZONE}BEGIN:VEVENT\r\nUID:series\r\nDTSTART"),
        );
        let found = read_dates(&text).unwrap();
        assert_eq!(array(&found.ranges), "[\"2026-01-05\", \"2026-01-14..2026-01-15\", \"2026-01-26\"]");
    }

    #[test]
    fn an_occurrence_without_its_series_is_an_event() {
        let moved = "UID:series\nRECURRENCE-ID;VALUE=DATE:20260112\nDTSTART;VALUE=DATE:20260114";
        let cancelled =
            "UID:other\nRECURRENCE-ID;VALUE=DATE:20260301\nDTSTART;VALUE=DATE:20260301\nSTATUS:CANCELLED";
        assert_eq!(written(&[moved, cancelled]), "[\"2026-01-14\"]");
    }

    #[test]
    fn a_file_is_read_however_its_lines_end_and_whether_or_not_they_are_folded() {
        let text = calendar(&["SUMMARY:New Year\nDTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20260103"]);
        let folded =
            text.replace("VALUE=DATE:20260103", "VALUE=DA\r\n TE:2026\r\n\t0103").replace("New", "N\r\n ew");
        for text in [&text, &folded] {
            for text in [text.clone(), format!("\u{feff}{text}"), text.replace("\r\n", "\n")] {
                let found = read_dates(&text).unwrap_or_else(|error| panic!("{error}: {text:?}"));
                assert_eq!(array(&found.ranges), "[\"2026-01-01..2026-01-02\"]", "{text:?}");
            }
        }
    }

    #[test]
    fn what_a_file_does_not_give_is_noted() {
        let folder = tempfile::tempdir().unwrap();
        let year = Horizon::now().first.year();
        let notes = |events: &[&str]| {
            std::fs::write(folder.path().join("days.ics"), calendar(events)).unwrap();
            let toml = "[calendars]\ndays = { ics = \"days.ics\" }\n";
            resolve(toml.to_owned(), folder.path())
        };
        let (day, timed) = (format!("DTSTART;VALUE=DATE:{year}0101"), "DTSTART:20260105T100000Z");
        assert_eq!(notes(&[&day]).notes, Vec::<String>::new());
        assert_eq!(notes(&[&day, timed]).notes, ["days.ics: ignored 1 event that has a time of day"]);
        let several = notes(&[&day, timed, timed]).notes;
        assert_eq!(several, ["days.ics: ignored 2 events that have a time of day"]);
        let empty = notes(&[timed]);
        let last = format!("days.ics: no event of a whole day from {year}-01-01 to {}-12-31", year + 2);
        assert_eq!(empty.notes.last(), Some(&last));
        let inspection = camhook_site::read(&empty.text, "test").unwrap().1;
        assert!(inspection.iter().any(|warning| warning.0.message.contains("no dates")), "{inspection:?}");
    }

    #[test]
    fn a_broken_file_is_an_error_that_names_the_event() {
        for (text, expected) in [
            ("<html><body>Not found</body></html>".to_owned(), "not a valid iCalendar file"),
            (String::new(), "it has no event"),
            (calendar(&[]), "it has no event"),
            (
                calendar(&["DTSTART;VALUE=DATE:20260101"]).replace("END:VEVENT\r\nEND:VCALENDAR\r\n", ""),
                "not a valid iCalendar file",
            ),
            (calendar(&["SUMMARY:Easter"]), "event `Easter`: it has no DTSTART"),
            (
                calendar(&["SUMMARY:Easter\nDTSTART;VALUE=DATE:20260230"]),
                "event `Easter`: its DTSTART is not valid",
            ),
            (calendar(&["DTSTART;VALUE=DATE:2026-04-05"]), "an event: its DTSTART is not valid"),
            (
                calendar(&["DTSTART;VALUE=DATE:20260405\nRRULE:FREQ=SOMETIMES"]),
                "an event: its RRULE is not valid",
            ),
            (
                calendar(&["DTSTART;VALUE=DATE:20260405\nDTEND;VALUE=DATE:20260401"]),
                "an event: it ends before it begins",
            ),
            (
                calendar(&["DTSTART;VALUE=DATE:20260405\nEXDATE;VALUE=DATE:today"]),
                "an event: its EXDATE is not valid",
            ),
            (
                calendar(&["DTSTART;VALUE=DATE:20260405\nRRULE:FREQ=SECONDLY"]),
                "an event: it occurs more than 100000 times",
            ),
        ] {
            let error = read_dates(&text).unwrap_err();
            assert!(error.starts_with(expected), "{error}\n{text}");
        }
    }

    #[test]
    fn a_rule_that_never_matches_ends() {
        let never = "DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30";
        assert_eq!(written(&[never]), "[\"2026-01-01\"]");
    }

    #[test]
    fn files_are_read_into_camhook_toml() {
        let folder = tempfile::tempdir().unwrap();
        let year = Horizon::now().first.year();
        let event = format!("DTSTART;VALUE=DATE:{year}1224");
        std::fs::write(folder.path().join("days.ics"), calendar(&[&event])).unwrap();
        let toml = "# ä\ntimezone = \"UTC\"\n[calendars]\nfirst = { ics = \"days.ics\" } # days\n\
                    second = [\"2026-01-01\"]\nthird = { ics = \"days.ics\" }\n";
        let resolved = resolve(toml.to_owned(), folder.path());
        let dates = format!("[\"{year}-12-24\"]");
        let expected = toml.replace("{ ics = \"days.ics\" }", &dates);
        assert_eq!(resolved.text, expected);
        assert!(camhook_site::read(&resolved.text, "test").is_ok());
        assert!(camhook_site::read(toml, "test").is_err());

        for (value, expected) in [
            ("{ ics = \"missing.ics\" }", "missing.ics"),
            ("{ ics = \"https://example.org/days.ics\" }", "download"),
            ("{ ics = \"days.ics\", year = 2026 }", "write it as days = { ics = \"days.ics\" }"),
        ] {
            let text = format!("[calendars]\ndays = {value}\n");
            let Resolved { text: resolved, unread, .. } = resolve(text.clone(), folder.path());
            assert_eq!(resolved, text);
            let [unread] = unread.as_slice() else { panic!("{unread:?}") };
            assert!(unread.reason.contains(expected), "{unread:?}");
            assert_eq!((unread.name.as_str(), unread.line, unread.column), ("days", 2, 16));
        }
        let dotted = resolve("[calendars.days]\nics = \"days.ics\"\n".to_owned(), folder.path()).unread;
        assert!(dotted.first().unwrap().reason.contains("write it as"), "{dotted:?}");
        let broken = "[calendars\nfirst = { ics = \"days.ics\" }\n";
        assert_eq!(resolve(broken.to_owned(), folder.path()).text, broken);
    }
}
