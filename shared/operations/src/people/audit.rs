//! The record of who was invited, signed in and out.
//!
//! One object each below `audit/{yyyy}/{mm}/{dd}/@people/`, beside those of relays, whose ids have no `@`.

use bytes::Bytes;
use camhook_event::audit_key;
use camhook_ports::{Object, ObjectStore, Ports, Precondition, PutError};
use camhook_state::person::{Person, Role};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where the records stand among those of relays.
const FOLDER: &str = "@people";

/// The maximum length of the texts that a browser sends, in characters.
const TEXT_LIMIT: usize = 200;

/// What a person did, or what was done for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessAction {
    /// A sign-in link was made.
    Invited,
    /// The link was used.
    SignedIn,
    /// A link that had expired was used.
    RefusedExpiredLink,
    /// The session was ended by the person.
    SignedOut,
    /// The person was removed.
    Revoked,
}

/// One entry of the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccessRecord {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub action: AccessAction,
    /// The person's id.
    pub id: String,
    /// The person's name at that time.
    pub name: String,
    /// The person's role at that time.
    pub role: Role,
    /// The areas that the person may see; empty for all.
    pub areas: Vec<String>,
    /// The address that the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What the browser calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
}

impl AccessRecord {
    /// An entry without address and browser.
    #[must_use]
    pub fn new(action: AccessAction, id: &str, person: &Person, at: Timestamp) -> Self {
        Self {
            at,
            action,
            id: id.to_owned(),
            name: person.name.clone(),
            role: person.role,
            areas: person.areas.iter().cloned().collect(),
            address: None,
            browser: None,
        }
    }

    /// The same with the address and the browser of a request, cut to a sensible length.
    #[must_use]
    pub fn from_browser(self, address: Option<&str>, browser: Option<&str>) -> Self {
        let cut = |text: &str| text.chars().take(TEXT_LIMIT).collect();
        Self { address: address.map(cut), browser: browser.map(cut), ..self }
    }
}

/// Stores an entry.
///
/// # Errors
///
/// When the bucket fails.
pub async fn record_access<P: Ports>(ports: &P, record: &AccessRecord) -> Result<(), PutError> {
    let action = serde_json::to_value(record.action).unwrap_or_default();
    let key = audit_key(FOLDER, record.at, &format!("{}-{}", action.as_str().unwrap_or_default(), record.id));
    let failed = |error: serde_json::Error| PutError::Failed { key: key.clone(), reason: error.to_string() };
    let bytes = Bytes::from(serde_json::to_vec(record).map_err(failed)?);
    let object = Object { bytes, content_type: "application/json" };
    ports.objects().put(&key, object, Precondition::None).await
}
