//! The device's own times.

use camhook_event::Text;
use camhook_ingest::DeviceTime;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

/// What a device's text means as a time: the text is kept in any case.
pub(crate) fn device_time(text: Text, timezone: &TimeZone, received_at: Timestamp) -> DeviceTime {
    let at = at(text.as_str(), timezone, received_at);
    DeviceTime { text, at }
}

/// Seconds since 1970; `2023-7-13 7:28:10`, in the source's zone; `2026-05-01T10:00:00.000Z`, or with an offset;
/// `2023-08-25T08:38:58Z+08:00`.
///
/// The last one contradicts itself: nothing says whether the hour is that of UTC or of the offset. Of all that a text
/// can mean, what is nearest to the receipt counts; so it does for the hour that comes twice when the clocks go back.
fn at(text: &str, timezone: &TimeZone, received_at: Timestamp) -> Option<Timestamp> {
    if text.bytes().all(|octet| octet.is_ascii_digit()) {
        return since_1970(text);
    }
    let (date, rest) = text.split_once([' ', 'T', 't'])?;
    let rest = rest.trim();
    let clock_end = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at_checked(clock_end)?;
    let local = DateTime::from_parts(self::date(date)?, time_of_day(clock)?);
    let meanings = match zone.split_at_checked(1) {
        None => {
            let ambiguous = timezone.to_ambiguous_timestamp(local);
            [ambiguous.earlier().ok(), ambiguous.later().ok()]
        }
        Some(("Z" | "z", "")) => [Offset::UTC.to_timestamp(local).ok(), None],
        Some(("Z" | "z", offset)) => {
            [Offset::UTC.to_timestamp(local).ok(), self::offset(offset)?.to_timestamp(local).ok()]
        }
        Some(_) => [offset(zone)?.to_timestamp(local).ok(), None],
    };
    meanings.into_iter().flatten().min_by_key(|meaning| meaning.duration_since(received_at).abs())
}

/// Seconds, or milliseconds where there are 13 digits. 0 is no time.
fn since_1970(text: &str) -> Option<Timestamp> {
    match text.parse::<i64>().ok()? {
        seconds @ 1..100_000_000_000 => Timestamp::from_second(seconds).ok(),
        milliseconds @ 100_000_000_000..100_000_000_000_000 => Timestamp::from_millisecond(milliseconds).ok(),
        _ => None,
    }
}

/// Year, month and day, with or without leading zeros.
fn date(text: &str) -> Option<Date> {
    let mut parts = text.split(['-', '/']);
    let date = Date::new(number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?).ok()?;
    parts.next().is_none().then_some(date)
}

/// Hour, minute and second, with or without leading zeros; a fraction is allowed.
fn time_of_day(text: &str) -> Option<Time> {
    let (clock, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let mut parts = clock.split(':');
    let (hour, minute, second) = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    if parts.next().is_some() {
        return None;
    }
    let nanoseconds = fraction
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(9)
        .try_fold(0_i32, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i32::from(digit - b'0')));
    Time::new(hour, minute, second, nanoseconds?).ok()
}

/// `+08:00`, `+0800` or `+08`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None => digits.split_at_checked(2)?,
    };
    let minutes: i32 = if minutes.is_empty() { 0 } else { number(minutes)? };
    let hours: i32 = number(hours)?;
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// A number of at most four digits, with neither sign nor blank.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    if text.len() > 4 || !text.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str, received_at: &str) -> String {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        at(text, &berlin, received_at.parse().unwrap()).map_or_else(String::new, |at| at.to_string())
    }

    #[test]
    fn local_times_need_no_zeros_in_front() {
        assert_eq!(read("2023-7-13 7:28:10", "2023-07-13T05:28:11Z"), "2023-07-13T05:28:10Z");
        assert_eq!(read("2022-5-26 11:5:0", "2022-05-26T09:05:01Z"), "2022-05-26T09:05:00Z");
        assert_eq!(read("2026-11-23T09:00:00", "2026-11-23T08:00:01Z"), "2026-11-23T08:00:00Z");
    }

    #[test]
    fn the_receipt_tells_the_two_hours_apart_when_the_clocks_go_back() {
        assert_eq!(read("2026-10-25 2:30:0", "2026-10-25T00:30:01Z"), "2026-10-25T00:30:00Z");
        assert_eq!(read("2026-10-25 2:30:0", "2026-10-25T01:30:01Z"), "2026-10-25T01:30:00Z");
        assert_eq!(read("2026-3-29 2:30:0", "2026-03-29T01:30:01Z"), "2026-03-29T01:30:00Z");
    }

    #[test]
    fn a_zone_in_the_text_counts() {
        let received_at = "2026-05-01T10:00:01Z";
        assert_eq!(read("2026-05-01T10:00:00.250Z", received_at), "2026-05-01T10:00:00.25Z");
        assert_eq!(read("2026-05-01T18:00:00+08:00", received_at), "2026-05-01T10:00:00Z");
        assert_eq!(read("2026-05-01T05:30:00-0430", received_at), "2026-05-01T10:00:00Z");
    }

    #[test]
    fn a_time_that_contradicts_itself_is_read_by_the_receipt() {
        let text = "2023-08-25T08:38:58Z+08:00";
        assert_eq!(read(text, "2023-08-25T08:39:00Z"), "2023-08-25T08:38:58Z");
        assert_eq!(read(text, "2023-08-25T00:39:00Z"), "2023-08-25T00:38:58Z");
    }

    #[test]
    fn seconds_since_1970_are_read_too() {
        assert_eq!(read("1777629600", "2026-05-01T10:00:01Z"), "2026-05-01T10:00:00Z");
        assert_eq!(read("1777629600250", "2026-05-01T10:00:01Z"), "2026-05-01T10:00:00.25Z");
        for none in [
            "0",
            "",
            "99999999999999999999",
            "2023-7-13",
            "7:28:10",
            "2023-13-1 0:0:0",
            "2023-7-13 25:0:0",
            "2023-7-13 7:28:10Zulu",
            "2023-7-13 7:28:+1",
            "a-b-c d:e:f",
            "2023-7-13 7:28:10+é",
        ] {
            assert_eq!(read(none, "2026-05-01T10:00:01Z"), "", "{none}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}", likely in "[0-9TZ :.+-]{0,30}") {
            for text in [text, likely] {
                let _ = at(&text, &TimeZone::UTC, Timestamp::UNIX_EPOCH);
            }
        }
    }
}
