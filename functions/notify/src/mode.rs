//! Modes: what an event makes of the areas.

use camhook_ports::{Clock, Ports};
use camhook_site::{Action, Rule};
use camhook_state::claim::{self, Acquisition, ClaimKey};
use camhook_state::control::{self, ModeChange};

use crate::Error;
use crate::delivery::Delivery;
use crate::told::Told;

/// Whether a rule sets a mode.
pub(crate) fn sets_modes(rule: &Rule) -> bool {
    rule.then.iter().any(|action| matches!(action, Action::Mode { .. }))
}

/// Sets the modes that a rule wants, each once for an event, and never over a newer word. A replay sets none: what
/// was meant then is not meant now.
pub(crate) async fn set<P: Ports>(
    ports: &P,
    rule: &Rule,
    delivery: Delivery<'_>,
) -> Result<Vec<Told>, Error> {
    let mut told = Vec::new();
    if delivery.replay.is_some() {
        return Ok(told);
    }
    for (action, wanted) in rule.then.iter().enumerate() {
        let Action::Mode { area, mode } = wanted else { continue };
        let Some(area) = area.as_ref().or(delivery.event.data.area.as_ref()) else {
            tracing::warn!(event = %delivery.event.id, rule = rule.id.as_str(), "the event has no area to set the mode of");
            continue;
        };
        told.push(set_one(ports, rule, delivery, action, (area.as_str(), mode.as_str())).await?);
    }
    Ok(told)
}

async fn set_one<P: Ports>(
    ports: &P,
    rule: &Rule,
    delivery: Delivery<'_>,
    action: usize,
    (area, mode): (&str, &str),
) -> Result<Told, Error> {
    let (event, rule) = (delivery.event, rule.id.as_str());
    let key = ClaimKey { event: delivery.acting, rule, action, replay: None };
    let claim = match claim::take(ports.state(), &key, ports.clock().now()).await? {
        Acquisition::Settled(_) => return Ok(Told::Before),
        // Set twice is set once: there is no need to wait for another delivery.
        Acquisition::Taken(claim) | Acquisition::AlreadyTaken(claim) => claim,
    };
    let at = event.time.timestamp();
    let outcome = match control::set_mode_by_event(ports.state(), area, mode, at).await? {
        ModeChange::Set => "set",
        ModeChange::Newer => "a newer word stands",
    };
    claim::finish(ports.state(), &claim, outcome).await?;
    tracing::info!(event = %event.id, rule, area, mode, outcome, "the mode of an area");
    Ok(Told::Now)
}
