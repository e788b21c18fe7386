//! When a message of the queue is delivered again.

use std::time::Duration;

/// After this delivery the queue moves a message to its dead letters: `maxReceiveCount` in `infra/template.yaml`.
pub(crate) const LAST_DELIVERY: u32 = 8;

/// How long an attempt without a recorded outcome may still be running: longer than the function's limit.
pub(crate) const ATTEMPT_LIMIT: Duration = Duration::from_secs(45);

/// The delay before looking again at what another delivery is deciding.
pub(crate) const SOON: Duration = Duration::from_secs(5);

const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(900);

/// The longest delay that a channel can ask for.
const LONGEST_REQUESTED: Duration = Duration::from_secs(3600);

/// The delay after a failed delivery: 5 s after the first, three times as long each time, at most 15 min; longer
/// when a channel asks for it.
pub(crate) fn delay(receive_count: u32, after: Option<Duration>) -> Duration {
    let growth = 3_u32.saturating_pow(receive_count.saturating_sub(1).min(10));
    let own = FIRST.saturating_mul(growth).min(LONGEST);
    after.map_or(own, |after| own.max(after.min(LONGEST_REQUESTED)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_a_requested_delay_is_honored() {
        let seconds = |count, after: Option<u64>| delay(count, after.map(Duration::from_secs)).as_secs();
        let grown: Vec<u64> = (0..=9).map(|count| seconds(count, None)).collect();
        assert_eq!(grown, [5, 5, 15, 45, 135, 405, 900, 900, 900, 900]);
        assert_eq!(seconds(1, Some(120)), 120);
        assert_eq!(seconds(4, Some(120)), 135);
        assert_eq!(seconds(1, Some(1_000_000)), 3600);
        assert_eq!(seconds(u32::MAX, None), 900);
    }
}
