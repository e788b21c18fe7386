//! Replays that switch relays.
//!
//! A replayed event carries the name of its run. A run switches relays only if its name is `relays/` followed by the
//! time at which a person requested it. The age of its events counts from that time, so that `max_age` applies to the
//! request.

use jiff::Timestamp;

/// The prefix of the names of runs that switch relays.
const PREFIX: &str = "relays/";

/// The name of a run that switches relays and is requested now.
#[must_use]
pub fn relay_run_name(now: Timestamp) -> String {
    format!("{PREFIX}{now}")
}

/// The time at which a run that switches relays was requested; `None` for any other run.
#[must_use]
pub fn requested_at(run: &str) -> Option<Timestamp> {
    run.strip_prefix(PREFIX)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_run_with_the_time_of_its_request_switches_relays() {
        let now = Timestamp::constant(1_800_000_000, 5_000_000);
        assert_eq!(relay_run_name(now), "relays/2027-01-15T08:00:00.005Z");
        assert_eq!(requested_at(&relay_run_name(now)), Some(now));
        for run in ["", "run-1", "relays", "relays/", "relays/yes", "2027-01-15T08:00:00Z"] {
            assert_eq!(requested_at(run), None, "{run}");
        }
    }
}
