//! Times and sizes as they are shown.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// `14:03:27`
pub(crate) fn clock_time(time: Timestamp, timezone: &TimeZone) -> String {
    time.to_zoned(timezone.clone()).strftime("%H:%M:%S").to_string()
}

/// `2026-11-29 14:03:27 CET`
pub(crate) fn full_time(time: Timestamp, timezone: &TimeZone) -> String {
    time.to_zoned(timezone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// The day of a time.
pub(crate) fn day_of(time: Timestamp, timezone: &TimeZone) -> Date {
    time.to_zoned(timezone.clone()).date()
}

/// `Today`, `Yesterday`, or `Sunday, 29 November 2026`.
pub(crate) fn day_name(day: Date, today: Date) -> String {
    if day == today {
        return "Today".to_owned();
    }
    if day.tomorrow().is_ok_and(|next| next == today) {
        return "Yesterday".to_owned();
    }
    date_name(day)
}

/// `Sunday, 29 November 2026`.
pub(crate) fn date_name(day: Date) -> String {
    day.strftime("%A, %-d %B %Y").to_string()
}

/// When a day begins, and when the next one does.
pub(crate) fn bounds(day: Date, timezone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let start = day.to_zoned(timezone.clone()).ok()?.timestamp();
    let end = day.tomorrow().ok()?.to_zoned(timezone.clone()).ok()?.timestamp();
    Some((start, end))
}

/// `just now`, `5 min ago`, `3 h ago`, `2 days ago`.
pub(crate) fn ago(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(time).as_secs();
    match seconds {
        ..60 => "just now".to_owned(),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// `1 event`, `2 events`.
pub(crate) fn counted(count: u64, singular: &str, plural: &str) -> String {
    format!("{count} {}", if count == 1 { singular } else { plural })
}

/// `1.2 s`, `250 ms`, `3 min`.
pub(crate) fn duration(duration: SignedDuration) -> String {
    let milliseconds = duration.as_millis();
    match milliseconds.unsigned_abs() {
        0..1000 => format!("{milliseconds} ms"),
        1000..120_000 => format!("{:.1} s", duration.as_secs_f64()),
        _ => format!("{} min", duration.as_mins()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_names_and_their_own_length() {
        let timezone = TimeZone::get("Europe/Berlin").unwrap();
        let day: Date = "2026-10-25".parse().unwrap();
        let (start, end) = bounds(day, &timezone).unwrap();
        assert_eq!(end.duration_since(start).as_hours(), 25);
        assert_eq!(day_name(day, day), "Today");
        assert_eq!(day_name(day, day.tomorrow().unwrap()), "Yesterday");
        assert_eq!(day_name(day, "2026-12-01".parse().unwrap()), "Sunday, 25 October 2026");
    }

    #[test]
    fn ages_are_rounded_down() {
        let now = Timestamp::constant(1_800_000_000, 0);
        let before = |seconds| now.checked_sub(SignedDuration::from_secs(seconds)).unwrap();
        for (seconds, text) in [
            (-5, "just now"),
            (59, "just now"),
            (3599, "59 min ago"),
            (7200, "2 h ago"),
            (200_000, "2 days ago"),
        ] {
            assert_eq!(ago(before(seconds), now), text);
        }
    }
}
