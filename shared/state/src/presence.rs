//! When each source was last in contact.
//!
//! Callers decide how often they write. Each call is one write without a read; of two at the same moment the last
//! one remains.

use std::collections::BTreeMap;

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
    /// When each of its credentials was last used.
    #[serde(flatten)]
    pub uses: CredentialUses,
}

/// What stands before the name of a credential in the name of its attribute. Each has an attribute of its own, so that a
/// use is recorded without a read.
const USED: &str = "used:";

/// When each credential of a source was last used: attributes named `used:` and the credential's name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CredentialUses(BTreeMap<String, Value>);

impl CredentialUses {
    /// These credentials, used at one time.
    #[must_use]
    pub fn at(at: Timestamp, names: &[String]) -> Self {
        Self(names.iter().map(|name| (format!("{USED}{name}"), at.to_string().into())).collect())
    }

    /// When a credential was last used; `None` if it never was.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<Timestamp> {
        self.0.get(&format!("{USED}{name}"))?.as_str()?.parse().ok()
    }
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

/// What is recorded of an accepted post.
#[derive(Debug, Clone, Copy)]
pub struct Accepted<'a> {
    /// When it was received.
    pub at: Timestamp,
    /// Whether it was an event.
    pub content: Content,
    /// The names of the credentials that it had.
    pub credentials: &'a [String],
}

/// What an accepted post contained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// An event.
    Event,
    /// A heartbeat, or something that is ignored.
    Other,
}

/// Records an accepted post with the credentials that it had.
///
/// # Errors
///
/// When the table fails.
pub async fn record_accepted<S: State>(state: &S, source: &str, post: Accepted<'_>) -> Result<(), Error> {
    let Accepted { at, content, credentials } = post;
    let event = (content == Content::Event).then_some(at);
    let uses = CredentialUses::at(at, credentials);
    merge(state, source, Presence { contact: Some(at), event, uses, ..Presence::default() }).await
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
        let expected = Presence { contact: Some(LATER), event: Some(NOW), refusal, ..Presence::default() };
        assert_eq!(gate, expected);
        assert_eq!(find(&state, "door").await.unwrap().unwrap().contact, None);
        assert_eq!(find(&state, "nobody").await.unwrap(), None);
        let sources: Vec<_> = all(&state).await.unwrap().into_iter().map(|(source, _)| source).collect();
        assert_eq!(sources, ["door", "gate"]);
    }

    #[tokio::test]
    async fn each_credential_keeps_the_time_of_its_last_use_in_one_write() {
        let state = MemoryState::default();
        let (old, new) = ("token:sha256:00000000".to_owned(), "token:ssm:/new".to_owned());
        for (at, content, name) in [(NOW, Content::Event, &old), (LATER, Content::Other, &new)] {
            let post = Accepted { at, content, credentials: std::slice::from_ref(name) };
            record_accepted(&state, "gate", post).await.unwrap();
        }
        assert_eq!(state.calls(), 2);
        record_refusal(&state, "gate", LATER, "token").await.unwrap();
        let gate = find(&state, "gate").await.unwrap().unwrap();
        assert_eq!((gate.contact, gate.event), (Some(LATER), Some(NOW)));
        assert_eq!((gate.uses.of(&old), gate.uses.of(&new)), (Some(NOW), Some(LATER)));
        assert_eq!(gate.uses.of("token:sha256:11111111"), None);
    }
}
