//! The credentials of sources, and when each was last used.

use std::collections::BTreeMap;

use camhook_ports::State;
use camhook_site::Site;
use camhook_state::presence::{self, Presence};
use jiff::Timestamp;
use serde::Serialize;

use crate::Error;

/// A token, password or signing key of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Credential {
    /// The source.
    pub source: String,
    /// Its name, which does not reveal it: `token:sha256:9f86d081`.
    pub credential: String,
    /// When it was last used; `None` if no use is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Timestamp>,
    /// Whether it is the only one of its kind, or which of several is in use.
    pub state: CredentialState,
}

/// What the last use of a credential means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialState {
    /// It is the only one of its kind.
    Only,
    /// Of several, it was used last.
    Current,
    /// Another one of its kind was used after it.
    Superseded,
    /// No use is recorded.
    Unused,
}

/// The credentials of the sources of events. One call, however many sources there are.
///
/// # Errors
///
/// When the table fails.
pub async fn list<S: State>(state: &S, site: &Site) -> Result<Vec<Credential>, Error> {
    let presences: BTreeMap<String, Presence> = presence::all(state).await?.into_iter().collect();
    let mut credentials = Vec::new();
    for source in site.sources().filter(|source| source.vendor.sends_events()) {
        let uses = presences.get(source.id.as_str()).map(|presence| &presence.uses);
        let used: Vec<(String, Option<Timestamp>)> = source
            .auth
            .credential_names()
            .into_iter()
            .map(|name| (name.clone(), uses.and_then(|uses| uses.of(&name))))
            .collect();
        credentials.extend(used.iter().map(|(name, last_used)| Credential {
            source: source.id.to_string(),
            credential: name.clone(),
            last_used: *last_used,
            state: credential_state(name, *last_used, &used),
        }));
    }
    Ok(credentials)
}

fn credential_state(
    name: &str,
    last_used: Option<Timestamp>,
    all: &[(String, Option<Timestamp>)],
) -> CredentialState {
    let kind = |name: &str| name.split(':').next().map(str::to_owned);
    let of_kind = || all.iter().filter(|(other, _)| kind(other) == kind(name));
    let newest = of_kind().filter_map(|(_, used)| *used).max();
    match (of_kind().count(), last_used) {
        (1, _) => CredentialState::Only,
        (_, None) => CredentialState::Unused,
        (_, Some(used)) if newest == Some(used) => CredentialState::Current,
        (_, Some(_)) => CredentialState::Superseded,
    }
}
