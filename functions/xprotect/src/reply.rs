//! What a sender gets.

use std::borrow::Cow;

use camhook_ingest::{Asks, Outcome, Refusal, Reply};

/// What a sender gets.
///
/// XProtect sends again after every failure but 400. What would fail again is therefore 400: a wrong or missing
/// signature, what is no event, what is too large. A source that asks for user and password alone is no XProtect
/// (which has none): its sender is asked for them with 401.
pub(crate) fn reply(outcome: Outcome<'_>) -> Reply {
    match outcome {
        Outcome::Accepted => Reply::empty(200),
        Outcome::Refused(Refusal { asks: Asks::OnlyBasic, .. }) => {
            let mut reply = Reply::empty(401);
            reply.headers.push(("www-authenticate", Cow::Borrowed("Basic realm=\"camhook\"")));
            reply
        }
        Outcome::Refused(Refusal { asks: Asks::Other, .. }) | Outcome::Quarantined | Outcome::TooLarge => {
            Reply::empty(400)
        }
        Outcome::Ready(_) | Outcome::Unavailable => {
            Reply::common(outcome).unwrap_or_else(|| Reply::empty(503))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use camhook_ingest::Challenge;

    #[test]
    fn what_would_fail_again_is_not_asked_for_again() {
        let refused = |asks| Outcome::Refused(Refusal { challenge: Challenge::Basic, asks });
        for (outcome, status) in [
            (Outcome::Accepted, 200),
            (Outcome::Ready("ready"), 200),
            (Outcome::Quarantined, 400),
            (Outcome::TooLarge, 400),
            (refused(Asks::Other), 400),
            (refused(Asks::OnlyBasic), 401),
            (Outcome::Unavailable, 503),
        ] {
            assert_eq!(reply(outcome).status, status, "{outcome:?}");
        }
        assert_eq!(reply(refused(Asks::Other)).headers, []);
        let challenge = ("www-authenticate", Cow::Borrowed("Basic realm=\"camhook\""));
        assert_eq!(reply(refused(Asks::OnlyBasic)).headers, [challenge]);
        assert_eq!(reply(Outcome::Accepted).body, "");
    }
}
