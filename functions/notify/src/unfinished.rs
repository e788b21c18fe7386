//! What earlier deliveries of an event or group left unfinished, by its recorded decision.

use std::time::Duration;

use camhook_ports::{Clock, Ports, Queue};
use camhook_site::{Action, Rule, Site};
use camhook_state::decision::{self, ActionDecision, ActionOutcome, Decision};
use jiff::Timestamp;

use crate::context::Context;
use crate::decision_log::part;
use crate::delivery::Delivery;
use crate::error::Error;
use crate::request::{DeliveryRequest, all_requests};
use crate::retry::{LAST_DELIVERY, policy};

/// By how much the clocks of two instances of the function may differ.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(1);

/// The actions that earlier deliveries did not finish. A delivery that finds some finishes them, and evaluates no rule:
/// the event was evaluated once, under the modes of then.
#[derive(Debug, Default)]
pub(crate) struct Unfinished(Vec<ActionDecision>);

impl Unfinished {
    /// Reads the decision of earlier deliveries. One without a basis is that of a group: its first event, whose decision
    /// it shares, was not evaluated if no basis was recorded.
    pub(crate) async fn read<P: Ports>(
        context: &Context<'_, P>,
        delivery: Delivery<'_>,
    ) -> Result<Self, Error> {
        match decision::find(context.ports.state(), delivery.acting, &part(delivery)).await {
            Ok(found) => {
                let is_evaluated = |decision: &Decision| delivery.group.is_some() || decision.basis.is_some();
                let actions = found.filter(is_evaluated).map(|decision| decision.actions).unwrap_or_default();
                Ok(Self(actions.into_iter().filter(|action| action.outcome.is_unfinished()).collect()))
            }
            // Most first deliveries have no decision: none is worth the message.
            Err(error) if delivery.receive_count <= 1 => {
                tracing::warn!(%error, "failed to read the decision of earlier deliveries");
                Ok(Self::default())
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an action of a rule is unfinished.
    pub(crate) fn names(&self, rule: &Rule) -> bool {
        self.0.iter().any(|action| action.rule == rule.id.as_str())
    }

    /// The messages of a rule that are unfinished. Their channels' quiet hours were considered when the event was
    /// evaluated: what failed since is sent.
    pub(crate) fn requests<'a>(&self, site: &'a Site, rule: &'a Rule) -> Vec<DeliveryRequest<'a>> {
        let is_unfinished = |request: &DeliveryRequest<'_>| self.find(rule, request).is_some();
        all_requests(site, rule).filter(is_unfinished).collect()
    }

    fn find(&self, rule: &Rule, request: &DeliveryRequest<'_>) -> Option<&ActionDecision> {
        self.0.iter().find(|known| known.rule == rule.id.as_str() && known.action == request.action)
    }

    /// Puts the messages off whose services asked to wait for longer than until this delivery, which is due for others.
    /// The last delivery tries all of them.
    pub(crate) fn put_off<P: Ports>(
        &self,
        context: &Context<'_, P>,
        delivery: Delivery<'_>,
        rule: &Rule,
        requests: &mut [DeliveryRequest<'_>],
    ) {
        if delivery.receive_count >= LAST_DELIVERY {
            return;
        }
        let now = context.ports.clock().now();
        for request in requests {
            request.wait = self.find(rule, request).and_then(|known| wait(known, now));
        }
    }

    /// The actions that camhook.toml does not have any more.
    pub(crate) fn without_rule(&self, site: &Site) -> impl Iterator<Item = &ActionDecision> {
        let is_there = |action: &ActionDecision| {
            let wanted = site.rule(&action.rule).and_then(|rule| rule.then.get(action.action));
            matches!(wanted, Some(Action::Notify { .. } | Action::Mode { .. }))
        };
        self.0.iter().filter(move |action| !is_there(action))
    }
}

/// How long a service still asks to wait. A time that is only this function's own backoff binds nobody.
fn wait(known: &ActionDecision, now: Timestamp) -> Option<Duration> {
    let ActionOutcome::Retrying { next: Some(next), .. } = known.outcome else { return None };
    let backoff = policy(Queue::Notify).backoff.delay(known.attempt).unwrap_or_default();
    let is_asked = known.at.checked_add(backoff).is_ok_and(|own| next > own);
    let left = Duration::try_from(next.duration_since(now)).ok()?;
    (is_asked && left > CLOCK_TOLERANCE).then_some(left)
}
