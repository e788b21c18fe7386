//! Alerts: messages about camhook itself to the alert channel.

use std::time::Duration;

use camhook_ports::{Clock, EventQueue, Ports, Queue};
use camhook_site::Site;
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::claim::ClaimKey;
use camhook_state::cooldown::{self, CooldownKey, Reservation};

use crate::attempt::{Lease, acquire, attempt};
use crate::context::Context;
use crate::error::Error;
use crate::notification::{Notification, Subject};
use crate::outcome::{DeliveryOutcome, Disposition};
use crate::retry::{LAST_DELIVERY, SOON};

/// Stands for a rule's id in claims and cooldowns. No rule's id contains an `@`.
const RULE: &str = "@trouble";

/// The shortest time between two identical alerts.
const COOLDOWN: Duration = Duration::from_secs(300);

/// Delivers an alert to the alert channel, at any hour. A failure is logged and causes no further alert.
pub(crate) async fn send_alert<P: Ports>(
    context: &Context<'_, P>,
    alert: &Alert,
    receive_count: u32,
) -> Result<Disposition, Error> {
    let (ports, site) = (context.ports, context.site);
    let subject = alert.about.to_string();
    let Some(channel) = site.alert_channel() else {
        tracing::error!(
            subject,
            text = alert.text,
            "dropped an alert: camhook.toml names no `alert_channel`"
        );
        return Ok(Disposition::Done);
    };
    if matches!(&alert.about, AlertSubject::Channel(id) if id == channel.id.as_str()) {
        tracing::error!(subject, text = alert.text, "dropped an alert about the alert channel itself");
        return Ok(Disposition::Done);
    }
    let (state, now) = (ports.state(), ports.clock().now());
    let fingerprint = alert.fingerprint().to_string();
    let key = CooldownKey { rule: RULE, source: &fingerprint };
    match cooldown::reserve(state, key, alert.id, COOLDOWN, now).await? {
        Reservation::Held { .. } => {}
        Reservation::Charged { .. } => return Ok(Disposition::Done),
        Reservation::Pending { .. } => return Ok(Disposition::retry(Some(SOON))),
    }
    let claim = ClaimKey { event: alert.id, rule: RULE, action: 0, replay: None };
    let outcome = match acquire(ports, &claim).await? {
        Lease::Settled => DeliveryOutcome::AlreadyDelivered,
        Lease::Busy(after) => DeliveryOutcome::Busy(after),
        Lease::Acquired(claim) => attempt(context, channel, &notification(alert, site), &claim).await,
    };
    match outcome {
        DeliveryOutcome::Delivered => {
            cooldown::confirm(state, key, alert.id, COOLDOWN, ports.clock().now()).await?;
        }
        DeliveryOutcome::Failed { .. } if receive_count >= LAST_DELIVERY => {
            cooldown::give_back(state, key, alert.id).await?;
        }
        DeliveryOutcome::AlreadyDelivered | DeliveryOutcome::Busy(_) | DeliveryOutcome::Failed { .. } => {}
    }
    Ok(outcome.disposition())
}

fn notification<'a>(alert: &'a Alert, site: &Site) -> Notification<'a> {
    let time = alert.at.to_zoned(site.timezone().clone()).strftime("%Y-%m-%d %H:%M:%S");
    Notification {
        id: alert.id.to_string(),
        title: format!("camhook alert: {}", alert.about),
        text: format!("{}\n{time}", alert.text),
        picture: None,
        subject: Subject::Alert(alert),
    }
}

/// Alerts about channels that failed: at the first delivery where a person has to change something, else at the
/// last one. Failures of the alert channel itself are only logged.
pub(crate) async fn alert_failures<P: Ports>(
    context: &Context<'_, P>,
    receive_count: u32,
    outcomes: impl Iterator<Item = &DeliveryOutcome>,
) {
    let Some(alert_channel) = context.site.alert_channel() else { return };
    for outcome in outcomes {
        let DeliveryOutcome::Failed { channel, error } = outcome else { continue };
        let is_due = match receive_count {
            0 | 1 => error.needs_a_person(),
            count => count >= LAST_DELIVERY,
        };
        if !is_due || *channel == alert_channel.id {
            continue;
        }
        let text = format!("The channel {channel} does not accept messages: {error}.");
        enqueue_alert(context.ports, AlertSubject::Channel(channel.to_string()), text).await;
    }
}

/// Enqueues an alert. A failure is logged.
async fn enqueue_alert<P: Ports>(ports: &P, about: AlertSubject, text: String) {
    let alert = Alert::new(about, text, ports.clock().now());
    let sent = match alert.message() {
        Ok(message) => ports.queues().send(Queue::Notify, message).await,
        Err(error) => Err(error),
    };
    if let Err(error) = sent {
        tracing::error!(subject = %alert.about, %error, "failed to enqueue an alert");
    }
}
