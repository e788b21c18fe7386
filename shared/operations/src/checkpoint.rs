//! How far a long run came, so that an interrupted one is continued.
//!
//! `checkpoint`, `{run}` in the table, for 14 days.

use camhook_ports::{Condition, Key, State};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How long an interrupted run can be continued, in hours.
const LIFETIME_HOURS: i64 = 14 * 24;

fn key(run: &str) -> Key {
    Key::new("checkpoint", run)
}

/// The checkpoint of a run. One of another version of camhook that cannot be read counts as absent.
///
/// # Errors
///
/// When the table fails.
pub async fn find<S: State, T: DeserializeOwned>(
    state: &S,
    run: &str,
    now: Timestamp,
) -> Result<Option<T>, camhook_state::Error> {
    let item = state.get(&key(run)).await?.filter(|item| item.is_live(now));
    Ok(item.and_then(|item| serde_json::from_value(item.data).ok()))
}

/// Records how far a run came.
///
/// # Errors
///
/// When the table fails.
pub async fn record<S: State>(
    state: &S,
    run: &str,
    checkpoint: &(impl Serialize + Sync),
    now: Timestamp,
) -> Result<(), camhook_state::Error> {
    let expires = now.checked_add(SignedDuration::from_hours(LIFETIME_HOURS)).ok();
    let data = serde_json::json!(checkpoint);
    state.put(&key(run), data, expires, Condition::None).await?;
    Ok(())
}

/// Removes the checkpoint of a run that is complete.
///
/// # Errors
///
/// When the table fails.
pub async fn remove<S: State>(state: &S, run: &str) -> Result<(), camhook_state::Error> {
    state.delete(&key(run), Condition::None).await?;
    Ok(())
}
