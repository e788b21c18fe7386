//! Gathers the events of a rule with `coalesce`: each joins a group, which is delivered later.

use std::time::Duration;

use camhook_event::{Event, Kind};
use camhook_ports::{Clock, EventQueue, Ports, Queue};
use camhook_site::Rule;
use camhook_state::claim::{self, Acquisition, ClaimKey};
use camhook_state::coalesce::{self, GroupKey, Joined};
use camhook_state::cooldown;
use camhook_state::decision::ActionOutcome;
use camhook_state::flush::Flush;

use crate::context::Context;
use crate::cooldown::cooldown_key;
use crate::delivery::Delivery;
use crate::error::Error;
use crate::request::{DeliveryRequest, count_all};

/// Adds an event to the group of its rule and source, and queues the group's message where that is still due. Returns
/// what that means for its actions; `None` when an earlier delivery did it.
pub(crate) async fn gather<P: Ports>(
    context: &Context<'_, P>,
    rule: &Rule,
    window: Duration,
    requests: &[DeliveryRequest<'_>],
    delivery: Delivery<'_>,
) -> Result<Option<ActionOutcome>, Error> {
    let ports = context.ports;
    let (state, event, now) = (ports.state(), delivery.event, ports.clock().now());
    let Some(first) = requests.first() else { return Ok(None) };
    let key = ClaimKey { event: event.id, rule: rule.id.as_str(), action: first.action, replay: None };
    let claim = match claim::take(state, &key, now).await? {
        Acquisition::Settled(_) => {
            count_all(context, requests, "already_delivered");
            return Ok(None);
        }
        // Joining is idempotent: there is no need to wait for another delivery.
        Acquisition::Taken(claim) | Acquisition::AlreadyTaken(claim) => claim,
    };
    let scope = context.site.cooldown_scope(rule, event);
    if rule.cooldown.is_some()
        && cooldown::is_charged(state, cooldown_key(rule, &scope), event.id, now).await?
    {
        count_all(context, requests, "cooldown");
        claim::finish(state, &claim, "suppressed: cooldown").await?;
        return Ok(Some(ActionOutcome::Cooldown { until: None }));
    }
    let source = group_source(event);
    join(context, GroupKey { rule: rule.id.as_str(), source }, event, window).await?;
    claim::finish(state, &claim, "gathered into one message").await?;
    count_all(context, requests, "gathered");
    Ok(Some(ActionOutcome::Gathered))
}

/// Stands for a rule's id in the groups of sources that went silent and that no rule is about. No rule's id
/// contains an `@`.
pub(crate) const SILENCE_RULE: &str = "@silence";

/// How long devices that went offline, or came back, are gathered into one message.
pub(crate) const REACHABILITY_WINDOW: Duration = Duration::from_secs(20);

/// Adds the silence or return of a source, which no rule is about, to the group that becomes an alert.
pub(crate) async fn gather_silence<P: Ports>(
    context: &Context<'_, P>,
    delivery: Delivery<'_>,
) -> Result<(), Error> {
    let event = delivery.event;
    let key = GroupKey { rule: SILENCE_RULE, source: group_source(event) };
    join(context, key, event, REACHABILITY_WINDOW).await
}

/// Events are gathered by source; devices that went offline, or came back, over all sources.
fn group_source(event: &Event) -> &str {
    match event.data.kind {
        Kind::DeviceOffline => "@offline",
        Kind::DeviceOnline => "@online",
        _ => event.data.source.as_str(),
    }
}

/// Joins the group of an event, and queues the group's message where that is still due.
async fn join<P: Ports>(
    context: &Context<'_, P>,
    key: GroupKey<'_>,
    event: &Event,
    window: Duration,
) -> Result<(), Error> {
    let (state, now) = (context.ports.state(), context.ports.clock().now());
    let label = camhook_description::label(context.site, event);
    if let Joined::Pending { group, delay } = coalesce::join(state, key, event, &label, window, now).await? {
        let flush = Flush::new(key.rule.to_owned(), key.source.to_owned(), group);
        context.ports.queues().send(Queue::Alerts, flush.message(delay)?).await?;
        coalesce::mark_queued(state, key, group).await?;
    }
    Ok(())
}
