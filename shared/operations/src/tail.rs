//! Events, refusals and decisions as they happen, by polling.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use camhook_event::EventId;
use camhook_ports::{Clock, IndexError, IndexPorts};
use camhook_state::decision::ActionDecision;
use camhook_state::presence::{self, Refusal};
use jiff::Timestamp;
use serde::Serialize;

use crate::decisions::{self, PartDecision};
use crate::events::{self, Filter, Summary};

/// Events whose device time is older than this when they arrive are not seen.
const LOOKBACK: Duration = Duration::from_secs(10 * 60);

/// The maximum number of events of one poll.
const EVENTS: usize = 100;

/// For how long after an event was seen its decisions are looked for.
const DECISION_TIME: Duration = Duration::from_secs(2 * 60);

/// The maximum number of events whose decisions are looked for in one poll; the newest count.
const DECISIONS: usize = 20;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// An event was indexed.
    Event(Box<Summary>),
    /// A post in the name of a source was refused. Only the last one of a source between two polls is seen.
    Refusal {
        /// The source.
        source: String,
        /// When it was received, and why it was refused.
        #[serde(flatten)]
        refusal: Refusal,
    },
    /// An action of an event has an outcome.
    Decision {
        /// The event.
        event: EventId,
        /// `notify`, `relay` or `agent`.
        part: String,
        /// The action and its outcome.
        #[serde(flatten)]
        action: ActionDecision,
    },
}

/// What was seen so far.
#[derive(Debug, Default)]
pub struct Tail {
    is_started: bool,
    /// When each event was first seen.
    events: BTreeMap<EventId, Timestamp>,
    refusals: BTreeMap<String, Timestamp>,
    decided: BTreeMap<(EventId, String, String, usize), ActionDecision>,
}

/// What cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The bucket or the table failed.
    #[error(transparent)]
    Stack(#[from] crate::Error),
}

impl Tail {
    /// What happened since the last call, oldest first. The first call returns nothing.
    ///
    /// # Errors
    ///
    /// When the index or the table fails; the next call returns what was missed.
    pub async fn poll<P: IndexPorts>(&mut self, ports: &P) -> Result<Vec<Happening>, TailError> {
        let now = ports.clock().now();
        let since = now.checked_sub(LOOKBACK).ok();
        let filter = Filter { since, ..Filter::default() };
        let page = events::query(ports.index(), &filter, None, EVENTS, now).await?;
        let presences = presence::all(ports.state()).await.map_err(crate::Error::from)?;
        let mut happened = Vec::new();
        for event in page.events.into_iter().rev() {
            if self.events.contains_key(&event.id) {
                continue;
            }
            // Events from before the start keep their decisions to themselves.
            let seen = if self.is_started { now } else { Timestamp::MIN };
            self.events.insert(event.id, seen);
            happened.push(Happening::Event(Box::new(event)));
        }
        for (source, presence) in presences {
            let Some(refusal) = presence.refusal else { continue };
            if self.refusals.insert(source.clone(), refusal.at) != Some(refusal.at) {
                happened.push(Happening::Refusal { source, refusal });
            }
        }
        if !self.is_started {
            self.is_started = true;
            return Ok(Vec::new());
        }
        for event in self.awaiting_decisions(now) {
            let parts = decisions::of_event(ports.state(), event).await?;
            happened.extend(parts.into_iter().flat_map(|part| self.new_decisions(event, part)));
        }
        self.forget(now);
        Ok(happened)
    }

    /// The events that were seen a short time ago, newest first.
    fn awaiting_decisions(&self, now: Timestamp) -> Vec<EventId> {
        let recent = self.events.iter().filter(|(_, seen)| is_within(**seen, DECISION_TIME, now));
        let mut recent: Vec<(Timestamp, EventId)> = recent.map(|(id, seen)| (*seen, *id)).collect();
        recent.sort_unstable_by(|left, right| right.cmp(left));
        recent.into_iter().take(DECISIONS).map(|(_, id)| id).collect()
    }

    fn new_decisions(&mut self, event: EventId, part: PartDecision) -> Vec<Happening> {
        let name = part.part;
        let actions = part.decision.actions.into_iter().filter_map(|action| {
            let key = (event, name.clone(), action.rule.clone(), action.action);
            let is_new = self.decided.insert(key, action.clone()).as_ref() != Some(&action);
            is_new.then(|| Happening::Decision { event, part: name.clone(), action })
        });
        actions.collect()
    }

    fn forget(&mut self, now: Timestamp) {
        // Twice the lookback: an event that is still listed is not seen again.
        let kept = LOOKBACK * 2;
        self.events.retain(|_, seen| *seen == Timestamp::MIN || is_within(*seen, kept, now));
        let known: BTreeSet<EventId> = self.events.keys().copied().collect();
        self.decided.retain(|(event, ..), _| known.contains(event));
    }
}

fn is_within(time: Timestamp, limit: Duration, now: Timestamp) -> bool {
    Duration::try_from(now.duration_since(time)).is_ok_and(|age| age <= limit)
}
