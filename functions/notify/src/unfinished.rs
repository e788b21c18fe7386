//! What earlier deliveries of an event or group left unfinished, by its recorded decision.

use camhook_ports::Ports;
use camhook_site::{Action, Rule, Site};
use camhook_state::decision::{self, ActionDecision};

use crate::context::Context;
use crate::decision_log::part;
use crate::delivery::Delivery;
use crate::error::Error;

/// The actions that earlier deliveries did not finish. A delivery that finds some finishes them, and evaluates no rule:
/// the event was evaluated once, under the modes of then.
#[derive(Debug, Default)]
pub(crate) struct Unfinished(Vec<ActionDecision>);

impl Unfinished {
    /// Reads the decision of earlier deliveries.
    pub(crate) async fn read<P: Ports>(
        context: &Context<'_, P>,
        delivery: Delivery<'_>,
    ) -> Result<Self, Error> {
        match decision::find(context.ports.state(), delivery.acting, &part(delivery)).await {
            Ok(found) => {
                let actions = found.map(|decision| decision.actions).unwrap_or_default();
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

    /// The actions that camhook.toml does not have any more.
    pub(crate) fn without_rule(&self, site: &Site) -> impl Iterator<Item = &ActionDecision> {
        let is_there = |action: &ActionDecision| {
            let wanted = site.rule(&action.rule).and_then(|rule| rule.then.get(action.action));
            matches!(wanted, Some(Action::Notify { .. } | Action::Mode { .. }))
        };
        self.0.iter().filter(move |action| !is_there(action))
    }
}
