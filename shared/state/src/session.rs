//! Sign-in links and sessions of the console.
//!
//! `sign-in#{person}`, `{hash}`: a link that can be used once. `session#{person}`, `{hash}`: a browser that is signed in.
//! The table holds the SHA-256 of a secret, never the secret.

use std::time::Duration;

use camhook_ports::{Condition, Key, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{decode, encode};

/// How long a sign-in link can be used.
pub const LINK_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// How long a session lasts after it was last used.
pub const SESSION_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// How exactly the last use of a session is recorded: each record is a write.
const TOUCHED_EVERY: Duration = Duration::from_secs(3600);

/// A browser that is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// When the link was redeemed.
    pub created_at: Timestamp,
    /// When the session was last used, to the hour.
    pub used_at: Timestamp,
    /// What the browser calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Link {
    created_at: Timestamp,
}

fn link_key(person: &str, hash: &str) -> Key {
    Key::new(format!("sign-in#{person}"), hash)
}

fn sessions_of(person: &str) -> String {
    format!("session#{person}")
}

fn session_key(person: &str, hash: &str) -> Key {
    Key::new(sessions_of(person), hash)
}

/// Stores a sign-in link, and returns when it expires.
///
/// # Errors
///
/// When the table fails.
pub async fn create_link<S: State>(
    state: &S,
    person: &str,
    hash: &str,
    now: Timestamp,
) -> Result<Timestamp, Error> {
    let key = link_key(person, hash);
    let expires = now.checked_add(LINK_LIFETIME).unwrap_or(now);
    let data = encode(&key, &Link { created_at: now })?;
    state.put(&key, data, Some(expires), Condition::None).await?;
    Ok(expires)
}

/// The outcome of an attempt to use a sign-in link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkUse {
    /// It was valid, and cannot be used again.
    Redeemed,
    /// It has expired.
    Expired,
    /// There is no such link, or it was used.
    Unknown,
}

/// Uses a sign-in link up. Of two attempts at the same time one succeeds.
///
/// # Errors
///
/// When the table fails.
pub async fn redeem_link<S: State>(
    state: &S,
    person: &str,
    hash: &str,
    now: Timestamp,
) -> Result<LinkUse, Error> {
    let key = link_key(person, hash);
    let Some(item) = state.get(&key).await? else { return Ok(LinkUse::Unknown) };
    if !item.is_live(now) {
        return Ok(LinkUse::Expired);
    }
    let is_first = state.delete(&key, Condition::Revision(item.revision)).await?;
    Ok(if is_first { LinkUse::Redeemed } else { LinkUse::Unknown })
}

/// Removes all sign-in links of a person.
///
/// # Errors
///
/// When the table fails.
pub async fn remove_links<S: State>(state: &S, person: &str) -> Result<(), Error> {
    for item in state.query(&link_key(person, "").pk).await? {
        state.delete(&item.key, Condition::None).await?;
    }
    Ok(())
}

/// Stores a session.
///
/// # Errors
///
/// When the table fails.
pub async fn create<S: State>(
    state: &S,
    person: &str,
    hash: &str,
    browser: Option<String>,
    now: Timestamp,
) -> Result<(), Error> {
    let key = session_key(person, hash);
    let data = encode(&key, &Session { created_at: now, used_at: now, browser })?;
    state.put(&key, data, now.checked_add(SESSION_LIFETIME).ok(), Condition::None).await?;
    Ok(())
}

/// A session that has not expired. Its use is recorded, at most once an hour, which prolongs it.
///
/// # Errors
///
/// When the table fails.
pub async fn find<S: State>(
    state: &S,
    person: &str,
    hash: &str,
    now: Timestamp,
) -> Result<Option<Session>, Error> {
    let key = session_key(person, hash);
    let Some(item) = state.get(&key).await?.filter(|item| item.is_live(now)) else { return Ok(None) };
    let session: Session = decode(&item)?;
    if session.used_at.checked_add(TOUCHED_EVERY).is_ok_and(|next| next > now) {
        return Ok(Some(session));
    }
    let used = Session { used_at: now, ..session };
    let expires = now.checked_add(SESSION_LIFETIME).ok();
    // A session that is removed at this moment stays removed.
    state.put(&key, encode(&key, &used)?, expires, Condition::Revision(item.revision)).await?;
    Ok(Some(used))
}

/// The sessions of a person that have not expired, with their hashes.
///
/// # Errors
///
/// When the table fails.
pub async fn all_of<S: State>(
    state: &S,
    person: &str,
    now: Timestamp,
) -> Result<Vec<(String, Session)>, Error> {
    let items = state.query(&sessions_of(person)).await?;
    let live = items.into_iter().filter(|item| item.is_live(now));
    live.map(|item| Ok((item.key.sk.clone(), decode(&item)?))).collect()
}

/// Ends a session.
///
/// # Errors
///
/// When the table fails.
pub async fn remove<S: State>(state: &S, person: &str, hash: &str) -> Result<(), Error> {
    state.delete(&session_key(person, hash), Condition::None).await?;
    Ok(())
}

/// Ends all sessions of a person, and returns how many there were.
///
/// # Errors
///
/// When the table fails.
pub async fn remove_all<S: State>(state: &S, person: &str) -> Result<usize, Error> {
    let items = state.query(&sessions_of(person)).await?;
    for item in &items {
        state.delete(&item.key, Condition::None).await?;
    }
    Ok(items.len())
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn after(duration: Duration) -> Timestamp {
        NOW.checked_add(duration).unwrap()
    }

    #[tokio::test]
    async fn a_link_is_redeemed_once_and_before_it_expires() {
        let state = MemoryState::default();
        for hash in ["a", "b"] {
            create_link(&state, "1", hash, NOW).await.unwrap();
        }
        assert_eq!(redeem_link(&state, "2", "a", NOW).await.unwrap(), LinkUse::Unknown);
        assert_eq!(redeem_link(&state, "1", "a", NOW).await.unwrap(), LinkUse::Redeemed);
        assert_eq!(redeem_link(&state, "1", "a", NOW).await.unwrap(), LinkUse::Unknown);
        assert_eq!(redeem_link(&state, "1", "b", after(LINK_LIFETIME)).await.unwrap(), LinkUse::Expired);
    }

    #[tokio::test]
    async fn a_session_lasts_as_long_as_it_is_used_and_ends_when_it_is_removed() {
        let state = MemoryState::default();
        create(&state, "1", "a", None, NOW).await.unwrap();
        let (used, unused) = (after(SESSION_LIFETIME / 2), after(SESSION_LIFETIME * 3));
        assert_eq!(find(&state, "1", "a", used).await.unwrap().unwrap().used_at, used);
        let later = used.checked_add(SESSION_LIFETIME / 2 + Duration::from_secs(60)).unwrap();
        assert!(find(&state, "1", "a", later).await.unwrap().is_some());
        assert!(find(&state, "1", "a", unused).await.unwrap().is_none());
        assert!(find(&state, "2", "a", NOW).await.unwrap().is_none());
        assert_eq!(remove_all(&state, "1").await.unwrap(), 1);
        assert!(find(&state, "1", "a", later).await.unwrap().is_none());
    }
}
