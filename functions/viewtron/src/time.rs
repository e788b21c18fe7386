//! The device's own times.

use camhook_event::Text;
use camhook_ingest::DeviceTime;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::message::Times;

/// The device's time of a post; `None` when it holds none.
///
/// Where it holds several, the first that means something counts: `currentTime`, `snapTime`, `dataTime`.
pub(crate) fn device_time(
    times: &Times<'_>,
    timezone: &TimeZone,
    received_at: Timestamp,
) -> Option<DeviceTime> {
    let since_1970 = [&times.current, &times.snap].into_iter().flatten();
    let read = since_1970
        .map(|text| {
            let at = since_1970_in_any_unit(text).or_else(|| local(text, timezone, received_at));
            (text, at)
        })
        .chain(times.local.iter().map(|text| (text, local(text, timezone, received_at))))
        .filter_map(|(text, at)| Some(DeviceTime { text: Text::new(text)?, at }));
    let mut first = None;
    for time in read {
        if time.at.is_some() {
            return Some(time);
        }
        first = first.or(Some(time));
    }
    first
}

/// Seconds, milliseconds or microseconds since 1970, distinguished by their magnitude (10, 13 and 16 digits).
///
/// A recorder's plate posts hold 18445822972087551616, which is no time in any unit; 0 is no time either.
fn since_1970_in_any_unit(text: &str) -> Option<Timestamp> {
    match text.parse::<i64>().ok()? {
        number @ 1..100_000_000_000 => Timestamp::from_second(number).ok(),
        number @ 100_000_000_000..100_000_000_000_000 => Timestamp::from_millisecond(number).ok(),
        number @ 100_000_000_000_000..100_000_000_000_000_000 => Timestamp::from_microsecond(number).ok(),
        _ => None,
    }
}

/// A local time without a zone: `2026-03-29 09:58:21`, `11-19-2025 12:15:11 PM`, and the day before the month
/// where the camera is set so.
///
/// Which of 10-07 is the month, and which of the two hours 02:30 when the clocks go back, only the time of receipt
/// can tell: of all that the text can mean, what is nearest to it. A time that the clocks pass over when they go
/// forward is taken as if they had not, or had already. Where the text has an offset, that counts.
fn local(text: &str, timezone: &TimeZone, received_at: Timestamp) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let (date, time) = text.split_once([' ', 'T'])?;
    let time = time_of_day(time)?;
    dates(date)?
        .into_iter()
        .flatten()
        .flat_map(|date| {
            let ambiguous = timezone.to_ambiguous_timestamp(DateTime::from_parts(date, time));
            [ambiguous.earlier(), ambiguous.later()]
        })
        .filter_map(Result::ok)
        .min_by_key(|meaning| meaning.duration_since(received_at).abs())
}

/// The dates that a text can mean; month before day is the documented order.
fn dates(text: &str) -> Option<[Option<Date>; 2]> {
    let mut parts = text.split(['-', '/', '.']);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let date = |year: &str, month: &str, day: &str| {
        Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
    };
    if first.len() == 4 {
        return Some([date(first, second, third), None]);
    }
    Some([date(third, first, second), date(third, second, first)])
}

fn time_of_day(text: &str) -> Option<Time> {
    let upper = text.trim().to_ascii_uppercase();
    let (clock, is_afternoon) = match (upper.strip_suffix("AM"), upper.strip_suffix("PM")) {
        (Some(clock), _) => (clock, Some(false)),
        (None, Some(clock)) => (clock, Some(true)),
        (None, None) => (upper.as_str(), None),
    };
    let mut parts = clock.trim().split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let (second, nanoseconds) = match second.split_once('.') {
        Some((second, fraction)) => (second, nanoseconds(fraction)?),
        None => (second, 0),
    };
    let (hour, minute, second): (i8, i8, i8) =
        (hour.parse().ok()?, minute.parse().ok()?, second.parse().ok()?);
    let hour = match is_afternoon {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(false) => hour % 12,
        Some(true) => hour % 12 + 12,
    };
    Time::new(hour, minute, second, nanoseconds).ok()
}

/// The digits behind the decimal point of a second.
fn nanoseconds(fraction: &str) -> Option<i32> {
    let is_number = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|digit| digit.is_ascii_digit());
    format!("{fraction:0<9}").parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    fn timestamp(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn local_at(text: &str, received_at: &str) -> String {
        local(text, &berlin(), timestamp(received_at)).map_or_else(String::new, |time| time.to_string())
    }

    #[test]
    fn the_unit_is_told_by_the_magnitude() {
        for (text, expected) in [
            ("1774792701902505", Some("2026-03-29T13:58:21.902505Z")),
            ("1774792701902", Some("2026-03-29T13:58:21.902Z")),
            ("1732045234", Some("2024-11-19T19:40:34Z")),
            ("18445822972087551616", None),
            ("0", None),
            ("-1774792701", None),
            ("...", None),
        ] {
            assert_eq!(since_1970_in_any_unit(text), expected.map(timestamp), "{text}");
        }
    }

    #[test]
    fn every_form_of_a_local_time_is_read() {
        for text in [
            "2026-03-29 09:58:21",
            "03-29-2026 09:58:21 AM",
            "29-03-2026 09:58:21",
            "2026/03/29 09:58:21",
            "03/29/2026 9:58:21 am",
        ] {
            assert_eq!(local_at(text, "2026-03-29T07:58:25Z"), "2026-03-29T07:58:21Z", "{text}");
        }
        assert_eq!(local_at("2026-03-29 09:58:21.5", "2026-03-29T07:58:25Z"), "2026-03-29T07:58:21.5Z");
        assert_eq!(local_at("2026-03-29T07:58:21Z", "2026-03-29T07:58:25Z"), "2026-03-29T07:58:21Z");
        assert_eq!(local_at("11-19-2025 12:15:11 PM", "2025-11-19T11:15:12Z"), "2025-11-19T11:15:11Z");
        assert_eq!(local_at("11-19-2025 12:15:11 AM", "2025-11-19T11:15:12Z"), "2025-11-18T23:15:11Z");
        for text in [
            "",
            "2026-03-29",
            "09:58:21",
            "2026-13-29 09:58:21",
            "2026-03-29 24:00:00",
            "2026-03-29 09:58:21.x",
            "a-b-c d:e:f",
        ] {
            assert_eq!(local_at(text, "2026-03-29T07:58:25Z"), "", "{text}");
        }
    }

    #[test]
    fn the_receipt_tells_day_and_month_apart() {
        assert_eq!(local_at("10-07-2026 05:24:48 PM", "2026-10-07T15:24:50Z"), "2026-10-07T15:24:48Z");
        assert_eq!(local_at("10-07-2026 05:24:48 PM", "2026-07-10T15:24:50Z"), "2026-07-10T15:24:48Z");
    }

    #[test]
    fn the_receipt_tells_the_two_hours_apart_when_the_clocks_go_back() {
        // 25 October 2026, 03:00 CEST is 02:00 CET.
        assert_eq!(local_at("2026-10-25 02:30:00", "2026-10-25T00:30:01Z"), "2026-10-25T00:30:00Z");
        assert_eq!(local_at("2026-10-25 02:30:00", "2026-10-25T01:30:01Z"), "2026-10-25T01:30:00Z");
        assert_eq!(local_at("2026-10-25 01:59:59", "2026-10-25T00:00:00Z"), "2026-10-24T23:59:59Z");
        assert_eq!(local_at("2026-10-25 03:00:00", "2026-10-25T02:00:00Z"), "2026-10-25T02:00:00Z");
    }

    #[test]
    fn a_time_that_the_clocks_passed_over_is_read_by_either_offset() {
        // 29 March 2026, 02:00 CET is 03:00 CEST: a camera that does not know says 02:30.
        assert_eq!(local_at("2026-03-29 02:30:00", "2026-03-29T01:30:01Z"), "2026-03-29T01:30:00Z");
        assert_eq!(local_at("2026-03-29 02:30:00", "2026-03-29T00:30:01Z"), "2026-03-29T00:30:00Z");
        assert_eq!(local_at("2026-03-29 03:00:00", "2026-03-29T01:00:01Z"), "2026-03-29T01:00:00Z");
    }

    #[test]
    fn the_first_time_that_means_something_counts_and_the_text_is_kept() {
        let times = Times {
            current: Some("18445822972087551616".into()),
            snap: Some("1585307772269551".into()),
            local: None,
        };
        let read = device_time(&times, &berlin(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((read.text.as_str(), read.at.is_some()), ("1585307772269551", true));
        let text = Times { current: Some("2026-03-29 09:58:21".into()), ..Times::default() };
        let read = device_time(&text, &berlin(), timestamp("2026-03-29T07:58:25Z")).unwrap();
        assert_eq!(read.at, Some(timestamp("2026-03-29T07:58:21Z")));
        let nothing = Times { current: Some("...".into()), ..Times::default() };
        let read = device_time(&nothing, &berlin(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((read.text.as_str(), read.at), ("...", None));
        assert_eq!(device_time(&Times::default(), &berlin(), Timestamp::UNIX_EPOCH), None);
    }
}
