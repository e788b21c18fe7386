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

/// A time in the local time zone, with its offset.
pub(crate) fn local_time(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S%.3f%:z").to_string()
}

/// A time in the local time zone, to the second.
#[cfg(feature = "aws")]
pub(crate) fn local_time_s(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S%:z").to_string()
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
    fn a_time_is_shown_with_its_offset() {
        let shown = local_time("2026-11-23T12:00:00.5Z".parse().unwrap());
        let read = shown.replacen(' ', "T", 1).parse::<Timestamp>().unwrap();
        assert_eq!(read.to_string(), "2026-11-23T12:00:00.5Z", "{shown}");
    }
}
