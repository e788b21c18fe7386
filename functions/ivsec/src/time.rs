//! The device's own times.

use camhook_event::Text;
use camhook_ingest::DeviceTime;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

/// What a device's text means as a time. The text is kept in any case.
pub(crate) fn device_time(text: Text, timezone: &TimeZone, received_at: Timestamp) -> DeviceTime {
    let at = nearest_reading(text.as_str(), timezone, received_at);
    DeviceTime { text, at }
}

/// Of all that a text can mean, what is nearest to the receipt.
///
/// | text | readings |
/// |---|---|
/// | `1799989205`, also with a fraction or in milliseconds | the wall clock of the source's zone written as if it were UTC (documented, and what devices do); seconds since 1970 (the name says so, and simulators do) |
/// | `2023-7-13 7:28:10`, `2015-1-5_14:17:53` | the wall clock of the source's zone; both hours when one comes twice |
/// | `09/07/2026 17:05:30`, `09/07/2026 5:05:30 PM`, `MM/DD/YYYYhh:mm:ss` | the same, month first; day first |
/// | `2026-05-01T10:00:00.000Z`, or with an offset | that moment |
/// | `2023-08-25T08:38:58Z+08:00` | contradicts itself: the hour in UTC; the hour at the offset |
///
/// Where two readings are equally near, the first of the table counts.
fn nearest_reading(text: &str, timezone: &TimeZone, received_at: Timestamp) -> Option<Timestamp> {
    let readings = match since_1970(text) {
        Some(seconds) => wall_clock(Offset::UTC.to_datetime(seconds), timezone)
            .into_iter()
            .chain([Some(seconds)])
            .flatten()
            .collect(),
        None => written_readings(text, timezone),
    };
    readings.into_iter().min_by_key(|reading| reading.duration_since(received_at).abs())
}

/// Seconds with or without a fraction, or milliseconds where there are 13 digits. 0 is no time.
fn since_1970(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !whole.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    match whole.parse::<i64>().ok()? {
        seconds @ 1..100_000_000_000 => Timestamp::new(seconds, nanoseconds(fraction)?).ok(),
        milliseconds @ 100_000_000_000..100_000_000_000_000 => Timestamp::from_millisecond(milliseconds).ok(),
        _ => None,
    }
}

/// A fraction of a second, by its digits.
fn nanoseconds(fraction: &str) -> Option<i32> {
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    digits
        .into_iter()
        .try_fold(0_i32, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i32::from(digit - b'0')))
}

/// When the clocks of a zone show a time: twice in the hour that comes twice.
fn wall_clock(local: DateTime, timezone: &TimeZone) -> [Option<Timestamp>; 2] {
    let ambiguous = timezone.to_ambiguous_timestamp(local);
    [ambiguous.earlier().ok(), ambiguous.later().ok()]
}

fn written_readings(text: &str, timezone: &TimeZone) -> Vec<Timestamp> {
    let Some((date, rest)) = split_date(text) else { return Vec::new() };
    let clock_end = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(clock_end);
    let Some(clock) = time_of_day(clock) else { return Vec::new() };
    dates(date)
        .into_iter()
        .flatten()
        .flat_map(|date| in_zone(DateTime::from_parts(date, clock), zone, timezone))
        .flatten()
        .collect()
}

/// What a local time means with the zone that is written behind it.
fn in_zone(local: DateTime, zone: &str, timezone: &TimeZone) -> [Option<Timestamp>; 2] {
    let at = |offset: Offset| offset.to_timestamp(local).ok();
    match zone.strip_prefix(['Z', 'z']).map(str::trim) {
        Some("") => [at(Offset::UTC), None],
        Some(contradiction) => match offset(contradiction) {
            Some(offset) => [at(Offset::UTC), at(offset)],
            None => [None, None],
        },
        None if zone.is_empty() => wall_clock(local, timezone),
        None => [offset(zone).and_then(at), None],
    }
}

/// Date and time of day, parted by a blank, `T` or `_`, or by nothing at all behind a year that comes last.
fn split_date(text: &str) -> Option<(&str, &str)> {
    if let Some((date, clock)) = text.split_once([' ', 'T', 't', '_']) {
        return Some((date, clock.trim()));
    }
    let year = text.rfind(['/', '-'])? + 1;
    text.split_at_checked(year + 4)
}

/// Year, month and day; or month, day and year, and then day, month and year. Leading zeros are not needed.
fn dates(text: &str) -> [Option<Date>; 2] {
    let mut parts = text.split(['-', '/']);
    let (Some(first), Some(second), Some(third), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return [None, None];
    };
    let date = |year, month, day| Date::new(number(year)?, number(month)?, number(day)?).ok();
    match (first.len(), third.len()) {
        (4, _) => [date(first, second, third), None],
        (_, 4) => [date(third, first, second), date(third, second, first)],
        _ => [None, None],
    }
}

/// Hour, minute and second, with or without leading zeros; a fraction is allowed, and `AM` or `PM` behind 12 hours.
fn time_of_day(text: &str) -> Option<Time> {
    let (text, half) = split_half_of_day(text.trim());
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = clock.split(':');
    let (hour, minute, second): (i8, _, _) =
        (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    if parts.next().is_some() {
        return None;
    }
    let hour = match half {
        None => hour,
        Some(noon) => Some(hour).filter(|hour| (1..=12).contains(hour))? % 12 + noon,
    };
    Time::new(hour, minute, second, nanoseconds(fraction)?).ok()
}

/// A time of day without the half of the day behind it, and the hour at which that begins.
fn split_half_of_day(text: &str) -> (&str, Option<i8>) {
    let Some((clock, half)) = text.len().checked_sub(2).and_then(|end| text.split_at_checked(end)) else {
        return (text, None);
    };
    let begin = match half.to_ascii_uppercase().as_str() {
        "AM" => 0,
        "PM" => 12,
        _ => return (text, None),
    };
    (clock.trim_end(), Some(begin))
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

    fn read_in(zone: &str, text: &str, received_at: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        let reading = nearest_reading(text, &zone, received_at.parse().unwrap());
        reading.map_or_else(String::new, |at| at.to_string())
    }

    fn read(text: &str, received_at: &str) -> String {
        read_in("Europe/Berlin", text, received_at)
    }

    #[test]
    fn local_times_need_no_zeros_in_front() {
        assert_eq!(read("2023-7-13 7:28:10", "2023-07-13T05:28:11Z"), "2023-07-13T05:28:10Z");
        assert_eq!(read("2022-5-26 11:5:0", "2022-05-26T09:05:01Z"), "2022-05-26T09:05:00Z");
        assert_eq!(read("2026-11-23T09:00:00", "2026-11-23T08:00:01Z"), "2026-11-23T08:00:00Z");
        assert_eq!(read("2015-1-5_14:17:53", "2026-11-23T08:00:01Z"), "2015-01-05T13:17:53Z");
        assert_eq!(read("2026-11-29_0:10:00", "2026-11-28T23:10:01Z"), "2026-11-28T23:10:00Z");
    }

    #[test]
    fn the_receipt_selects_among_the_two_hours_when_the_clocks_go_back() {
        assert_eq!(read("2026-10-25 2:30:0", "2026-10-25T00:30:01Z"), "2026-10-25T00:30:00Z");
        assert_eq!(read("2026-10-25 2:30:0", "2026-10-25T01:30:01Z"), "2026-10-25T01:30:00Z");
        assert_eq!(read("2026-3-29 2:30:0", "2026-03-29T01:30:01Z"), "2026-03-29T01:30:00Z");
    }

    #[test]
    fn a_date_with_its_year_behind_has_the_month_first() {
        assert_eq!(read("11/29/2026 00:10:00", "2026-11-28T23:10:01Z"), "2026-11-28T23:10:00Z");
        assert_eq!(read("11/29/202600:10:00", "2026-11-28T23:10:01Z"), "2026-11-28T23:10:00Z");
        assert_eq!(read("1/5/2026 7:8:9", "2026-01-05T06:08:10Z"), "2026-01-05T06:08:09Z");
        // Day first only where the month cannot be, or where that is nearer to the receipt.
        assert_eq!(read("29/11/2026 00:10:00", "2026-11-28T23:10:01Z"), "2026-11-28T23:10:00Z");
        assert_eq!(read("05/04/2026 12:00:00", "2026-05-04T10:00:01Z"), "2026-05-04T10:00:00Z");
        assert_eq!(read("05/04/2026 12:00:00", "2026-04-05T10:00:01Z"), "2026-04-05T10:00:00Z");
    }

    #[test]
    fn the_day_may_have_two_halves() {
        let received_at = "2026-11-29T23:45:01Z";
        assert_eq!(read("11/30/2026 12:45:00 AM", received_at), "2026-11-29T23:45:00Z");
        assert_eq!(read("11/30/2026 12:45:00 pm", received_at), "2026-11-30T11:45:00Z");
        assert_eq!(read("11/30/2026 1:45:00PM", received_at), "2026-11-30T12:45:00Z");
        assert_eq!(read("11/30/2026 13:45:00 PM", received_at), "");
        assert_eq!(read("11/30/2026 0:45:00 AM", received_at), "");
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
        assert_eq!(read("2023-08-25T08:38:58Z +08:00", "2023-08-25T00:39:00Z"), "2023-08-25T00:38:58Z");
        let text = "2027-01-15T05:00:03Z-05:00";
        assert_eq!(read_in("America/Bogota", text, "2027-01-15T10:00:08Z"), "2027-01-15T10:00:03Z");
    }

    #[test]
    fn seconds_since_1970_are_the_wall_clock_or_utc() {
        let utc = "2026-05-01T10:00:00Z";
        assert_eq!(read("1777629600", "2026-05-01T10:00:01Z"), utc);
        assert_eq!(read("1777629600250", "2026-05-01T10:00:01Z"), "2026-05-01T10:00:00.25Z");
        assert_eq!(read("1777629600.25", "2026-05-01T10:00:01Z"), "2026-05-01T10:00:00.25Z");
        for (zone, seconds) in [
            ("Europe/Berlin", 1_777_629_600 + 2 * 3600),
            ("Asia/Ho_Chi_Minh", 1_777_629_600 + 7 * 3600),
            ("America/Bogota", 1_777_629_600 - 5 * 3600),
            ("Asia/Kolkata", 1_777_629_600 + 19_800),
        ] {
            assert_eq!(read_in(zone, &seconds.to_string(), "2026-05-01T10:00:05Z"), utc, "{zone}");
        }
        // As near as the other: what the documents say.
        assert_eq!(read("1777633200", "2026-05-01T10:00:00Z"), "2026-05-01T09:00:00Z");
    }

    #[test]
    fn what_is_no_time_has_no_reading() {
        for none in [
            "0",
            "",
            "99999999999999999999",
            "2023-7-13",
            "7:28:10",
            "2023-13-1 0:0:0",
            "13/13/2023 0:0:0",
            "1/1/23 0:0:0",
            "2023-7-13 25:0:0",
            "2023-7-13 7:28:10Zulu",
            "2023-7-13 7:28:+1",
            "1777629600.2x",
            "2023-7-13 PM",
            "a-b-c d:e:f",
            "2023-7-13 7:28:10+é",
            "1/1/20é",
        ] {
            assert_eq!(read(none, "2026-05-01T10:00:01Z"), "", "{none}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}", likely in "[0-9TZ_/ :.+-]{0,30}") {
            for text in [text, likely] {
                let _ = nearest_reading(&text, &TimeZone::UTC, Timestamp::UNIX_EPOCH);
            }
        }
    }
}
