//! Sessions: browsers that are signed in to the console.

use camhook_ports::{Clock, Ports};
use camhook_state::person::{self, Person};
use camhook_state::session::{self, LinkUse};
use jiff::Timestamp;

use crate::people::{AccessAction, AccessRecord, PeopleError, Secret, record_access};

/// A person who is signed in.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The person's id.
    pub id: String,
    /// The person, as stored now: a changed role counts at once.
    pub person: Person,
    /// Whether the session was prolonged just now.
    pub session: SessionUse,
}

/// Whether the use of a session prolonged it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionUse {
    /// It was, as happens at most once an hour: the cookie is to be prolonged, too.
    Prolonged,
    /// It was recently.
    Recent,
}

/// Where a request to sign in or out came from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Browser<'a> {
    /// The address.
    pub address: Option<&'a str>,
    /// What the browser calls itself.
    pub name: Option<&'a str>,
}

/// The outcome of an attempt to sign in.
#[derive(Debug)]
pub enum SignIn {
    /// The person is signed in with this new secret.
    Done(Secret),
    /// The link has expired, was used before, or never existed.
    InvalidLink,
}

/// Redeems a sign-in link for a new session.
///
/// # Errors
///
/// When the table or the bucket fails; the link may then be used up.
pub async fn sign_in<P: Ports>(
    ports: &P,
    link: &Secret,
    browser: Browser<'_>,
) -> Result<SignIn, PeopleError> {
    let (state, now, id) = (ports.state(), ports.clock().now(), link.person());
    let Some(person) = person::find(state, id).await? else { return Ok(SignIn::InvalidLink) };
    match session::redeem_link(state, id, &link.hash(), now).await? {
        LinkUse::Redeemed => {}
        LinkUse::Expired => {
            record(ports, AccessAction::RefusedExpiredLink, id, &person, browser, now).await?;
            return Ok(SignIn::InvalidLink);
        }
        LinkUse::Unknown => return Ok(SignIn::InvalidLink),
    }
    // Recorded first: nobody is signed in without a record.
    record(ports, AccessAction::SignedIn, id, &person, browser, now).await?;
    let secret = Secret::new(id).map_err(PeopleError::Random)?;
    let name = browser.name.map(|name| name.chars().take(200).collect());
    session::create(state, id, &secret.hash(), name, now).await?;
    Ok(SignIn::Done(secret))
}

/// Who is signed in with a secret; `None` when the session has ended or the person was removed.
///
/// # Errors
///
/// When the table fails.
pub async fn find<P: Ports>(ports: &P, secret: &Secret) -> Result<Option<Visitor>, PeopleError> {
    let (state, now, id) = (ports.state(), ports.clock().now(), secret.person());
    let hash = secret.hash();
    let (person, session) =
        futures_util::future::join(person::find(state, id), session::find(state, id, &hash, now)).await;
    let (Some(person), Some(session)) = (person?, session?) else { return Ok(None) };
    let session = if session.used_at == now { SessionUse::Prolonged } else { SessionUse::Recent };
    Ok(Some(Visitor { id: id.to_owned(), person, session }))
}

/// Ends a session.
///
/// # Errors
///
/// When the table or the bucket fails.
pub async fn sign_out<P: Ports>(ports: &P, secret: &Secret, browser: Browser<'_>) -> Result<(), PeopleError> {
    let (state, now, id) = (ports.state(), ports.clock().now(), secret.person());
    let visitor = find(ports, secret).await?;
    session::remove(state, id, &secret.hash()).await?;
    if let Some(Visitor { person, .. }) = visitor {
        record(ports, AccessAction::SignedOut, id, &person, browser, now).await?;
    }
    Ok(())
}

async fn record<P: Ports>(
    ports: &P,
    action: AccessAction,
    id: &str,
    person: &Person,
    browser: Browser<'_>,
    now: Timestamp,
) -> Result<(), PeopleError> {
    let entry = AccessRecord::new(action, id, person, now).from_browser(browser.address, browser.name);
    Ok(record_access(ports, &entry).await?)
}
