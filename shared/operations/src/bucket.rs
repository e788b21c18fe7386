//! Objects in the bucket by the day in their keys.

use camhook_ports::{ObjectError, ObjectStore};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// The number of keys that one listing returns.
pub(crate) const LISTED: usize = 1000;

/// The days in UTC of a range of time, newest first. Keys have the date in UTC.
pub(crate) fn days(since: Timestamp, until: Timestamp) -> impl Iterator<Item = Date> {
    let date = |time: Timestamp| time.to_zoned(TimeZone::UTC).date();
    let (first, mut next) = (date(since), Some(date(until)));
    std::iter::from_fn(move || {
        let day = next.filter(|day| *day >= first)?;
        next = day.checked_sub(1.day()).ok();
        Some(day)
    })
}

/// `ROOT/yyyy/mm/dd/`
pub(crate) fn day_prefix(root: &str, day: Date) -> String {
    format!("{root}/{:04}/{:02}/{:02}/", day.year(), day.month(), day.day())
}

/// All keys that begin with a prefix and come after a key.
pub(crate) async fn keys_after<O: ObjectStore>(
    objects: &O,
    prefix: &str,
    after: Option<&str>,
) -> Result<Vec<String>, ObjectError> {
    let mut keys: Vec<String> = Vec::new();
    loop {
        let listed = match keys.last().map(String::as_str).or(after) {
            Some(after) => objects.list_after(prefix, after, LISTED).await?,
            None => objects.list(prefix, LISTED).await?,
        };
        let is_last = listed.len() < LISTED;
        keys.extend(listed);
        if is_last {
            return Ok(keys);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_of_a_range_are_listed_newest_first() {
        let days: Vec<String> =
            days("2026-02-27T23:59:59Z".parse().unwrap(), "2026-03-01T00:00:00Z".parse().unwrap())
                .map(|day| day_prefix("events", day))
                .collect();
        assert_eq!(days, ["events/2026/03/01/", "events/2026/02/28/", "events/2026/02/27/"]);
    }
}
