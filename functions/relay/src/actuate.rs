//! Carries the steps of an actuation out.
//!
//! What follows from what is decided by [`protocol::next`]; here stand the ports only.

use std::time::Duration;

use camhook_ports::{Clock, EventQueue, Measurements, Ports, Queue};
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::claim::{self, Acquisition, Claim, Effect};
use camhook_state::relay::{self, RelayState};
use camhook_state::{control, cooldown, dedupe};
use futures_util::future::try_join3;
use jiff::Timestamp;

use crate::audit::{self, Subject};
use crate::command::CommandMessage;
use crate::protocol::{
    self, ClaimEnd, ClaimKnown, End, FailedAction, Known, Pause, Prepared, Release, SEND_LIMIT, Step,
    time_until,
};
use crate::release::ReleaseMessage;
use crate::{Command, Decision, Devices, Error, Order, Sent};

/// How long a device was spoken to, by driver.
pub const SEND_TIME: &str = "RelaySendTime";

/// How many steps one delivery takes at most. The way has ten; more are needed only when others move the
/// same relay at the same time.
const MOST_STEPS: usize = 40;

/// What came of an action in this delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actuated {
    /// It is decided.
    Decided(Decision),
    /// It is the agent's.
    HandedOver,
    /// Another delivery of the event has to come.
    Later(Pause),
}

/// What this delivery holds beside what is known.
struct Progress {
    known: Known,
    relay: RelayState,
    claim: Option<Claim>,
}

/// Where the steps led.
enum Advanced {
    Ended(Box<End>),
    HandedOver,
    Paused(Pause),
}

/// Carries out what a rule wants of a relay because of an event, or says why not.
///
/// # Errors
///
/// When the table or a queue fails. What this delivery had begun is taken back as far as the table lets it;
/// the event has to be delivered again.
pub async fn actuate<P: Ports, D: Devices>(
    ports: &P,
    devices: &D,
    order: &Order<'_>,
    measurements: &mut Measurements,
) -> Result<Actuated, Error> {
    let mut progress = read(ports, order).await?;
    match advance(ports, devices, order, &mut progress, measurements).await {
        Ok(Advanced::Ended(end)) => finish(ports, order, progress, *end, measurements).await,
        Ok(Advanced::HandedOver) => {
            tracing::info!(
                relay = order.relay.id.as_str(),
                rule = order.rule,
                event = %order.event,
                "handed over to the agent"
            );
            Ok(Actuated::HandedOver)
        }
        Ok(Advanced::Paused(pause)) => {
            take_back(ports, order, &mut progress, &pause.to_string()).await;
            tracing::info!(
                relay = order.relay.id.as_str(),
                rule = order.rule,
                event = %order.event,
                pause = %pause,
                "the relay's turn comes later"
            );
            Ok(Actuated::Later(pause))
        }
        Err(error) => {
            take_back(ports, order, &mut progress, "camhook could not go on, nothing was sent").await;
            Err(error)
        }
    }
}

async fn read<P: Ports>(ports: &P, order: &Order<'_>) -> Result<Progress, Error> {
    let now = ports.clock().now();
    let claim_key = order.claim();
    let (stop, found, relay) = try_join3(
        control::stop_switch(ports.state()),
        claim::find(ports.state(), &claim_key, now),
        relay::read(ports.state(), order.relay.id.as_str()),
    )
    .await?;
    let known = Known {
        now,
        stop,
        stop_before_sending: None,
        claim: found.map_or(ClaimKnown::Free, ClaimKnown::Found),
        relay: relay.record().clone(),
        once: None,
        cooldown: None,
        prepared: None,
        sent: None,
    };
    Ok(Progress { known, relay, claim: None })
}

async fn advance<P: Ports, D: Devices>(
    ports: &P,
    devices: &D,
    order: &Order<'_>,
    progress: &mut Progress,
    measurements: &mut Measurements,
) -> Result<Advanced, Error> {
    for _ in 0..MOST_STEPS {
        let now = ports.clock().now();
        progress.known.now = now;
        match protocol::next(order, &progress.known) {
            Step::AskOnce => {
                let key = order.once.unwrap_or_default();
                let answer = dedupe::dedupe(ports.state(), key, order.rule, order.event, now).await;
                progress.known.once = Some(answer.map_err(|error| Error::of_once(order.rule, error))?);
            }
            Step::ReserveCooldown { length } => {
                let key = order.cooldown_key();
                let answer = cooldown::reserve(ports.state(), key, order.event, length, now).await?;
                progress.known.cooldown = Some(answer);
            }
            Step::TakeClaim => take_claim(ports, order, progress, now).await?,
            Step::Prepare(prepared) => prepare(ports, order, progress, *prepared, now).await?,
            Step::QueueRelease { on_until, generation } => {
                queue_release(ports, order, on_until, generation).await?;
                if let Some(prepared) = &mut progress.known.prepared {
                    prepared.release = Release::Queued;
                }
            }
            Step::ReadStopSwitch => {
                progress.known.stop_before_sending = Some(control::stop_switch(ports.state()).await?);
            }
            Step::Send(command) => {
                progress.known.sent = Some(send(ports, devices, order, command, measurements).await);
            }
            Step::HandOver => return hand_over(ports, order, progress).await,
            Step::Retry(pause) => return Ok(Advanced::Paused(pause)),
            Step::Finish(end) => return Ok(Advanced::Ended(end)),
        }
    }
    Err(Error::Contended { relay: order.relay.id.as_str().to_owned() })
}

fn unwritable(order: &Order<'_>, reason: serde_json::Error) -> Error {
    Error::Unwritable { relay: order.relay.id.as_str().to_owned(), reason }
}

async fn take_claim<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    progress: &mut Progress,
    now: Timestamp,
) -> Result<(), Error> {
    let found = match claim::take(ports.state(), &order.claim(), now).await? {
        Acquisition::Taken(claim) => {
            hold(progress, claim);
            return Ok(());
        }
        Acquisition::AlreadyTaken(claim) | Acquisition::Settled(claim) => claim,
    };
    let unchanged = progress.known.claim == ClaimKnown::Found(found.record().clone());
    if unchanged
        && matches!(found.record().effect, Effect::None | Effect::HandedOver)
        && let Some(claim) = claim::take_again(ports.state(), &found, now).await?
    {
        hold(progress, claim);
        return Ok(());
    }
    // Another delivery was faster; what it made of the claim decides.
    let claim = claim::find(ports.state(), &order.claim(), now).await?;
    progress.known.claim = claim.map_or(ClaimKnown::Free, ClaimKnown::Found);
    Ok(())
}

/// Gives the claim to the agent, then the command. In this order the agent never waits for the claim; should the
/// command not reach the queue, the next delivery of the event finds the claim and hands it over again.
async fn hand_over<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    progress: &mut Progress,
) -> Result<Advanced, Error> {
    if let Some(claim) = progress.claim.take() {
        let given = claim::hand_over(ports.state(), &claim, "handed over to the agent").await?;
        if given.is_none() {
            return Ok(Advanced::Paused(Pause::AtWork));
        }
    }
    let message = CommandMessage::of(order).message().map_err(|reason| unwritable(order, reason))?;
    ports.queues().send(Queue::RelayLan, message).await?;
    Ok(Advanced::HandedOver)
}

fn hold(progress: &mut Progress, claim: Claim) {
    progress.known.claim = ClaimKnown::Held;
    progress.claim = Some(claim);
}

async fn prepare<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    progress: &mut Progress,
    prepared: Prepared,
    now: Timestamp,
) -> Result<(), Error> {
    let written = relay::write(ports.state(), &progress.relay, prepared.written.clone(), now).await?;
    if let Some(written) = written {
        progress.relay = written;
        progress.known.prepared = Some(prepared);
        return Ok(());
    }
    progress.relay = relay::read(ports.state(), order.relay.id.as_str()).await?;
    progress.known.relay = progress.relay.record().clone();
    Ok(())
}

async fn queue_release<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    on_until: Timestamp,
    generation: u64,
) -> Result<(), Error> {
    let delay = time_until(on_until, ports.clock().now());
    let release = ReleaseMessage::new(order.relay.id.as_str(), generation);
    let message = release.message(delay).map_err(|reason| unwritable(order, reason))?;
    ports.queues().send(order.station.queue(), message).await?;
    Ok(())
}

async fn send<P: Ports, D: Devices>(
    ports: &P,
    devices: &D,
    order: &Order<'_>,
    command: Command,
    measurements: &mut Measurements,
) -> Sent {
    let started = ports.clock().elapsed();
    let left = time_until(order.deadline, ports.clock().now()).min(SEND_LIMIT);
    let sent = devices.send(order.relay, command, left).await;
    let took = ports.clock().elapsed().saturating_sub(started);
    measurements.time(SEND_TIME, took, [("Driver", order.relay.driver.name())]);
    sent
}

/// Takes back what this delivery wrote for an action that it did not carry out.
async fn take_back<P: Ports>(ports: &P, order: &Order<'_>, progress: &mut Progress, outcome: &str) {
    settle_relay(ports, order, progress).await;
    let Some(claim) = progress.claim.take() else { return };
    match claim::release(ports.state(), &claim, outcome).await {
        Ok(_) => {}
        Err(error) => tracing::warn!(
            relay = order.relay.id.as_str(),
            rule = order.rule,
            event = %order.event,
            %error,
            "the claim was not given back: the action will count as unknown"
        ),
    }
}

/// Writes what the relay is now that nobody here speaks to it any more. When that fails it is busy for a few
/// seconds too long, and what was written before it was spoken to stays: rather too much than too little.
async fn settle_relay<P: Ports>(ports: &P, order: &Order<'_>, progress: &mut Progress) {
    let Some(prepared) = progress.known.prepared.take() else { return };
    let now = ports.clock().now();
    let record = protocol::settled(&prepared, progress.known.sent.as_ref(), now);
    match relay::write(ports.state(), &progress.relay, record, now).await {
        Ok(Some(written)) => progress.relay = written,
        Ok(None) => tracing::warn!(
            relay = order.relay.id.as_str(),
            event = %order.event,
            "the relay was moved by somebody else meanwhile"
        ),
        Err(error) => tracing::warn!(
            relay = order.relay.id.as_str(),
            event = %order.event,
            %error,
            "the relay's item was not written after it was switched"
        ),
    }
}

async fn finish<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    mut progress: Progress,
    end: End,
    measurements: &mut Measurements,
) -> Result<Actuated, Error> {
    settle_relay(ports, order, &mut progress).await;
    // People are told before the claim says that nothing is left to do: told twice is better than never.
    if end.trouble == FailedAction::Tell
        && let Err(error) = tell(ports, order, &end).await
    {
        if end.decision != Decision::Unknown {
            take_back(ports, order, &mut progress, &end.reason.to_string()).await;
        }
        return Err(error);
    }
    let attempt = attempt(&progress);
    if let Err(error) = settle_claim(ports, order, progress, &end).await {
        tracing::error!(
            relay = order.relay.id.as_str(),
            rule = order.rule,
            event = %order.event,
            %error,
            "the decision was not kept: another delivery of the event may decide anew"
        );
    }
    let acted = matches!(end.decision, Decision::Done | Decision::Unknown | Decision::DryRun);
    if let (true, Some(length)) = (acted, order.cooldown)
        && let Err(error) = confirm_cooldown(ports, order, length).await
    {
        tracing::warn!(rule = order.rule, source = order.source, %error, "the cooldown was not confirmed");
    }
    let subject = Subject::Actuation { order, attempt };
    audit::record(ports, subject, end.decision, &end.reason, measurements).await;
    Ok(Actuated::Decided(end.decision))
}

fn attempt(progress: &Progress) -> Option<u32> {
    match (&progress.claim, &progress.known.claim) {
        (Some(claim), _) => Some(claim.record().attempt),
        (None, ClaimKnown::Found(record)) => Some(record.attempt),
        (None, ClaimKnown::Free | ClaimKnown::Held) => None,
    }
}

async fn confirm_cooldown<P: Ports>(ports: &P, order: &Order<'_>, length: Duration) -> Result<(), Error> {
    let now = ports.clock().now();
    cooldown::confirm(ports.state(), order.cooldown_key(), order.event, length, now).await?;
    Ok(())
}

async fn tell<P: Ports>(ports: &P, order: &Order<'_>, end: &End) -> Result<(), Error> {
    let relay = order.relay.id.as_str();
    let text = format!(
        "Relay {relay}: {} for rule {} is {}, {}. It will not be tried again.",
        order.action.name(),
        order.rule,
        end.decision,
        end.reason
    );
    let trouble = Alert::new(AlertSubject::Relay(relay.to_owned()), text, ports.clock().now());
    ports.queues().send(Queue::Notify, trouble.message()?).await?;
    Ok(())
}

/// Keeps the decision in the claim, so that every later delivery finds it.
async fn settle_claim<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    progress: Progress,
    end: &End,
) -> Result<(), Error> {
    if end.claim == ClaimEnd::Leave {
        return Ok(());
    }
    let claim = match progress.claim {
        Some(claim) => claim,
        None => match claim_to_settle(ports, order, &progress.known.claim).await? {
            Some(claim) => claim,
            None => return Ok(()),
        },
    };
    let outcome = format!("{}: {}", end.decision, end.reason);
    let settled = match end.claim {
        ClaimEnd::Unknown => claim::leave_unknown(ports.state(), &claim, &outcome).await?,
        ClaimEnd::Done | ClaimEnd::Leave => claim::finish(ports.state(), &claim, &outcome).await?,
    };
    if settled.is_none() {
        tracing::info!(
            relay = order.relay.id.as_str(),
            rule = order.rule,
            event = %order.event,
            "another delivery decided at the same time"
        );
    }
    Ok(())
}

/// The claim of an action that was decided without taking it; `None` when another delivery changed it.
async fn claim_to_settle<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    known: &ClaimKnown,
) -> Result<Option<Claim>, Error> {
    let taking = claim::take(ports.state(), &order.claim(), ports.clock().now()).await?;
    Ok(match taking {
        Acquisition::Taken(claim) => Some(claim),
        Acquisition::AlreadyTaken(claim) => {
            (*known == ClaimKnown::Found(claim.record().clone())).then_some(claim)
        }
        Acquisition::Settled(_) => None,
    })
}
