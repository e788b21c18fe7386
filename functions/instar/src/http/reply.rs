//! What a sender gets. INSTAR documents no form of the reply; a short text is what a person sees who opens the address
//! in a browser.

use camhook_ingest::{Malformed, Outcome, QUERY_IN_PATH, Reply};

const TEXT: &str = "text/plain; charset=utf-8";

/// The reply to a request.
pub(crate) fn reply(outcome: Outcome<'_>) -> Reply {
    // What cannot be read is accepted all the same: neither the Cloud nor a camera is known to send again.
    Reply::common(outcome).unwrap_or_else(|| Reply::with_body(200, TEXT, "ok\n"))
}

/// The reply to a request that cannot be read. An address that is wrong is refused: whoever typed it presses *Test* and
/// sees that.
pub(crate) fn reply_to_malformed(malformed: &Malformed) -> Reply {
    if malformed.code != QUERY_IN_PATH {
        return reply(Outcome::Quarantined);
    }
    Reply::with_body(
        400,
        TEXT,
        "camhook: the address goes on where its query should begin. Its question mark may be encoded as %3F.\n",
    )
}
