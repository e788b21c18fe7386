//! Notifications that are snoozed, and the line that says so afterwards.

use camhook_event::Event;
use camhook_ports::{Clock, Ports};
use camhook_site::{Rule, Site};
use camhook_state::claim::{self, Acquisition, ClaimKey};
use camhook_state::decision::ActionOutcome;
use camhook_state::snooze::{self, Snooze, SnoozeTarget};

use crate::context::Context;
use crate::decision_log::DecisionLog;
use crate::delivery::Delivery;
use crate::error::Error;
use crate::request::DeliveryRequest;

/// Whether a snooze is about a rule or the camera of an event.
fn is_about(site: &Site, rule: &Rule, event: &Event, target: &SnoozeTarget) -> bool {
    match target {
        SnoozeTarget::Rule(id) => rule.id.as_str() == id,
        SnoozeTarget::Camera(name) => {
            let (source, camera) = (event.data.source.as_str(), event.data.camera.as_ref());
            let is_named = site.camera(event).is_some_and(|camera| camera.as_str() == name);
            let is_of_source = camera.is_some_and(|camera| *name == format!("{source}/{}", camera.id));
            is_named || is_of_source || name == source
        }
    }
}

/// All snoozes, read once for an event, when the first of its rules needs them.
#[derive(Debug, Default)]
pub(crate) struct Snoozes(Option<Vec<Snooze>>);

impl Snoozes {
    /// The snoozes about a rule or the camera of an event, also those that have ended. None where they cannot be read:
    /// a message too many is better than none.
    async fn about<P: Ports>(
        &mut self,
        context: &Context<'_, P>,
        rule: &Rule,
        event: &Event,
    ) -> impl Iterator<Item = &Snooze> {
        let entries = match self.0.take() {
            Some(entries) => entries,
            None => snooze::all(context.ports.state()).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "failed to read the snoozes");
                Vec::new()
            }),
        };
        let entries = self.0.insert(entries);
        entries.iter().filter(|snooze| is_about(context.site, rule, event, &snooze.target))
    }
}

/// Suppresses the messages of a rule about an event if they are snoozed, and records that in their claims and in the
/// decision.
pub(crate) async fn suppress<P: Ports>(
    context: &Context<'_, P>,
    log: &mut DecisionLog,
    snoozes: &mut Snoozes,
    rule: &Rule,
    requests: &[DeliveryRequest<'_>],
    delivery: Delivery<'_>,
) -> Result<bool, Error> {
    if delivery.replay.is_some() || requests.is_empty() {
        return Ok(false);
    }
    let (state, now) = (context.ports.state(), context.ports.clock().now());
    let snoozes = snoozes.about(context, rule, delivery.event).await;
    let active = snoozes.filter(|snooze| snooze.until > now);
    let Some(active) = active.max_by_key(|snooze| snooze.until) else { return Ok(false) };
    let mut messages = 0;
    for request in requests {
        let (event, replay) = (delivery.acting, delivery.run());
        let key = ClaimKey { event, rule: rule.id.as_str(), action: request.action, replay };
        let claim = match claim::take(state, &key, now).await? {
            Acquisition::Taken(claim) => claim,
            // An earlier attempt failed, and there is no further one.
            Acquisition::AlreadyTaken(claim) if claim.record().has_ended() => claim,
            Acquisition::AlreadyTaken(_) | Acquisition::Settled(_) => continue,
        };
        claim::finish(state, &claim, &format!("snoozed until {:.0}", active.until)).await?;
        context.count_notification(request.channel, "snoozed");
        log.add(rule, request.action, ActionOutcome::Snoozed { until: active.until });
        messages += 1;
    }
    if messages > 0 {
        snooze::count(state, &active.target, messages, now).await?;
    }
    Ok(true)
}

/// What a message says about the snoozes that ended before it. Each is reported by one message.
pub(crate) async fn ended<P: Ports>(
    context: &Context<'_, P>,
    snoozes: &mut Snoozes,
    rule: &Rule,
    event: &Event,
) -> Vec<String> {
    let now = context.ports.clock().now();
    let mut lines = Vec::new();
    for snooze in snoozes.about(context, rule, event).await.filter(|snooze| snooze.until <= now) {
        match snooze::take_ended(context.ports.state(), &snooze.target, now).await {
            Ok(Some(ended)) => lines.push(report(context.site, &ended)),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "failed to end a snooze"),
        }
    }
    lines
}

/// `Snoozed until 2026-11-23 12:30:00: 3 messages were not sent.`
fn report(site: &Site, snooze: &Snooze) -> String {
    let until = snooze.until.to_zoned(site.timezone().clone()).strftime("%Y-%m-%d %H:%M:%S");
    match snooze.suppressed {
        0 => format!("Snoozed until {until}: no message was suppressed."),
        1 => format!("Snoozed until {until}: 1 message was not sent."),
        count => format!("Snoozed until {until}: {count} messages were not sent."),
    }
}
