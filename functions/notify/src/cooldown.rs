//! A rule's cooldown after its messages were attempted.

use camhook_ports::{Clock, Ports};
use camhook_site::{Rule, Site};
use camhook_state::cooldown::{self, CooldownKey};

use crate::delivery::Delivery;
use crate::outcome::{ActionResult, DeliveryOutcome};
use crate::retry::LAST_DELIVERY;

/// The cooldown of a rule, for what [`Site::cooldown_scope`] counts it for.
pub(crate) fn cooldown_key<'a>(rule: &'a Rule, scope: &'a str) -> CooldownKey<'a> {
    CooldownKey { rule: rule.id.as_str(), scope }
}

/// Charges the cooldown when a message was delivered, and returns it when all failed permanently.
pub(crate) async fn finalize_cooldown<P: Ports>(
    ports: &P,
    site: &Site,
    rule: &Rule,
    delivery: Delivery<'_>,
    outcomes: &[ActionResult],
) {
    let (Some(length), None) = (rule.cooldown, delivery.replay) else { return };
    let scope = site.cooldown_scope(rule, delivery.event);
    let key = cooldown_key(rule, &scope);
    let id = delivery.acting;
    let any_delivered = outcomes
        .iter()
        .any(|result| matches!(result.outcome, DeliveryOutcome::Delivered(_) | DeliveryOutcome::Mode(_)));
    let all_failed = outcomes.iter().all(|result| matches!(result.outcome, DeliveryOutcome::Failed { .. }));
    let permanently = delivery.receive_count >= LAST_DELIVERY
        || outcomes.iter().all(
            |result| matches!(&result.outcome, DeliveryOutcome::Failed { error, .. } if error.needs_a_person()),
        );
    let finalized = if any_delivered {
        cooldown::confirm(ports.state(), key, id, length, ports.clock().now()).await
    } else if all_failed && permanently {
        cooldown::give_back(ports.state(), key, id).await
    } else {
        return;
    };
    if let Err(error) = finalized {
        tracing::warn!(rule = rule.id.as_str(), %error, "failed to finalize the cooldown, it expires by itself");
    }
}
