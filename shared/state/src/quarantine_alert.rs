//! When an alert about the quarantined posts of a source was sent.
//!
//! `alert#{source}`, `quarantine#{reason}` exists for [`ALERT_INTERVAL`] after an alert.

use std::time::Duration;

use camhook_ports::{Key, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{Begin, Change, Present, Update, update};

/// The shortest time between two alerts about the same source and reason.
pub const ALERT_INTERVAL: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, Serialize, Deserialize)]
struct AlertRecord {
    at: Timestamp,
}

/// Whether an alert is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertState {
    /// None was sent within [`ALERT_INTERVAL`].
    Due,
    /// One was sent.
    Sent,
}

fn key(source: &str, reason: &str) -> Key {
    Key::new(format!("alert#{source}"), format!("quarantine#{reason}"))
}

/// Finds whether an alert about a source and reason is due.
///
/// # Errors
///
/// When the table fails.
pub async fn find<S: State>(
    state: &S,
    source: &str,
    reason: &str,
    now: Timestamp,
) -> Result<AlertState, Error> {
    let item = state.get(&key(source, reason)).await?;
    let is_current = item.is_some_and(|item| item.is_live(now));
    Ok(if is_current { AlertState::Sent } else { AlertState::Due })
}

/// Records that the alert was sent.
///
/// # Errors
///
/// When the table fails; the alert may then be sent again.
pub async fn record<S: State>(state: &S, source: &str, reason: &str, now: Timestamp) -> Result<(), Error> {
    let key = key(source, reason);
    let expires = now.checked_add(ALERT_INTERVAL).ok();
    let change = Update { key: &key, now, begin: Begin::AssumingAbsent };
    let updated = update(state, change, |_: Option<Present<AlertRecord>>| {
        Ok(Change::Write { record: AlertRecord { at: now }, expires, result: () })
    });
    updated.await?;
    Ok(())
}
