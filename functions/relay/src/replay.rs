//! Which replays move relays.
//!
//! An event that is sent to the queues again has the name of its run. A person asked a run that is called `relays/` and
//! a time to move relays, at that time; every other run moves none. The age of its events counts from that time: a
//! request that waits in the queue for too long is as late as an event would be.

use jiff::Timestamp;

/// The beginning of the name of a run that moves relays.
const MOVES_RELAYS: &str = "relays/";

/// The name of a run that moves relays, as requested now.
#[must_use]
pub fn run_that_moves_relays(now: Timestamp) -> String {
    format!("{MOVES_RELAYS}{now}")
}

/// When a run was asked to move relays; `None` for a run that was not.
#[must_use]
pub fn requested_at(run: &str) -> Option<Timestamp> {
    run.strip_prefix(MOVES_RELAYS)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_run_with_the_time_of_its_request_moves_relays() {
        let now = Timestamp::constant(1_800_000_000, 5_000_000);
        assert_eq!(run_that_moves_relays(now), "relays/2027-01-15T08:00:00.005Z");
        assert_eq!(requested_at(&run_that_moves_relays(now)), Some(now));
        for run in ["", "run-1", "relays", "relays/", "relays/yes", "2027-01-15T08:00:00Z"] {
            assert_eq!(requested_at(run), None, "{run}");
        }
    }
}
