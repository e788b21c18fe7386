//! The reply to a sender.

use camhook_ingest::{Outcome, Reply};

/// The reply to a sender.
///
/// XProtect sends again after every failure but 400. What would fail again is therefore 400: what is no event, what is
/// too large.
pub(crate) fn reply(outcome: Outcome<'_>) -> Reply {
    match outcome {
        Outcome::Accepted => Reply::empty(200),
        Outcome::Quarantined | Outcome::TooLarge => Reply::empty(400),
        Outcome::Refused(_) | Outcome::Ready(_) | Outcome::Unavailable => {
            Reply::common(outcome).unwrap_or_else(|| Reply::empty(503))
        }
    }
}

#[cfg(test)]
mod tests {
    use camhook_ingest::{Challenge, Refusal};

    use super::*;

    #[test]
    fn what_would_fail_again_is_answered_400() {
        let refused = Outcome::Refused(Refusal { challenge: Challenge::Basic });
        for (outcome, status) in [
            (Outcome::Accepted, 200),
            (Outcome::Ready("ready"), 200),
            (Outcome::Quarantined, 400),
            (Outcome::TooLarge, 400),
            (refused, 401),
            (Outcome::Unavailable, 503),
        ] {
            assert_eq!(reply(outcome).status, status, "{outcome:?}");
        }
        assert_eq!(reply(Outcome::Accepted).body, "");
    }
}
