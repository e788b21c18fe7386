//! Executes the steps of one action.
//!
//! [`protocol::next`] decides which step is next; this module calls the ports.

use std::time::Duration;

use camhook_event::EventId;
use camhook_ports::{Clock, EventQueue, Metrics, Ports, Queue};
use camhook_site::RelayAction;
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::claim::{self, Acquisition, Claim, ClaimKey, ClaimRecord, DecisionRecord, Effect, Holder};
use camhook_state::dedupe::{Dedupe, TakeOver};
use camhook_state::relay::{self, RelayRecord, RelayState};
use camhook_state::{control, cooldown, dedupe};
use futures_util::future::try_join3;
use jiff::Timestamp;
use tracing::Instrument;

use crate::audit::{self, Subject};
use crate::command::{DedupeKey, Ownership, Redelivery};
use crate::command_message::CommandMessage;
use crate::decision::Earlier;
use crate::protocol::{
    self, AlertPolicy, ClaimEffect, ClaimStatus, CooldownEffect, Deciding, Pause, Phase, Prepared,
    ReleaseStatus, SEND_LIMIT, Sent, Step, Verdict, time_until,
};
use crate::release::ReleaseMessage;
use crate::{Decision, DeviceCommand, Devices, Error, Executor, Reason, RelayCommand, SendOutcome};

/// Metric: how long a device took to answer, by driver.
pub const SEND_TIME: &str = "RelaySendTime";

/// The most steps of one delivery. An action has ten; more are needed only if others switch the same relay at the same
/// time.
const MAX_STEPS: usize = 40;

/// The outcome of an action in this delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionOutcome {
    /// The action is decided.
    Decided {
        /// The decision.
        decision: Decision,
        /// The effect on the rule's cooldown. `Charge` is done; `Return` is left to the caller, which knows all actions
        /// of the rule.
        cooldown: CooldownEffect,
        /// The decision with its reason: the earlier one, if an earlier delivery decided; `None` if that is not known.
        record: Option<DecisionRecord>,
    },
    /// The command is in the agent's queue.
    HandedOver,
    /// The event has to be delivered again.
    Retry(Pause),
}

/// The state of this delivery.
struct Progress {
    phase: Phase,
    relay: RelayState,
    claim: Option<Claim>,
    /// The number of the last known attempt, counted from 1.
    attempt: Option<u32>,
}

/// The result of the steps.
enum Advanced {
    Decided(Box<Verdict>),
    HandedOver,
    Paused(Pause),
}

/// Executes one relay action of a rule, or records why not.
///
/// # Errors
///
/// When the table or a queue fails. The changes of this delivery are rolled back as far as possible; the event has to
/// be delivered again.
pub async fn actuate<P: Ports, D: Devices>(
    ports: &P,
    devices: &D,
    command: &RelayCommand<'_>,
) -> Result<ActionOutcome, Error> {
    let span = tracing::info_span!(
        "action",
        event = %command.event,
        source = command.source,
        rule = command.rule,
        relay = command.relay.id.as_str(),
        attempt = tracing::field::Empty,
    );
    // Boxed: the nested futures of the callers exceed the compiler's depth limit for layouts.
    Box::pin(run(ports, devices, command).instrument(span)).await
}

async fn run<P: Ports, D: Devices>(
    ports: &P,
    devices: &D,
    command: &RelayCommand<'_>,
) -> Result<ActionOutcome, Error> {
    let mut progress = match read(ports, command).await {
        Ok(progress) => progress,
        Err(error) => {
            record_last_failure(ports, command, None, &error).await;
            return Err(error);
        }
    };
    match advance(ports, devices, command, &mut progress).await {
        Ok(Advanced::Decided(verdict)) => finish(ports, command, progress, *verdict).await,
        Ok(Advanced::HandedOver) => {
            tracing::info!("handed the relay command over to the agent");
            Ok(ActionOutcome::HandedOver)
        }
        Ok(Advanced::Paused(pause)) => {
            let not_before = pause.delay().and_then(|delay| ports.clock().now().checked_add(delay).ok());
            roll_back(ports, command, &mut progress, &pause.outcome(), not_before).await;
            tracing::info!(reason = pause.name(), "postponed the relay action");
            Ok(ActionOutcome::Retry(pause))
        }
        Err(error) => {
            let outcome = "an AWS service failed before the command was sent";
            roll_back(ports, command, &mut progress, outcome, None).await;
            record_last_failure(ports, command, progress.attempt, &error).await;
            Err(error)
        }
    }
}

/// Records an action that failed in the last delivery of its event. The message becomes a dead letter, which sends the
/// alert.
async fn record_last_failure<P: Ports>(
    ports: &P,
    command: &RelayCommand<'_>,
    attempt: Option<u32>,
    error: &Error,
) {
    match command.redelivery {
        Redelivery::After(_) => {}
        Redelivery::Never => {
            let reason = Reason::NotDelivered(error.to_string());
            let decided = audit::decided(Decision::Failed, &reason, ports.clock().now());
            audit::record(ports, Subject::Actuation { command, attempt }, &decided).await;
        }
    }
}

async fn read<P: Ports>(ports: &P, command: &RelayCommand<'_>) -> Result<Progress, Error> {
    let now = ports.clock().now();
    let claim_key = command.claim();
    let (stop, found, relay) = try_join3(
        control::stop_switch(ports.state()),
        claim::find(ports.state(), &claim_key, now),
        relay::read(ports.state(), command.relay.id.as_str()),
    )
    .await?;
    let attempt = found.as_ref().map(|record| record.attempt);
    let deciding = Deciding {
        stop,
        claim: found.map_or(ClaimStatus::Free, ClaimStatus::Found),
        relay: relay.record().clone(),
        dedupe: None,
        cooldown: None,
    };
    Ok(Progress { phase: Phase::Deciding(Box::new(deciding)), relay, claim: None, attempt })
}

async fn advance<P: Ports, D: Devices>(
    ports: &P,
    devices: &D,
    command: &RelayCommand<'_>,
    progress: &mut Progress,
) -> Result<Advanced, Error> {
    for _ in 0..MAX_STEPS {
        let now = ports.clock().now();
        match protocol::next(command, &progress.phase, now) {
            Step::HandOver => return hand_over(ports, command, progress).await,
            Step::LeaveToAgent => return Ok(Advanced::HandedOver),
            Step::Retry(pause) => return Ok(Advanced::Paused(pause)),
            Step::Finish(verdict) => return Ok(Advanced::Decided(verdict)),
            step => execute_step(ports, devices, command, progress, step, now).await?,
        }
    }
    Err(Error::Contended { relay: command.relay.id.as_str().to_owned() })
}

/// Executes a step that is followed by another one.
async fn execute_step<P: Ports, D: Devices>(
    ports: &P,
    devices: &D,
    command: &RelayCommand<'_>,
    progress: &mut Progress,
    step: Step,
    now: Timestamp,
) -> Result<(), Error> {
    match (&mut progress.phase, step) {
        (Phase::Deciding(deciding), Step::Dedupe) => {
            deciding.dedupe = Some(check_dedupe(ports, command, now).await?);
        }
        (Phase::Deciding(deciding), Step::ReserveCooldown { length }) => {
            let (key, holder) = (command.cooldown_key(), cooldown::Holder::Relay);
            let reserved = cooldown::reserve_as(ports.state(), holder, key, command.event, length, now);
            deciding.cooldown = Some(reserved.await?);
        }
        (Phase::Deciding(deciding), Step::TakeClaim) => {
            let status = take_claim(ports, command, &deciding.claim, now).await?;
            match status {
                Taken::Claim(claim) => {
                    deciding.claim = ClaimStatus::Held;
                    let attempt = claim.record().attempt;
                    tracing::Span::current().record("attempt", attempt);
                    progress.attempt = Some(attempt);
                    progress.claim = Some(claim);
                }
                Taken::ByAnother(status) => deciding.claim = status,
            }
        }
        (Phase::Deciding(deciding), Step::Prepare(prepared)) => {
            let written = relay::write(ports.state(), &progress.relay, prepared.written.clone(), now).await?;
            if let Some(written) = written {
                progress.relay = written;
                progress.phase = Phase::Prepared(prepared);
            } else {
                progress.relay = relay::read(ports.state(), command.relay.id.as_str()).await?;
                deciding.relay = progress.relay.record().clone();
            }
        }
        (Phase::Prepared(prepared), Step::QueueRelease { on_until, generation }) => {
            queue_release(ports, command, on_until, generation).await?;
            prepared.release = ReleaseStatus::Queued;
        }
        (Phase::Prepared(prepared), Step::ReadStopSwitch) => {
            prepared.stop = Some(control::stop_switch(ports.state()).await?);
        }
        (Phase::Prepared(prepared), Step::Send(device_command)) => {
            let mut prepared = prepared.as_ref().clone();
            let outcome = send(ports, devices, command, device_command).await;
            if let SendOutcome::WithoutTimer(_) = outcome {
                prepared.release = replace_timer(ports, command, &prepared).await;
            }
            progress.phase = Phase::Sent(Box::new(Sent { prepared, outcome }));
        }
        (_, _) => {}
    }
    Ok(())
}

/// Checks all deduplication keys: whether this event is the one that switches the relay.
async fn check_dedupe<P: Ports>(
    ports: &P,
    command: &RelayCommand<'_>,
    now: Timestamp,
) -> Result<Dedupe, Error> {
    let mut result = Dedupe::First;
    for DedupeKey { key, scope, lifetime, ownership } in &command.dedupe {
        let checked = dedupe::dedupe_for(ports.state(), key, scope, command.event, *lifetime, now).await;
        result = checked.map_err(|error| Error::of_dedupe(command.rule, error))?;
        if let (Dedupe::Duplicate(from), Ownership::UntilNothingWasDone) = (result, ownership)
            && has_done_nothing(ports, command, from, now).await?
        {
            let events = TakeOver { from, to: command.event };
            let taken = dedupe::take_over(ports.state(), key, scope, events, *lifetime, now).await;
            result = taken.map_err(|error| Error::of_dedupe(command.rule, error))?;
        }
        if matches!(result, Dedupe::Duplicate(_)) {
            break;
        }
    }
    Ok(result)
}

/// Whether this action was decided for another event without doing anything.
async fn has_done_nothing<P: Ports>(
    ports: &P,
    command: &RelayCommand<'_>,
    event: EventId,
    now: Timestamp,
) -> Result<bool, Error> {
    let claim = claim::find(ports.state(), &ClaimKey { event, ..command.claim() }, now).await?;
    Ok(claim.is_some_and(|claim| protocol::did_nothing(&claim)))
}

fn unwritable(command: &RelayCommand<'_>, reason: serde_json::Error) -> Error {
    Error::Unwritable { relay: command.relay.id.as_str().to_owned(), reason }
}

enum Taken {
    Claim(Claim),
    /// Another delivery took or changed the claim.
    ByAnother(ClaimStatus),
}

async fn take_claim<P: Ports>(
    ports: &P,
    command: &RelayCommand<'_>,
    known: &ClaimStatus,
    now: Timestamp,
) -> Result<Taken, Error> {
    let found = match claim::take(ports.state(), &command.claim(), now).await? {
        Acquisition::Taken(claim) => return Ok(Taken::Claim(claim)),
        Acquisition::AlreadyTaken(claim) | Acquisition::Settled(claim) => claim,
    };
    let is_unchanged = *known == ClaimStatus::Found(found.record().clone());
    let is_free = matches!(found.record().effect, Effect::None | Effect::NotAttempted | Effect::HandedOver);
    let holder = match command.executor {
        Executor::Function => Holder::Function,
        Executor::Agent => Holder::Agent,
    };
    if is_unchanged
        && is_free
        && let Some(claim) = claim::take_again_as(ports.state(), &found, holder, now).await?
    {
        return Ok(Taken::Claim(claim));
    }
    let claim = claim::find(ports.state(), &command.claim(), now).await?;
    Ok(Taken::ByAnother(claim.map_or(ClaimStatus::Free, ClaimStatus::Found)))
}

/// Transfers the claim to the agent, sends the command, and records that it is in the queue. In this order the agent
/// never waits for the claim. If the command did not reach the queue, the next delivery of the event sends it;
/// otherwise no other delivery does.
async fn hand_over<P: Ports>(
    ports: &P,
    command: &RelayCommand<'_>,
    progress: &mut Progress,
) -> Result<Advanced, Error> {
    let Some(claim) = progress.claim.take() else { return Ok(Advanced::Paused(Pause::InProgress)) };
    let outcome = "handed over to the agent";
    let given = claim::hand_over(ports.state(), &claim, Holder::Function, outcome).await?;
    let Some(given) = given else { return Ok(Advanced::Paused(Pause::InProgress)) };
    let message = CommandMessage::of(command).message().map_err(|reason| unwritable(command, reason))?;
    ports.queues().send(Queue::RelayLan, message).await?;
    // If the agent has taken the claim meanwhile, the claim shows that already.
    if let Err(error) = claim::hand_over(ports.state(), &given, Holder::Agent, outcome).await {
        tracing::warn!(%error, "failed to record the handover to the agent, the command may be sent again");
    }
    Ok(Advanced::HandedOver)
}

async fn queue_release<P: Ports>(
    ports: &P,
    command: &RelayCommand<'_>,
    on_until: Timestamp,
    generation: u64,
) -> Result<(), Error> {
    let delay = time_until(on_until, ports.clock().now());
    let release = ReleaseMessage::new(command.relay.id.as_str(), generation);
    let message = release.message(delay).map_err(|reason| unwritable(command, reason))?;
    ports.queues().send(command.executor.release_queue(), message).await?;
    Ok(())
}

/// Sends the message that switches off a relay whose device turned out to have no timer.
async fn replace_timer<P: Ports>(
    ports: &P,
    command: &RelayCommand<'_>,
    prepared: &Prepared,
) -> ReleaseStatus {
    let Some(on_until) = prepared.written.on_until else { return prepared.release };
    match queue_release(ports, command, on_until, prepared.written.generation).await {
        Ok(()) => ReleaseStatus::Queued,
        Err(error) => {
            tracing::error!(%error, "failed to enqueue the release of a device without its timer; the watchdog sends it");
            prepared.release
        }
    }
}

async fn send<P: Ports, D: Devices>(
    ports: &P,
    devices: &D,
    command: &RelayCommand<'_>,
    device_command: DeviceCommand,
) -> SendOutcome {
    let started = ports.clock().elapsed();
    let left = time_until(command.deadline, ports.clock().now()).min(SEND_LIMIT);
    let outcome = devices.send(command.relay, device_command, left).await;
    let took = ports.clock().elapsed().saturating_sub(started);
    ports.metrics().time(SEND_TIME, took, [("Driver", command.relay.driver.name())]);
    outcome
}

/// Rolls back the changes of this delivery for an action that was not executed.
async fn roll_back<P: Ports>(
    ports: &P,
    command: &RelayCommand<'_>,
    progress: &mut Progress,
    outcome: &str,
    not_before: Option<Timestamp>,
) {
    let was_refused =
        matches!(&progress.phase, Phase::Sent(sent) if matches!(sent.outcome, SendOutcome::NotExecuted(_)));
    write_relay(ports, command.relay.id.as_str(), progress).await;
    let Some(claim) = progress.claim.take() else { return };
    let released = if was_refused {
        claim::release(ports.state(), &claim, outcome).await
    } else {
        claim::postpone(ports.state(), &claim, outcome, not_before).await
    };
    if let Err(error) = released {
        tracing::warn!(
            %error,
            action = command.action.name(),
            "failed to release the claim, the action will count as unknown"
        );
    }
}

/// Writes the relay's item after the attempt. If that fails, the relay stays busy for a few seconds and its item keeps
/// the state that was written before the command was sent, including the pending release. If somebody else has changed the
/// item meanwhile, which happens only after the relay was no longer busy, at least the release is kept.
async fn write_relay<P: Ports>(ports: &P, relay: &str, progress: &mut Progress) {
    let now = ports.clock().now();
    let record = match &progress.phase {
        Phase::Deciding(_) => return,
        Phase::Prepared(prepared) => protocol::record_after(prepared, None, now),
        Phase::Sent(sent) => protocol::record_after(&sent.prepared, Some(&sent.outcome), now),
    };
    match relay::write(ports.state(), &progress.relay, record.clone(), now).await {
        Ok(Some(written)) => progress.relay = written,
        Ok(None) => {
            tracing::warn!("failed to write the relay's item, somebody else has changed it");
            if let Phase::Sent(sent) = &progress.phase
                && sent.outcome.may_have_acted()
                && let Err(error) = keep_release(ports, relay, &record).await
            {
                tracing::error!(%error, "failed to keep the release of the relay, it may stay on");
            }
        }
        Err(error) => tracing::warn!(%error, "failed to write the relay's item after the command"),
    }
}

/// The most attempts to add a release to an item that others change.
const MAX_MERGES: usize = 8;

/// Adds the release of a command that may have been executed to the item that others have changed meanwhile.
async fn keep_release<P: Ports>(ports: &P, relay: &str, lost: &RelayRecord) -> Result<(), Error> {
    for _ in 0..MAX_MERGES {
        let current = relay::read(ports.state(), relay).await?;
        let Some(merged) = protocol::with_release_of(current.record(), lost) else { return Ok(()) };
        if relay::write(ports.state(), &current, merged, ports.clock().now()).await?.is_some() {
            return Ok(());
        }
    }
    Err(Error::Contended { relay: relay.to_owned() })
}

async fn finish<P: Ports>(
    ports: &P,
    command: &RelayCommand<'_>,
    mut progress: Progress,
    verdict: Verdict,
) -> Result<ActionOutcome, Error> {
    write_relay(ports, command.relay.id.as_str(), &mut progress).await;
    // The alert is sent before the claim is settled: two alerts are better than none.
    let alerted = match verdict.alert {
        AlertPolicy::Send => {
            let relay = command.relay.id.as_str();
            send_alert(ports, relay, command.action, command.rule, &verdict).await
        }
        AlertPolicy::None => Ok(()),
    };
    let alerted = match (alerted, command.redelivery) {
        (Err(error), Redelivery::After(_)) => {
            if verdict.decision != Decision::Unknown {
                let outcome = verdict.reason.to_string();
                release_claim(ports, &mut progress, &outcome).await;
            }
            return Err(error);
        }
        // What the last delivery does not record is never recorded.
        (alerted, _) => alerted,
    };
    let found = match &progress.phase {
        Phase::Deciding(deciding) => match &deciding.claim {
            ClaimStatus::Found(record) => Some(record.clone()),
            ClaimStatus::Free | ClaimStatus::Held => None,
        },
        Phase::Prepared(_) | Phase::Sent(_) => None,
    };
    let attempt = progress.attempt;
    let subject = Subject::Actuation { command, attempt };
    let decided = audit::decided(verdict.decision, &verdict.reason, ports.clock().now());
    if let Some(record) = &found {
        recover(ports, command, subject, record).await;
    }
    if let Err(error) = settle_claim(ports, command, progress, verdict.claim, &decided).await {
        tracing::error!(%error, "failed to record the decision, a later delivery may decide anew");
    }
    if verdict.cooldown == CooldownEffect::Charge {
        charge_cooldown(ports, command).await;
    }
    audit::record(ports, subject, &decided).await;
    alerted?;
    let record = match verdict.reason {
        Reason::Settled { .. } => found.and_then(|found| found.decision),
        _ => Some(decided),
    };
    Ok(ActionOutcome::Decided { decision: verdict.decision, cooldown: verdict.cooldown, record })
}

/// Completes an earlier delivery that may have been killed after its decision: writes its audit record and charges the
/// cooldown of its rule.
async fn recover<P: Ports>(ports: &P, command: &RelayCommand<'_>, subject: Subject<'_>, claim: &ClaimRecord) {
    let Some(decided) = &claim.decision else { return };
    audit::recover(ports, subject, decided).await;
    let Some(length) = command.cooldown else { return };
    let ends = decided.at.checked_add(length).unwrap_or(Timestamp::MAX);
    if protocol::earlier(claim) == Earlier::Acted && ports.clock().now() < ends {
        charge_cooldown(ports, command).await;
    }
}

async fn charge_cooldown<P: Ports>(ports: &P, command: &RelayCommand<'_>) {
    let Some(length) = command.cooldown else { return };
    let now = ports.clock().now();
    let charged = cooldown::confirm(ports.state(), command.cooldown_key(), command.event, length, now);
    if let Err(error) = charged.await {
        tracing::warn!(%error, "failed to charge the cooldown, it ends with the reservation");
    }
}

/// Releases the claim of an action that was certainly not executed, after its alert could not be sent.
async fn release_claim<P: Ports>(ports: &P, progress: &mut Progress, outcome: &str) {
    let Some(claim) = progress.claim.take() else { return };
    if let Err(error) = claim::release(ports.state(), &claim, outcome).await {
        tracing::warn!(%error, "failed to release the claim, the action will count as unknown");
    }
}

/// Alerts that an action was not executed, or that it is unknown whether it was.
///
/// # Errors
///
/// When the queue fails.
pub(crate) async fn send_alert<P: Ports>(
    ports: &P,
    relay: &str,
    action: RelayAction,
    rule: &str,
    verdict: &Verdict,
) -> Result<(), Error> {
    let text = format!(
        "Relay {relay}: {} for rule {rule} is {}, {}. It is not retried.",
        action.name(),
        verdict.decision,
        verdict.reason
    );
    let alert = Alert::new(AlertSubject::Relay(relay.to_owned()), text, ports.clock().now());
    ports.queues().send(Queue::Alerts, alert.message()?).await?;
    Ok(())
}

/// Records the decision in the claim, where later deliveries find it.
async fn settle_claim<P: Ports>(
    ports: &P,
    command: &RelayCommand<'_>,
    progress: Progress,
    effect: ClaimEffect,
    decided: &DecisionRecord,
) -> Result<(), Error> {
    let Some(settled) = effect.settled() else { return Ok(()) };
    let claim = match (progress.claim, &progress.phase) {
        (Some(claim), _) => Some(claim),
        (None, Phase::Deciding(deciding)) => {
            let known = match &deciding.claim {
                ClaimStatus::Found(record) => Some(record),
                ClaimStatus::Free | ClaimStatus::Held => None,
            };
            claim_to_settle(ports, &command.claim(), known).await?
        }
        (None, Phase::Prepared(_) | Phase::Sent(_)) => None,
    };
    let Some(claim) = claim else { return Ok(()) };
    if claim::decide(ports.state(), &claim, settled, decided.clone()).await?.is_none() {
        tracing::info!("another delivery decided at the same time");
    }
    Ok(())
}

/// The claim of an action that was decided without taking the claim; `None` if another delivery changed it since it was
/// read as `known`.
pub(crate) async fn claim_to_settle<P: Ports>(
    ports: &P,
    key: &ClaimKey<'_>,
    known: Option<&ClaimRecord>,
) -> Result<Option<Claim>, Error> {
    Ok(match claim::take(ports.state(), key, ports.clock().now()).await? {
        Acquisition::Taken(claim) => Some(claim),
        Acquisition::AlreadyTaken(claim) => (Some(claim.record()) == known).then_some(claim),
        Acquisition::Settled(_) => None,
    })
}

/// The delay until the next delivery: that of the pause, or else the usual one.
pub(crate) fn retry_delay(pause: &Pause, usual: Duration) -> Duration {
    pause.delay().unwrap_or(usual)
}
