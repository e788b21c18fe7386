//! Carries a release out.

use std::time::Duration;

use camhook_ports::{Clock, EventQueue, Measurements, Ports, Queue};
use camhook_site::{Relay, Site};
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::relay::{self, RelayRecord, RelayState};

use crate::audit::{self, Subject};
use crate::protocol::{SEND_LIMIT, may_still_send};
use crate::release::{self, RETRY_INTERVAL, ReleaseMessage, ReleaseStep, SLOW_RETRY_INTERVAL, TOLD_FAILURE};
use crate::{Command, Decision, Devices, Error, Reason, Sent, Station};

/// How often a release looks again when others move the relay at the same moment, before it waits.
const MOST_LOOKS: usize = 4;

/// How long a release waits for others who move the relay at the same moment.
const SHORT_WAIT: Duration = Duration::from_secs(1);

/// How many releases a device did not confirm, by relay.
pub const RELEASE_FAILURES: &str = "RelayReleaseFailures";

/// What came of a release in this delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discharged {
    /// Nothing is owed.
    Forgotten,
    /// It was sent to the queue again.
    Later,
    /// The device confirmed that it is off.
    Released,
}

/// Switches a relay off when its time is over, or has the queue deliver the message again.
///
/// # Errors
///
/// When the queue does not take the message again; it has to be delivered again by itself then.
pub async fn discharge<P: Ports, D: Devices>(
    ports: &P,
    devices: &D,
    site: &Site,
    station: Station,
    message: &ReleaseMessage,
    measurements: &mut Measurements,
) -> Result<Discharged, Error> {
    let attempted = match site.relay(&message.relay) {
        Some(relay) => attempt(ports, devices, relay, message, measurements).await,
        None => Err(Reason::NotConfigured),
    };
    match attempted {
        Ok(Attempted::Forgotten) => Ok(Discharged::Forgotten),
        Ok(Attempted::Released(answer)) => {
            let subject = subject(message);
            let reason = Reason::TimeOver(answer);
            audit::record(ports, subject, Decision::Released, &reason, measurements).await;
            Ok(Discharged::Released)
        }
        Ok(Attempted::Wait(delay)) => {
            send_again(ports, station, message, delay).await?;
            Ok(Discharged::Later)
        }
        Err(reason) => {
            failed(ports, station, message, &reason, measurements).await?;
            Ok(Discharged::Later)
        }
    }
}

fn subject(message: &ReleaseMessage) -> Subject<'_> {
    let attempt = message.failures.saturating_add(1);
    Subject::Release { relay: &message.relay, generation: message.generation, attempt }
}

enum Attempted {
    Forgotten,
    Wait(Duration),
    Released(String),
}

/// One attempt; the error is why the relay is not known to be off.
async fn attempt<P: Ports, D: Devices>(
    ports: &P,
    devices: &D,
    relay: &Relay,
    message: &ReleaseMessage,
    measurements: &mut Measurements,
) -> Result<Attempted, Reason> {
    let of_table = |error: camhook_state::Error| Reason::NoEffect(error.to_string());
    for _ in 0..MOST_LOOKS {
        let now = ports.clock().now();
        let seen = relay::read(ports.state(), &message.relay).await.map_err(of_table)?;
        let record = match release::next(message, seen.record(), now) {
            ReleaseStep::Forget => return Ok(Attempted::Forgotten),
            ReleaseStep::Wait(delay) => return Ok(Attempted::Wait(delay)),
            ReleaseStep::SwitchOff(record) => *record,
        };
        let written = relay::write(ports.state(), &seen, record, now).await.map_err(of_table)?;
        let Some(written) = written else { continue };
        if !may_still_send(written.record(), ports.clock().now()) {
            return Ok(Attempted::Wait(SHORT_WAIT));
        }
        return switch_off(ports, devices, relay, &written, measurements).await;
    }
    Ok(Attempted::Wait(SHORT_WAIT))
}

async fn switch_off<P: Ports, D: Devices>(
    ports: &P,
    devices: &D,
    relay: &Relay,
    written: &RelayState,
    measurements: &mut Measurements,
) -> Result<Attempted, Reason> {
    let started = ports.clock().elapsed();
    let sent = devices.send(relay, Command::Off, SEND_LIMIT).await;
    let took = ports.clock().elapsed().saturating_sub(started);
    measurements.time(crate::actuate::SEND_TIME, took, [("Driver", relay.driver.name())]);
    let reason = match sent {
        Sent::Confirmed(answer) => {
            let record = release::released(written.record(), ports.clock().now());
            return match keep(ports, written, record).await {
                Kept::Written => Ok(Attempted::Released(answer)),
                // Somebody switched it on meanwhile, or the table does not know yet: look again.
                Kept::Not => Ok(Attempted::Wait(SHORT_WAIT)),
            };
        }
        Sent::NoEffect(reason) => Reason::NoEffect(reason),
        Sent::Forbidden(reason) => Reason::Forbidden(reason),
        Sent::NoWord(reason) => Reason::NoWord(reason),
    };
    keep(ports, written, release::still_owed(written.record())).await;
    Err(reason)
}

enum Kept {
    Written,
    Not,
}

async fn keep<P: Ports>(ports: &P, written: &RelayState, record: RelayRecord) -> Kept {
    match relay::write(ports.state(), written, record, ports.clock().now()).await {
        Ok(Some(_)) => Kept::Written,
        Ok(None) => Kept::Not,
        Err(error) => {
            tracing::warn!(%error, "the relay's item was not written after the release");
            Kept::Not
        }
    }
}

async fn failed<P: Ports>(
    ports: &P,
    station: Station,
    message: &ReleaseMessage,
    reason: &Reason,
    measurements: &mut Measurements,
) -> Result<(), Error> {
    let relay = message.relay.as_str();
    measurements.count(RELEASE_FAILURES, [("Relay", relay)]);
    let mut next = message.clone();
    next.failures = message.failures.saturating_add(1);
    // Recorded as long as it is news: a device that is gone for a week would fill the bucket.
    if next.failures <= TOLD_FAILURE {
        audit::record(ports, subject(message), Decision::Failed, reason, measurements).await;
    } else {
        tracing::warn!(
            relay,
            attempt = next.failures,
            reason = reason.name(),
            "the relay is not released yet"
        );
    }
    if next.failures == TOLD_FAILURE
        && let Err(error) = tell(ports, &next, reason).await
    {
        tracing::warn!(relay, %error, "people could not be told, the next failure will tell them");
        next.failures = message.failures;
    }
    let delay = match reason {
        // Only a person can help here, and until then there is no device to ask.
        Reason::NotConfigured if next.failures >= TOLD_FAILURE => SLOW_RETRY_INTERVAL,
        _ => RETRY_INTERVAL,
    };
    send_again(ports, station, &next, delay).await
}

async fn tell<P: Ports>(ports: &P, message: &ReleaseMessage, reason: &Reason) -> Result<(), Error> {
    let ReleaseMessage { relay, failures, .. } = message;
    let text = format!(
        "Relay {relay} is to be off and may still be on: it was not confirmed {failures} times, {reason}. \
         It is tried again and again until the device confirms."
    );
    let trouble = Alert::new(AlertSubject::Relay(relay.clone()), text, ports.clock().now());
    ports.queues().send(Queue::Notify, trouble.message()?).await?;
    Ok(())
}

/// Sends the message to its queue again, which forgets how often the old one was delivered: a release never
/// ends among the dead letters.
pub(crate) async fn send_again<P: Ports>(
    ports: &P,
    station: Station,
    message: &ReleaseMessage,
    delay: Duration,
) -> Result<(), Error> {
    let unwritable = |reason| Error::Unwritable { relay: message.relay.clone(), reason };
    let message = message.message(delay).map_err(unwritable)?;
    ports.queues().send(station.queue(), message).await?;
    Ok(())
}
