//! What follows from messages that were sent, and from those that were not.

use camhook_event::Event;
use camhook_ports::{Clock, EventQueue, Ports, Queue};
use camhook_site::{Rule, Site};
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::cooldown::{self, CooldownKey};

use crate::delivery::Delivery;
use crate::retry::LAST_DELIVERY;
use crate::told::Told;

/// The cooldown of a rule, for the source of an event.
pub(crate) fn cooldown_key<'a>(rule: &'a Rule, event: &'a Event) -> CooldownKey<'a> {
    CooldownKey { rule: rule.id.as_str(), source: event.data.source.as_str() }
}

/// Charges the cooldown for what was sent, or gives it back when the messages failed for good.
pub(crate) async fn settle<P: Ports>(ports: &P, rule: &Rule, delivery: Delivery<'_>, told: &[Told]) {
    let (Some(length), None) = (rule.cooldown, delivery.replay) else { return };
    let key = cooldown_key(rule, delivery.event);
    let id = delivery.acting;
    let any_now = told.iter().any(|told| matches!(told, Told::Now));
    let all_failed = told.iter().all(|told| matches!(told, Told::Failed { .. }));
    let for_good = delivery.receive_count >= LAST_DELIVERY
        || told.iter().all(|told| matches!(told, Told::Failed { error, .. } if error.needs_a_person()));
    let settled = if any_now {
        cooldown::confirm(ports.state(), key, id, length, ports.clock().now()).await
    } else if all_failed && for_good {
        cooldown::give_back(ports.state(), key, id).await
    } else {
        return;
    };
    if let Err(error) = settled {
        tracing::warn!(event = %id, rule = rule.id.as_str(), %error, "the cooldown is not settled, it ends by itself");
    }
}

/// Tells the trouble channel of channels that failed: at once where only a person can help, else when the
/// message is given up. Alert about the trouble channel itself has nobody to go to but the log.
pub(crate) async fn complain<P: Ports>(
    ports: &P,
    site: &Site,
    delivery: Delivery<'_>,
    told: impl Iterator<Item = &Told>,
) {
    let Some(trouble_channel) = site.alert_channel() else { return };
    for told in told {
        let Told::Failed { channel, error } = told else { continue };
        let is_due = match delivery.receive_count {
            0 | 1 => error.needs_a_person(),
            count => count >= LAST_DELIVERY,
        };
        if !is_due || *channel == trouble_channel.id {
            continue;
        }
        let text = format!("the channel {channel} does not take messages: {error}");
        let trouble = Alert::new(AlertSubject::Channel(channel.to_string()), text, ports.clock().now());
        let sent = match trouble.message() {
            Ok(message) => ports.queues().send(Queue::Notify, message).await,
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            tracing::error!(channel = channel.as_str(), %error, "the trouble channel is not told");
        }
    }
}
