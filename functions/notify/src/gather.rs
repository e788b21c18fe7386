//! Gathering the events of a rule with `coalesce`: each joins its group and is done with.

use std::time::Duration;

use camhook_ports::{Clock, EventQueue, Measurements, Ports, Queue};
use camhook_site::Rule;
use camhook_state::claim::{self, Acquisition, ClaimKey};
use camhook_state::coalesce::{self, GroupKey, Joined};
use camhook_state::cooldown;
use camhook_state::flush::Flush;

use crate::Error;
use crate::delivery::Delivery;
use crate::order::Order;
use crate::settle::cooldown_key;

/// Adds an event to the group of its rule and source, and sees that the group will be told.
pub(crate) async fn gather<P: Ports>(
    ports: &P,
    rule: &Rule,
    window: Duration,
    orders: &[Order<'_>],
    delivery: Delivery<'_>,
    measurements: &mut Measurements,
) -> Result<(), Error> {
    let (state, event, now) = (ports.state(), delivery.event, ports.clock().now());
    let Some(first) = orders.first() else { return Ok(()) };
    let mut count = |outcome| orders.iter().for_each(|order| order.count(measurements, outcome));
    let key = ClaimKey { event: event.id, rule: rule.id.as_str(), action: first.action, replay: None };
    let claim = match claim::take(state, &key, now).await? {
        Acquisition::Settled(_) => {
            count("told_before");
            return Ok(());
        }
        // To join twice is to join once: there is no need to wait for another delivery.
        Acquisition::Taken(claim) | Acquisition::AlreadyTaken(claim) => claim,
    };
    if rule.cooldown.is_some()
        && cooldown::is_charged(state, cooldown_key(rule, event), event.id, now).await?
    {
        count("cooldown");
        claim::finish(state, &claim, "the rule rests").await?;
        return Ok(());
    }
    let source = event.data.source.as_str();
    let group_key = GroupKey { rule: rule.id.as_str(), source };
    if let Joined::Owed { group, delay } = coalesce::join(state, group_key, event, window, now).await? {
        let flush = Flush::new(rule.id.as_str().to_owned(), source.to_owned(), group);
        ports.queues().send(Queue::Notify, flush.message(delay)?).await?;
        coalesce::mark_queued(state, group_key, group).await?;
    }
    claim::finish(state, &claim, "gathered").await?;
    count("gathered");
    Ok(())
}
