//! What was decided about an event, and what its actions came to.
//!
//! `decision#{event}`, `{part}`: one item per function that acts on events. It names the version of camhook.toml and the
//! modes in force, and lists the actions of the rules that matched. Rules that did not match are evaluated again from
//! that.

use std::collections::BTreeMap;
use std::time::Duration;

use camhook_event::EventId;
use camhook_ports::{Key, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{Begin, Change, Present, Update, decode, update};

/// How long decisions are kept.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// The part of the notification function.
pub const NOTIFY: &str = "notify";

/// The part of the relay function.
pub const RELAY: &str = "relay";

/// The part of the agents on site.
pub const AGENT: &str = "agent";

/// The configuration and modes that the decision was made under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// The version id of camhook.toml in the bucket; `None` in a bucket without versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
    /// The modes by area. An area that was never set is absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub modes: BTreeMap<String, String>,
}

/// What was decided about an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// When the event happened.
    pub event_time: Timestamp,
    /// When the last delivery of the event was processed.
    pub at: Timestamp,
    /// Absent where only a group was delivered whose first event has no decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// The actions of the rules that matched.
    pub actions: Vec<ActionDecision>,
}

/// What an action of a rule came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionDecision {
    /// The rule's id.
    pub rule: String,
    /// The index of the action in the rule, from 0.
    pub action: usize,
    /// When this outcome was reached.
    pub at: Timestamp,
    /// Which delivery of the event led to it, counted from 1.
    pub attempt: u32,
    /// The outcome.
    #[serde(flatten)]
    pub outcome: ActionOutcome,
}

/// The outcome of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum ActionOutcome {
    /// The channel accepted the message.
    Delivered {
        /// What was left out, for a person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caveat: Option<String>,
    },
    /// The mode was set.
    ModeSet,
    /// The mode was set by someone after the event happened, and stays.
    ModeNewer,
    /// The same object was the subject of another event, which acts.
    Duplicate {
        /// The other event.
        of: EventId,
    },
    /// The rule was in its cooldown.
    Cooldown {
        /// When the cooldown ends, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// The channel had its quiet hours.
    Quiet,
    /// The event joined a group, which becomes one message.
    Gathered,
    /// The rule had sent its maximum of messages in a minute.
    HeldBack,
    /// The rule or the camera was snoozed.
    Snoozed {
        /// Until when.
        until: Timestamp,
    },
    /// Another event or delivery is in progress; the message is delivered again.
    Waiting,
    /// The attempt failed, and the message is delivered again.
    Retrying {
        /// The failure, for a person.
        reason: String,
        /// It is not delivered again before this time, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<Timestamp>,
    },
    /// The last attempt failed.
    Failed {
        /// The failure, for a person.
        reason: String,
    },
    /// An earlier delivery did not finish it, and camhook.toml does not have it any more: nothing is tried again.
    Dropped {
        /// What is missing, for a person.
        reason: String,
    },
    /// The agent on site has to switch the relay.
    HandedOver,
    /// It was decided about a relay, as in its audit record.
    Relay {
        /// The relay.
        relay: String,
        /// The decision: `done`, `late`, `refused`, …
        decision: String,
        /// The name of the reason.
        reason: String,
        /// The reason, for a person.
        text: String,
    },
}

impl ActionOutcome {
    /// Whether a later delivery of the event has to finish the action. A failure of the last delivery is one: the dead
    /// letter may be sent again.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        matches!(self, Self::Waiting | Self::Retrying { .. } | Self::Failed { .. })
    }

    /// Whether nothing that a later delivery comes to replaces the outcome, unless that is final itself.
    fn is_final(&self) -> bool {
        matches!(self, Self::Delivered { .. } | Self::ModeSet | Self::ModeNewer)
    }
}

fn key(event: EventId, part: &str) -> Key {
    Key::new(format!("decision#{event}"), part)
}

/// Records a decision, and keeps the outcomes of earlier deliveries that it does not name.
///
/// `begin` is [`FirstWrite::Expected`] on an event's first delivery, which saves a read.
///
/// # Errors
///
/// When the table fails, or other writers are faster each time.
pub async fn record<S: State>(
    state: &S,
    event: EventId,
    part: &str,
    decision: &Decision,
    first: FirstWrite,
) -> Result<(), Error> {
    let key = key(event, part);
    let expires = decision.at.checked_add(LIFETIME).ok();
    let begin = match first {
        FirstWrite::Expected => Begin::AssumingAbsent,
        FirstWrite::Unlikely => Begin::Reading,
    };
    let updated = update(state, Update { key: &key, now: decision.at, begin }, |present| {
        let record = match present {
            None => decision.clone(),
            Some(Present { record, .. }) => merge(record, decision.clone()),
        };
        Ok(Change::Write { record, expires, result: () })
    });
    updated.await?;
    Ok(())
}

/// Whether an item is expected to be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstWrite {
    /// The event is delivered for the first time.
    Expected,
    /// The event was delivered before.
    Unlikely,
}

fn merge(earlier: Decision, mut later: Decision) -> Decision {
    let is_same =
        |one: &ActionDecision, other: &ActionDecision| one.rule == other.rule && one.action == other.action;
    later.actions.retain(|new| {
        let has_ended = |known: &ActionDecision| is_same(known, new) && known.outcome.is_final();
        new.outcome.is_final() || !earlier.actions.iter().any(has_ended)
    });
    let replaced = |action: &ActionDecision| later.actions.iter().any(|new| is_same(new, action));
    let mut actions: Vec<ActionDecision> =
        earlier.actions.into_iter().filter(|action| !replaced(action)).collect();
    let basis = later.basis.clone().or(earlier.basis);
    let (event_time, at) = (earlier.event_time, later.at);
    actions.extend(later.actions);
    Decision { event_time, at, basis, actions }
}

/// The decision of one part about an event; `None` when none was recorded.
///
/// # Errors
///
/// When the table fails.
pub async fn find<S: State>(state: &S, event: EventId, part: &str) -> Result<Option<Decision>, Error> {
    state.get(&key(event, part)).await?.map(|item| decode(&item)).transpose()
}

/// The decisions about an event, by part.
///
/// # Errors
///
/// When the table fails.
pub async fn of_event<S: State>(state: &S, event: EventId) -> Result<BTreeMap<String, Decision>, Error> {
    let items = state.query(&key(event, "").pk).await?;
    items.into_iter().map(|item| Ok((item.key.sk.clone(), decode(&item)?))).collect()
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);
    const LATER: Timestamp = Timestamp::constant(1_800_000_060, 0);

    fn action(rule: &str, at: Timestamp, attempt: u32, outcome: ActionOutcome) -> ActionDecision {
        ActionDecision { rule: rule.to_owned(), action: 0, at, attempt, outcome }
    }

    fn event() -> EventId {
        EventId::of_sender_id("gate", "1")
    }

    #[tokio::test]
    async fn a_retry_keeps_the_outcomes_that_it_does_not_repeat() {
        let state = MemoryState::default();
        let delivered = action("a", NOW, 1, ActionOutcome::Delivered { caveat: None });
        let failed = action("b", NOW, 1, ActionOutcome::Retrying { reason: "503".to_owned(), next: None });
        let basis = Basis { configuration: Some("v1".to_owned()), modes: BTreeMap::new() };
        let first = Decision {
            event_time: NOW,
            at: NOW,
            basis: Some(basis),
            actions: vec![delivered.clone(), failed],
        };
        record(&state, event(), NOTIFY, &first, FirstWrite::Expected).await.unwrap();
        let done = action("b", LATER, 2, ActionOutcome::Delivered { caveat: None });
        let second = Decision { event_time: NOW, at: LATER, basis: None, actions: vec![done.clone()] };
        record(&state, event(), NOTIFY, &second, FirstWrite::Unlikely).await.unwrap();
        let found = of_event(&state, event()).await.unwrap().remove(NOTIFY).unwrap();
        assert_eq!(found.actions, [delivered, done]);
        assert_eq!(found.basis, first.basis);
    }

    #[tokio::test]
    async fn what_was_carried_out_stays_recorded() {
        let state = MemoryState::default();
        let decision = |at, outcome| Decision {
            event_time: NOW,
            at,
            basis: None,
            actions: vec![action("a", at, 1, outcome)],
        };
        let failed = ActionOutcome::Failed { reason: "503".to_owned() };
        let delivered = ActionOutcome::Delivered { caveat: None };
        for (at, outcome, expected) in [
            (NOW, &failed, &failed),
            (LATER, &ActionOutcome::Waiting, &ActionOutcome::Waiting),
            (LATER, &delivered, &delivered),
            (LATER, &ActionOutcome::Waiting, &delivered),
            (LATER, &ActionOutcome::Quiet, &delivered),
        ] {
            record(&state, event(), NOTIFY, &decision(at, outcome.clone()), FirstWrite::Unlikely)
                .await
                .unwrap();
            let found = find(&state, event(), NOTIFY).await.unwrap().unwrap();
            assert_eq!(found.actions.iter().map(|action| &action.outcome).collect::<Vec<_>>(), [expected]);
        }
        assert_eq!(find(&state, event(), RELAY).await.unwrap(), None);
    }

    #[test]
    fn outcomes_are_written_by_name() {
        let of = event();
        let json = serde_json::to_value(action("a", NOW, 1, ActionOutcome::Duplicate { of })).unwrap();
        assert_eq!(
            (json["outcome"].as_str(), json["of"].as_str()),
            (Some("duplicate"), Some(of.to_string().as_str()))
        );
        assert_eq!(
            serde_json::from_value::<ActionDecision>(json).unwrap().outcome,
            ActionOutcome::Duplicate { of }
        );
    }
}
