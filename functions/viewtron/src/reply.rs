//! What a sender gets.

use camhook_ingest::{Outcome, Reply};

/// The documented answer to every post, heartbeats included. Without it cameras close the connection, connect anew
/// and lose events meanwhile.
const SUCCESS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
    <config version=\"1.0\" xmlns=\"http://www.ipc.com/ver10\"><status>success</status></config>";

/// What a sender gets. What could not be read is acknowledged too: no receiver of the vendor's answers otherwise,
/// and a device would only send it again.
pub(crate) fn reply(outcome: Outcome<'_>) -> Reply {
    Reply::common(outcome).unwrap_or_else(|| Reply::with_body(200, "application/xml", SUCCESS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_arrived_is_a_success() {
        for outcome in [Outcome::Accepted, Outcome::Quarantined] {
            let reply = reply(outcome);
            assert_eq!(reply.status, 200);
            assert_eq!(reply.headers, [("content-type", "application/xml".into())]);
            assert!(reply.body.ends_with("<status>success</status></config>"));
        }
    }

    #[test]
    fn what_was_not_kept_is_not() {
        assert_eq!(reply(Outcome::TooLarge).status, 413);
        assert_eq!(reply(Outcome::Unavailable).status, 503);
    }
}
