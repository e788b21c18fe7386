//! People: who may use the console.

mod audit;
mod secret;

use std::collections::BTreeSet;

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
    /// A person who is invited for the first time needs a role.
    #[error("nobody is named `{0}`: a person who is invited for the first time needs a role")]
    NoRole(String),
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

/// Which areas an invited person may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum InvitedAreas {
    /// Those that the person sees already; everything for a person who is invited for the first time.
    #[default]
    Unchanged,
    /// Everything, including sources without an area.
    All,
    /// These alone.
    Only(BTreeSet<String>),
}

/// Whom to invite, with what rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteRequest {
    /// The name.
    pub name: String,
    /// What the person may do; `None` for the role that the person has.
    pub role: Option<Role>,
    /// What the person may see.
    pub areas: InvitedAreas,
}

/// What an invitation would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitePlan {
    /// The id of a person who is known already.
    id: Option<String>,
    /// The person so far; `None` for one who is invited for the first time.
    pub before: Option<Person>,
    /// The person with the rights of the invitation. They apply to all browsers of the person.
    pub person: Person,
}

/// Reads what an invitation would change. Role and areas that the request does not name stay as they are: somebody who
/// needs a link for another browser gets no further rights by it.
///
/// # Errors
///
/// When the name cannot be shown, a new person has no role, or the table fails.
pub async fn plan_invitation<P: Ports>(
    ports: &P,
    request: &InviteRequest,
) -> Result<InvitePlan, PeopleError> {
    let name = request.name.trim();
    if name.is_empty() || name.chars().count() > NAME_LIMIT || name.chars().any(char::is_control) {
        return Err(PeopleError::InvalidName);
    }
    let (id, before) = by_name(ports, name).await?.unzip();
    let role = request.role.or_else(|| before.as_ref().map(|person| person.role));
    let role = role.ok_or_else(|| PeopleError::NoRole(name.to_owned()))?;
    let areas = match &request.areas {
        InvitedAreas::Unchanged => before.as_ref().map(|person| person.areas.clone()).unwrap_or_default(),
        InvitedAreas::All => BTreeSet::new(),
        InvitedAreas::Only(areas) => areas.clone(),
    };
    let invited_at = before.as_ref().map_or_else(|| ports.clock().now(), |person| person.invited_at);
    Ok(InvitePlan { id, before, person: Person { name: name.to_owned(), role, areas, invited_at } })
}

/// Invites a person, or invites them again, as planned by [`plan_invitation`]. Sessions stay.
///
/// # Errors
///
/// When the table or the bucket fails.
pub async fn invite<P: Ports>(ports: &P, plan: InvitePlan) -> Result<Invitation, PeopleError> {
    let InvitePlan { id, person, .. } = plan;
    let now = ports.clock().now();
    let id = match id {
        Some(id) => id,
        None => random_id().map_err(PeopleError::Random)?,
    };
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

/// A person by name, with their sessions.
///
/// # Errors
///
/// When nobody has this name, or the table fails.
pub async fn find<P: Ports>(ports: &P, name: &str) -> Result<Member, PeopleError> {
    let name = name.trim();
    let members = list(ports).await?;
    let found = members.into_iter().find(|member| member.person.name == name);
    found.ok_or_else(|| PeopleError::Unknown(name.to_owned()))
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
