//! Replies.

use camhook_ingest::{Outcome, Reply};

/// The documented answer to every post.
const SUCCESS: &str = "{\"result\":\"success\",\"data\":{}}";

/// The reply to a request. A quarantined post is acknowledged, too: no device is documented to send it differently
/// again.
pub(crate) fn reply(outcome: Outcome<'_>) -> Reply {
    Reply::common(outcome).unwrap_or_else(|| Reply::with_body(200, "application/json", SUCCESS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_arrived_is_a_success() {
        for outcome in [Outcome::Accepted, Outcome::Quarantined] {
            let reply = reply(outcome);
            assert_eq!(reply.status, 200);
            assert_eq!(reply.headers, [("content-type", "application/json".into())]);
            assert_eq!(reply.body, r#"{"result":"success","data":{}}"#);
        }
    }

    #[test]
    fn what_was_not_kept_is_not() {
        assert_eq!(reply(Outcome::TooLarge).status, 413);
        assert_eq!(reply(Outcome::Unavailable).status, 503);
    }
}
