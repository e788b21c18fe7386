//! What was decided about an event, recorded once its relay actions were attempted.

use std::time::Duration;

use camhook_event::EventId;
use camhook_ports::{Clock, Ports};
use camhook_site::{Action, Modes, Rule, Site};
use camhook_state::claim::DecisionRecord;
use camhook_state::decision::{self, ActionDecision, ActionOutcome as Recorded, Basis, FirstWrite};
use jiff::Timestamp;

use crate::{ActionOutcome, CommandMessage, Error, RelayCommand};

/// Collects the outcomes of an event's relay actions.
#[derive(Debug)]
pub(crate) struct DecisionLog {
    event: EventId,
    event_time: Timestamp,
    basis: Option<Basis>,
    actions: Vec<ActionDecision>,
}

/// The delivery of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt<'a> {
    /// [`decision::RELAY`] or [`decision::AGENT`].
    pub(crate) part: &'a str,
    /// The name of the run, if the event is replayed.
    pub(crate) replay: Option<&'a str>,
    /// Which delivery of the message it is, counted from 1.
    pub(crate) receive_count: u32,
    /// The last delivery before the message is dead-lettered.
    pub(crate) last: u32,
}

impl DecisionLog {
    /// Of an event whose rules are evaluated.
    pub(crate) fn of_event(event: &camhook_event::Event, site: &Site, modes: &Modes) -> Self {
        let modes = modes.iter().map(|(area, mode)| (area.to_owned(), mode.to_owned())).collect();
        let basis = Basis { configuration: site.version().map(str::to_owned), modes };
        let event_time = event.time.timestamp();
        Self { event: event.id, event_time, basis: Some(basis), actions: Vec::new() }
    }

    /// Of a command, whose rule was evaluated before.
    pub(crate) fn of_command(command: &RelayCommand<'_>) -> Self {
        Self { event: command.event, event_time: command.order_time, basis: None, actions: Vec::new() }
    }

    /// Of a command that is refused.
    pub(crate) fn of_refused(message: &CommandMessage) -> Self {
        Self { event: message.event, event_time: message.event_time, basis: None, actions: Vec::new() }
    }

    /// Adds the decision about a command that is refused.
    pub(crate) fn add_decided(
        &mut self,
        message: &CommandMessage,
        record: &DecisionRecord,
        attempt: Attempt<'_>,
        now: Timestamp,
    ) {
        let outcome = recorded(&message.relay, record);
        self.push(&message.rule, message.action_index, outcome, attempt, now);
    }

    /// Adds the outcome of an action. `delay` is the time until the next delivery, if there is one.
    pub(crate) fn add(
        &mut self,
        command: &RelayCommand<'_>,
        result: &Result<ActionOutcome, Error>,
        attempt: Attempt<'_>,
        delay: Duration,
        now: Timestamp,
    ) {
        let retrying = |reason: String| {
            if attempt.receive_count >= attempt.last {
                return Recorded::Failed { reason };
            }
            Recorded::Retrying { reason, next: now.checked_add(delay).ok() }
        };
        let outcome = match result {
            Ok(ActionOutcome::Decided { record: Some(record), .. }) => {
                recorded(command.relay.id.as_str(), record)
            }
            // An earlier delivery recorded it.
            Ok(ActionOutcome::Decided { record: None, .. }) => return,
            Ok(ActionOutcome::HandedOver) => Recorded::HandedOver,
            Ok(ActionOutcome::Retry(pause)) => retrying(pause.outcome()),
            Err(error) => retrying(error.to_string()),
        };
        self.push(command.rule, command.action_index, outcome, attempt, now);
    }

    /// Adds the relay actions of a rule that are refused.
    pub(crate) fn add_refused(&mut self, rule: &Rule, reason: Refusal, attempt: Attempt<'_>, now: Timestamp) {
        for (index, action) in rule.then.iter().enumerate() {
            let Action::Relay { relay, .. } = action else { continue };
            let Refusal { name, text } = reason;
            let outcome = Recorded::Relay {
                relay: relay.to_string(),
                decision: crate::Decision::Refused.name().to_owned(),
                reason: name.to_owned(),
                text: text.to_owned(),
            };
            self.push(rule.id.as_str(), index, outcome, attempt, now);
        }
    }

    fn push(&mut self, rule: &str, action: usize, outcome: Recorded, attempt: Attempt<'_>, at: Timestamp) {
        let (rule, attempt) = (rule.to_owned(), attempt.receive_count);
        self.actions.push(ActionDecision { rule, action, at, attempt, outcome });
    }

    /// Writes the decision, unless there is no outcome. A failure is logged: it affects no relay.
    pub(crate) async fn record<P: Ports>(self, ports: &P, attempt: Attempt<'_>) {
        let Self { event, event_time, basis, actions } = self;
        if actions.is_empty() {
            return;
        }
        let part = match attempt.replay {
            None => attempt.part.to_owned(),
            Some(run) => format!("{}#{run}", attempt.part),
        };
        let first = if attempt.receive_count <= 1 { FirstWrite::Expected } else { FirstWrite::Unlikely };
        let decision = decision::Decision { event_time, at: ports.clock().now(), basis, actions };
        if let Err(error) = decision::record(ports.state(), event, &part, &decision, first).await {
            tracing::warn!(%event, %error, "failed to record the decision");
        }
    }
}

/// A decision as it is kept with its event.
fn recorded(relay: &str, record: &DecisionRecord) -> Recorded {
    let DecisionRecord { decision, reason, text, .. } = record.clone();
    Recorded::Relay { relay: relay.to_owned(), decision, reason, text }
}

/// Why all relay actions of a rule are refused.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal {
    /// The reason's name.
    pub(crate) name: &'static str,
    /// The reason, for a person.
    pub(crate) text: &'static str,
}
