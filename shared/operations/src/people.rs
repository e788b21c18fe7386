//! People: who may use the console.

mod audit;
mod secret;

use camhook_ports::{Clock, Ports};
use camhook_state::person::{self, Person, Role};
use camhook_state::session::{self, Session};
use jiff::Timestamp;
use serde::Serialize;

pub use self::audit::{AccessAction, AccessRecord, record_access};
pub use self::secret::{Secret, random_id};

/// The maximum length of a name, in characters.
pub const NAME_LIMIT: usize = 64;

/// Why a person was not invited or revoked.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The name cannot be shown.
    #[error("a name has 1 to {NAME_LIMIT} characters, without control characters")]
    InvalidName,
    /// Nobody has this name.
    #[error("nobody is named `{0}`: see `camhook people list`")]
    Unknown(String),
    /// The table failed.
    #[error(transparent)]
    State(#[from] camhook_state::Error),
    /// The system has no random numbers.
    #[error("the system has no random numbers: {0}")]
    Random(getrandom::Error),
    /// The change could not be recorded.
    #[error("failed to record the change: {0}")]
    Audit(#[from] camhook_ports::PutError),
}

/// A link by which a person signs in.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// The person.
    pub person: Person,
    /// What follows `/console/sign-in/` in the link.
    pub secret: Secret,
    /// When the link expires.
    pub expires: Timestamp,
}

/// A person and the browsers that are signed in.
#[derive(Debug, Clone, Serialize)]
pub struct Member {
    /// The person's id.
    pub id: String,
    /// The person.
    #[serde(flatten)]
    pub person: Person,
    /// The sessions, the last used first.
    pub sessions: Vec<Session>,
}

/// Invites a person, or invites them again with another role or other areas. Sessions stay.
///
/// # Errors
///
/// When the name cannot be shown, or the table or the bucket fails.
pub async fn invite<P: Ports>(
    ports: &P,
    name: &str,
    role: Role,
    areas: &[String],
) -> Result<Invitation, PeopleError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_LIMIT || name.chars().any(char::is_control) {
        return Err(PeopleError::InvalidName);
    }
    let now = ports.clock().now();
    let known = by_name(ports, name).await?;
    let invited_at = known.as_ref().map_or(now, |(_, person)| person.invited_at);
    let id = match known {
        Some((id, _)) => id,
        None => random_id().map_err(PeopleError::Random)?,
    };
    let areas = areas.iter().cloned().collect();
    let person = Person { name: name.to_owned(), role, areas, invited_at };
    person::put(ports.state(), &id, &person).await?;
    let secret = Secret::new(&id).map_err(PeopleError::Random)?;
    let expires = session::create_link(ports.state(), &id, &secret.hash(), now).await?;
    record_access(ports, &AccessRecord::new(AccessAction::Invited, &id, &person, now)).await?;
    Ok(Invitation { person, secret, expires })
}

/// Everybody with their sessions, by name.
///
/// # Errors
///
/// When the table fails.
pub async fn list<P: Ports>(ports: &P) -> Result<Vec<Member>, PeopleError> {
    let now = ports.clock().now();
    let mut members = Vec::new();
    for (id, person) in person::all(ports.state()).await? {
        let sessions = session::all_of(ports.state(), &id, now).await?;
        let mut sessions: Vec<Session> = sessions.into_iter().map(|(_, session)| session).collect();
        sessions.sort_by_key(|session| std::cmp::Reverse(session.used_at));
        members.push(Member { id, person, sessions });
    }
    members.sort_by(|left, right| left.person.name.cmp(&right.person.name));
    Ok(members)
}

/// Removes a person with their links and sessions, and returns how many sessions ended.
///
/// # Errors
///
/// When nobody has this name, or the table or the bucket fails.
pub async fn revoke<P: Ports>(ports: &P, name: &str) -> Result<usize, PeopleError> {
    let known = by_name(ports, name.trim()).await?;
    let (id, person) = known.ok_or_else(|| PeopleError::Unknown(name.to_owned()))?;
    // The person first: without it no session and no link is valid.
    person::remove(ports.state(), &id).await?;
    session::remove_links(ports.state(), &id).await?;
    let ended = session::remove_all(ports.state(), &id).await?;
    let now = ports.clock().now();
    record_access(ports, &AccessRecord::new(AccessAction::Revoked, &id, &person, now)).await?;
    Ok(ended)
}

async fn by_name<P: Ports>(ports: &P, name: &str) -> Result<Option<(String, Person)>, PeopleError> {
    let people = person::all(ports.state()).await?;
    Ok(people.into_iter().find(|(_, person)| person.name == name))
}
