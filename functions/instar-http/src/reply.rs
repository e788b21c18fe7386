//! What the sender hears. INSTAR documents no form of the answer; a short text is what a person sees who opens
//! the address in a browser.

use camhook_ingest::{Outcome, Reply};

/// The answer to a request.
pub(crate) fn reply(outcome: Outcome<'_>) -> Reply {
    // What is malformed is accepted all the same: neither the Cloud nor a camera is known to send again.
    Reply::common(outcome).unwrap_or_else(|| Reply::with_body(200, "text/plain; charset=utf-8", "ok\n"))
}
