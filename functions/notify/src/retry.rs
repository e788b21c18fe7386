//! When a message is delivered again.

use std::time::Duration;

/// After this delivery the queue gives a message up: `maxReceiveCount` of the notification queue in
/// `infra/template.yaml`.
pub(crate) const LAST_DELIVERY: u32 = 8;

/// For this long an attempt that nobody ended may still be under way: longer than the function may run.
pub(crate) const ATTEMPT_LIMIT: Duration = Duration::from_secs(45);

/// After how long to look again at what another delivery is about to decide.
pub(crate) const SOON: Duration = Duration::from_secs(5);

const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(900);

/// The longest time that a channel can ask to be left alone: what it says must not bury a message.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// How long a message that was delivered this often stays out of sight: 5 s, and three times as long each time,
/// up to a quarter of an hour; longer when a channel asks for it.
pub(crate) fn delay(receive_count: u32, asked: Option<Duration>) -> Duration {
    let growth = 3_u32.saturating_pow(receive_count.saturating_sub(1).min(10));
    let own = FIRST.saturating_mul(growth).min(LONGEST);
    asked.map_or(own, |asked| own.max(asked.min(LONGEST_ASKED)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_what_is_asked_for_is_obeyed() {
        let seconds = |count, asked: Option<u64>| delay(count, asked.map(Duration::from_secs)).as_secs();
        let grown: Vec<u64> = (0..=9).map(|count| seconds(count, None)).collect();
        assert_eq!(grown, [5, 5, 15, 45, 135, 405, 900, 900, 900, 900]);
        assert_eq!(seconds(1, Some(120)), 120);
        assert_eq!(seconds(4, Some(120)), 135);
        assert_eq!(seconds(1, Some(1_000_000)), 3600);
        assert_eq!(seconds(u32::MAX, None), 900);
    }
}
