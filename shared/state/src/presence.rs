//! When each source was last in contact.
//!
//! Callers decide how often they write. Each call is one write without a read; of two at the same moment the last
//! one remains.

use camhook_ports::{Key, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Error;
use crate::item::{decode, encode};

const PRESENCE: &str = "presence";

/// The contacts of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// When it last posted anything with good credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Timestamp>,
    /// When its last event was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Timestamp>,
    /// The last post in its name that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// What was last reported about it: offline, or back online.
    #[serde(default, rename = "told", skip_serializing_if = "Option::is_none")]
    pub reported: Option<Reported>,
}

/// What was last reported about a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reported {
    /// It is offline.
    Gone,
    /// It is back online.
    Back,
}

/// A post in a source's name that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// When it was received.
    pub at: Timestamp,
    /// Why it was refused.
    pub reason: String,
}

/// What stands before the area of an agent; no source's id has a slash.
const AGENT: &str = "agent/";

/// The name of an agent's item, beside those of sources.
#[must_use]
pub fn agent(area: &str) -> String {
    format!("{AGENT}{area}")
}

/// The area of the agent whose item has this name; `None` for a source's name.
#[must_use]
pub fn area_of_agent(name: &str) -> Option<&str> {
    name.strip_prefix(AGENT)
}

fn key(source: &str) -> Key {
    Key::new(PRESENCE, source)
}

async fn merge<S: State>(state: &S, source: &str, presence: Presence) -> Result<(), Error> {
    let key = key(source);
    // What is `None` is left out of the JSON, and so stays in the table as it is.
    if let Value::Object(fields) = encode(&key, &presence)? {
        state.merge(&key, fields, None).await?;
    }
    Ok(())
}

/// Records a heartbeat, or any other post with valid credentials.
///
/// # Errors
///
/// When the table fails.
pub async fn record_contact<S: State>(state: &S, source: &str, at: Timestamp) -> Result<(), Error> {
    merge(state, source, Presence { contact: Some(at), ..Presence::default() }).await
}

/// Records an event, which is also a contact.
///
/// # Errors
///
/// When the table fails.
pub async fn record_event<S: State>(state: &S, source: &str, at: Timestamp) -> Result<(), Error> {
    merge(state, source, Presence { contact: Some(at), event: Some(at), ..Presence::default() }).await
}

/// Records that a post to the source's URL was refused, which is not a contact.
///
/// # Errors
///
/// When the table fails.
pub async fn record_refusal<S: State>(
    state: &S,
    source: &str,
    at: Timestamp,
    reason: &str,
) -> Result<(), Error> {
    let refusal = Some(Refusal { at, reason: reason.to_owned() });
    merge(state, source, Presence { refusal, ..Presence::default() }).await
}

/// Records what was reported about a source.
///
/// # Errors
///
/// When the table fails.
pub async fn record_reported<S: State>(state: &S, source: &str, reported: Reported) -> Result<(), Error> {
    merge(state, source, Presence { reported: Some(reported), ..Presence::default() }).await
}

/// Finds the contacts of one source; `None` if it has had none.
///
/// # Errors
///
/// When the table fails.
pub async fn find<S: State>(state: &S, source: &str) -> Result<Option<Presence>, Error> {
    state.get(&key(source)).await?.map(|item| decode(&item)).transpose()
}

/// The contacts of all sources that have had any, by id.
///
/// # Errors
///
/// When the table fails.
pub async fn all<S: State>(state: &S) -> Result<Vec<(String, Presence)>, Error> {
    let items = state.query(PRESENCE).await?;
    items.into_iter().map(|item| Ok((item.key.sk.clone(), decode(&item)?))).collect()
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);
    const LATER: Timestamp = Timestamp::constant(1_800_000_005, 0);

    #[tokio::test]
    async fn a_sign_is_added_to_what_is_known() {
        let state = MemoryState::default();
        record_event(&state, "gate", NOW).await.unwrap();
        record_refusal(&state, "gate", LATER, "wrong token").await.unwrap();
        record_contact(&state, "gate", LATER).await.unwrap();
        record_refusal(&state, "door", NOW, "wrong token").await.unwrap();

        let gate = find(&state, "gate").await.unwrap().unwrap();
        let refusal = Some(Refusal { at: LATER, reason: "wrong token".to_owned() });
        assert_eq!(gate, Presence { contact: Some(LATER), event: Some(NOW), refusal, reported: None });
        assert_eq!(find(&state, "door").await.unwrap().unwrap().contact, None);
        assert_eq!(find(&state, "nobody").await.unwrap(), None);
        let sources: Vec<_> = all(&state).await.unwrap().into_iter().map(|(source, _)| source).collect();
        assert_eq!(sources, ["door", "gate"]);
    }
}
