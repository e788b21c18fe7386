//! When a rule is in force, and when a channel must not disturb anybody.

use std::fmt;
use std::ops::Range;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::sun::seasons;
use crate::{Daylight, Place, daylight};

const NOON: Time = Time::constant(12, 0, 0, 0);
const HOURS_PER_DAY: f64 = 24.0;
/// When the sun rises and sets on average, in hours since midnight.
const MEAN_SUNRISE: f64 = 6.0;
const MEAN_SUNSET: f64 = 18.0;

/// A part of the week or the year, by the clocks or the sun of a place.
///
/// A time of day that a change to daylight saving leaves out does not occur that day; one that occurs twice
/// counts both times.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Which days of the week; every day when empty.
    pub days: Vec<Weekday>,
    /// Which dates; every date when `None`.
    pub dates: Option<Vec<DateRange>>,
    /// Which dates are left out.
    pub except: Vec<DateRange>,
    /// Which part of the day; all of it when `None`.
    pub hours: Option<Hours>,
    /// Where; the site's own zone when `None`.
    pub timezone: Option<TimeZone>,
}

/// A part of the day. It belongs to the day on which it begins.
///
/// Between two times of day, it runs past midnight when it ends at or before the time at which it begins. Where the sun
/// begins or ends it, whether it runs past midnight is the same all year: it ends on the same day if it can do so on
/// any day of the year, else on the next. On days on which it would end before it begins, it does not occur.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hours {
    /// When it begins.
    pub from: Edge,
    /// When it ends, exclusive.
    pub to: Edge,
}

/// Where a part of the day begins or ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Edge {
    /// At a time of day.
    Clock(Time),
    /// At sunrise or sunset.
    Sun {
        /// Which of the two.
        event: SunEvent,
        /// How long after it; negative for before.
        offset: SignedDuration,
        /// Where the sun is observed.
        place: Place,
    },
}

/// Sunrise or sunset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SunEvent {
    /// The sun's upper edge appears.
    Sunrise,
    /// The sun's upper edge disappears.
    Sunset,
}

/// From a first to a last date, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateRange {
    /// The first.
    pub first: Date,
    /// The last.
    pub last: Date,
}

impl DateRange {
    fn contains(&self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }
}

/// As in camhook.toml: `2026-12-24` or `2026-12-24..2027-01-06`.
impl fmt::Display for DateRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last } = self;
        if first == last { write!(formatter, "{first}") } else { write!(formatter, "{first}..{last}") }
    }
}

impl Schedule {
    /// Whether a moment lies in this part of the week or year.
    #[must_use]
    pub fn contains(&self, at: Timestamp, site_timezone: &TimeZone) -> bool {
        let timezone = self.timezone.as_ref().unwrap_or(site_timezone);
        let local = at.to_zoned(timezone.clone()).datetime();
        let (today, now) = (local.date(), local.time());
        let (from, to) = match self.hours {
            None => return self.is_on(today),
            Some(Hours { from: Edge::Clock(from), to: Edge::Clock(to) }) => (from, to),
            Some(hours) => return self.contains_by_the_sun(hours, at, today, timezone),
        };
        if from < to {
            return from <= now && now < to && self.is_on(today);
        }
        (from <= now && self.is_on(today))
            || (now < to && today.yesterday().is_ok_and(|yesterday| self.is_on(yesterday)))
    }

    /// The dates of a year on which hours between a time of day and sunrise or sunset do not occur, since they would end
    /// before they begin. None for other hours.
    #[must_use]
    pub fn dates_without_hours(&self, year: i16, site_timezone: &TimeZone) -> Vec<DateRange> {
        let Some(hours) = self.hours.filter(Hours::is_between_clock_and_sun) else { return Vec::new() };
        let timezone = self.timezone.as_ref().unwrap_or(site_timezone);
        let Ok(first) = Date::new(year, 1, 1) else { return Vec::new() };
        let days = first.series(1.day()).take_while(|day| day.year() == year);
        let mut found: Vec<DateRange> = Vec::new();
        for day in days.filter(|day| self.is_on(*day) && hours.on(*day, timezone).is_none()) {
            match found.last_mut() {
                Some(range) if range.last.tomorrow().is_ok_and(|next| next == day) => range.last = day,
                _ => found.push(DateRange { first: day, last: day }),
            }
        }
        found
    }

    /// Hours by the sun may begin on the date before the one that they belong to, or end two dates after it.
    fn contains_by_the_sun(&self, hours: Hours, at: Timestamp, today: Date, timezone: &TimeZone) -> bool {
        let days = [0, -1, 1, -2].into_iter().filter_map(|days: i64| today.checked_add(days.days()).ok());
        days.into_iter().any(|day| self.is_on(day) && hours.contains_on(day, at, timezone))
    }

    fn is_on(&self, day: Date) -> bool {
        let is_day = self.days.is_empty() || self.days.contains(&day.weekday());
        let is_date = self.dates.as_ref().is_none_or(|dates| dates.iter().any(|range| range.contains(day)));
        is_day && is_date && !self.except.iter().any(|range| range.contains(day))
    }
}

impl Hours {
    /// When the hours that belong to a day begin and end; `None` when they do not occur on it.
    fn on(&self, day: Date, timezone: &TimeZone) -> Option<Range<Timestamp>> {
        let begin = self.from.begin(day, timezone)?;
        let end = self.end(day, timezone)?;
        (begin < end).then_some(begin..end)
    }

    /// Whether a moment lies in the hours that belong to a day.
    fn contains_on(&self, day: Date, at: Timestamp, timezone: &TimeZone) -> bool {
        let has_begun = self.from.begin(day, timezone).is_some_and(|begin| begin <= at);
        has_begun && self.end(day, timezone).is_some_and(|end| at < end)
    }

    fn end(&self, day: Date, timezone: &TimeZone) -> Option<Timestamp> {
        let days = self.days_until_end(day.year(), timezone);
        self.to.end(day.checked_add(days.days()).ok()?, timezone)
    }

    /// How many days after the one that they belong to the hours end: the fewest with which they occur at all. Decided
    /// for a whole year, so that they never change from a few minutes to a whole day when the sun passes a time of day.
    fn days_until_end(&self, year: i16, timezone: &TimeZone) -> i32 {
        let (begin, end) = match (&self.from, &self.to) {
            (Edge::Clock(from), Edge::Clock(to)) => return i32::from(to <= from),
            // Days and nights are of any length somewhere: only the order of a mean day is always the same.
            (Edge::Sun { .. }, Edge::Sun { .. }) => (self.from.mean(), self.to.mean()),
            (from, to) => (from.in_a_year(year, timezone).start, to.in_a_year(year, timezone).end),
        };
        let occurs = |days: &i32| begin <= end + HOURS_PER_DAY * f64::from(*days);
        (-1..=2).find(occurs).unwrap_or(1)
    }

    fn is_between_clock_and_sun(&self) -> bool {
        matches!(
            (&self.from, &self.to),
            (Edge::Clock(_), Edge::Sun { .. }) | (Edge::Sun { .. }, Edge::Clock(_))
        )
    }
}

/// `06:00 to sunrise+30m`
impl fmt::Display for Hours {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} to {}", self.from, self.to)
    }
}

impl Edge {
    /// When hours begin on a day. In a polar night, it is dark all day: what sunset begins runs from noon to noon, and
    /// what sunrise begins does not occur. In a polar day, it is light all day: what sunrise begins begins with the day,
    /// and what sunset begins does not occur.
    fn begin(&self, day: Date, timezone: &TimeZone) -> Option<Timestamp> {
        match self.on(day, timezone)? {
            Occurrence::At(at) => Some(at),
            Occurrence::PolarNight(SunEvent::Sunset) => clock(day, NOON, timezone),
            Occurrence::PolarDay(SunEvent::Sunrise) => clock(day, Time::midnight(), timezone),
            Occurrence::PolarNight(SunEvent::Sunrise) | Occurrence::PolarDay(SunEvent::Sunset) => None,
        }
    }

    /// When hours end on a day. What sunrise ends lasts to noon in a polar night, and what sunset ends to the end of the
    /// day in a polar day; what the other of the two ends does not occur.
    fn end(&self, day: Date, timezone: &TimeZone) -> Option<Timestamp> {
        match self.on(day, timezone)? {
            Occurrence::At(at) => Some(at),
            Occurrence::PolarNight(SunEvent::Sunrise) => clock(day, NOON, timezone),
            Occurrence::PolarDay(SunEvent::Sunset) => clock(day.tomorrow().ok()?, Time::midnight(), timezone),
            Occurrence::PolarNight(SunEvent::Sunset) | Occurrence::PolarDay(SunEvent::Sunrise) => None,
        }
    }

    fn on(&self, day: Date, timezone: &TimeZone) -> Option<Occurrence> {
        let (event, offset, place) = match *self {
            Self::Clock(time) => return clock(day, time, timezone).map(Occurrence::At),
            Self::Sun { event, offset, place } => (event, offset, place),
        };
        let at = match (daylight(place, day, timezone)?, event) {
            (Daylight::Between { sunrise, .. }, SunEvent::Sunrise) => sunrise,
            (Daylight::Between { sunset, .. }, SunEvent::Sunset) => sunset,
            (Daylight::PolarDay, event) => return Some(Occurrence::PolarDay(event)),
            (Daylight::PolarNight, event) => return Some(Occurrence::PolarNight(event)),
        };
        Some(Occurrence::At(at.checked_add(offset).ok()?))
    }

    /// When it is on the days of a year, in hours since midnight: from the earliest to the latest.
    fn in_a_year(&self, year: i16, timezone: &TimeZone) -> Range<f64> {
        let (of_the_sun, offset) = match *self {
            Self::Clock(time) => return hours_of(time)..hours_of(time),
            Self::Sun { event: SunEvent::Sunrise, offset, place } => {
                (seasons(place, year, timezone).sunrise, offset)
            }
            Self::Sun { event: SunEvent::Sunset, offset, place } => {
                (seasons(place, year, timezone).sunset, offset)
            }
        };
        let offset = offset.as_secs_f64() / 3600.0;
        of_the_sun.start + offset..of_the_sun.end + offset
    }

    /// When it is on a mean day, in hours since midnight.
    fn mean(&self) -> f64 {
        match self {
            Self::Clock(time) => hours_of(*time),
            Self::Sun { event, offset, .. } => {
                let of_the_sun = match event {
                    SunEvent::Sunrise => MEAN_SUNRISE,
                    SunEvent::Sunset => MEAN_SUNSET,
                };
                of_the_sun + offset.as_secs_f64() / 3600.0
            }
        }
    }
}

/// As in camhook.toml: `06:00`, `sunset-30m`.
impl fmt::Display for Edge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (event, offset) = match self {
            Self::Clock(time) => return write!(formatter, "{:02}:{:02}", time.hour(), time.minute()),
            Self::Sun { event, offset, .. } => (event, offset),
        };
        formatter.write_str(match event {
            SunEvent::Sunrise => "sunrise",
            SunEvent::Sunset => "sunset",
        })?;
        if offset.is_zero() {
            return Ok(());
        }
        let sign = if offset.is_negative() { '-' } else { '+' };
        let seconds = offset.unsigned_abs().as_secs();
        match (seconds % 3600, seconds % 60) {
            (0, _) => write!(formatter, "{sign}{}h", seconds / 3600),
            (_, 0) => write!(formatter, "{sign}{}m", seconds / 60),
            _ => write!(formatter, "{sign}{seconds}s"),
        }
    }
}

/// When an edge occurs on a day.
enum Occurrence {
    At(Timestamp),
    /// This event of the sun does not occur: it is light all day.
    PolarDay(SunEvent),
    /// This event of the sun does not occur: it is dark all day.
    PolarNight(SunEvent),
}

/// In hours since midnight.
fn hours_of(time: Time) -> f64 {
    f64::from(time.hour()) + f64::from(time.minute()) / 60.0
}

fn clock(day: Date, time: Time, timezone: &TimeZone) -> Option<Timestamp> {
    day.to_datetime(time).to_zoned(timezone.clone()).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        format!("{text}[Europe/Berlin]").parse::<jiff::Zoned>().unwrap().timestamp()
    }

    fn on_weekdays(from: Time, to: Time) -> Schedule {
        Schedule {
            days: vec![
                Weekday::Monday,
                Weekday::Tuesday,
                Weekday::Wednesday,
                Weekday::Thursday,
                Weekday::Friday,
            ],
            dates: None,
            except: vec![],
            hours: Some(Hours { from: Edge::Clock(from), to: Edge::Clock(to) }),
            timezone: None,
        }
    }

    #[test]
    fn hours_begin_with_their_first_minute_and_end_before_their_last() {
        let schedule = on_weekdays(time(6, 0, 0, 0), time(22, 0, 0, 0));
        for (moment, inside) in [
            ("2026-11-23T05:59:59.999", false),
            ("2026-11-23T06:00:00", true),
            ("2026-11-23T21:59:59.999", true),
            ("2026-11-23T22:00:00", false),
            ("2026-11-22T12:00:00", false),
        ] {
            assert_eq!(schedule.contains(at(moment), &berlin()), inside, "{moment}");
        }
    }

    #[test]
    fn hours_past_midnight_belong_to_the_day_on_which_they_begin() {
        let schedule = on_weekdays(time(22, 0, 0, 0), time(6, 0, 0, 0));
        for (moment, inside) in [
            ("2026-11-20T23:00:00", true), // Friday evening
            ("2026-11-21T05:59:00", true), // Saturday morning belongs to Friday
            ("2026-11-21T06:00:00", false),
            ("2026-11-21T23:00:00", false), // Saturday evening
            ("2026-11-23T05:00:00", false), // Monday morning belongs to Sunday
        ] {
            assert_eq!(schedule.contains(at(moment), &berlin()), inside, "{moment}");
        }
    }

    #[test]
    fn a_change_of_the_clocks_is_followed() {
        let night = Schedule {
            days: vec![],
            dates: None,
            except: vec![],
            hours: Some(Hours { from: Edge::Clock(time(2, 0, 0, 0)), to: Edge::Clock(time(3, 0, 0, 0)) }),
            timezone: None,
        };
        let inside = |moment: &str| night.contains(moment.parse().unwrap(), &berlin());
        // 2026-03-29: 02:00 to 03:00 is left out.
        assert!(!inside("2026-03-29T00:59:59Z") && !inside("2026-03-29T01:00:00Z"));
        // 2026-10-25: it comes twice.
        assert!(inside("2026-10-25T00:30:00Z") && inside("2026-10-25T01:30:00Z"));
        assert!(!inside("2026-10-25T02:00:00Z"));
    }

    #[test]
    fn dates_are_those_of_the_schedules_own_place() {
        let holidays = Schedule {
            days: vec![],
            dates: Some(vec![DateRange { first: date(2026, 12, 24), last: date(2026, 12, 26) }]),
            except: vec![],
            hours: None,
            timezone: Some(TimeZone::get("Asia/Tokyo").unwrap()),
        };
        let inside = |moment: &str| holidays.contains(moment.parse().unwrap(), &berlin());
        assert!(!inside("2026-12-23T14:59:00Z") && inside("2026-12-23T15:00:00Z"));
        assert!(inside("2026-12-26T14:59:00Z") && !inside("2026-12-26T15:00:00Z"));
    }

    fn by_the_sun(from: (SunEvent, i64), to: (SunEvent, i64), place: (f64, f64)) -> Schedule {
        let place = Place::new(place.0, place.1).unwrap();
        let edge = |(event, minutes)| Edge::Sun { event, offset: SignedDuration::from_mins(minutes), place };
        Schedule {
            days: vec![],
            dates: None,
            except: vec![],
            hours: Some(Hours { from: edge(from), to: edge(to) }),
            timezone: None,
        }
    }

    #[test]
    fn a_night_runs_from_sunset_to_sunrise() {
        let night = by_the_sun((SunEvent::Sunset, -30), (SunEvent::Sunrise, 0), (52.52, 13.405));
        // Berlin on 2026-11-29: sunrise 07:50, sunset 15:56.
        for (moment, inside) in [
            ("2026-11-29T07:45:00", true),
            ("2026-11-29T07:55:00", false),
            ("2026-11-29T15:20:00", false),
            ("2026-11-29T15:30:00", true),
            ("2026-11-29T23:59:00", true),
            ("2026-11-30T03:00:00", true),
        ] {
            assert_eq!(night.contains(at(moment), &berlin()), inside, "{moment}");
        }
    }

    #[test]
    fn polar_nights_are_dark_all_day_and_polar_days_never() {
        let tromso = (69.6492, 18.9553);
        let night = by_the_sun((SunEvent::Sunset, -30), (SunEvent::Sunrise, 0), tromso);
        let day = by_the_sun((SunEvent::Sunrise, 0), (SunEvent::Sunset, 0), tromso);
        let zone = TimeZone::get("Europe/Oslo").unwrap();
        for hour in 0..24 {
            let winter = date(2026, 12, 21).at(hour, 30, 0, 0).to_zoned(zone.clone()).unwrap().timestamp();
            let summer = date(2026, 6, 21).at(hour, 30, 0, 0).to_zoned(zone.clone()).unwrap().timestamp();
            assert!(night.contains(winter, &zone) && !day.contains(winter, &zone), "{winter}");
            assert!(day.contains(summer, &zone) && !night.contains(summer, &zone), "{summer}");
        }
    }

    #[test]
    fn hours_that_end_with_a_sunset_that_never_comes_end_with_the_day() {
        let place = Place::new(69.6492, 18.9553).unwrap();
        let sunset = Edge::Sun { event: SunEvent::Sunset, offset: SignedDuration::ZERO, place };
        let hours = Some(Hours { from: Edge::Clock(time(8, 0, 0, 0)), to: sunset });
        let schedule = Schedule { days: vec![], dates: None, except: vec![], hours, timezone: None };
        let zone = TimeZone::get("Europe/Oslo").unwrap();
        let inside = |moment: &str| schedule.contains(moment.parse().unwrap(), &zone);
        assert!(inside("2026-06-21T12:00:00Z") && inside("2026-06-21T21:59:00Z"));
        assert!(!inside("2026-06-21T22:01:00Z"));
        assert!(!inside("2026-12-21T12:00:00Z"), "the sun set weeks ago");
    }

    /// Hours as camhook.toml has them, at a place.
    fn hours(from: &str, to: &str, place: (f64, f64)) -> Hours {
        let place = Place::new(place.0, place.1).unwrap();
        let edge = |text: &str| {
            let (event, offset) = match (text.strip_prefix("sunrise"), text.strip_prefix("sunset")) {
                (Some(offset), _) => (SunEvent::Sunrise, offset),
                (_, Some(offset)) => (SunEvent::Sunset, offset),
                _ => return Edge::Clock(text.parse().unwrap()),
            };
            let is_before = offset.starts_with('-');
            let offset: SignedDuration =
                offset.get(1..).map_or(SignedDuration::ZERO, |it| it.parse().unwrap());
            Edge::Sun { event, offset: if is_before { -offset } else { offset }, place }
        };
        Hours { from: edge(from), to: edge(to) }
    }

    /// When hours are on a day, rounded to minutes: `20:00 to 04:43`, with `(1)` behind what is on the next day.
    fn shown(hours: Hours, day: &str, zone: &str) -> String {
        let (day, zone): (Date, _) = (day.parse().unwrap(), TimeZone::get(zone).unwrap());
        let Some(period) = hours.on(day, &zone) else { return "none".to_owned() };
        let edge = |at: Timestamp| {
            let local = at.to_zoned(zone.clone());
            let days = day.until(local.date()).unwrap().get_days();
            let suffix = if days == 0 { String::new() } else { format!("({days})") };
            format!("{}{suffix}", local.strftime("%H:%M"))
        };
        format!("{} to {}", edge(period.start), edge(period.end))
    }

    const BERLIN: (f64, f64) = (52.52, 13.405);
    const EDINBURGH: (f64, f64) = (55.953, -3.188);
    const OSLO: (f64, f64) = (59.914, 10.752);
    const TROMSO: (f64, f64) = (69.6492, 18.9553);

    #[test]
    fn hours_between_the_clock_and_the_sun_do_not_occur_when_they_would_end_before_they_begin() {
        for (from, to, place, zone, day, expected) in [
            ("06:00", "sunrise", BERLIN, "Europe/Berlin", "2026-06-21", "none"),
            ("06:00", "sunrise", BERLIN, "Europe/Berlin", "2026-05-17", "none"),
            ("06:00", "sunrise", BERLIN, "Europe/Berlin", "2026-12-21", "06:00 to 08:14"),
            ("22:00", "sunrise", BERLIN, "Europe/Berlin", "2026-06-21", "22:00 to 04:43(1)"),
            ("00:00", "sunrise", BERLIN, "Europe/Berlin", "2026-06-21", "00:00 to 04:43"),
            ("09:00", "sunrise", BERLIN, "Europe/Berlin", "2026-12-21", "09:00 to 08:15(1)"),
            ("sunset", "22:00", EDINBURGH, "Europe/London", "2026-06-21", "none"),
            ("sunset", "22:00", EDINBURGH, "Europe/London", "2026-12-21", "15:39 to 22:00"),
            ("sunset+1h", "23:00", OSLO, "Europe/Oslo", "2026-06-21", "none"),
            ("sunset+1h", "23:00", OSLO, "Europe/Oslo", "2026-03-21", "19:33 to 23:00"),
            ("sunset", "06:00", BERLIN, "Europe/Berlin", "2026-06-21", "21:33 to 06:00(1)"),
            ("sunset", "00:00", BERLIN, "Europe/Berlin", "2026-06-21", "21:33 to 00:00(1)"),
            ("sunset", "12:00", BERLIN, "Europe/Berlin", "2026-12-21", "15:53 to 12:00(1)"),
            ("sunrise", "22:00", BERLIN, "Europe/Berlin", "2026-06-21", "04:43 to 22:00"),
            ("sunrise", "00:00", BERLIN, "Europe/Berlin", "2026-12-21", "08:14 to 00:00(1)"),
            ("sunrise", "01:00", BERLIN, "Europe/Berlin", "2026-06-21", "04:43 to 01:00(1)"),
            ("06:00", "sunset", BERLIN, "Europe/Berlin", "2026-12-21", "06:00 to 15:53"),
            ("18:00", "sunset", BERLIN, "Europe/Berlin", "2026-12-21", "none"),
            ("23:00", "sunset", BERLIN, "Europe/Berlin", "2026-12-21", "23:00 to 15:54(1)"),
            // Offsets of up to twelve hours lead to the neighbouring days.
            ("22:00", "sunrise-5h", BERLIN, "Europe/Berlin", "2026-12-21", "22:00 to 03:15(1)"),
            ("22:00", "sunrise-5h", BERLIN, "Europe/Berlin", "2026-06-21", "22:00 to 23:43"),
            ("05:00", "sunset+12h", BERLIN, "Europe/Berlin", "2026-06-21", "05:00 to 09:33"),
            ("sunset+8h", "05:00", BERLIN, "Europe/Berlin", "2026-12-21", "23:53 to 05:00(1)"),
            ("sunset-12h", "08:00", BERLIN, "Europe/Berlin", "2026-12-21", "03:53 to 08:00"),
            // The sun alone.
            ("sunset", "sunrise", BERLIN, "Europe/Berlin", "2026-06-21", "21:33 to 04:43(1)"),
            ("sunrise", "sunset", BERLIN, "Europe/Berlin", "2026-06-21", "04:43 to 21:33"),
            ("sunrise", "sunrise+1h", BERLIN, "Europe/Berlin", "2026-06-21", "04:43 to 05:43"),
            ("sunset-30m", "sunset+30m", BERLIN, "Europe/Berlin", "2026-06-21", "21:03 to 22:03"),
            ("sunset+1h", "sunset", BERLIN, "Europe/Berlin", "2026-06-21", "22:33 to 21:33(1)"),
            ("sunrise+4h", "sunset-4h", BERLIN, "Europe/Berlin", "2026-12-21", "none"),
        ] {
            let found = shown(hours(from, to, place), day, zone);
            assert_eq!(found, expected, "{from} to {to} on {day}");
        }
    }

    #[test]
    fn a_moment_outside_hours_that_do_not_occur_is_not_in_them() {
        let (zone, mornings) = (berlin(), hours("06:00", "sunrise", BERLIN));
        let schedule = Schedule { hours: Some(mornings), ..on_weekdays(Time::midnight(), Time::midnight()) };
        for hour in 0..24 {
            for day in [date(2026, 6, 22), date(2026, 5, 18)] {
                let moment = day.at(hour, 30, 0, 0).to_zoned(zone.clone()).unwrap().timestamp();
                assert!(!schedule.contains(moment, &zone), "{moment}");
            }
        }
        assert!(schedule.contains(at("2026-12-21T07:00:00"), &zone));
    }

    #[test]
    fn a_polar_night_is_dark_all_day_and_a_polar_day_is_light_all_day() {
        let (night, day) = ("2026-12-21", "2026-06-21");
        for (from, to, date, expected) in [
            ("sunset", "06:00", night, "12:00 to 06:00(1)"),
            ("sunset+1h", "22:00", night, "12:00 to 22:00"),
            ("22:00", "sunrise", night, "22:00 to 12:00(1)"),
            ("06:00", "sunrise-1h", night, "06:00 to 12:00"),
            ("sunset+1h", "sunrise-1h", night, "12:00 to 12:00(1)"),
            ("sunrise", "sunset", night, "none"),
            ("06:00", "sunset", night, "none"),
            ("sunrise", "22:00", night, "none"),
            ("sunset-1h", "sunset+1h", night, "none"),
            ("sunrise+1h", "sunset-1h", day, "00:00 to 00:00(1)"),
            ("06:00", "sunset", day, "06:00 to 00:00(1)"),
            ("sunrise", "22:00", day, "00:00 to 22:00"),
            ("sunset", "sunrise", day, "none"),
            ("sunset", "06:00", day, "none"),
            ("22:00", "sunrise", day, "none"),
            ("sunrise-1h", "sunrise+1h", day, "none"),
        ] {
            assert_eq!(
                shown(hours(from, to, TROMSO), date, "Europe/Oslo"),
                expected,
                "{from} to {to}, {date}"
            );
        }
    }

    #[test]
    fn hours_of_a_polar_night_run_over_midnight() {
        let zone = TimeZone::get("Europe/Oslo").unwrap();
        for (from, to, dark) in [("sunset", "06:00", [0, 3, 20, 23]), ("22:00", "sunrise", [0, 3, 11, 23])] {
            let every_day = on_weekdays(Time::midnight(), Time::midnight());
            let schedule = Schedule { days: vec![], hours: Some(hours(from, to, TROMSO)), ..every_day };
            for hour in dark {
                let moment = date(2026, 12, 21).at(hour, 30, 0, 0).to_zoned(zone.clone()).unwrap();
                assert!(schedule.contains(moment.timestamp(), &zone), "{from} to {to}: {moment}");
            }
        }
    }

    #[test]
    fn dates_without_hours_are_those_on_which_the_sun_is_too_early_or_too_late() {
        let every_day = on_weekdays(Time::midnight(), Time::midnight());
        let without = |from: &str, to: &str, place| {
            let hours = Some(hours(from, to, place));
            let schedule = Schedule { days: vec![], hours, ..every_day.clone() };
            let dates = schedule.dates_without_hours(2026, &berlin());
            dates.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        // Twice: the clocks change on 2026-03-29.
        let mornings = without("06:00", "sunrise", BERLIN);
        assert_eq!(mornings, ["2026-03-24..2026-03-28", "2026-04-20..2026-08-21"]);
        assert_eq!(without("22:00", "sunrise", BERLIN), Vec::<String>::new());
        assert_eq!(without("sunrise+4h", "sunset-4h", BERLIN), Vec::<String>::new(), "no time of day");
    }

    #[test]
    fn hours_are_shown_as_they_are_written() {
        for (from, to) in [("06:00", "sunrise"), ("sunset-30m", "sunrise+1h"), ("sunset-90m", "23:59")] {
            assert_eq!(hours(from, to, BERLIN).to_string(), format!("{from} to {to}"));
        }
    }

    /// Places below the polar circles, also with a zone that is not theirs.
    const PLACES: [(f64, f64, &str); 10] = [
        (BERLIN.0, BERLIN.1, "Europe/Berlin"),
        (EDINBURGH.0, EDINBURGH.1, "Europe/London"),
        (OSLO.0, OSLO.1, "Europe/Oslo"),
        (42.24, -8.72, "Europe/Madrid"),
        (25.76, -80.19, "America/New_York"),
        (34.05, -118.24, "America/Los_Angeles"),
        (-1.29, 36.82, "Africa/Nairobi"),
        (-45.87, 170.5, "Pacific/Auckland"),
        (43.8, 87.6, "Asia/Shanghai"),
        (34.05, -118.24, "UTC"),
    ];

    prop_compose! {
        fn any_hours()(
            place in prop::sample::select(PLACES.to_vec()),
            minute in 0..24 * 60_i64,
            offset in -150..150_i64,
            event in prop::sample::select(vec![SunEvent::Sunrise, SunEvent::Sunset]),
            begins_by_the_clock in any::<bool>(),
        ) -> (Hours, TimeZone) {
            let clock = Edge::Clock(Time::midnight() + minute.minutes());
            let offset = SignedDuration::from_mins(offset);
            let sun = Edge::Sun { event, offset, place: Place::new(place.0, place.1).unwrap() };
            let (from, to) = if begins_by_the_clock { (clock, sun) } else { (sun, clock) };
            (Hours { from, to }, TimeZone::get(place.2).unwrap())
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Their length changes from day to day as the sun does, by a few minutes, beside the hour of a change of the
        /// clocks, and they last at most a day.
        #[test]
        fn hours_between_the_clock_and_the_sun_never_jump((hours, zone) in any_hours(), number in 0..364_i64) {
            let day = date(2026, 1, 1) + number.days();
            let length = |day: Date| hours.on(day, &zone).map_or(SignedDuration::ZERO, |period| {
                period.end.duration_since(period.start)
            });
            let (today, tomorrow) = (length(day), length(day + 1.day()));
            let offset = |day: Date| day.to_zoned(zone.clone()).unwrap().offset();
            let is_changed = (-1..=3).any(|days: i64| offset(day + days.days()) != offset(day + (days + 1).days()));
            let change = if is_changed { SignedDuration::from_hours(1) } else { SignedDuration::ZERO };
            prop_assert!(today <= SignedDuration::from_hours(24) + change, "{hours} on {day}: {today}");
            let jump = (tomorrow - today).abs();
            prop_assert!(jump <= SignedDuration::from_mins(6) + change, "{hours} on {day}: {today}, then {tomorrow}");
        }

        /// A moment is in hours that belong to any day, not only to the days around it that are looked at.
        #[test]
        fn a_moment_is_in_the_hours_of_any_day((hours, zone) in any_hours(), minute in 0..365 * 24 * 60_i64) {
            let moment = date(2026, 1, 1).to_zoned(zone.clone()).unwrap() + minute.minutes();
            let every_day = on_weekdays(Time::midnight(), Time::midnight());
            let schedule = Schedule { days: vec![], hours: Some(hours), ..every_day };
            let at = moment.timestamp();
            let is_inside = (-4..=4).any(|days: i64| {
                hours.on(moment.date() + days.days(), &zone).is_some_and(|period| period.contains(&at))
            });
            prop_assert_eq!(schedule.contains(at, &zone), is_inside, "{} at {}", hours, moment);
        }
    }

    #[test]
    fn excepted_dates_are_left_out_with_their_nights() {
        let mut nights = on_weekdays(time(22, 0, 0, 0), time(6, 0, 0, 0));
        nights.except = vec![DateRange { first: date(2026, 11, 24), last: date(2026, 11, 24) }];
        for (moment, inside) in [
            ("2026-11-24T05:00:00", true), // Monday's night
            ("2026-11-24T23:00:00", false),
            ("2026-11-25T05:00:00", false), // Tuesday's night
            ("2026-11-25T23:00:00", true),
        ] {
            assert_eq!(nights.contains(at(moment), &berlin()), inside, "{moment}");
        }
    }
}
