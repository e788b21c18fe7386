//! Gathers the events of a rule with `coalesce`: each joins a group, which is delivered later.

use std::time::Duration;

use camhook_ports::{Clock, EventQueue, Ports, Queue};
use camhook_site::Rule;
use camhook_state::claim::{self, Acquisition, ClaimKey};
use camhook_state::coalesce::{self, GroupKey, Joined};
use camhook_state::cooldown;
use camhook_state::flush::Flush;

use crate::context::Context;
use crate::cooldown::cooldown_key;
use crate::delivery::Delivery;
use crate::error::Error;
use crate::request::{DeliveryRequest, count_all};

/// Adds an event to the group of its rule and source, and queues the group's message where that is still due.
pub(crate) async fn gather<P: Ports>(
    context: &Context<'_, P>,
    rule: &Rule,
    window: Duration,
    requests: &[DeliveryRequest<'_>],
    delivery: Delivery<'_>,
) -> Result<(), Error> {
    let ports = context.ports;
    let (state, event, now) = (ports.state(), delivery.event, ports.clock().now());
    let Some(first) = requests.first() else { return Ok(()) };
    let key = ClaimKey { event: event.id, rule: rule.id.as_str(), action: first.action, replay: None };
    let claim = match claim::take(state, &key, now).await? {
        Acquisition::Settled(_) => {
            count_all(context, requests, "already_delivered");
            return Ok(());
        }
        // Joining is idempotent: there is no need to wait for another delivery.
        Acquisition::Taken(claim) | Acquisition::AlreadyTaken(claim) => claim,
    };
    if rule.cooldown.is_some()
        && cooldown::is_charged(state, cooldown_key(rule, event), event.id, now).await?
    {
        count_all(context, requests, "cooldown");
        claim::finish(state, &claim, "suppressed: cooldown").await?;
        return Ok(());
    }
    let source = event.data.source.as_str();
    let group_key = GroupKey { rule: rule.id.as_str(), source };
    if let Joined::Owed { group, delay } = coalesce::join(state, group_key, event, window, now).await? {
        let flush = Flush::new(rule.id.as_str().to_owned(), source.to_owned(), group);
        ports.queues().send(Queue::Notify, flush.message(delay)?).await?;
        coalesce::mark_queued(state, group_key, group).await?;
    }
    claim::finish(state, &claim, "gathered into one message").await?;
    count_all(context, requests, "gathered");
    Ok(())
}
