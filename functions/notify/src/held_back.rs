//! The limit of messages that a rule without a cooldown sends by a channel in a minute, and the message that says how
//! many were held back.

use camhook_consumer::Retry;
use camhook_ports::{Clock, EventQueue, Ports, Queue};
use camhook_site::{Channel, Rule};
use camhook_state::claim::{self, Claim, ClaimKey};
use camhook_state::message_limit::{self, Admission, HeldBack, LimitKey, MESSAGES_PER_WINDOW, Summary};

use crate::attempt::{Lease, acquire, attempt};
use crate::context::Context;
use crate::delivery::Delivery;
use crate::error::Error;
use crate::notification::{Notification, Subject};
use crate::outcome::DeliveryOutcome;

/// Stands for a rule's id in claims. No rule's id contains an `@`.
const RULE: &str = "@held-back";

/// Whether a message whose claim is acquired may be sent. One that may not is settled, and counted in a summary.
pub(crate) async fn admit<P: Ports>(
    context: &Context<'_, P>,
    rule: &Rule,
    channel: &Channel,
    delivery: Delivery<'_>,
    claim: &Claim,
) -> Result<Option<DeliveryOutcome>, Error> {
    let is_counted = claim.record().attempt > 1;
    if rule.cooldown.is_some() || delivery.replay.is_some() || is_counted {
        return Ok(None);
    }
    let limit = LimitKey { rule: rule.id.as_str(), channel: channel.id.as_str() };
    let state = context.ports.state();
    match hold_back(context.ports, limit).await {
        Ok(Admission::Sent) => Ok(None),
        Ok(Admission::HeldBack { .. }) => {
            context.count_notification(channel, "held_back");
            let outcome = format!("held back: more than {MESSAGES_PER_WINDOW} messages in a minute");
            claim::finish(state, claim, &outcome).await?;
            Ok(Some(DeliveryOutcome::HeldBack))
        }
        Err(error) => {
            // The next delivery does not have to wait until the attempt is over.
            claim::release(state, claim, "failed to count the message").await?;
            Err(error)
        }
    }
}

async fn hold_back<P: Ports>(ports: &P, limit: LimitKey<'_>) -> Result<Admission, Error> {
    let admission = message_limit::admit(ports.state(), limit, ports.clock().now()).await?;
    if let Admission::HeldBack { start, summary: Summary::Due(delay) } = admission {
        let message = HeldBack::new(limit, start).message(delay)?;
        ports.queues().send(Queue::Alerts, message).await?;
        tracing::warn!(
            rule = limit.rule,
            channel = limit.channel,
            "holding messages back, the limit is reached"
        );
    }
    Ok(admission)
}

/// Delivers the message that says how many were held back.
pub(crate) async fn notify_held_back<P: Ports>(
    context: &Context<'_, P>,
    held_back: &HeldBack,
) -> Result<(), Retry> {
    let ports = context.ports;
    let Some(channel) = context.site.channel(&held_back.channel) else {
        tracing::warn!("dropped a summary: its channel no longer exists");
        return Ok(());
    };
    let now = ports.clock().now();
    let count = message_limit::close(ports.state(), held_back.limit(), held_back.start, now).await?;
    if count == 0 {
        return Ok(());
    }
    let key = ClaimKey { event: held_back.id(), rule: RULE, action: 0, replay: None };
    let outcome = match acquire(ports, &key).await? {
        Lease::Settled => DeliveryOutcome::AlreadyDelivered,
        Lease::Busy(after) => DeliveryOutcome::Busy(after),
        Lease::Acquired(claim) => {
            let notification = notification(context, held_back, count);
            attempt(context, channel, notification, &claim).await
        }
    };
    outcome.result()
}

fn notification<'a, P>(context: &Context<'_, P>, held_back: &HeldBack, count: u32) -> Notification<'a> {
    let from = held_back.start.to_zoned(context.site.timezone().clone()).strftime("%Y-%m-%d %H:%M:%S");
    let (messages, were) = if count == 1 { ("message", "was") } else { ("messages", "were") };
    Notification {
        id: held_back.id().to_string(),
        title: format!("{count} more {messages} held back"),
        text: format!(
            "The rule {} sent {MESSAGES_PER_WINDOW} messages in the minute from {from}; {count} more {were} held back. \
             The events are stored.",
            held_back.rule
        ),
        picture: None,
        detail: None,
        page: None,
        subject: Subject::HeldBack,
    }
}
