//! The protocol of one action: a pure function from the known state to the next step.
//!
//! An action has three [phases](Phase). Deciding: read the stop switch, the claim and the relay's item; deduplicate the
//! event; reserve the rule's cooldown; take the claim. Prepared: the relay's item contains the intended state; if the
//! device has no timer, the release queue has acknowledged the message that will switch it off. Sent: the command was
//! sent. The process may be killed between any two steps: the next delivery of the event reads what was written, and
//! [`next`] decides from that.
//!
//! `Verdict::new` alone decides the effects on claim and cooldown, and whether an alert is sent.

use std::cmp::Ordering;
use std::time::Duration;

use camhook_event::State;
use camhook_site::{RelayAction, Switching, Via};
use camhook_state::claim::{ClaimRecord, ClaimState, Effect, Holder};
use camhook_state::control::StopSwitch;
use camhook_state::cooldown::Reservation;
use camhook_state::dedupe::Dedupe;
use camhook_state::relay::{Confirmation, EndedBy, LastAction, RelayRecord};
use jiff::Timestamp;

use crate::command::{Redelivery, TimeEvidence};
use crate::decision::Earlier;
use crate::{Decision, DeviceCommand, DeviceTimer, Executor, Reason, RelayCommand, SendOutcome, replay};

/// How long an attempt with the claim may take: the timeout of a function, and a margin.
pub const ATTEMPT_LIMIT: Duration = Duration::from_secs(12);

/// The timeout of a command to a device.
pub const SEND_LIMIT: Duration = Duration::from_secs(4);

/// How long a relay is busy for others at most: [`SEND_LIMIT`], and the steps before and after it.
pub(crate) const BUSY_LIMIT: Duration = Duration::from_secs(8);

/// A message that is delivered by less than this before the time that a device named is on time: queues delay by whole
/// seconds.
const EARLY_LIMIT: Duration = Duration::from_secs(1);

/// The largest difference of two clocks of a stack. An event that is further in the future has a wrong time.
pub const CLOCK_DIFFERENCE: Duration = Duration::from_secs(10);

/// The state of the claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimStatus {
    /// It is free.
    Free,
    /// Another delivery took it and left it in this state.
    Found(ClaimRecord),
    /// This delivery holds it.
    Held,
}

/// The phase of an action in this delivery.
#[derive(Debug, Clone)]
pub enum Phase {
    /// The relay's item is unchanged.
    Deciding(Box<Deciding>),
    /// The relay's item contains the intended state, and this delivery holds the claim.
    Prepared(Box<Prepared>),
    /// The command was sent.
    Sent(Box<Sent>),
}

/// The known state before the relay's item is written.
#[derive(Debug, Clone)]
pub struct Deciding {
    /// The stop switch.
    pub stop: StopSwitch,
    /// The claim.
    pub claim: ClaimStatus,
    /// The relay's item.
    pub relay: RelayRecord,
    /// The result of the deduplication; `None` before that step.
    pub dedupe: Option<Dedupe>,
    /// The reservation of the rule's cooldown; `None` before that step.
    pub cooldown: Option<Reservation>,
}

/// A relay that will be switched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Its item before this action.
    pub before: RelayRecord,
    /// Its item now, with the intended state.
    pub written: RelayRecord,
    /// The command to its device.
    pub device_command: DeviceCommand,
    /// The state of its release.
    pub release: ReleaseStatus,
    /// The stop switch after the relay was marked as busy; `None` before that step.
    pub stop: Option<StopSwitch>,
}

/// A command that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The state before it was sent.
    pub prepared: Prepared,
    /// Its outcome.
    pub outcome: SendOutcome,
}

/// The state of the release of a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseStatus {
    /// No message has to be sent: the relay needs no release, its device has a timer, or the message is in the queue.
    NotNeeded,
    /// The message has to be in the queue before the command is sent.
    Pending {
        /// When the relay has to be off.
        on_until: Timestamp,
    },
    /// The queue has acknowledged the message.
    Queued,
}

/// The next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Deduplicate the event.
    Dedupe,
    /// Reserve the rule's cooldown.
    ReserveCooldown {
        /// Its length.
        length: Duration,
    },
    /// Take the claim.
    TakeClaim,
    /// Write the relay's item with the intended state.
    Prepare(Box<Prepared>),
    /// Send the release message and await the queue's acknowledgement.
    QueueRelease {
        /// When the relay has to be off.
        on_until: Timestamp,
        /// The generation of `on_until` that it belongs to.
        generation: u64,
    },
    /// Read the stop switch again. A process that sets it either is seen here, or sees that the relay is busy.
    ReadStopSwitch,
    /// Send the command to the device.
    Send(DeviceCommand),
    /// Send the command to the agent on site.
    HandOver,
    /// Nothing: the command is in the agent's queue.
    LeaveToAgent,
    /// Postpone the action to the next delivery.
    Retry(Pause),
    /// Record the decision.
    Finish(Box<Verdict>),
}

/// Why an action is postponed to another delivery of its event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Pause {
    /// Another delivery of the same event is in progress.
    #[error("another delivery of the event is in progress")]
    InProgress,
    /// Another event is switching the relay.
    #[error("another event is switching the relay")]
    Busy,
    /// The relay's `min_interval` ends before the event is too old.
    #[error("the relay's `min_interval` is not over yet")]
    Interval,
    /// Another event has reserved the rule's cooldown and may return it.
    #[error("another event has reserved the rule's cooldown")]
    CooldownPending,
    /// The command was certainly not executed, and is retried.
    #[error("the command was certainly not executed: {0}")]
    NotExecuted(String),
    /// Nothing was sent, since something that camhook needs failed.
    #[error("nothing was sent: {0}")]
    NotAttempted(String),
    /// The device requests a later retry.
    #[error("the device requests a later retry: {reason}")]
    Deferred {
        /// The device's answer.
        reason: String,
        /// The delay until the retry.
        delay: Duration,
    },
}

impl Pause {
    /// The name in metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::InProgress => "at_work",
            Self::Busy => "busy",
            Self::Interval => "interval",
            Self::CooldownPending => "cooldown_pending",
            Self::NotExecuted(_) => "no_effect",
            Self::NotAttempted(_) => "not_sent",
            Self::Deferred { .. } => "deferred",
        }
    }

    /// What the claim records until the next delivery.
    #[must_use]
    pub fn outcome(&self) -> String {
        match self {
            Self::NotExecuted(reason) | Self::NotAttempted(reason) | Self::Deferred { reason, .. } => {
                reason.clone()
            }
            Self::InProgress | Self::Busy | Self::Interval | Self::CooldownPending => self.to_string(),
        }
    }

    /// The delay until the next delivery, if it is not the usual one.
    #[must_use]
    pub fn delay(&self) -> Option<Duration> {
        match self {
            Self::Deferred { delay, .. } => Some(*delay),
            _ => None,
        }
    }
}

/// A decision and its effects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The decision.
    pub decision: Decision,
    /// Its reason.
    pub reason: Reason,
    /// The effect on the claim.
    pub claim: ClaimEffect,
    /// The effect on the rule's cooldown.
    pub cooldown: CooldownEffect,
    /// Whether an alert is sent.
    pub alert: AlertPolicy,
}

/// The effect of a decision on the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimEffect {
    /// The claim is unchanged.
    Leave,
    /// The action is settled: a redelivery has no effect.
    Done,
    /// The outcome of the action is unknown: a redelivery has no effect.
    Unknown,
}

impl ClaimEffect {
    /// The state in which the claim is settled; `None` if it is unchanged.
    pub(crate) fn settled(self) -> Option<ClaimState> {
        match self {
            Self::Leave => None,
            Self::Done => Some(ClaimState::Done),
            Self::Unknown => Some(ClaimState::Unknown),
        }
    }
}

/// The effect of a decision on the rule's cooldown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CooldownEffect {
    /// The cooldown begins.
    Charge,
    /// The reservation is returned, unless another action of the rule was executed for this event.
    Return,
    /// The cooldown is unchanged.
    Keep,
}

/// Whether an alert is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertPolicy {
    /// No.
    None,
    /// Yes.
    Send,
}

/// Whether this delivery holds the claim of the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holding {
    Claim,
    Nothing,
}

impl From<&ClaimStatus> for Holding {
    fn from(claim: &ClaimStatus) -> Self {
        match claim {
            ClaimStatus::Held => Self::Claim,
            ClaimStatus::Free | ClaimStatus::Found(_) => Self::Nothing,
        }
    }
}

impl Verdict {
    fn new(holding: Holding, decision: Decision, reason: Reason) -> Self {
        let claim = match (decision, &reason) {
            (Decision::Unknown, _) => ClaimEffect::Unknown,
            _ if holding == Holding::Claim => ClaimEffect::Done,
            // Every later delivery decides the same, so no claim has to be written.
            (Decision::Late, _) | (_, Reason::Settled { .. } | Reason::Replay) => ClaimEffect::Leave,
            _ => ClaimEffect::Done,
        };
        let cooldown = match (decision, &reason) {
            (Decision::Done | Decision::Unknown | Decision::DryRun, _) => CooldownEffect::Charge,
            (_, Reason::Settled { earlier: Earlier::Acted, .. }) => CooldownEffect::Keep,
            // Nothing was reserved, or another event holds the cooldown.
            (_, Reason::Cooldown | Reason::SameThing | Reason::Replay) => CooldownEffect::Keep,
            _ => CooldownEffect::Return,
        };
        let alert = match (decision, &reason) {
            (Decision::Failed | Decision::Unknown, _)
            | (_, Reason::Forbidden(_) | Reason::FutureTime | Reason::NotInRules(_)) => AlertPolicy::Send,
            _ => AlertPolicy::None,
        };
        Self { decision, reason, claim, cooldown, alert }
    }
}

fn decide(holding: Holding, decision: Decision, reason: Reason) -> Step {
    Step::Finish(Box::new(Verdict::new(holding, decision, reason)))
}

/// The next step of an action.
#[must_use]
pub fn next(command: &RelayCommand<'_>, phase: &Phase, now: Timestamp) -> Step {
    let step = match phase {
        Phase::Deciding(deciding) => while_deciding(command, deciding, now),
        Phase::Prepared(prepared) => before_sending(command, prepared, now),
        Phase::Sent(sent) => after_sending(command, &sent.outcome, now),
    };
    match (step, command.redelivery) {
        (Step::Retry(pause), Redelivery::Never) => give_up(phase, pause),
        (step, _) => step,
    }
}

/// Decides an action that would be postponed to a delivery that never comes.
fn give_up(phase: &Phase, pause: Pause) -> Step {
    let holding = match phase {
        Phase::Deciding(deciding) => Holding::from(&deciding.claim),
        Phase::Prepared(_) | Phase::Sent(_) => Holding::Claim,
    };
    match pause {
        // The other delivery may have been killed after it sent the command.
        Pause::InProgress => decide(holding, Decision::Unknown, Reason::Unconfirmed(pause.to_string())),
        Pause::NotExecuted(reason) | Pause::NotAttempted(reason) | Pause::Deferred { reason, .. } => {
            decide(holding, Decision::Failed, Reason::NotExecuted(reason))
        }
        Pause::Busy | Pause::Interval | Pause::CooldownPending => {
            decide(holding, Decision::Failed, Reason::NotDelivered(pause.to_string()))
        }
    }
}

fn while_deciding(command: &RelayCommand<'_>, known: &Deciding, now: Timestamp) -> Step {
    let holding = Holding::from(&known.claim);
    let finish = |decision, reason| decide(holding, decision, reason);
    if command.replay.is_some_and(|run| replay::requested_at(run).is_none()) {
        return finish(Decision::Refused, Reason::Replay);
    }
    if let ClaimStatus::Found(claim) = &known.claim
        && let Some(step) = step_of_claim(command, claim, now)
    {
        return step;
    }
    if is_in_future(command, now) {
        return finish(Decision::Refused, Reason::FutureTime);
    }
    if command.time_evidence == TimeEvidence::Missing {
        return finish(Decision::Late, Reason::NoTime);
    }
    if command.is_late(now) {
        return finish(Decision::Late, Reason::TooOld);
    }
    if known.stop == StopSwitch::Stopped {
        return finish(Decision::Stopped, Reason::StopSwitch);
    }
    if is_overtaken(command, &known.relay) {
        return finish(Decision::Late, Reason::Overtaken);
    }
    if known.relay.busy_until.is_some_and(|until| until > now) {
        return Step::Retry(Pause::Busy);
    }
    let prepared = match prepare(command, &known.relay, now) {
        Ok(prepared) => prepared,
        Err((decision, reason)) => return finish(decision, reason),
    };
    match interval(command, &known.relay, now) {
        Interval::Over => {}
        Interval::Wait => return Step::Retry(Pause::Interval),
        Interval::Refuse => return finish(Decision::Refused, Reason::TooSoon),
    }
    match (command.dedupe.is_empty(), known.dedupe) {
        (false, None) => return Step::Dedupe,
        (false, Some(Dedupe::Duplicate(_))) => return finish(Decision::Duplicate, Reason::SameThing),
        (true, _) | (false, Some(Dedupe::First | Dedupe::Same)) => {}
    }
    match (command.cooldown, known.cooldown) {
        (Some(length), None) => return Step::ReserveCooldown { length },
        (Some(_), Some(Reservation::Charged { .. })) => return finish(Decision::Refused, Reason::Cooldown),
        (Some(_), Some(Reservation::Pending { .. })) => return Step::Retry(Pause::CooldownPending),
        (None, _) | (Some(_), Some(Reservation::Held { .. })) => {}
    }
    if holding == Holding::Nothing {
        return Step::TakeClaim;
    }
    // The relay's item is not changed: the release of a relay that is on is still executed.
    if command.relay.switching == Switching::DryRun {
        return finish(Decision::DryRun, Reason::DryRun);
    }
    if command.relay.via == Via::Agent && command.executor == Executor::Function {
        return Step::HandOver;
    }
    Step::Prepare(Box::new(prepared))
}

/// The step that a claim of another delivery requires; `None` if this delivery may take it.
fn step_of_claim(command: &RelayCommand<'_>, claim: &ClaimRecord, now: Timestamp) -> Option<Step> {
    let finish = |decision, reason| Some(decide(Holding::Nothing, decision, reason));
    let outcome = || outcome_of(claim);
    let is_agents = claim.holder == Holder::Agent && command.relay.via == Via::Agent;
    match (claim.state, claim.effect) {
        (ClaimState::Done | ClaimState::Unknown, _) => finish(Decision::Duplicate, settled(claim)),
        // The command is in the agent's queue: it is not sent again, and the claim stays with the agent.
        (ClaimState::Taken, _) if is_agents && command.executor == Executor::Function => {
            Some(Step::LeaveToAgent)
        }
        (ClaimState::Taken, Effect::Possible) => Some(match lost_attempt(claim, now) {
            Some(reason) => decide(Holding::Nothing, Decision::Unknown, reason),
            None => Step::Retry(Pause::InProgress),
        }),
        (ClaimState::Taken, Effect::None) if !command.is_repeatable() => {
            finish(Decision::Failed, Reason::NotExecuted(outcome()))
        }
        (ClaimState::Taken, Effect::None | Effect::NotAttempted) if command.is_late(now) => {
            finish(Decision::Failed, Reason::NotExecuted(outcome()))
        }
        // Nothing was executed yet. The device is not asked before the time that it named; the last delivery tries.
        (ClaimState::Taken, Effect::None | Effect::NotAttempted | Effect::HandedOver) => {
            let delay = time_until(claim.not_before?, now);
            let is_due = delay < EARLY_LIMIT || command.redelivery == Redelivery::Never;
            (!is_due).then(|| Step::Retry(Pause::Deferred { reason: outcome(), delay }))
        }
    }
}

fn outcome_of(claim: &ClaimRecord) -> String {
    claim.outcome.clone().unwrap_or_else(|| "no outcome was recorded".to_owned())
}

/// Why an action is not executed whose claim is settled.
fn settled(claim: &ClaimRecord) -> Reason {
    Reason::Settled { outcome: outcome_of(claim), earlier: earlier(claim) }
}

/// Why the outcome of an attempt is unknown; `None` while it may be in progress.
fn lost_attempt(claim: &ClaimRecord, now: Timestamp) -> Option<Reason> {
    let lost = claim.since.checked_add(ATTEMPT_LIMIT).unwrap_or(Timestamp::MAX);
    let reason = || Reason::Unconfirmed(format!("attempt {} ended without an outcome", claim.attempt));
    (now >= lost).then(reason)
}

/// What follows when the agent refuses a command.
pub(crate) enum RefusalStep {
    /// Record the decision.
    Finish(Box<Verdict>),
    /// Another delivery may be executing the command.
    Retry(Pause),
}

/// The decision about a command that the agent refuses, from its claim.
pub(crate) fn refuse(found: Option<&ClaimRecord>, reason: Reason, now: Timestamp) -> RefusalStep {
    let finish =
        |decision, reason| RefusalStep::Finish(Box::new(Verdict::new(Holding::Nothing, decision, reason)));
    let Some(claim) = found else { return finish(Decision::Refused, reason) };
    match (claim.state, claim.effect) {
        (ClaimState::Done | ClaimState::Unknown, _) => finish(Decision::Duplicate, settled(claim)),
        (ClaimState::Taken, Effect::Possible) => match lost_attempt(claim, now) {
            Some(lost) => finish(Decision::Unknown, lost),
            None => RefusalStep::Retry(Pause::InProgress),
        },
        (ClaimState::Taken, Effect::None | Effect::NotAttempted | Effect::HandedOver) => {
            finish(Decision::Refused, reason)
        }
    }
}

/// Whether the decision in a claim executed the action. A record of an older version contains no decision.
pub(crate) fn earlier(claim: &ClaimRecord) -> Earlier {
    let Some(record) = &claim.decision else { return Earlier::Acted };
    let acted = [Decision::Done, Decision::Unknown, Decision::DryRun];
    if acted.iter().any(|decision| decision.name() == record.decision) {
        return Earlier::Acted;
    }
    Earlier::DidNotAct
}

/// Whether a claim is settled without anything that was done or may have been done. A `duplicate` is not such a claim:
/// another event acted in its place.
pub(crate) fn did_nothing(claim: &ClaimRecord) -> bool {
    let Some(record) = claim.decision.as_ref().filter(|_| claim.state == ClaimState::Done) else {
        return false;
    };
    let idle = [Decision::Failed, Decision::Late, Decision::Refused, Decision::Stopped];
    idle.iter().any(|decision| decision.name() == record.decision)
}

/// Whether the event's times are in the future. Such an event would never be too old, and a `hold` would not end.
fn is_in_future(command: &RelayCommand<'_>, now: Timestamp) -> bool {
    let limit = now.checked_add(CLOCK_DIFFERENCE).unwrap_or(Timestamp::MAX);
    command.happened_at > limit || command.order_time > limit
}

/// Whether a newer event than this `start` or `stop` has switched the relay. Of two in one second of a device that stamps
/// whole seconds, the `stop` counts as the newer one: a relay that stays off is better than one that stays on.
fn is_overtaken(command: &RelayCommand<'_>, relay: &RelayRecord) -> bool {
    let (Some(state), Some(last)) = (command.event_state, relay.last_event) else { return false };
    match command.order_time.cmp(&last) {
        Ordering::Less => true,
        Ordering::Equal => state == State::Start && relay.last_event_state == Some(State::Stop),
        Ordering::Greater => false,
    }
}

/// The newest event that has switched the relay, if this one does: its time, and whether it is a start or a stop.
fn newest_event(command: &RelayCommand<'_>, relay: &RelayRecord) -> (Option<Timestamp>, Option<State>) {
    match relay.last_event.map(|last| command.order_time.cmp(&last)) {
        Some(Ordering::Less) => (relay.last_event, relay.last_event_state),
        Some(Ordering::Equal) if relay.last_event_state == Some(State::Stop) => {
            (relay.last_event, relay.last_event_state)
        }
        Some(Ordering::Equal | Ordering::Greater) | None => (Some(command.order_time), command.event_state),
    }
}

/// What the relay's `min_interval` requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interval {
    /// It is over, or does not apply.
    Over,
    /// It ends before the event is too old.
    Wait,
    /// The action is refused.
    Refuse,
}

/// Applies the relay's `min_interval`. `on` and `hold` wait for its end if the event is not too old by then; `pulse` and
/// `toggle` are refused. `off` never waits, and neither does a `hold` of a relay that is on, since it switches nothing.
fn interval(command: &RelayCommand<'_>, relay: &RelayRecord, now: Timestamp) -> Interval {
    let end = relay.last_actuation.and_then(|last| last.checked_add(command.relay.min_interval).ok());
    let Some(end) = end.filter(|end| *end > now) else { return Interval::Over };
    let is_on =
        relay.confirmation == Confirmation::Received && relay.on_until.is_some_and(|until| until > now);
    match command.action {
        RelayAction::Off => Interval::Over,
        RelayAction::Hold { .. } if is_on => Interval::Over,
        RelayAction::On | RelayAction::Hold { .. } if end <= command.deadline => Interval::Wait,
        RelayAction::On | RelayAction::Hold { .. } | RelayAction::Pulse { .. } | RelayAction::Toggle => {
            Interval::Refuse
        }
    }
}

/// The intended state of the relay and the command to its device; the decision if this event changes nothing.
///
/// An earlier `on_until` is kept until the device has answered: if the process is killed, one release too many is better
/// than none.
fn prepare(
    command: &RelayCommand<'_>,
    relay: &RelayRecord,
    now: Timestamp,
) -> Result<Prepared, (Decision, Reason)> {
    let promised = relay.on_until.filter(|until| *until > now);
    let on_until = match command.action {
        RelayAction::On | RelayAction::Off | RelayAction::Toggle => None,
        RelayAction::Pulse { duration } => {
            let until = now.checked_add(duration).unwrap_or(Timestamp::MAX);
            Some(promised.map_or(until, |promised| promised.max(until)))
        }
        RelayAction::Hold { duration } => {
            let until = command.happened_at.checked_add(duration).unwrap_or(Timestamp::MAX);
            if until <= now {
                return Err((Decision::Late, Reason::TooOld));
            }
            let is_confirmed = relay.confirmation == Confirmation::Received;
            if is_confirmed && promised.is_some_and(|promised| promised >= until) {
                return Err((Decision::Duplicate, Reason::HeldLonger));
            }
            Some(promised.map_or(until, |promised| promised.max(until)))
        }
    };
    let (last_event, last_event_state) = newest_event(command, relay);
    let mut written = RelayRecord {
        last_event,
        last_event_state,
        last_action: Some(last_action(command.action)),
        last_actuation: Some(now),
        busy_until: now.checked_add(BUSY_LIMIT).ok(),
        confirmation: Confirmation::Missing,
        ..relay.clone()
    };
    let mut release = ReleaseStatus::NotNeeded;
    if let Some(on_until) = on_until {
        written.on_until = Some(on_until);
        written.release_failures = None;
        // A message that is in the queue reads the new end from the item when it is delivered.
        let is_queued = promised.is_some() && relay.release_queued == Some(relay.generation);
        if command.timer == DeviceTimer::Own {
            written.ended_by = Some(EndedBy::Timer);
            written.generation = relay.generation.saturating_add(1);
        } else {
            written.ended_by = Some(EndedBy::Release);
        }
        if command.timer == DeviceTimer::None && !is_queued {
            written.generation = relay.generation.saturating_add(1);
            release = ReleaseStatus::Pending { on_until };
        }
    }
    let off_after = on_until.filter(|_| command.timer == DeviceTimer::Own).map(|end| time_until(end, now));
    let device_command = match command.action {
        RelayAction::On => DeviceCommand::On { off_after: None },
        RelayAction::Off => DeviceCommand::Off,
        RelayAction::Toggle => DeviceCommand::Toggle,
        RelayAction::Pulse { .. } | RelayAction::Hold { .. } => DeviceCommand::On { off_after },
    };
    Ok(Prepared { before: relay.clone(), written, device_command, release, stop: None })
}

fn last_action(action: RelayAction) -> LastAction {
    match action {
        RelayAction::On => LastAction::On,
        RelayAction::Off => LastAction::Off,
        RelayAction::Pulse { .. } => LastAction::Pulse,
        RelayAction::Hold { .. } => LastAction::Hold,
        RelayAction::Toggle => LastAction::Toggle,
    }
}

/// The time until a moment; zero if it has passed.
pub(crate) fn time_until(moment: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(moment.duration_since(now)).unwrap_or_default()
}

fn before_sending(command: &RelayCommand<'_>, prepared: &Prepared, now: Timestamp) -> Step {
    if let ReleaseStatus::Pending { on_until } = prepared.release {
        return Step::QueueRelease { on_until, generation: prepared.written.generation };
    }
    match prepared.stop {
        None => return Step::ReadStopSwitch,
        Some(StopSwitch::Stopped) => {
            return decide(Holding::Claim, Decision::Stopped, Reason::StopSwitch);
        }
        Some(StopSwitch::Running) => {}
    }
    // The table and the queue may have been slow.
    if command.is_late(now) {
        return decide(Holding::Claim, Decision::Late, Reason::TooOld);
    }
    if !may_still_send(&prepared.written, now) {
        return Step::Retry(Pause::Busy);
    }
    Step::Send(prepared.device_command)
}

/// Whether a command that is sent now ends before the relay is no longer busy for others.
pub(crate) fn may_still_send(written: &RelayRecord, now: Timestamp) -> bool {
    written.busy_until.is_some_and(|until| time_until(until, now) >= SEND_LIMIT)
}

fn after_sending(command: &RelayCommand<'_>, outcome: &SendOutcome, now: Timestamp) -> Step {
    let finish = |decision, reason| decide(Holding::Claim, decision, reason);
    let usual = command.redelivery.delay();
    let comes_in_time = |delay: Duration| !command.is_late(now.checked_add(delay).unwrap_or(Timestamp::MAX));
    match outcome {
        SendOutcome::Confirmed(answer) => finish(Decision::Done, Reason::Answered(answer.clone())),
        SendOutcome::Forbidden(reason) => finish(Decision::Refused, Reason::Forbidden(reason.clone())),
        SendOutcome::Unconfirmed(reason) => finish(Decision::Unknown, Reason::Unconfirmed(reason.clone())),
        SendOutcome::WithoutTimer(answer) => finish(Decision::Unknown, Reason::WithoutTimer(answer.clone())),
        SendOutcome::NotExecuted(reason) => {
            if command.is_repeatable() && comes_in_time(usual) {
                return Step::Retry(Pause::NotExecuted(reason.clone()));
            }
            finish(Decision::Failed, Reason::NotExecuted(reason.clone()))
        }
        SendOutcome::NotAttempted(reason) => {
            if comes_in_time(usual) {
                return Step::Retry(Pause::NotAttempted(reason.clone()));
            }
            finish(Decision::Failed, Reason::NotExecuted(reason.clone()))
        }
        SendOutcome::Deferred { reason, retry_after } => {
            let delay = retry_after.map_or(usual, |after| after.max(usual));
            if comes_in_time(delay) {
                return Step::Retry(Pause::Deferred { reason: reason.clone(), delay });
            }
            finish(Decision::Failed, Reason::NotExecuted(reason.clone()))
        }
    }
}

/// The relay's item after an attempt; `outcome` is `None` if nothing was sent.
#[must_use]
pub fn record_after(prepared: &Prepared, outcome: Option<&SendOutcome>, now: Timestamp) -> RelayRecord {
    let Prepared { before, written, device_command, release, .. } = prepared;
    // It may have been executed, so the release stays pending.
    let perhaps_executed = || RelayRecord {
        busy_until: None,
        last_actuation: Some(now),
        release_queued: release_queued(written, *release),
        ..written.clone()
    };
    match outcome {
        Some(SendOutcome::Confirmed(_)) => {
            let is_timed = matches!(device_command, DeviceCommand::On { .. })
                && matches!(written.last_action, Some(LastAction::Pulse | LastAction::Hold));
            RelayRecord {
                // Otherwise the confirmed state has no end.
                on_until: written.on_until.filter(|_| is_timed),
                release_failures: written.release_failures.clone().filter(|_| is_timed),
                confirmation: Confirmation::Received,
                ..perhaps_executed()
            }
        }
        Some(SendOutcome::Unconfirmed(_)) => perhaps_executed(),
        Some(SendOutcome::WithoutTimer(_)) => RelayRecord {
            ended_by: Some(EndedBy::Release),
            confirmation: Confirmation::Received,
            ..perhaps_executed()
        },
        // Nothing happened: everything but the generation is restored, since a release message may have it.
        Some(
            SendOutcome::NotExecuted(_)
            | SendOutcome::NotAttempted(_)
            | SendOutcome::Deferred { .. }
            | SendOutcome::Forbidden(_),
        )
        | None => RelayRecord { busy_until: None, generation: written.generation, ..before.clone() },
    }
}

/// The item that others have changed, with the release of a command that may have been executed; `None` if it has a
/// release at that time or later, or if the command needs none.
#[must_use]
pub fn with_release_of(current: &RelayRecord, lost: &RelayRecord) -> Option<RelayRecord> {
    let on_until = lost.on_until?;
    if current.on_until.is_some_and(|until| until >= on_until) {
        return None;
    }
    Some(RelayRecord {
        on_until: Some(on_until),
        generation: current.generation.max(lost.generation),
        // The message of either generation may be the one that is left in the queue, so none of them is superseded. If
        // neither is left, the watchdog sends another one.
        release_queued: None,
        ..current.clone()
    })
}

fn release_queued(written: &RelayRecord, release: ReleaseStatus) -> Option<u64> {
    match release {
        ReleaseStatus::Queued => Some(written.generation),
        ReleaseStatus::NotNeeded | ReleaseStatus::Pending { .. } => written.release_queued,
    }
}

#[cfg(test)]
mod tests {
    use camhook_event::EventId;
    use camhook_site::{Driver, Network, Relay, RelayId, ShellyGen2};
    use camhook_state::claim::DecisionRecord;
    use camhook_state::relay::ReleaseFailures;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn at(seconds: i64) -> Timestamp {
        NOW + jiff::SignedDuration::from_secs(seconds)
    }

    fn event() -> EventId {
        "0123456789abcdef0123456789abcdef".parse().unwrap()
    }

    fn relay(via: Via) -> Relay {
        Relay {
            id: RelayId::new("gate").unwrap(),
            driver: Driver::ShellyGen2(ShellyGen2 {
                url: "http://relay.example.org".parse().unwrap(),
                password: None,
                switch: 0,
            }),
            min_interval: Duration::from_secs(2),
            network: Network::Public,
            via,
            switching: Switching::Real,
        }
    }

    fn command(relay: &Relay, action: RelayAction) -> RelayCommand<'_> {
        RelayCommand {
            event: event(),
            source: "cam",
            order_time: NOW,
            event_state: None,
            happened_at: NOW,
            time_evidence: TimeEvidence::Known,
            dedupe: vec![],
            rule: "open",
            action_index: 0,
            cooldown: None,
            cooldown_scope: "cam".into(),
            deadline: at(30),
            relay,
            timer: DeviceTimer::None,
            action,
            executor: Executor::Function,
            plate: None,
            replay: None,
            redelivery: Redelivery::After(Duration::from_secs(2)),
        }
    }

    fn deciding() -> Deciding {
        Deciding {
            stop: StopSwitch::Running,
            claim: ClaimStatus::Free,
            relay: RelayRecord::default(),
            dedupe: None,
            cooldown: None,
        }
    }

    fn held() -> Deciding {
        Deciding { claim: ClaimStatus::Held, ..deciding() }
    }

    fn step_at(command: &RelayCommand<'_>, deciding: &Deciding, now: Timestamp) -> Step {
        next(command, &Phase::Deciding(Box::new(deciding.clone())), now)
    }

    fn step(command: &RelayCommand<'_>, deciding: &Deciding) -> Step {
        step_at(command, deciding, NOW)
    }

    fn prepared(command: &RelayCommand<'_>, relay: RelayRecord) -> Prepared {
        match step(command, &Deciding { relay, ..held() }) {
            Step::Prepare(prepared) => *prepared,
            other => panic!("not prepared: {other:?}"),
        }
    }

    fn before_sending_at(command: &RelayCommand<'_>, prepared: &Prepared, now: Timestamp) -> Step {
        next(command, &Phase::Prepared(Box::new(prepared.clone())), now)
    }

    fn after_sending_at(command: &RelayCommand<'_>, outcome: SendOutcome, now: Timestamp) -> Step {
        let prepared = prepared(command, RelayRecord::default());
        next(command, &Phase::Sent(Box::new(Sent { prepared, outcome })), now)
    }

    const PULSE: RelayAction = RelayAction::Pulse { duration: Duration::from_secs(5) };
    const HOLD: RelayAction = RelayAction::Hold { duration: Duration::from_secs(10) };
    const ALL: [RelayAction; 5] = [RelayAction::On, RelayAction::Off, RelayAction::Toggle, PULSE, HOLD];

    fn verdict(step: &Step) -> &Verdict {
        match step {
            Step::Finish(verdict) => verdict,
            other => panic!("not decided: {other:?}"),
        }
    }

    fn decision(step: &Step) -> Option<(Decision, &'static str)> {
        match step {
            Step::Finish(verdict) => Some((verdict.decision, verdict.reason.name())),
            _ => None,
        }
    }

    fn answer() -> String {
        "the device's answer".to_owned()
    }

    #[test]
    fn pauses_are_told_apart_by_their_names() {
        let names = [
            (Pause::InProgress, "at_work"),
            (Pause::Busy, "busy"),
            (Pause::Interval, "interval"),
            (Pause::CooldownPending, "cooldown_pending"),
            (Pause::NotExecuted("refused".to_owned()), "no_effect"),
            (Pause::NotAttempted("no answer".to_owned()), "not_sent"),
            (Pause::Deferred { reason: "503".to_owned(), delay: Duration::from_secs(1) }, "deferred"),
        ];
        for (pause, name) in names {
            assert_eq!(pause.name(), name);
        }
    }

    #[test]
    fn a_pulse_without_a_timer_takes_every_step_in_order() {
        let relay = relay(Via::Cloud);
        let key = crate::command::DedupeKey {
            key: "cam:motion:1".to_owned(),
            scope: "open#0".to_owned(),
            lifetime: Duration::from_secs(60),
            ownership: crate::command::Ownership::UntilNothingWasDone,
        };
        let command = RelayCommand {
            dedupe: vec![key],
            cooldown: Some(Duration::from_secs(60)),
            ..command(&relay, PULSE)
        };
        let mut known = deciding();
        assert_eq!(step(&command, &known), Step::Dedupe);
        known.dedupe = Some(Dedupe::First);
        assert_eq!(step(&command, &known), Step::ReserveCooldown { length: Duration::from_secs(60) });
        known.cooldown = Some(Reservation::Held { until: at(60) });
        assert_eq!(step(&command, &known), Step::TakeClaim);
        known.claim = ClaimStatus::Held;
        let Step::Prepare(mut prepared) = step(&command, &known) else { panic!("not prepared") };
        assert_eq!(prepared.written.on_until, Some(at(5)));
        assert_eq!(prepared.written.busy_until, Some(at(8)));
        let queue = Step::QueueRelease { on_until: at(5), generation: 1 };
        assert_eq!(before_sending_at(&command, &prepared, NOW), queue);
        prepared.release = ReleaseStatus::Queued;
        assert_eq!(before_sending_at(&command, &prepared, NOW), Step::ReadStopSwitch);
        prepared.stop = Some(StopSwitch::Running);
        let send = Step::Send(DeviceCommand::On { off_after: None });
        assert_eq!(before_sending_at(&command, &prepared, NOW), send);
        let outcome = SendOutcome::Confirmed(answer());
        let sent = Sent { prepared: (*prepared).clone(), outcome: outcome.clone() };
        let done = next(&command, &Phase::Sent(Box::new(sent)), NOW);
        assert_eq!(decision(&done), Some((Decision::Done, "answered")));
        let record = record_after(&prepared, Some(&outcome), at(1));
        assert_eq!((record.on_until, record.release_queued), (Some(at(5)), Some(1)));
        assert_eq!((record.busy_until, record.last_actuation), (None, Some(at(1))));
    }

    #[test]
    fn nothing_is_sent_that_may_take_longer_than_the_relay_is_busy() {
        let relay = relay(Via::Cloud);
        let command = RelayCommand { timer: DeviceTimer::Own, ..command(&relay, PULSE) };
        let prepared =
            Prepared { stop: Some(StopSwitch::Running), ..prepared(&command, RelayRecord::default()) };
        assert!(matches!(before_sending_at(&command, &prepared, at(4)), Step::Send(_)));
        assert_eq!(before_sending_at(&command, &prepared, at(5)), Step::Retry(Pause::Busy));
        let late = before_sending_at(&command, &prepared, at(31));
        assert_eq!(decision(&late), Some((Decision::Late, "too_old")));
    }

    #[test]
    fn the_last_moment_of_max_age_is_in_time() {
        let relay = relay(Via::Cloud);
        let command = command(&relay, PULSE);
        assert_eq!(step_at(&command, &deciding(), at(30)), Step::TakeClaim);
        let nanosecond = jiff::SignedDuration::from_nanos(1);
        let late = step_at(&command, &deciding(), at(30) + nanosecond);
        assert_eq!(decision(&late), Some((Decision::Late, "too_old")));
    }

    fn found(state: ClaimState, effect: Effect, since: i64) -> ClaimRecord {
        let outcome = (effect != Effect::Possible).then(answer);
        let holder = Holder::Function;
        ClaimRecord {
            state,
            attempt: 1,
            since: at(since),
            effect,
            outcome,
            not_before: None,
            holder,
            decision: None,
        }
    }

    fn with_claim(claim: ClaimRecord) -> Deciding {
        Deciding { claim: ClaimStatus::Found(claim), ..deciding() }
    }

    #[test]
    fn a_claim_that_was_found_decides() {
        let relay = relay(Via::Cloud);
        let (taken, possible) = (ClaimState::Taken, Effect::Possible);
        let (none, not_attempted) = (Effect::None, Effect::NotAttempted);
        let unknown = Some((Decision::Unknown, "no_word"));
        let failed = Some((Decision::Failed, "no_effect"));
        let duplicate = Some((Decision::Duplicate, "settled"));
        let cases = [
            (PULSE, found(ClaimState::Done, possible, 0), duplicate),
            (PULSE, found(ClaimState::Unknown, possible, 0), duplicate),
            (PULSE, found(taken, possible, -12), unknown),
            (RelayAction::Off, found(taken, possible, -12), unknown),
            (RelayAction::Toggle, found(taken, none, -1), failed),
        ];
        for (action, claim, expected) in cases {
            let step = step(&command(&relay, action), &with_claim(claim.clone()));
            assert_eq!(decision(&step), expected, "{action:?} {claim:?}");
        }
        let at_work = step(&command(&relay, PULSE), &with_claim(found(taken, possible, -11)));
        assert_eq!(at_work, Step::Retry(Pause::InProgress));
        for (action, effect) in [(PULSE, none), (PULSE, not_attempted), (RelayAction::Toggle, not_attempted)]
        {
            let known = with_claim(found(taken, effect, -1));
            assert_eq!(step(&command(&relay, action), &known), Step::TakeClaim, "{action:?} {effect:?}");
            let late = step_at(&command(&relay, action), &known, at(31));
            assert_eq!(decision(&late), failed, "{action:?} {effect:?}");
        }
    }

    #[test]
    fn a_device_is_asked_less_than_a_second_before_the_time_that_it_named_at_the_earliest() {
        let relay = relay(Via::Cloud);
        let command = command(&relay, PULSE);
        let named = |not_before: Timestamp| {
            let claim = found(ClaimState::Taken, Effect::NotAttempted, -1);
            step(&command, &with_claim(ClaimRecord { not_before: Some(not_before), ..claim }))
        };
        let delay = Duration::from_secs(1);
        assert_eq!(named(at(1)), Step::Retry(Pause::Deferred { reason: answer(), delay }));
        assert_eq!(named(at(1) - jiff::SignedDuration::from_nanos(1)), Step::TakeClaim);
    }

    #[test]
    fn an_unknown_decision_settles_the_claim_as_unknown_whoever_holds_it() {
        let relay = relay(Via::Cloud);
        let command = command(&relay, PULSE);
        let lost = step(&command, &with_claim(found(ClaimState::Taken, Effect::Possible, -12)));
        let silent = after_sending_at(&command, SendOutcome::Unconfirmed(answer()), NOW);
        for step in [lost, silent] {
            let verdict = verdict(&step);
            assert_eq!((verdict.decision, verdict.claim), (Decision::Unknown, ClaimEffect::Unknown));
            assert_eq!((verdict.alert, verdict.cooldown), (AlertPolicy::Send, CooldownEffect::Charge));
        }
    }

    #[test]
    fn a_claim_of_this_delivery_is_settled_whatever_is_decided() {
        let relay = relay(Via::Cloud);
        let late = RelayCommand { deadline: at(-1), ..command(&relay, PULSE) };
        for (known, expected) in [(deciding(), ClaimEffect::Leave), (held(), ClaimEffect::Done)] {
            let step = step(&late, &known);
            let verdict = verdict(&step);
            assert_eq!((verdict.decision, verdict.claim), (Decision::Late, expected));
        }
    }

    #[test]
    fn a_decision_determines_the_effects_on_claim_and_cooldown() {
        use ClaimEffect as Claim;
        use CooldownEffect as Cooldown;
        let settled = |earlier| Reason::Settled { outcome: answer(), earlier };
        let cases = [
            (Decision::Done, Reason::Answered(answer()), Claim::Done, Cooldown::Charge),
            (Decision::Unknown, Reason::Unconfirmed(answer()), Claim::Unknown, Cooldown::Charge),
            (Decision::DryRun, Reason::DryRun, Claim::Done, Cooldown::Charge),
            (Decision::Failed, Reason::NotExecuted(answer()), Claim::Done, Cooldown::Return),
            (Decision::Late, Reason::TooOld, Claim::Leave, Cooldown::Return),
            (Decision::Late, Reason::Overtaken, Claim::Leave, Cooldown::Return),
            (Decision::Stopped, Reason::StopSwitch, Claim::Done, Cooldown::Return),
            (Decision::Refused, Reason::TooSoon, Claim::Done, Cooldown::Return),
            (Decision::Refused, Reason::Forbidden(answer()), Claim::Done, Cooldown::Return),
            (Decision::Refused, Reason::Cooldown, Claim::Done, Cooldown::Keep),
            (Decision::Refused, Reason::Replay, Claim::Leave, Cooldown::Keep),
            (Decision::Duplicate, Reason::SameThing, Claim::Done, Cooldown::Keep),
            (Decision::Duplicate, Reason::HeldLonger, Claim::Done, Cooldown::Return),
            (Decision::Duplicate, settled(Earlier::Acted), Claim::Leave, Cooldown::Keep),
            (Decision::Duplicate, settled(Earlier::DidNotAct), Claim::Leave, Cooldown::Return),
        ];
        for (decision, reason, claim, cooldown) in cases {
            let verdict = Verdict::new(Holding::Nothing, decision, reason.clone());
            assert_eq!((verdict.claim, verdict.cooldown), (claim, cooldown), "{decision} {reason:?}");
        }
    }

    #[test]
    fn the_claim_shows_whether_an_earlier_delivery_executed_the_action() {
        let claim = |decision: Option<&str>| ClaimRecord {
            decision: decision.map(|decision| DecisionRecord {
                decision: decision.to_owned(),
                reason: "answered".to_owned(),
                text: answer(),
                at: NOW,
            }),
            ..found(ClaimState::Done, Effect::Possible, 0)
        };
        for (decision, expected) in [
            (None, Earlier::Acted),
            (Some("done"), Earlier::Acted),
            (Some("unknown"), Earlier::Acted),
            (Some("dry_run"), Earlier::Acted),
            (Some("failed"), Earlier::DidNotAct),
            (Some("stopped"), Earlier::DidNotAct),
        ] {
            assert_eq!(earlier(&claim(decision)), expected, "{decision:?}");
        }
        for (decision, expected) in [
            (None, false),
            (Some("done"), false),
            (Some("unknown"), false),
            (Some("dry_run"), false),
            (Some("duplicate"), false),
            (Some("failed"), true),
            (Some("late"), true),
            (Some("refused"), true),
            (Some("stopped"), true),
        ] {
            assert_eq!(did_nothing(&claim(decision)), expected, "{decision:?}");
        }
        let undecided = ClaimRecord { state: ClaimState::Taken, ..claim(Some("failed")) };
        assert!(!did_nothing(&undecided));
    }

    #[test]
    fn an_older_start_or_stop_is_overtaken_and_one_of_the_same_moment_is_not() {
        let relay = relay(Via::Cloud);
        let moved =
            Deciding { relay: RelayRecord { last_event: Some(NOW), ..RelayRecord::default() }, ..deciding() };
        for (state, seconds, is_overtaken) in [
            (Some(State::Stop), -1, true),
            (Some(State::Start), -1, true),
            (Some(State::Stop), 0, false),
            (Some(State::Start), 1, false),
            (None, -1, false),
        ] {
            let command = RelayCommand {
                event_state: state,
                order_time: at(seconds),
                ..command(&relay, RelayAction::Off)
            };
            let overtaken = decision(&step(&command, &moved)) == Some((Decision::Late, "overtaken"));
            assert_eq!(overtaken, is_overtaken, "{state:?} {seconds}");
        }
    }

    #[test]
    fn of_a_start_and_a_stop_of_the_same_moment_the_stop_is_the_newer_one() {
        let relay = relay(Via::Cloud);
        let of = |state| RelayCommand { event_state: state, ..command(&relay, RelayAction::On) };
        let (start, stop) = (Some(State::Start), Some(State::Stop));
        for (first, second, expected) in [
            (stop, start, Some((Decision::Late, "overtaken"))),
            (start, stop, None),
            (start, start, None),
            (stop, stop, None),
            (stop, None, None),
        ] {
            let switched = prepared(&of(first), RelayRecord::default()).written;
            let free = RelayRecord { busy_until: None, last_actuation: None, ..switched };
            let next = step(&of(second), &Deciding { relay: free.clone(), ..held() });
            assert_eq!(decision(&next), expected, "{first:?} {second:?}");
            if expected.is_none() {
                let newest = prepared(&of(second), free).written.last_event_state;
                assert_eq!(newest, if first == stop { stop } else { second }, "{first:?} {second:?}");
            }
        }
    }

    #[test]
    fn an_event_in_the_future_is_refused() {
        let relay = relay(Via::Agent);
        let year_9999: Timestamp = "9999-01-01T00:00:00Z".parse().unwrap();
        let of = |happened_at, order_time| RelayCommand {
            happened_at,
            order_time,
            deadline: Timestamp::MAX,
            ..command(&relay, HOLD)
        };
        for (command, is_refused) in [
            (of(at(10), NOW), false),
            (of(at(11), NOW), true),
            (of(year_9999, NOW), true),
            (of(NOW, at(10)), false),
            (of(NOW, at(11)), true),
        ] {
            let step = step(&command, &deciding());
            let refused = decision(&step) == Some((Decision::Refused, "future_time"));
            assert_eq!(refused, is_refused, "{command:?}");
        }
    }

    #[test]
    fn a_signed_event_without_a_time_is_late() {
        let relay = relay(Via::Cloud);
        let command = RelayCommand { time_evidence: TimeEvidence::Missing, ..command(&relay, PULSE) };
        assert_eq!(decision(&step(&command, &deciding())), Some((Decision::Late, "no_time")));
    }

    fn actuated(seconds_ago: i64, on_until: Option<i64>) -> RelayRecord {
        RelayRecord {
            last_actuation: Some(at(-seconds_ago)),
            on_until: on_until.map(at),
            ..RelayRecord::default()
        }
    }

    #[test]
    fn the_min_interval_applies_to_actions_that_switch_the_relay() {
        let relay = relay(Via::Cloud);
        let of = |action, relay_record: RelayRecord| {
            step(&command(&relay, action), &Deciding { relay: relay_record, ..held() })
        };
        let refused = Some((Decision::Refused, "too_soon"));
        for action in ALL {
            // Two seconds are over at their end.
            assert!(matches!(of(action, actuated(2, None)), Step::Prepare(_)), "{action:?}");
        }
        assert!(matches!(of(RelayAction::Off, actuated(1, None)), Step::Prepare(_)));
        assert!(matches!(of(HOLD, actuated(1, Some(1))), Step::Prepare(_)), "it is on");
        assert_eq!(of(HOLD, actuated(1, None)), Step::Retry(Pause::Interval));
        assert_eq!(of(HOLD, actuated(1, Some(0))), Step::Retry(Pause::Interval), "its time is over");
        assert_eq!(of(RelayAction::On, actuated(1, None)), Step::Retry(Pause::Interval));
        assert_eq!(decision(&of(PULSE, actuated(1, Some(1)))), refused);
        assert_eq!(decision(&of(RelayAction::Toggle, actuated(1, None))), refused);
    }

    #[test]
    fn an_interval_that_ends_after_the_deadline_refuses_the_action() {
        let relay = relay(Via::Cloud);
        let known = Deciding { relay: actuated(0, None), ..held() };
        for (deadline, expected) in [(2, None), (1, Some((Decision::Refused, "too_soon")))] {
            let on = RelayCommand { deadline: at(deadline), ..command(&relay, RelayAction::On) };
            let step = step(&on, &known);
            assert_eq!(decision(&step), expected);
            assert!(expected.is_some() || step == Step::Retry(Pause::Interval));
        }
    }

    #[test]
    fn others_wait_while_the_relay_is_busy() {
        let relay = relay(Via::Cloud);
        let busy = |until| Deciding {
            relay: RelayRecord { busy_until: Some(at(until)), ..RelayRecord::default() },
            ..deciding()
        };
        assert_eq!(step(&command(&relay, PULSE), &busy(1)), Step::Retry(Pause::Busy));
        assert_eq!(step(&command(&relay, PULSE), &busy(0)), Step::TakeClaim);
    }

    #[test]
    fn a_hold_moves_the_end_and_never_brings_it_forward() {
        let relay = relay(Via::Cloud);
        let held_until = |until, generation, release_queued| RelayRecord {
            on_until: Some(at(until)),
            last_actuation: Some(at(-1)),
            generation,
            release_queued,
            ..RelayRecord::default()
        };
        let hold = command(&relay, HOLD);
        let moved = prepared(&hold, held_until(9, 3, Some(3)));
        assert_eq!((moved.written.on_until, moved.written.generation), (Some(at(10)), 3));
        assert_eq!(moved.release, ReleaseStatus::NotNeeded, "the message of generation 3 finds the new end");

        let unsure = prepared(&hold, held_until(9, 3, Some(2)));
        assert_eq!(unsure.written.generation, 4);
        assert_eq!(unsure.release, ReleaseStatus::Pending { on_until: at(10) });

        for until in [10, 11] {
            let longer = Deciding { relay: held_until(until, 3, Some(3)), ..held() };
            let held_longer = Some((Decision::Duplicate, "held_longer"));
            assert_eq!(decision(&step(&hold, &longer)), held_longer, "{until}");
        }
        let over = RelayCommand { happened_at: at(-10), ..command(&relay, HOLD) };
        assert_eq!(decision(&step(&over, &held())), Some((Decision::Late, "too_old")), "its time is over");
    }

    #[test]
    fn an_earlier_end_is_kept_until_the_device_confirms_another() {
        let relay = relay(Via::Cloud);
        let failures = ReleaseFailures { count: 2, since: at(-60), alerted: None, next: at(9) };
        let pulsed = RelayRecord {
            on_until: Some(at(9)),
            generation: 3,
            release_queued: Some(3),
            release_failures: Some(failures),
            ..RelayRecord::default()
        };
        for action in [RelayAction::On, RelayAction::Off, RelayAction::Toggle] {
            let prepared = prepared(&command(&relay, action), pulsed.clone());
            let end = |outcome: SendOutcome| {
                let record = record_after(&prepared, Some(&outcome), NOW);
                (record.on_until, record.release_failures.map(|failures| failures.count))
            };
            assert_eq!(prepared.written.on_until, Some(at(9)), "{action:?}");
            assert_eq!(end(SendOutcome::Unconfirmed(answer())), (Some(at(9)), Some(2)), "{action:?}");
            assert_eq!(end(SendOutcome::NotExecuted(answer())), (Some(at(9)), Some(2)), "{action:?}");
            assert_eq!(end(SendOutcome::Confirmed(answer())), (None, None), "{action:?}");
        }
        assert_eq!(
            prepared(&command(&relay, PULSE), pulsed).written.release_failures,
            None,
            "the count begins anew"
        );
    }

    #[test]
    fn the_interval_of_a_function_that_is_stopped_while_it_sends_begins_at_the_attempt() {
        let relay = relay(Via::Cloud);
        let written = prepared(&command(&relay, PULSE), RelayRecord::default()).written;
        assert_eq!(written.last_actuation, Some(NOW));
        assert!(written.busy_until.is_some_and(|until| until > NOW));
    }

    #[test]
    fn an_attempt_that_was_not_executed_is_undone_and_an_unknown_one_is_kept() {
        let relay = relay(Via::Cloud);
        let before = RelayRecord {
            last_event: Some(at(-100)),
            last_action: Some(LastAction::Off),
            // Of a function that was stopped.
            busy_until: Some(at(-90)),
            last_actuation: Some(at(-100)),
            generation: 3,
            release_queued: Some(3),
            ..RelayRecord::default()
        };
        let prepared =
            Prepared { release: ReleaseStatus::Queued, ..prepared(&command(&relay, PULSE), before.clone()) };
        let restored = RelayRecord { generation: 4, busy_until: None, ..before };
        for outcome in [
            None,
            Some(SendOutcome::NotExecuted(answer())),
            Some(SendOutcome::Deferred { reason: answer(), retry_after: None }),
            Some(SendOutcome::Forbidden(answer())),
        ] {
            assert_eq!(record_after(&prepared, outcome.as_ref(), at(1)), restored, "{outcome:?}");
        }
        let pending = record_after(&prepared, Some(&SendOutcome::Unconfirmed(answer())), at(1));
        let expected = RelayRecord {
            on_until: Some(at(5)),
            last_event: Some(NOW),
            last_action: Some(LastAction::Pulse),
            last_actuation: Some(at(1)),
            generation: 4,
            release_queued: Some(4),
            ended_by: Some(EndedBy::Release),
            confirmation: Confirmation::Missing,
            ..RelayRecord::default()
        };
        assert_eq!(pending, expected, "the release stays pending");
        let without_timer = record_after(&prepared, Some(&SendOutcome::WithoutTimer(answer())), at(1));
        let replaced =
            RelayRecord { ended_by: Some(EndedBy::Release), confirmation: Confirmation::Received, ..pending };
        assert_eq!(without_timer, replaced);
        let expected_timer = Prepared {
            written: RelayRecord { ended_by: Some(EndedBy::Timer), ..prepared.written.clone() },
            ..prepared.clone()
        };
        let of_timer = |outcome: SendOutcome| record_after(&expected_timer, Some(&outcome), at(1)).ended_by;
        assert_eq!(of_timer(SendOutcome::Unconfirmed(answer())), Some(EndedBy::Timer));
        assert_eq!(of_timer(SendOutcome::WithoutTimer(answer())), Some(EndedBy::Release), "it has no timer");
        let unsent = Prepared { release: ReleaseStatus::Pending { on_until: at(5) }, ..prepared };
        let pending = record_after(&unsent, Some(&SendOutcome::Unconfirmed(answer())), at(1));
        assert_eq!(pending.release_queued, Some(3), "no message was acknowledged");
    }

    #[test]
    fn a_release_is_kept_in_an_item_that_others_have_changed() {
        let lost = RelayRecord {
            on_until: Some(at(5)),
            generation: 4,
            release_queued: Some(4),
            last_action: Some(LastAction::Pulse),
            ..RelayRecord::default()
        };
        let of = |on_until: Option<i64>| RelayRecord {
            on_until: on_until.map(at),
            generation: 5,
            release_queued: Some(5),
            last_action: Some(LastAction::ConfirmedOff),
            ..RelayRecord::default()
        };
        for shorter in [None, Some(4)] {
            let kept = with_release_of(&of(shorter), &lost).unwrap();
            assert_eq!((kept.on_until, kept.generation, kept.release_queued), (Some(at(5)), 5, None));
            assert_eq!(kept.last_action, Some(LastAction::ConfirmedOff));
        }
        let newer = RelayRecord { generation: 6, ..lost.clone() };
        assert_eq!(with_release_of(&of(None), &newer).map(|kept| kept.generation), Some(6));
        for longer in [5, 6] {
            assert_eq!(with_release_of(&of(Some(longer)), &lost), None);
        }
        assert_eq!(with_release_of(&of(None), &RelayRecord { on_until: None, ..lost }), None);
    }

    #[test]
    fn a_command_that_was_not_executed_is_retried_before_the_deadline() {
        let relay = relay(Via::Cloud);
        let refused = || SendOutcome::NotExecuted(answer());
        let retry = Step::Retry(Pause::NotExecuted(answer()));
        assert_eq!(after_sending_at(&command(&relay, PULSE), refused(), at(28)), retry);
        let failed = Some((Decision::Failed, "no_effect"));
        assert_eq!(decision(&after_sending_at(&command(&relay, PULSE), refused(), at(29))), failed);
        assert_eq!(
            decision(&after_sending_at(&command(&relay, RelayAction::Toggle), refused(), NOW)),
            failed
        );
    }

    #[test]
    fn a_deferred_command_is_retried_when_the_device_requests_it_even_a_toggle() {
        let relay = relay(Via::Cloud);
        let deferred = |seconds: Option<u64>| SendOutcome::Deferred {
            reason: answer(),
            retry_after: seconds.map(Duration::from_secs),
        };
        for action in [PULSE, RelayAction::Toggle] {
            for (asked, expected) in [(None, 2), (Some(1), 2), (Some(3), 3), (Some(30), 30)] {
                let Step::Retry(pause) = after_sending_at(&command(&relay, action), deferred(asked), NOW)
                else {
                    panic!("not retried")
                };
                assert_eq!(pause.delay(), Some(Duration::from_secs(expected)), "{action:?} {asked:?}");
            }
            let too_long = after_sending_at(&command(&relay, action), deferred(Some(31)), NOW);
            assert_eq!(decision(&too_long), Some((Decision::Failed, "no_effect")));
        }
    }

    #[test]
    fn the_last_delivery_decides_what_another_one_would() {
        let relay = relay(Via::Cloud);
        let last = |action| RelayCommand { redelivery: Redelivery::Never, ..command(&relay, action) };
        let busy = Deciding {
            relay: RelayRecord { busy_until: Some(at(1)), ..RelayRecord::default() },
            ..deciding()
        };
        let in_interval = Deciding { relay: actuated(1, None), ..deciding() };
        let in_progress = with_claim(found(ClaimState::Taken, Effect::Possible, -1));
        let by_last_delivery = Some((Decision::Failed, "last_delivery"));
        for (known, expected) in [
            (busy, by_last_delivery),
            (in_interval, by_last_delivery),
            (in_progress, Some((Decision::Unknown, "no_word"))),
        ] {
            let step = step(&last(RelayAction::On), &known);
            assert_eq!(decision(&step), expected, "{known:?}");
            assert_eq!(verdict(&step).alert, AlertPolicy::Send);
        }
        for outcome in [
            SendOutcome::NotExecuted(answer()),
            SendOutcome::Deferred { reason: answer(), retry_after: Some(Duration::from_secs(3)) },
        ] {
            let step = after_sending_at(&last(PULSE), outcome, NOW);
            assert_eq!(decision(&step), Some((Decision::Failed, "no_effect")));
            assert_eq!(verdict(&step).claim, ClaimEffect::Done);
        }
    }

    #[test]
    fn a_dry_run_decides_everything_and_does_not_write_the_relays_item() {
        for via in [Via::Cloud, Via::Agent] {
            let relay = Relay { switching: Switching::DryRun, ..relay(via) };
            let command = command(&relay, PULSE);
            assert_eq!(step(&command, &deciding()), Step::TakeClaim);
            let dry = step(&command, &held());
            assert_eq!((verdict(&dry).decision, verdict(&dry).claim), (Decision::DryRun, ClaimEffect::Done));
            let stopped = Deciding { stop: StopSwitch::Stopped, ..deciding() };
            assert_eq!(decision(&step(&command, &stopped)), Some((Decision::Stopped, "stop_switch")));
        }
    }

    #[test]
    fn a_replay_switches_a_relay_only_if_its_run_was_requested_to() {
        let relay = relay(Via::Cloud);
        let asked = replay::relay_run_name(NOW);
        for (run, is_refused) in [("run-1", true), ("relays/", true), (asked.as_str(), false)] {
            let command = RelayCommand { replay: Some(run), ..command(&relay, PULSE) };
            let refused = decision(&step(&command, &deciding())) == Some((Decision::Refused, "replay"));
            assert_eq!(refused, is_refused, "{run}");
        }
    }

    #[test]
    fn the_function_hands_over_and_the_agent_switches() {
        let relay = relay(Via::Agent);
        assert_eq!(step(&command(&relay, PULSE), &held()), Step::HandOver);
        let on_site = RelayCommand { executor: Executor::Agent, ..command(&relay, PULSE) };
        assert!(matches!(step(&on_site, &held()), Step::Prepare(_)));
    }

    #[test]
    fn a_claim_that_is_being_handed_over_is_free_for_everybody_until_it_is_late() {
        let relay = relay(Via::Agent);
        let known = with_claim(found(ClaimState::Taken, Effect::HandedOver, 0));
        for (action, executor) in [(PULSE, Executor::Agent), (RelayAction::Toggle, Executor::Function)] {
            let command = RelayCommand { executor, ..command(&relay, action) };
            assert_eq!(step(&command, &known), Step::TakeClaim);
            let late = step_at(&command, &known, at(31));
            assert_eq!(decision(&late), Some((Decision::Late, "too_old")));
        }
    }

    #[test]
    fn a_command_in_the_agents_queue_is_left_to_the_agent() {
        let by_agent = relay(Via::Agent);
        for effect in [Effect::HandedOver, Effect::Possible, Effect::None, Effect::NotAttempted] {
            let claim = ClaimRecord { holder: Holder::Agent, ..found(ClaimState::Taken, effect, -60) };
            let known = with_claim(claim);
            assert_eq!(step(&command(&by_agent, PULSE), &known), Step::LeaveToAgent, "{effect:?}");
            let on_site = RelayCommand { executor: Executor::Agent, ..command(&by_agent, PULSE) };
            assert_ne!(step(&on_site, &known), Step::LeaveToAgent, "{effect:?}");
            let by_cloud = relay(Via::Cloud);
            let moved = step(&command(&by_cloud, PULSE), &known);
            assert_ne!(moved, Step::LeaveToAgent, "{effect:?}: the function switches the relay now");
        }
    }

    #[test]
    fn a_stop_after_the_relay_was_marked_busy_is_respected() {
        let relay = relay(Via::Cloud);
        let command = RelayCommand { timer: DeviceTimer::Own, ..command(&relay, PULSE) };
        let mut prepared = prepared(&command, RelayRecord::default());
        assert_eq!(before_sending_at(&command, &prepared, NOW), Step::ReadStopSwitch);
        prepared.stop = Some(StopSwitch::Stopped);
        let stopped = before_sending_at(&command, &prepared, NOW);
        assert_eq!(decision(&stopped), Some((Decision::Stopped, "stop_switch")));
    }

    #[test]
    fn an_alert_is_sent_for_what_a_person_has_to_look_at() {
        let settled = Reason::Settled { outcome: answer(), earlier: Earlier::Acted };
        for (decision, reason, expected) in [
            (Decision::Failed, Reason::NotExecuted(answer()), AlertPolicy::Send),
            (Decision::Unknown, Reason::Unconfirmed(answer()), AlertPolicy::Send),
            (Decision::Refused, Reason::Forbidden(answer()), AlertPolicy::Send),
            (Decision::Refused, Reason::FutureTime, AlertPolicy::Send),
            (Decision::Refused, Reason::NotInRules(answer()), AlertPolicy::Send),
            (Decision::Done, Reason::Answered(answer()), AlertPolicy::None),
            (Decision::Refused, Reason::Cooldown, AlertPolicy::None),
            (Decision::Refused, Reason::TooSoon, AlertPolicy::None),
            (Decision::Refused, Reason::Replay, AlertPolicy::None),
            (Decision::Late, Reason::TooOld, AlertPolicy::None),
            (Decision::Late, Reason::NoTime, AlertPolicy::None),
            (Decision::Stopped, Reason::StopSwitch, AlertPolicy::None),
            (Decision::Duplicate, settled, AlertPolicy::None),
            (Decision::DryRun, Reason::DryRun, AlertPolicy::None),
        ] {
            for holding in [Holding::Claim, Holding::Nothing] {
                let verdict = Verdict::new(holding, decision, reason.clone());
                assert_eq!(verdict.alert, expected, "{decision} {reason:?}");
            }
        }
    }

    #[test]
    fn a_pulse_does_not_shorten_the_time_that_the_relay_is_on() {
        let relay = relay(Via::Cloud);
        let on_until = |seconds| RelayRecord {
            on_until: Some(at(seconds)),
            last_actuation: Some(at(-60)),
            generation: 3,
            release_queued: Some(3),
            ..RelayRecord::default()
        };
        let own = RelayCommand { timer: DeviceTimer::Own, ..command(&relay, PULSE) };
        for (earlier, expected) in [(4, 5), (5, 5), (6, 6), (90, 90)] {
            let untimed = prepared(&command(&relay, PULSE), on_until(earlier));
            assert_eq!(untimed.written.on_until, Some(at(expected)), "{earlier}");
            assert_eq!(untimed.release, ReleaseStatus::NotNeeded, "{earlier}: the message is in the queue");
            assert_eq!(untimed.written.generation, 3);
            let timed = prepared(&own, on_until(earlier));
            let off_after = Some(Duration::from_secs(expected.unsigned_abs()));
            assert_eq!(timed.device_command, DeviceCommand::On { off_after }, "{earlier}");
            assert_eq!((timed.release, timed.written.generation), (ReleaseStatus::NotNeeded, 4));
        }
    }

    #[test]
    fn a_time_that_is_over_has_no_message_left() {
        let relay = relay(Via::Cloud);
        let over = RelayRecord {
            on_until: Some(NOW),
            last_actuation: Some(at(-60)),
            generation: 3,
            release_queued: Some(3),
            ..RelayRecord::default()
        };
        for action in [PULSE, HOLD] {
            let prepared = prepared(&command(&relay, action), over.clone());
            assert!(matches!(prepared.release, ReleaseStatus::Pending { .. }), "{action:?}");
            assert_eq!(prepared.written.generation, 4, "{action:?}");
        }
    }

    #[test]
    fn the_newest_event_that_switched_the_relay_is_kept() {
        let relay = relay(Via::Cloud);
        for (last, expected) in [(None, 0), (Some(-5), 0), (Some(0), 0), (Some(5), 5)] {
            let record = RelayRecord { last_event: last.map(at), ..RelayRecord::default() };
            let prepared = prepared(&command(&relay, RelayAction::Off), record);
            assert_eq!(prepared.written.last_event, Some(at(expected)), "{last:?}");
        }
    }

    #[test]
    fn an_attempt_that_was_never_sent_restores_an_earlier_release_and_its_failures() {
        let relay = relay(Via::Cloud);
        let failures = ReleaseFailures { count: 2, since: at(-60), alerted: Some(at(-30)), next: at(9) };
        let before = RelayRecord {
            on_until: Some(at(3)),
            last_event: Some(at(-9)),
            last_action: Some(LastAction::Hold),
            last_actuation: Some(at(-9)),
            generation: 3,
            release_queued: Some(3),
            release_failures: Some(failures),
            ..RelayRecord::default()
        };
        for action in ALL {
            let prepared = prepared(&command(&relay, action), before.clone());
            assert_ne!(prepared.written, before, "{action:?}");
            for outcome in [None, Some(SendOutcome::NotExecuted(answer()))] {
                let restored = record_after(&prepared, outcome.as_ref(), at(1));
                assert_eq!(restored, before, "{action:?} {outcome:?}");
            }
        }
    }

    #[test]
    fn the_age_counts_from_the_event_and_is_never_negative() {
        let relay = relay(Via::Cloud);
        let of = |seconds| RelayCommand { happened_at: at(seconds), ..command(&relay, PULSE) };
        assert_eq!(of(-7).age(NOW), Duration::from_secs(7));
        assert_eq!(of(7).age(NOW), Duration::ZERO);
    }
}
