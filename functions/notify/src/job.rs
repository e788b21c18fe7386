//! One message to one channel, of which a claim says what became of it.

use std::time::Duration;

use camhook_outbound::Client;
use camhook_ports::{Clock, Measurements, Ports};
use camhook_site::Channel;
use camhook_state::claim::{self, Acquisition, Claim, ClaimKey, Effect};

use crate::handle::NOTIFICATIONS;
use crate::retry::{ATTEMPT_LIMIT, SOON};
use crate::told::Told;
use crate::{Error, NotTold, Notification, channel};

/// What a claim says of a message that is to be sent.
#[derive(Debug)]
pub(crate) enum Turn {
    /// It is ours to send.
    Send(Claim),
    /// It was sent.
    Settled,
    /// Another delivery is at it: look again after this long.
    Busy(Duration),
}

/// Takes the claim of a message, or takes it again where an earlier attempt ended without success.
pub(crate) async fn claim_turn<P: Ports>(ports: &P, key: &ClaimKey<'_>) -> Result<Turn, Error> {
    let now = ports.clock().now();
    let held = match claim::take(ports.state(), key, now).await? {
        Acquisition::Taken(claim) => return Ok(Turn::Send(claim)),
        Acquisition::Settled(_) => return Ok(Turn::Settled),
        Acquisition::AlreadyTaken(claim) => claim,
    };
    let age = Duration::try_from(now.duration_since(held.record().since)).unwrap_or_default();
    if !held.record().has_ended() && age < ATTEMPT_LIMIT {
        return Ok(Turn::Busy(ATTEMPT_LIMIT.saturating_sub(age)));
    }
    Ok(claim::take_again(ports.state(), &held, now).await?.map_or(Turn::Busy(SOON), Turn::Send))
}

/// Sends a message whose claim is ours, and notes in the claim what became of it.
pub(crate) async fn send<P: Ports>(
    ports: &P,
    client: &Client,
    channel: &Channel,
    notification: &Notification<'_>,
    claim: &Claim,
    measurements: &mut Measurements,
) -> Told {
    let kind = channel.kind.name();
    let started = ports.clock().elapsed();
    let outcome = channel::tell(ports, client, channel, notification).await;
    let took = ports.clock().elapsed().saturating_sub(started);
    measurements.time("NotificationTime", took, [("Channel", kind)]);
    let name = if outcome.is_ok() { "told" } else { "failed" };
    measurements.count(NOTIFICATIONS, [("Channel", kind), ("Outcome", name)]);
    note(ports, claim, &outcome, &notification.id).await;
    match outcome {
        Ok(()) => {
            tracing::info!(message = notification.id, channel = channel.id.as_str(), "told");
            Told::Now
        }
        Err(error) => {
            let attempt = claim.record().attempt;
            tracing::warn!(
                message = notification.id,
                channel = channel.id.as_str(),
                attempt,
                %error,
                "the channel was not told"
            );
            Told::Failed { channel: channel.id.clone(), error }
        }
    }
}

/// Notes what became of an attempt. A claim that cannot be written keeps its message until
/// [`ATTEMPT_LIMIT`] is over; it may then be sent a second time.
async fn note<P: Ports>(ports: &P, claim: &Claim, outcome: &Result<(), NotTold>, message: &str) {
    let state = ports.state();
    let noted = match outcome {
        Ok(()) => claim::finish(state, claim, "told").await,
        Err(error) => match error.effect() {
            Effect::None => claim::release(state, claim, &error.to_string()).await,
            Effect::Possible | Effect::HandedOver => {
                claim::leave_open(state, claim, &error.to_string()).await
            }
        },
    };
    match noted {
        Ok(Some(_)) => {}
        Ok(None) => tracing::warn!(message, "another delivery took the message over while it was sent"),
        Err(error) => tracing::warn!(message, %error, "what became of the message is not noted"),
    }
}
