//! The audit of relays: how a decision is shown.

use camhook_operations::audit::AuditRecord;

/// The class of a record's colour.
pub(crate) fn severity(record: &AuditRecord) -> &'static str {
    match record.decision.as_str() {
        "done" => "good",
        "unknown" | "failed" | "refused" => "bad",
        "retrying" => "waiting",
        _ => "neutral",
    }
}
