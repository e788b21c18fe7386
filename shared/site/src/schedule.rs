//! When a rule is in force, and when a channel is to be left in peace.

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

/// A part of the week or the year, by the clocks of a place.
///
/// A time of day that a change to daylight saving leaves out does not come that day; one that comes twice
/// counts both times.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Which days of the week; every day when empty.
    pub days: Vec<Weekday>,
    /// Which dates; every date when empty.
    pub dates: Vec<DateRange>,
    /// Which part of the day; all of it when `None`.
    pub hours: Option<Hours>,
    /// Where; the site's own zone when `None`.
    pub timezone: Option<TimeZone>,
}

/// A part of the day. When it ends at or before the time at which it begins, it runs past midnight and
/// belongs to the day on which it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// From when on.
    pub from: Time,
    /// Until just before when.
    pub to: Time,
}

/// From a first to a last date, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateRange {
    /// The first.
    pub first: Date,
    /// The last.
    pub last: Date,
}

impl Schedule {
    /// Whether a moment lies in this part of the week or year.
    #[must_use]
    pub fn contains(&self, at: Timestamp, site_timezone: &TimeZone) -> bool {
        let timezone = self.timezone.as_ref().unwrap_or(site_timezone);
        let local = at.to_zoned(timezone.clone()).datetime();
        let (today, now) = (local.date(), local.time());
        let Some(Hours { from, to }) = self.hours else { return self.is_on(today) };
        if from < to {
            return from <= now && now < to && self.is_on(today);
        }
        (from <= now && self.is_on(today))
            || (now < to && today.yesterday().is_ok_and(|yesterday| self.is_on(yesterday)))
    }

    fn is_on(&self, day: Date) -> bool {
        let day_of_week = self.days.is_empty() || self.days.contains(&day.weekday());
        let date =
            self.dates.is_empty() || self.dates.iter().any(|range| range.first <= day && day <= range.last);
        day_of_week && date
    }
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
            dates: vec![],
            hours: Some(Hours { from, to }),
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
            dates: vec![],
            hours: Some(Hours { from: time(2, 0, 0, 0), to: time(3, 0, 0, 0) }),
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
            dates: vec![DateRange { first: date(2026, 12, 24), last: date(2026, 12, 26) }],
            hours: None,
            timezone: Some(TimeZone::get("Asia/Tokyo").unwrap()),
        };
        let inside = |moment: &str| holidays.contains(moment.parse().unwrap(), &berlin());
        assert!(!inside("2026-12-23T14:59:00Z") && inside("2026-12-23T15:00:00Z"));
        assert!(inside("2026-12-26T14:59:00Z") && !inside("2026-12-26T15:00:00Z"));
    }
}
