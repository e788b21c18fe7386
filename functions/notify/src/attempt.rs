//! One attempt to deliver a message. The message's claim records the outcome.

use std::time::Duration;

use camhook_consumer::LONGEST_REQUESTED;
use camhook_ports::{Clock, Metrics, Ports};
use camhook_site::Channel;
use camhook_state::channel_status::{self, ChannelStatus};
use camhook_state::claim::{self, Acquisition, Claim, ClaimKey, Effect};

use crate::channel::{self, Accepted, Caveat};
use crate::context::Context;
use crate::error::{DeliveryError, Error};
use crate::notification::{Notification, Subject};
use crate::outcome::{DeliveryOutcome, join};
use crate::retry::{ATTEMPT_LIMIT, SOON};

/// Whether a message may be delivered now.
#[derive(Debug)]
pub(crate) enum Lease {
    /// The caller holds the claim and delivers the message.
    Acquired(Claim),
    /// The message was delivered before.
    Settled,
    /// Another delivery holds the claim: look again after this long.
    Busy(Duration),
}

/// Acquires the claim of a message, also where an earlier attempt ended without success.
pub(crate) async fn acquire<P: Ports>(ports: &P, key: &ClaimKey<'_>) -> Result<Lease, Error> {
    let now = ports.clock().now();
    let held = match claim::take(ports.state(), key, now).await? {
        Acquisition::Taken(claim) => return Ok(Lease::Acquired(claim)),
        Acquisition::Settled(_) => return Ok(Lease::Settled),
        Acquisition::AlreadyTaken(claim) => claim,
    };
    let age = Duration::try_from(now.duration_since(held.record().since)).unwrap_or_default();
    if !held.record().has_ended() && age < ATTEMPT_LIMIT {
        return Ok(Lease::Busy(ATTEMPT_LIMIT.saturating_sub(age)));
    }
    Ok(claim::take_again(ports.state(), &held, now).await?.map_or(Lease::Busy(SOON), Lease::Acquired))
}

/// The attempt from which on pictures are left out: a service that keeps failing may fail over them.
const WITHOUT_PICTURE: u32 = 3;

/// Delivers a message whose claim the caller holds, and records the outcome in the claim.
pub(crate) async fn attempt<P: Ports>(
    context: &Context<'_, P>,
    channel: &Channel,
    notification: Notification<'_>,
    claim: &Claim,
) -> DeliveryOutcome {
    let clock = context.ports.clock();
    let started = clock.elapsed();
    let (attempt, id) = (claim.record().attempt, notification.id.clone());
    let leaves_picture_out = attempt >= WITHOUT_PICTURE && notification.only_picture().is_some();
    let notification = if leaves_picture_out { without_bytes(notification) } else { notification };
    let mut result = channel::deliver(context.ports, context.client, channel, &notification).await;
    if let (Ok(Accepted { caveats }), true) = (&mut result, leaves_picture_out) {
        caveats.push(Caveat::PictureRefused { reason: format!("left out at attempt {attempt}") });
    }
    let duration = clock.elapsed().saturating_sub(started);
    let metrics = context.ports.metrics();
    metrics.time("NotificationTime", duration, [("Channel", channel.kind.name())]);
    context.count_notification(channel, if result.is_ok() { "delivered" } else { "failed" });
    record_outcome(context.ports, claim, &result).await;
    record_channel(context.ports, channel, &notification.subject, &result).await;
    let duration_ms = duration.as_millis();
    match result {
        Ok(Accepted { caveats }) => {
            let (channel, caveat) = (channel.id.as_str(), join(&caveats));
            tracing::info!(
                notification = id,
                channel,
                attempt,
                duration_ms,
                caveat,
                "delivered notification"
            );
            DeliveryOutcome::Delivered(caveats)
        }
        Err(error) => {
            let channel = channel.id.clone();
            tracing::warn!(
                notification = id,
                channel = channel.as_str(),
                attempt,
                duration_ms,
                %error,
                "failed to deliver notification"
            );
            let asked = error.retry_after().map(|after| after.min(LONGEST_REQUESTED));
            let not_before = asked.and_then(|after| clock.now().checked_add(after).ok());
            DeliveryOutcome::Failed { channel, error, not_before }
        }
    }
}

fn without_bytes(mut notification: Notification<'_>) -> Notification<'_> {
    notification.detail = None;
    if let Some(picture) = &mut notification.picture {
        picture.bytes = None;
    }
    notification
}

/// Records the last message of a channel. A failure is logged: it costs no message.
async fn record_channel<P: Ports>(
    ports: &P,
    channel: &Channel,
    subject: &Subject<'_>,
    result: &Result<Accepted, DeliveryError>,
) {
    let now = ports.clock().now();
    let event = match subject {
        Subject::Event(event) => Some(event.id),
        _ => None,
    };
    let status = match result {
        Ok(_) => ChannelStatus { delivered: Some(now), event, ..ChannelStatus::default() },
        Err(error) => {
            ChannelStatus { failed: Some(now), reason: Some(error.to_string()), ..ChannelStatus::default() }
        }
    };
    if let Err(error) = channel_status::record(ports.state(), channel.id.as_str(), &status).await {
        tracing::warn!(%error, "failed to record the last message of a channel");
    }
}

/// Records the result of an attempt. Where the claim cannot be written, the message is delivered again after
/// [`ATTEMPT_LIMIT`].
async fn record_outcome<P: Ports>(ports: &P, claim: &Claim, result: &Result<Accepted, DeliveryError>) {
    let state = ports.state();
    let recorded = match result {
        Ok(Accepted { caveats }) => {
            let outcome = match join(caveats) {
                Some(caveat) => format!("delivered {caveat}"),
                None => "delivered".to_owned(),
            };
            claim::finish(state, claim, &outcome).await
        }
        Err(error) => match error.effect() {
            Effect::None => claim::release(state, claim, &error.to_string()).await,
            Effect::Possible | Effect::NotAttempted | Effect::HandedOver => {
                claim::leave_open(state, claim, &error.to_string()).await
            }
        },
    };
    match recorded {
        Ok(Some(_)) => {}
        Ok(None) => tracing::warn!("another delivery acquired the claim during the attempt"),
        Err(error) => tracing::warn!(%error, "failed to record the outcome of an attempt"),
    }
}
