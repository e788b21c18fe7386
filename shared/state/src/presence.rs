//! When each source was last heard of.
//!
//! How often it is written is the caller's business: this writes whenever it is asked.

use camhook_event::Kind;
use camhook_ports::{Condition, Key, PutOutcome, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{ATTEMPTS, decode, encode};

const PRESENCE: &str = "presence";

/// What was heard of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// When it last posted anything with good credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Timestamp>,
    /// The last event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<LastEvent>,
    /// The last post in its name that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<LastRefusal>,
}

/// The last event of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastEvent {
    /// When it was received.
    pub at: Timestamp,
    /// What happened.
    pub kind: Kind,
}

/// The last post in a source's name that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRefusal {
    /// When it was received.
    pub at: Timestamp,
    /// Why it was refused.
    pub reason: String,
}

/// What was heard of a source just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign<'a> {
    /// A heartbeat, or anything else with good credentials.
    Contact,
    /// An event.
    Event(Kind),
    /// A post that was refused, with the reason.
    Refusal(&'a str),
}

impl Presence {
    /// What is known once a sign was heard too. An older sign changes nothing.
    #[must_use]
    pub fn with(mut self, sign: Sign<'_>, at: Timestamp) -> Self {
        let is_newer = |known: Option<Timestamp>| known.is_none_or(|known| known <= at);
        match sign {
            Sign::Contact => self.contact = self.contact.max(Some(at)),
            Sign::Event(kind) => {
                self.contact = self.contact.max(Some(at));
                if is_newer(self.event.as_ref().map(|event| event.at)) {
                    self.event = Some(LastEvent { at, kind });
                }
            }
            Sign::Refusal(reason) => {
                if is_newer(self.refusal.as_ref().map(|refusal| refusal.at)) {
                    self.refusal = Some(LastRefusal { at, reason: reason.to_owned() });
                }
            }
        }
        self
    }
}

fn key(source: &str) -> Key {
    Key::new(PRESENCE, source)
}

/// Remembers a sign of a source.
///
/// # Errors
///
/// When the table fails, or many others write of the same source at the same moment.
pub async fn note<S: State>(
    state: &S,
    source: &str,
    sign: Sign<'_>,
    at: Timestamp,
) -> Result<Presence, Error> {
    let key = key(source);
    let mut present = state.get(&key).await?;
    for _ in 0..ATTEMPTS {
        let (known, condition) = match &present {
            Some(item) => (decode(item)?, Condition::Revision(item.revision)),
            None => (Presence::default(), Condition::Absent { now: at }),
        };
        let presence = known.with(sign, at);
        match state.put(&key, encode(&key, &presence)?, None, condition).await? {
            PutOutcome::Written(_) => return Ok(presence),
            PutOutcome::Refused(item) => present = item,
        }
    }
    Err(Error::contended(&key))
}

/// What was heard of one source.
///
/// # Errors
///
/// When the table fails.
pub async fn of<S: State>(state: &S, source: &str) -> Result<Presence, Error> {
    let item = state.get(&key(source)).await?;
    item.map_or(Ok(Presence::default()), |item| decode(&item))
}

/// What was heard of every source that ever was heard of, by its id.
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
    use std::time::Duration;

    use camhook_ports::memory::MemoryState;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    #[tokio::test]
    async fn a_sign_is_added_to_what_is_known() {
        let state = MemoryState::default();
        let later = NOW.checked_add(Duration::from_secs(5)).unwrap();
        note(&state, "gate", Sign::Event(Kind::Plate), NOW).await.unwrap();
        note(&state, "gate", Sign::Refusal("wrong token"), later).await.unwrap();
        note(&state, "gate", Sign::Contact, later).await.unwrap();
        note(&state, "door", Sign::Contact, NOW).await.unwrap();

        let gate = of(&state, "gate").await.unwrap();
        assert_eq!(gate.contact, Some(later));
        assert_eq!(gate.event, Some(LastEvent { at: NOW, kind: Kind::Plate }));
        assert_eq!(gate.refusal.as_ref().unwrap().reason, "wrong token");
        let sources: Vec<_> = all(&state).await.unwrap().into_iter().map(|(source, _)| source).collect();
        assert_eq!(sources, ["door", "gate"]);
        assert_eq!(of(&state, "nobody").await.unwrap(), Presence::default());
    }

    #[test]
    fn an_older_sign_changes_nothing() {
        let earlier = NOW.checked_sub(Duration::from_secs(5)).unwrap();
        let known = Presence::default().with(Sign::Event(Kind::Plate), NOW);
        assert_eq!(known.clone().with(Sign::Event(Kind::Motion), earlier), known);
        assert_eq!(known.clone().with(Sign::Contact, earlier), known);
    }
}
