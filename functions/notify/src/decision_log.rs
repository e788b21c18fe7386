//! What was decided about an event, recorded once its messages were attempted.

use camhook_ports::{Clock, Ports, Queue};
use camhook_site::{Action, Modes, Rule, Site};
use camhook_state::decision::{self, ActionDecision, ActionOutcome, Basis, Decision, FirstWrite, NOTIFY};
use jiff::Timestamp;

use crate::context::Context;
use crate::delivery::Delivery;
use crate::outcome::ActionResult;
use crate::request::DeliveryRequest;
use crate::retry::{LAST_DELIVERY, policy};

/// Collects the outcomes of an event's actions.
#[derive(Debug)]
pub(crate) struct DecisionLog {
    basis: Option<Basis>,
    actions: Vec<(String, usize, ActionOutcome)>,
}

impl DecisionLog {
    /// Of an event whose rules are evaluated.
    pub(crate) fn of_event(site: &Site, modes: &Modes) -> Self {
        let modes = modes.iter().map(|(area, mode)| (area.to_owned(), mode.to_owned())).collect();
        let basis = Basis { configuration: site.version().map(str::to_owned), modes };
        Self { basis: Some(basis), actions: Vec::new() }
    }

    /// Of a group, or of an event that an earlier delivery evaluated: the recorded basis stays.
    pub(crate) fn of_evaluated() -> Self {
        Self { basis: None, actions: Vec::new() }
    }

    /// The outcome of one action of a rule.
    pub(crate) fn add(&mut self, rule: &Rule, action: usize, outcome: ActionOutcome) {
        self.actions.push((rule.id.to_string(), action, outcome));
    }

    /// The same outcome for several messages of a rule.
    pub(crate) fn add_all(&mut self, rule: &Rule, requests: &[DeliveryRequest<'_>], outcome: &ActionOutcome) {
        let actions = requests.iter().map(|request| (rule.id.to_string(), request.action, outcome.clone()));
        self.actions.extend(actions);
    }

    /// The messages of a rule that are not requested, since their channels have quiet hours.
    pub(crate) fn add_quiet(&mut self, rule: &Rule, requests: &[DeliveryRequest<'_>]) {
        for (action, wanted) in rule.then.iter().enumerate() {
            let is_requested = requests.iter().any(|request| request.action == action);
            if matches!(wanted, Action::Notify { .. }) && !is_requested {
                self.actions.push((rule.id.to_string(), action, ActionOutcome::Quiet));
            }
        }
    }

    /// The outcomes of a rule's actions.
    pub(crate) fn add_results(&mut self, rule: &Rule, results: &[ActionResult], receive_count: u32) {
        let outcome = |result: &ActionResult| {
            Some((rule.id.to_string(), result.action, result.recorded(receive_count)?))
        };
        self.actions.extend(results.iter().filter_map(outcome));
    }

    /// A rule failed before its messages were attempted: a later delivery does all of it. What was decided by then
    /// stays.
    pub(crate) fn add_unprepared(
        &mut self,
        rule: &Rule,
        actions: &[usize],
        reason: &str,
        receive_count: u32,
    ) {
        let outcome = if receive_count >= LAST_DELIVERY {
            ActionOutcome::Failed { reason: reason.to_owned() }
        } else {
            ActionOutcome::Retrying { reason: reason.to_owned(), next: None }
        };
        for &action in actions {
            let is_decided =
                self.actions.iter().any(|(known, index, _)| *known == *rule.id.as_str() && *index == action);
            if !is_decided {
                self.add(rule, action, outcome.clone());
            }
        }
    }

    /// An unfinished action that camhook.toml does not have any more.
    pub(crate) fn add_dropped(&mut self, action: &ActionDecision, reason: &str) {
        let outcome = ActionOutcome::Dropped { reason: reason.to_owned() };
        self.actions.push((action.rule.clone(), action.action, outcome));
    }

    /// Writes the decision. A failure is logged: it costs no message.
    pub(crate) async fn record<P: Ports>(self, context: &Context<'_, P>, delivery: Delivery<'_>) {
        let at = context.ports.clock().now();
        if self.actions.is_empty() && context.site.rules().is_empty() {
            return;
        }
        let decision = Decision {
            event_time: delivery.event.time.timestamp(),
            at,
            basis: self.basis,
            actions: actions(self.actions, at, delivery.receive_count),
        };
        let first = if delivery.receive_count <= 1 && delivery.group.is_none() {
            FirstWrite::Expected
        } else {
            FirstWrite::Unlikely
        };
        let recorded =
            decision::record(context.ports.state(), delivery.acting, &part(delivery), &decision, first).await;
        if let Err(error) = recorded {
            tracing::warn!(%error, "failed to record the decision");
        }
    }
}

/// The part of the decision that notify writes; a replay has its own.
pub(crate) fn part(delivery: Delivery<'_>) -> String {
    match delivery.replay {
        None => NOTIFY.to_owned(),
        Some(run) => format!("{NOTIFY}#{run}"),
    }
}

fn actions(actions: Vec<(String, usize, ActionOutcome)>, at: Timestamp, attempt: u32) -> Vec<ActionDecision> {
    let delay = policy(Queue::Notify).backoff.delay(attempt).unwrap_or_default();
    let backoff = at.checked_add(delay).ok();
    let decided = |(rule, action, outcome)| {
        let outcome = match outcome {
            ActionOutcome::Retrying { reason, next } => {
                ActionOutcome::Retrying { reason, next: next.max(backoff) }
            }
            other => other,
        };
        ActionDecision { rule, action, at, attempt, outcome }
    };
    actions.into_iter().map(decided).collect()
}
