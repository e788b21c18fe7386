//! Times in arguments and output.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::error::Error;

/// Parses an age, a date in the local time zone, or a timestamp.
pub(crate) fn moment(text: &str, now: Timestamp) -> Result<Timestamp, Error> {
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

/// How times are shown to people: in the time zone of the site where its camhook.toml is known, else in UTC, always
/// with the offset.
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
