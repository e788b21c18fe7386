//! Times in arguments and output.

use jiff::Timestamp;
#[cfg(feature = "aws")]
use jiff::civil::{Date, Time};
#[cfg(feature = "aws")]
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
#[cfg(feature = "aws")]
use jiff::{Span, Zoned};

#[cfg(feature = "aws")]
use crate::error::Error;

/// How times are shown to people, and read from them: in the time zone of the site where its camhook.toml is known, else
/// in UTC. They are always shown with the offset.
#[derive(Debug, Clone)]
pub(crate) struct Times(TimeZone);

impl Times {
    /// In UTC: no site is known.
    pub(crate) const UTC: Self = Self(TimeZone::UTC);

    /// In the time zone of a site.
    #[cfg(feature = "aws")]
    pub(crate) fn of_site(site: &camhook_site::Site) -> Self {
        Self(site.timezone().clone())
    }

    /// In this time zone.
    #[cfg(feature = "aws")]
    pub(crate) fn of_zone(timezone: TimeZone) -> Self {
        Self(timezone)
    }

    /// In the time zone of this machine, for a command that needs no site.
    #[cfg(feature = "aws")]
    pub(crate) fn of_this_machine() -> Self {
        Self(TimeZone::system())
    }

    /// Parses an age, a date, a local time, or a time with its offset.
    #[cfg(feature = "aws")]
    pub(crate) fn parse(&self, text: &str, now: Timestamp) -> Result<Timestamp, Error> {
        let wrong = || Error::NotATime(text.to_owned());
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(moment);
        }
        // A time may name its zone instead of the offset.
        if let Ok(moment) = text.parse::<Zoned>() {
            return Ok(moment.timestamp());
        }
        if let Ok(pieces) = Pieces::parse(text)
            && pieces.offset().is_none()
            && pieces.time_zone_annotation().is_none()
        {
            let local = pieces.date().to_datetime(pieces.time().unwrap_or(Time::midnight()));
            return local.to_zoned(self.0.clone()).map(|local| local.timestamp()).map_err(|_| wrong());
        }
        let ago: Span = text.parse().map_err(|_| wrong())?;
        if ago.is_negative() {
            return Err(wrong());
        }
        now.to_zoned(self.0.clone()).checked_sub(ago).map(|then| then.timestamp()).map_err(|_| wrong())
    }

    /// A time to the second: `2026-11-23 13:00:00+01:00`.
    pub(crate) fn show(&self, time: Timestamp) -> String {
        self.format(time, "%Y-%m-%d %H:%M:%S%:z")
    }

    /// A time to the millisecond, where the order of what happened in one second counts.
    pub(crate) fn show_ms(&self, time: Timestamp) -> String {
        self.format(time, "%Y-%m-%d %H:%M:%S%.3f%:z")
    }

    /// The day of a time.
    #[cfg(feature = "aws")]
    pub(crate) fn day(&self, time: Timestamp) -> Date {
        time.to_zoned(self.0.clone()).date()
    }

    fn format(&self, time: Timestamp, format: &str) -> String {
        time.to_zoned(self.0.clone()).strftime(format).to_string()
    }
}

/// The age of a time in its largest unit: `12 s`, `5 min`, `3 h` or `2 d`.
#[cfg(feature = "aws")]
pub(crate) fn age(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(time).as_secs().max(0);
    match seconds {
        ..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "aws")]
    #[test]
    fn times_are_ages_dates_or_timestamps() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let at = |text: &str| Times::UTC.parse(text, now).unwrap().to_string();
        assert_eq!(at("30m"), "2026-11-23T11:30:00Z");
        assert_eq!(at("2h"), "2026-11-23T10:00:00Z");
        assert_eq!(at("2026-11-20T08:00:00Z"), "2026-11-20T08:00:00Z");
        assert!(Times::UTC.parse("2026-11-20", now).is_ok());
        for wrong in
            ["", "yesterday", "-2h", "5", "2026-11-31", "2026-11-20T25:00", "2026-11-20T08:00[Nowhere]"]
        {
            assert!(Times::UTC.parse(wrong, now).is_err(), "{wrong}");
        }
    }

    #[cfg(feature = "aws")]
    #[test]
    fn a_time_without_an_offset_is_one_of_the_site() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        for (zone, text, expected) in [
            ("Asia/Tokyo", "2026-11-20", "2026-11-19T15:00:00Z"),
            ("Asia/Tokyo", "2026-11-20T08:30", "2026-11-19T23:30:00Z"),
            ("Asia/Tokyo", "2026-11-20 08:30:15", "2026-11-19T23:30:15Z"),
            ("America/New_York", "2026-07-01", "2026-07-01T04:00:00Z"),
            ("America/New_York", "2026-11-20T08:30:00Z", "2026-11-20T08:30:00Z"),
            ("America/New_York", "2026-11-20T08:30:00+02:00", "2026-11-20T06:30:00Z"),
            ("America/New_York", "2026-11-20T08:30[Europe/Berlin]", "2026-11-20T07:30:00Z"),
            ("Europe/Berlin", "2026-11-20 08:30:00+01:00", "2026-11-20T07:30:00Z"),
            // A day before a change of the clocks has 25 hours.
            ("Europe/Berlin", "30d", "2026-10-24T11:00:00Z"),
        ] {
            let times = Times(TimeZone::get(zone).unwrap());
            assert_eq!(times.parse(text, now).unwrap().to_string(), expected, "{text} in {zone}");
        }
    }

    #[test]
    fn a_time_is_shown_with_its_offset_in_the_time_zone_of_the_site_else_in_utc() {
        let time = "2026-11-23T12:00:00.5Z".parse().unwrap();
        assert_eq!(Times::UTC.show(time), "2026-11-23 12:00:00+00:00");
        assert_eq!(Times::UTC.show_ms(time), "2026-11-23 12:00:00.500+00:00");
        let berlin = Times(TimeZone::get("Europe/Berlin").unwrap());
        assert_eq!(berlin.show(time), "2026-11-23 13:00:00+01:00");
        assert_eq!(berlin.show_ms(time), "2026-11-23 13:00:00.500+01:00");
    }
}
