//! Modes that rules set.

use camhook_ports::{Clock, EventQueue, Ports, Queue};
use camhook_site::{Action, Rule, Source};
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::claim::{self, Acquisition, ClaimKey};
use camhook_state::control::{self, MatchedBy, ModeChange};

use crate::context::Context;
use crate::delivery::Delivery;
use crate::error::Error;
use crate::outcome::{ActionResult, DeliveryOutcome};

/// Sets the modes of a rule, each once for an event, and never over one that was set after the event. A replay
/// sets none: the modes of then are not those of now.
///
/// An event of a source that its address alone proves sets none; that sends an alert.
pub(crate) async fn set_modes<P: Ports>(
    context: &Context<'_, P>,
    rule: &Rule,
    delivery: Delivery<'_>,
) -> Result<Vec<ActionResult>, Error> {
    let ports = context.ports;
    let mut outcomes = Vec::new();
    if delivery.replay.is_some() {
        return Ok(outcomes);
    }
    if let Some(source) = context.site.unproved_source(delivery.event).filter(|_| rule.sets_modes()) {
        refuse(ports, source, rule).await?;
        return Ok(outcomes);
    }
    for (action, wanted) in rule.then.iter().enumerate() {
        let Action::Mode { area, mode } = wanted else { continue };
        let Some(area) = area.as_ref().or(delivery.event.data.area.as_ref()) else {
            tracing::warn!(rule = rule.id.as_str(), "skipped a mode: the event has no area");
            continue;
        };
        let outcome = set_mode(ports, rule, delivery, action, (area.as_str(), mode.as_str())).await?;
        outcomes.push(ActionResult { action, outcome });
    }
    Ok(outcomes)
}

async fn refuse<P: Ports>(ports: &P, source: &Source, rule: &Rule) -> Result<(), Error> {
    let (id, rule) = (source.id.as_str(), rule.id.as_str());
    tracing::error!(source = id, rule, "refused to set a mode: an address alone proves the source");
    let text = format!(
        "No mode was set by {rule}: nothing but an address proves that a request comes from `{id}`. Give that source a \
         token, basic or hmac in camhook.toml."
    );
    let alert = Alert::new(AlertSubject::Source(id.to_owned()), text, ports.clock().now());
    ports.queues().send(Queue::Alerts, alert.message()?).await?;
    Ok(())
}

async fn set_mode<P: Ports>(
    ports: &P,
    rule: &Rule,
    delivery: Delivery<'_>,
    action: usize,
    (area, mode): (&str, &str),
) -> Result<DeliveryOutcome, Error> {
    let rule = rule.id.as_str();
    let key = ClaimKey { event: delivery.acting, rule, action, replay: None };
    let claim = match claim::take(ports.state(), &key, ports.clock().now()).await? {
        Acquisition::Settled(_) => return Ok(DeliveryOutcome::AlreadyDelivered),
        // Setting a mode is idempotent: there is no need to wait for another delivery.
        Acquisition::Taken(claim) | Acquisition::AlreadyTaken(claim) => claim,
    };
    let by = MatchedBy { rule, event: delivery.event.id, at: delivery.event.time.timestamp() };
    let change = control::set_mode_by_event(ports.state(), area, mode, by).await?;
    let outcome = match change {
        ModeChange::Set => "set",
        ModeChange::Newer => "not set: the mode was set after the event",
    };
    claim::finish(ports.state(), &claim, outcome).await?;
    tracing::info!(rule, area, mode, outcome, "set mode");
    Ok(DeliveryOutcome::Mode(change))
}
