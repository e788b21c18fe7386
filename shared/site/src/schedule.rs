//! When a rule is in force, and when a channel must not disturb anybody.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::{Daylight, Place, daylight};

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

/// A part of the day. When it ends at or before the time at which it begins, it runs past midnight and
/// belongs to the day on which it began.
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

    /// With an offset, hours may begin on the date before the one that they belong to, or the one after it.
    fn contains_by_the_sun(&self, hours: Hours, at: Timestamp, today: Date, timezone: &TimeZone) -> bool {
        let days = [Some(today), today.yesterday().ok(), today.tomorrow().ok()];
        days.into_iter()
            .flatten()
            .any(|day| self.is_on(day) && hours.contains_on(day, at, timezone).unwrap_or(false))
    }

    fn is_on(&self, day: Date) -> bool {
        let is_day = self.days.is_empty() || self.days.contains(&day.weekday());
        let is_date = self.dates.as_ref().is_none_or(|dates| dates.iter().any(|range| range.contains(day)));
        is_day && is_date && !self.except.iter().any(|range| range.contains(day))
    }
}

impl Hours {
    /// Whether a moment lies in the hours that belong to a day; `None` when they do not occur on it.
    fn contains_on(&self, day: Date, at: Timestamp, timezone: &TimeZone) -> Option<bool> {
        let begin = self.from.begin(day, timezone)?;
        let mut end = self.to.end(day, timezone)?;
        if end <= begin {
            end = self.to.end(day.tomorrow().ok()?, timezone)?;
        }
        Some(begin <= at && at < end)
    }
}

impl Edge {
    /// When hours begin on a day. Where the sun does not rise or set, the dark or the light begins with the day, and
    /// hours that begin with the opposite do not occur.
    fn begin(&self, day: Date, timezone: &TimeZone) -> Option<Timestamp> {
        match self.on(day, timezone)? {
            Occurrence::At(at) => Some(at),
            Occurrence::AllDay => midnight(day, timezone),
            Occurrence::Never => None,
        }
    }

    /// When hours end on a day. Where the sun does not rise or set, what it would end lasts to the end of the day, and
    /// hours that end with the opposite do not occur.
    fn end(&self, day: Date, timezone: &TimeZone) -> Option<Timestamp> {
        match self.on(day, timezone)? {
            Occurrence::At(at) => Some(at),
            Occurrence::AllDay => None,
            Occurrence::Never => midnight(day.tomorrow().ok()?, timezone),
        }
    }

    fn on(&self, day: Date, timezone: &TimeZone) -> Option<Occurrence> {
        match *self {
            Self::Clock(time) => {
                let zoned = day.to_datetime(time).to_zoned(timezone.clone()).ok()?;
                Some(Occurrence::At(zoned.timestamp()))
            }
            Self::Sun { event, offset, place } => {
                let at = match (daylight(place, day, timezone)?, event) {
                    (Daylight::Between { sunrise, .. }, SunEvent::Sunrise) => sunrise,
                    (Daylight::Between { sunset, .. }, SunEvent::Sunset) => sunset,
                    (Daylight::PolarDay, SunEvent::Sunrise) | (Daylight::PolarNight, SunEvent::Sunset) => {
                        return Some(Occurrence::AllDay);
                    }
                    (Daylight::PolarDay, SunEvent::Sunset) | (Daylight::PolarNight, SunEvent::Sunrise) => {
                        return Some(Occurrence::Never);
                    }
                };
                Some(Occurrence::At(at.checked_add(offset).ok()?))
            }
        }
    }
}

/// When an edge occurs on a day.
enum Occurrence {
    At(Timestamp),
    /// What it begins lasts the whole day: the light of a polar day, the dark of a polar night.
    AllDay,
    /// What it begins does not occur.
    Never,
}

fn midnight(day: Date, timezone: &TimeZone) -> Option<Timestamp> {
    day.to_zoned(timezone.clone()).ok().map(|midnight| midnight.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

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
