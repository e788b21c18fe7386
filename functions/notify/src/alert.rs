//! Alerts: messages about camhook itself to the alert channel.

use std::time::Duration;

use camhook_consumer::Retry;
use camhook_event::EventId;
use camhook_ports::{Clock, EventQueue, Ports, Queue};
use camhook_site::{Channel, Site};
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::claim::ClaimKey;
use camhook_state::cooldown::{self, CooldownKey, Reservation};

use crate::attempt::{Lease, acquire, attempt};
use crate::channel::Caveat;
use crate::context::Context;
use crate::delivery::Delivery;
use crate::error::Error;
use crate::notification::{Notification, Subject};
use crate::outcome::DeliveryOutcome;
use crate::retry::{LAST_DELIVERY, SOON};

/// Stands for a rule's id in claims and cooldowns. No rule's id contains an `@`.
const RULE: &str = "@trouble";

/// Stands for a rule's id in the cooldown of alerts about chats that moved.
const MOVED_RULE: &str = "@moved";

/// Stands for a rule's id in the cooldown of alerts about messages that not everybody got.
const IN_PART_RULE: &str = "@in-part";

/// The shortest time between two alerts about the same caveat of a channel.
const CAVEAT_COOLDOWN: Duration = Duration::from_secs(24 * 3600);

/// The shortest time between two identical alerts.
const COOLDOWN: Duration = Duration::from_secs(300);

/// Delivers an alert to the alert channel, at any hour. A failure is logged and causes no further alert.
pub(crate) async fn send_alert<P: Ports>(
    context: &Context<'_, P>,
    alert: &Alert,
    receive_count: u32,
) -> Result<(), Retry> {
    let (ports, site) = (context.ports, context.site);
    let subject = alert.about.to_string();
    let Some(channel) = site.alert_channel() else {
        tracing::error!(
            subject,
            text = alert.text,
            "dropped an alert: camhook.toml names no `alert_channel`"
        );
        return Ok(());
    };
    if matches!(&alert.about, AlertSubject::Channel(id) if id == channel.id.as_str()) {
        tracing::error!(subject, text = alert.text, "dropped an alert about the alert channel itself");
        return Ok(());
    }
    let (state, now) = (ports.state(), ports.clock().now());
    let fingerprint = alert.fingerprint().to_string();
    let key = CooldownKey { rule: RULE, scope: &fingerprint };
    match cooldown::reserve(state, key, alert.id, COOLDOWN, now).await? {
        Reservation::Held { .. } => {}
        Reservation::Charged { .. } => return Ok(()),
        Reservation::Pending { .. } => return Err(Retry::waiting("cooldown").after(SOON)),
    }
    let claim = ClaimKey { event: alert.id, rule: RULE, action: 0, replay: None };
    let outcome = match acquire(ports, &claim).await? {
        Lease::Settled => DeliveryOutcome::AlreadyDelivered,
        Lease::Busy(after) => DeliveryOutcome::Busy(after),
        Lease::Acquired(claim) => attempt(context, channel, notification(alert, site), &claim).await,
    };
    match outcome {
        DeliveryOutcome::Delivered(_) => {
            cooldown::confirm(state, key, alert.id, COOLDOWN, ports.clock().now()).await?;
        }
        DeliveryOutcome::Failed { .. } if receive_count >= LAST_DELIVERY => {
            cooldown::give_back(state, key, alert.id).await?;
        }
        DeliveryOutcome::AlreadyDelivered
        | DeliveryOutcome::Mode(_)
        | DeliveryOutcome::HeldBack
        | DeliveryOutcome::Busy(_)
        | DeliveryOutcome::NotDue(_)
        | DeliveryOutcome::Failed { .. } => {}
    }
    outcome.result()
}

fn notification<'a>(alert: &'a Alert, site: &Site) -> Notification<'a> {
    let time = alert.at.to_zoned(site.timezone().clone()).strftime("%Y-%m-%d %H:%M:%S");
    Notification {
        id: alert.id.to_string(),
        title: format!("camhook alert: {}", alert.about),
        text: format!("{}\n{time}", alert.text),
        picture: None,
        detail: None,
        page: None,
        subject: Subject::Alert(alert),
    }
}

/// Alerts about what a person has to change: at the first delivery of a message about channels that fail until
/// then, and about chats that moved. (The last delivery alerts in any case.) Failures of the alert channel itself are
/// only logged.
pub(crate) async fn alert_failures<P: Ports>(
    context: &Context<'_, P>,
    receive_count: u32,
    outcomes: impl Iterator<Item = &DeliveryOutcome>,
) {
    let Some(alert_channel) = context.site.alert_channel() else { return };
    for outcome in outcomes {
        let (subject, text) = match outcome {
            DeliveryOutcome::Failed { channel, error, .. }
                if receive_count <= 1 && error.needs_a_person() && *channel != alert_channel.id =>
            {
                let text = format!("The channel {channel} does not accept messages: {error}.");
                (AlertSubject::Channel(channel.to_string()), text)
            }
            _ => continue,
        };
        if let Err(error) = enqueue_alert(context.ports, subject, text).await {
            tracing::error!(%error, "failed to enqueue an alert");
        }
    }
}

/// Why an action is dropped.
pub(crate) const RULE_IS_GONE: &str = "camhook.toml does not have its rule any more";

/// Alerts that a message which an earlier delivery did not finish is dropped.
pub(crate) async fn alert_dropped<P: Ports>(
    context: &Context<'_, P>,
    delivery: Delivery<'_>,
    rule: &str,
    reason: &str,
) {
    let event = delivery.acting;
    tracing::error!(%event, rule, reason, "dropped a notification");
    let text = format!("The notification of the rule {rule} about the event {event} was dropped: {reason}.");
    if let Err(error) = enqueue_alert(context.ports, AlertSubject::Configuration, text).await {
        tracing::error!(%error, "failed to enqueue an alert");
    }
}

/// Alerts once a day about caveats of a channel that a person has to do something about: its chat has another id, which
/// camhook.toml does not have, or not everybody got a message.
pub(crate) async fn alert_caveats<P: Ports>(
    context: &Context<'_, P>,
    channel: &Channel,
    caveats: &[Caveat],
    notification: &str,
) {
    for caveat in caveats {
        let id = &channel.id;
        let (rule, text) = match caveat {
            Caveat::PictureRefused { .. } => continue,
            Caveat::ChatMoved { from, to } => (
                MOVED_RULE,
                format!(
                    "The chat of the channel {id} has another id since the group was upgraded: set `chat = {to}` in the \
                     place of {from} in camhook.toml. Until then messages are delivered to {to}."
                ),
            ),
            Caveat::InPart { reason } => (
                IN_PART_RULE,
                format!("The channel {id} delivered a message in part, which is not sent again: {reason}."),
            ),
        };
        let (state, now) = (context.ports.state(), context.ports.clock().now());
        let id = EventId::of_sender_id(rule, notification);
        let key = CooldownKey { rule, scope: channel.id.as_str() };
        let reserved = cooldown::reserve(state, key, id, CAVEAT_COOLDOWN, now).await;
        if matches!(reserved, Ok(Reservation::Charged { .. } | Reservation::Pending { .. })) {
            continue;
        }
        let alerted = async {
            enqueue_alert(context.ports, AlertSubject::Configuration, text).await?;
            cooldown::confirm(state, key, id, CAVEAT_COOLDOWN, now).await.map_err(Error::from)
        };
        if let Err(error) = alerted.await {
            tracing::error!(%error, "failed to alert about a caveat of a message");
        }
    }
}

/// Enqueues an alert.
pub(crate) async fn enqueue_alert<P: Ports>(
    ports: &P,
    subject: AlertSubject,
    text: String,
) -> Result<(), Error> {
    let alert = Alert::new(subject, text, ports.clock().now());
    ports.queues().send(Queue::Alerts, alert.message()?).await?;
    Ok(())
}
