//! What was decided about an event.

use camhook_event::EventId;
use camhook_ports::State;
use camhook_state::decision::{self, AGENT, ActionDecision, ActionOutcome, Decision, RELAY};
use serde::Serialize;

use crate::Error;

/// What one function, or the agents, decided about an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartDecision {
    /// `notify`, `relay` or `agent`.
    pub part: String,
    /// The name of the run, where the event was replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
    /// The decision.
    #[serde(flatten)]
    pub decision: Decision,
}

/// The decisions about an event: notifications, relays, agents, then the same of each replay.
///
/// # Errors
///
/// When the table fails.
pub async fn of_event<S: State>(state: &S, event: EventId) -> Result<Vec<PartDecision>, Error> {
    let parts = decision::of_event(state, event).await?;
    let mut decisions: Vec<PartDecision> = parts.into_iter().map(part).collect();
    let rank = |part: &str| match part {
        RELAY => 1,
        AGENT => 2,
        _ => 0,
    };
    decisions
        .sort_by(|left, right| (&left.replay, rank(&left.part)).cmp(&(&right.replay, rank(&right.part))));
    Ok(decisions)
}

fn part((name, decision): (String, Decision)) -> PartDecision {
    match name.split_once('#') {
        Some((part, run)) => PartDecision { part: part.to_owned(), replay: Some(run.to_owned()), decision },
        None => PartDecision { part: name, replay: None, decision },
    }
}

/// The outcomes of an event's actions, without those of replays. An action that was handed over to an agent has the
/// agent's outcome once there is one.
#[must_use]
pub fn outcomes(decisions: &[PartDecision]) -> Vec<ActionDecision> {
    let mut outcomes: Vec<ActionDecision> = Vec::new();
    let actions =
        decisions.iter().filter(|part| part.replay.is_none()).flat_map(|part| &part.decision.actions);
    for action in actions {
        let earlier =
            outcomes.iter_mut().find(|other| other.rule == action.rule && other.action == action.action);
        match earlier {
            Some(earlier) if earlier.outcome == ActionOutcome::HandedOver => *earlier = action.clone(),
            Some(_) => {}
            None => outcomes.push(action.clone()),
        }
    }
    outcomes
}
