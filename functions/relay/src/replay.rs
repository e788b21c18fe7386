//! Which replays move relays.
//!
//! An event that is sent to the queues again bears the name of its run. A run that is called `relays/` and a time
//! was told to move relays, by a person, at that time; every other run moves none. The age of its events counts
//! from that time, since they are asked for now: an order to move them that lies in the queue for too long is as
//! late as an event would be.

use jiff::Timestamp;

/// The beginning of the name of a run that moves relays.
const MOVING: &str = "relays/";

/// The name of a run that is told, now, to move relays.
#[must_use]
pub fn moving(now: Timestamp) -> String {
    format!("{MOVING}{now}")
}

/// When a run was told to move relays; `None` for a run that was not.
#[must_use]
pub fn told_at(run: &str) -> Option<Timestamp> {
    run.strip_prefix(MOVING)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_run_with_the_time_of_its_order_moves_relays() {
        let now = Timestamp::constant(1_800_000_000, 5_000_000);
        assert_eq!(moving(now), "relays/2027-01-15T08:00:00.005Z");
        assert_eq!(told_at(&moving(now)), Some(now));
        for run in ["", "run-1", "relays", "relays/", "relays/yes", "2027-01-15T08:00:00Z"] {
            assert_eq!(told_at(run), None, "{run}");
        }
    }
}
