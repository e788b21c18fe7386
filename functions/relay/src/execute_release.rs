//! Executes releases.

use std::time::Duration;

use camhook_consumer::Retry;
use camhook_ports::{Clock, EventQueue, Metrics, Ports, Queue};
use camhook_site::{Relay, Site, Via};
use camhook_state::Error as StateError;
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::relay::{self, RelayRecord, RelayState, ReleaseAudit, ReleaseFailures};
use camhook_state::release::LONGEST_DELAY;
use tracing::Instrument;

use crate::audit::{self, Subject};
use crate::protocol::{SEND_LIMIT, may_still_send};
use crate::release::{
    self, ALERTED_FAILURES, AuditWrite, LONGEST_WAIT, ReleaseMessage, ReleaseStep, record_end,
};
use crate::{Decision, DeviceCommand, Devices, Error, Executor, Reason, SendOutcome};

/// How often a release reads the relay's item again if others change it, before it waits.
const MAX_READS: usize = 4;

/// The delay while others switch the relay.
const SHORT_WAIT: Duration = Duration::from_secs(1);

/// The delay after a failure of the table.
const TABLE_WAIT: Duration = Duration::from_secs(10);

/// Metric: attempts that the device did not confirm, by relay.
pub const RELEASE_FAILURES: &str = "RelayReleaseFailures";

/// Switches a relay off when its time is over.
///
/// # Errors
///
/// When the message has to be delivered again, with the delay: the relay's time is not over, the device did not confirm,
/// or an AWS service failed.
pub async fn execute_release<P: Ports, D: Devices>(
    ports: &P,
    devices: &D,
    site: &Site,
    executor: Executor,
    message: &ReleaseMessage,
) -> Result<(), Retry> {
    let relay = message.relay.as_str();
    let span = tracing::info_span!(
        "release",
        relay,
        generation = message.generation,
        attempt = tracing::field::Empty
    );
    Box::pin(execute(ports, devices, site, executor, message).instrument(span)).await
}

async fn execute<P: Ports, D: Devices>(
    ports: &P,
    devices: &D,
    site: &Site,
    executor: Executor,
    message: &ReleaseMessage,
) -> Result<(), Retry> {
    let relay = site.relay(&message.relay);
    if let Some(relay) = relay
        && relay.via == Via::Agent
        && executor == Executor::Function
    {
        return pass_to_agent(ports, message).await;
    }
    let attempted = match attempt(ports, devices, relay, message).await {
        Ok(attempted) => attempted,
        Err(error) => return Err(Retry::failed("error", error.to_string()).exactly_after(TABLE_WAIT)),
    };
    match attempted {
        Attempted::Dropped(state) => {
            record_end(ports, &message.relay, &state, AuditWrite::Recovery).await;
            Ok(())
        }
        Attempted::Released(state) => {
            record_end(ports, &message.relay, &state, AuditWrite::First).await;
            Ok(())
        }
        Attempted::Waiting(delay) => Err(Retry::waiting("not_due").exactly_after(delay.min(LONGEST_WAIT))),
        Attempted::NotConfirmed { reason, retry_after, state } => {
            Err(not_confirmed(ports, message, &reason, retry_after, &state).await)
        }
    }
}

/// Forwards the release of a relay that an agent switches now.
async fn pass_to_agent<P: Ports>(ports: &P, message: &ReleaseMessage) -> Result<(), Retry> {
    let message = message.message(Duration::ZERO)?;
    ports.queues().send(Queue::ReleasesLan, message).await?;
    tracing::info!("handed the release over to the agent");
    Ok(())
}

enum Attempted {
    Dropped(Box<RelayState>),
    Waiting(Duration),
    Released(Box<RelayState>),
    NotConfirmed { reason: Reason, retry_after: Option<Duration>, state: Box<RelayState> },
}

/// Makes one attempt. `relay` is `None` if camhook.toml no longer contains it.
async fn attempt<P: Ports, D: Devices>(
    ports: &P,
    devices: &D,
    relay: Option<&Relay>,
    message: &ReleaseMessage,
) -> Result<Attempted, StateError> {
    for _ in 0..MAX_READS {
        let now = ports.clock().now();
        let seen = relay::read(ports.state(), &message.relay).await?;
        let record = match release::next(message, seen.record(), now) {
            ReleaseStep::Drop => return Ok(Attempted::Dropped(Box::new(seen))),
            ReleaseStep::Wait(delay) => return Ok(Attempted::Waiting(delay)),
            ReleaseStep::SwitchOff(record) => *record,
        };
        let Some(written) = relay::write(ports.state(), &seen, record, now).await? else { continue };
        let Some(relay) = relay else {
            let reason = Reason::NotConfigured;
            return Ok(Attempted::NotConfirmed { reason, retry_after: None, state: Box::new(written) });
        };
        if !may_still_send(written.record(), ports.clock().now()) {
            return Ok(Attempted::Waiting(SHORT_WAIT));
        }
        tracing::Span::current().record("attempt", attempt_number(written.record()));
        return Ok(switch_off(ports, devices, relay, message, written).await);
    }
    Ok(Attempted::Waiting(SHORT_WAIT))
}

async fn switch_off<P: Ports, D: Devices>(
    ports: &P,
    devices: &D,
    relay: &Relay,
    message: &ReleaseMessage,
    written: RelayState,
) -> Attempted {
    let started = ports.clock().elapsed();
    let outcome = devices.send(relay, DeviceCommand::Off, SEND_LIMIT).await;
    let took = ports.clock().elapsed().saturating_sub(started);
    ports.metrics().time(crate::actuate::SEND_TIME, took, [("Driver", relay.driver.name())]);
    let (reason, retry_after) = match outcome {
        SendOutcome::Confirmed(answer) => {
            let now = ports.clock().now();
            let audit = ReleaseAudit {
                generation: message.generation,
                attempt: attempt_number(written.record()),
                decision: audit::decided(Decision::Released, &Reason::TimeOver(answer), now),
            };
            let record = release::released(written.record(), audit, now);
            return match write(ports, &written, record).await {
                Written::Yes(state) => Attempted::Released(state),
                // Another event switched the relay meanwhile, or the table failed: read the item again.
                Written::No => Attempted::Waiting(SHORT_WAIT),
            };
        }
        SendOutcome::NotExecuted(reason) | SendOutcome::NotAttempted(reason) => {
            (Reason::NotExecuted(reason), None)
        }
        SendOutcome::Deferred { reason, retry_after } => (Reason::NotExecuted(reason), retry_after),
        SendOutcome::Forbidden(reason) => (Reason::Forbidden(reason), None),
        SendOutcome::Unconfirmed(reason) | SendOutcome::WithoutTimer(reason) => {
            (Reason::Unconfirmed(reason), None)
        }
    };
    Attempted::NotConfirmed { reason, retry_after, state: Box::new(written) }
}

/// The number of this attempt, counted from 1.
fn attempt_number(record: &RelayRecord) -> u32 {
    record.release_failures.as_ref().map_or(0, |failures| failures.count).saturating_add(1)
}

enum Written {
    Yes(Box<RelayState>),
    No,
}

async fn write<P: Ports>(ports: &P, state: &RelayState, record: RelayRecord) -> Written {
    match relay::write(ports.state(), state, record, ports.clock().now()).await {
        Ok(Some(written)) => Written::Yes(Box::new(written)),
        Ok(None) => Written::No,
        Err(error) => {
            tracing::warn!(%error, "failed to write the relay's item after the release");
            Written::No
        }
    }
}

async fn record<P: Ports>(
    ports: &P,
    message: &ReleaseMessage,
    attempt: u32,
    decision: Decision,
    reason: &Reason,
) {
    let subject = Subject::Release { relay: &message.relay, generation: message.generation, attempt };
    let decided = audit::decided(decision, reason, ports.clock().now());
    audit::record(ports, subject, &decided).await;
}

/// Records an attempt that the device did not confirm, sends an alert if one is due, and returns the retry.
async fn not_confirmed<P: Ports>(
    ports: &P,
    message: &ReleaseMessage,
    reason: &Reason,
    retry_after: Option<Duration>,
    state: &RelayState,
) -> Retry {
    let relay = message.relay.as_str();
    let now = ports.clock().now();
    ports.metrics().count(RELEASE_FAILURES, [("Relay", relay)]);
    let mut pending = release::not_confirmed(state.record(), retry_after, now);
    let mut delay = LONGEST_DELAY;
    if let Some(failures) = &mut pending.release_failures {
        delay = crate::protocol::time_until(failures.next, now);
        let is_alert_due = release::needs_alert(failures, now);
        // Not every attempt: a device that is gone for a week would fill the bucket.
        if failures.count <= ALERTED_FAILURES || is_alert_due {
            record(ports, message, failures.count, Decision::Failed, reason).await;
        }
        if is_alert_due {
            match send_alert(ports, message, failures, reason).await {
                Ok(()) => failures.alerted = Some(now),
                Err(error) => tracing::warn!(%error, "failed to send the alert, the next failure sends it"),
            }
        }
    }
    if let Written::No = write(ports, state, pending).await {
        delay = delay.min(TABLE_WAIT);
    }
    // Without the device's answer, which is in the audit record.
    Retry::failed("not_confirmed", format!("relay {relay} is not confirmed off: {}", reason.name()))
        .exactly_after(delay)
}

async fn send_alert<P: Ports>(
    ports: &P,
    message: &ReleaseMessage,
    failures: &ReleaseFailures,
    reason: &Reason,
) -> Result<(), Error> {
    let ReleaseMessage { relay, .. } = message;
    let text = format!(
        "Relay {relay} should be off and may still be on: {} attempts since {:.0} were not confirmed, {reason}. It is \
         retried until the device confirms. If you have switched it off yourself: camhook relays confirm-off {relay}",
        failures.count, failures.since,
    );
    let alert = Alert::new(AlertSubject::Relay(relay.clone()), text, ports.clock().now());
    ports.queues().send(Queue::Alerts, alert.message()?).await?;
    Ok(())
}
