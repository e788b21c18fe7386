//! The way of one actuation, as a pure function from what is known to the next step.
//!
//! The steps in their order: read the stop switch, the claim and the relay; ask whether another event about
//! the same thing acted and whether the rule rests; take the claim; write down what the relay is about to be;
//! where the device has no timer, have the message that will switch it off acknowledged by the queue; send;
//! write down what came of it. Whoever carries the steps out may die between any two of them. The next
//! delivery of the event then finds what is written, and [`next`] says what follows from that.

use std::time::Duration;

use camhook_event::State;
use camhook_site::{RelayAction, Switching, Via};
use camhook_state::claim::{ClaimRecord, ClaimState, Effect};
use camhook_state::control::StopSwitch;
use camhook_state::cooldown::Reservation;
use camhook_state::dedupe::Dedupe;
use camhook_state::relay::{LastAction, RelayRecord};
use jiff::Timestamp;

use crate::{Command, Decision, DeviceTimer, Order, Reason, Sent, Station, replay};

/// For how long an attempt that took the claim may still be at work: as long as a function may run.
pub const ATTEMPT_LIMIT: Duration = Duration::from_secs(12);

/// The longest that one device is spoken to.
pub const SEND_LIMIT: Duration = Duration::from_secs(4);

/// For how long others keep away from a relay that somebody is about to speak to: the longest that one device
/// is spoken to, and the time around it.
pub(crate) const BUSY_LIMIT: Duration = Duration::from_secs(8);

/// What is known of the claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimKnown {
    /// Nobody took it.
    Free,
    /// It was found as another delivery left it.
    Found(ClaimRecord),
    /// This delivery took it.
    Held,
}

/// What stands in the table now that the relay is about to be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// What stood there before.
    pub before: RelayRecord,
    /// What stands there now.
    pub written: RelayRecord,
    /// What the device will be asked.
    pub command: Command,
    /// Who will switch it off.
    pub release: Release,
}

/// Who will switch a relay off when its time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Nobody has to, the device does it itself, or the queue has the message already.
    Settled,
    /// The queue has to have a message before anything is sent.
    Owed {
        /// When the time is over.
        on_until: Timestamp,
    },
    /// The queue has acknowledged the message.
    Queued,
}

/// All that is known so far.
#[derive(Debug, Clone)]
pub struct Known {
    /// What time it is.
    pub now: Timestamp,
    /// The stop switch, as it was read first.
    pub stop: StopSwitch,
    /// The stop switch, read once more after the relay was marked busy; `None` when it was not read yet.
    pub stop_before_sending: Option<StopSwitch>,
    /// The claim.
    pub claim: ClaimKnown,
    /// The relay.
    pub relay: RelayRecord,
    /// Whether another event about the same thing acted; `None` when it was not asked.
    pub once: Option<Dedupe>,
    /// The rule's cooldown; `None` when it was not asked.
    pub cooldown: Option<Reservation>,
    /// That the relay is about to be moved.
    pub prepared: Option<Prepared>,
    /// What came of sending.
    pub sent: Option<Sent>,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask whether another event about the same thing acted.
    AskOnce,
    /// Reserve the rule's cooldown.
    ReserveCooldown {
        /// How long it is.
        length: Duration,
    },
    /// Take the claim.
    TakeClaim,
    /// Write what the relay is about to be.
    Prepare(Box<Prepared>),
    /// Have the release message acknowledged by the queue.
    QueueRelease {
        /// When the time is over.
        on_until: Timestamp,
        /// Which setting of `on_until` it belongs to.
        generation: u64,
    },
    /// Read the stop switch once more: whoever sets it either is seen here, or sees that the relay is busy.
    ReadStopSwitch,
    /// Ask the device.
    Send(Command),
    /// Put the action on the queue to the agent on site.
    HandOver,
    /// Nothing more in this delivery: it is decided later.
    Retry(Pause),
    /// It is decided.
    Finish(Box<End>),
}

/// Why an action waits for another delivery of its event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Pause {
    /// Another delivery of the same event is at work.
    #[error("another delivery of the event is at work")]
    AtWork,
    /// The device is being spoken to.
    #[error("the relay is being switched by somebody else")]
    Busy,
    /// The relay's smallest interval is over before the event is too old.
    #[error("the relay's `min_interval` is not over yet")]
    Interval,
    /// Another event holds the rule's cooldown and may give it back.
    #[error("another event of the rule is at work")]
    CooldownPending,
    /// It surely had no effect and is tried again.
    #[error("it surely had no effect and is tried again: {0}")]
    NoEffect(String),
}

impl Pause {
    /// The name in metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::AtWork => "at_work",
            Self::Busy => "busy",
            Self::Interval => "interval",
            Self::CooldownPending => "cooldown_pending",
            Self::NoEffect(_) => "no_effect",
        }
    }
}

/// How an actuation ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// What was decided.
    pub decision: Decision,
    /// Why.
    pub reason: Reason,
    /// Whether the decision is kept in the claim.
    pub claim: ClaimEnd,
    /// Whether people are told.
    pub trouble: FailedAction,
}

/// What becomes of the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimEnd {
    /// It stays as it is.
    Leave,
    /// The action is settled: a redelivery does nothing.
    Done,
    /// Nobody can say whether the action was done: a redelivery does nothing.
    Unknown,
}

/// Whether the trouble channel is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailedAction {
    /// It is as it should be.
    Quiet,
    /// Somebody should look at it.
    Tell,
}

fn end(known: &Known, decision: Decision, reason: Reason) -> Step {
    let claim = match (decision, &reason) {
        (Decision::Unknown, _) => ClaimEnd::Unknown,
        _ if known.claim == ClaimKnown::Held => ClaimEnd::Done,
        // These stay true for every later delivery; a claim would be a write for nothing.
        (Decision::Late, _) | (_, Reason::Settled(_) | Reason::Replay) => ClaimEnd::Leave,
        _ => ClaimEnd::Done,
    };
    let trouble = match (decision, &reason) {
        (Decision::Failed | Decision::Unknown, _) | (_, Reason::Forbidden(_)) => FailedAction::Tell,
        _ => FailedAction::Quiet,
    };
    Step::Finish(Box::new(End { decision, reason, claim, trouble }))
}

/// The next step of an actuation.
#[must_use]
pub fn next(order: &Order<'_>, known: &Known) -> Step {
    if let Some(sent) = &known.sent {
        return after_sending(order, known, sent);
    }
    if let Some(prepared) = &known.prepared {
        return before_sending(order, known, prepared);
    }
    if order.replay.is_some_and(|run| replay::told_at(run).is_none()) {
        return end(known, Decision::Refused, Reason::Replay);
    }
    if let Some(step) = found_claim(order, known) {
        return step;
    }
    if order.is_late(known.now) {
        return end(known, Decision::Late, Reason::TooOld);
    }
    if known.stop == StopSwitch::Stopped {
        return end(known, Decision::Stopped, Reason::StopSwitch);
    }
    if is_overtaken(order, &known.relay) {
        return end(known, Decision::Late, Reason::Overtaken);
    }
    if known.relay.busy_until.is_some_and(|until| until > known.now) {
        return Step::Retry(Pause::Busy);
    }
    let prepared = match prepare(order, &known.relay, known.now) {
        Ok(prepared) => prepared,
        Err((decision, reason)) => return end(known, decision, reason),
    };
    if let Some(step) = too_soon(order, known) {
        return step;
    }
    if let Some(step) = once_and_cooldown(order, known) {
        return step;
    }
    if known.claim != ClaimKnown::Held {
        return Step::TakeClaim;
    }
    // What the table says of the relay stays as it is: a release of what is really on is still carried out.
    if order.relay.switching == Switching::DryRun {
        return end(known, Decision::DryRun, Reason::DryRun);
    }
    if order.relay.via == Via::Agent && order.station == Station::Function {
        return Step::HandOver;
    }
    Step::Prepare(Box::new(prepared))
}

/// What follows from a claim that another delivery left; `None` when the way is free.
fn found_claim(order: &Order<'_>, known: &Known) -> Option<Step> {
    let ClaimKnown::Found(claim) = &known.claim else { return None };
    let outcome = || claim.outcome.clone().unwrap_or_else(|| "without a word".to_owned());
    match (claim.state, claim.effect) {
        (ClaimState::Done | ClaimState::Unknown, _) => {
            Some(end(known, Decision::Duplicate, Reason::Settled(outcome())))
        }
        (ClaimState::Taken, Effect::Possible) => {
            let given_up = claim.since.checked_add(ATTEMPT_LIMIT).unwrap_or(Timestamp::MAX);
            if known.now < given_up {
                return Some(Step::Retry(Pause::AtWork));
            }
            let reason = Reason::NoWord(format!("attempt {} ended without a word", claim.attempt));
            Some(end(known, Decision::Unknown, reason))
        }
        (ClaimState::Taken, Effect::None) => (!order.is_repeatable() || order.is_late(known.now))
            .then(|| end(known, Decision::Failed, Reason::NoEffect(outcome()))),
        // Nothing was tried yet: for whoever takes it, it is as good as free.
        (ClaimState::Taken, Effect::HandedOver) => None,
    }
}

/// Whether the relay was moved by what happened after this `start` or `stop`.
fn is_overtaken(order: &Order<'_>, relay: &RelayRecord) -> bool {
    matches!(order.event_state, Some(State::Start | State::Stop))
        && relay.last_event.is_some_and(|last| order.event_time < last)
}

/// The relay's smallest interval. What says how the relay is to be waits for its end, as long as the event is
/// not too old by then; what moves it once is refused. `off` never waits, and neither does a `hold` of a
/// relay that is on: it moves nothing.
fn too_soon(order: &Order<'_>, known: &Known) -> Option<Step> {
    let Known { relay, now, .. } = known;
    let over = relay.last_actuation?.checked_add(order.relay.min_interval).ok()?;
    if over <= *now {
        return None;
    }
    let is_on = relay.on_until.is_some_and(|until| until > *now);
    match order.action {
        RelayAction::Off => None,
        RelayAction::Hold { .. } if is_on => None,
        RelayAction::On | RelayAction::Hold { .. } if over <= order.deadline => {
            Some(Step::Retry(Pause::Interval))
        }
        RelayAction::On | RelayAction::Hold { .. } | RelayAction::Pulse { .. } | RelayAction::Toggle => {
            Some(end(known, Decision::Refused, Reason::TooSoon))
        }
    }
}

fn once_and_cooldown(order: &Order<'_>, known: &Known) -> Option<Step> {
    match (order.once, known.once) {
        (Some(_), None) => return Some(Step::AskOnce),
        (Some(_), Some(Dedupe::Duplicate(_))) => {
            return Some(end(known, Decision::Duplicate, Reason::SameThing));
        }
        (None, _) | (Some(_), Some(Dedupe::First | Dedupe::Same)) => {}
    }
    match (order.cooldown, known.cooldown) {
        (Some(length), None) => Some(Step::ReserveCooldown { length }),
        (Some(_), Some(Reservation::Charged { .. })) => Some(end(known, Decision::Refused, Reason::Cooldown)),
        (Some(_), Some(Reservation::Pending { .. })) => Some(Step::Retry(Pause::CooldownPending)),
        (None, _) | (Some(_), Some(Reservation::Held { .. })) => None,
    }
}

/// What the relay is about to be, and what is sent for it; the end when this event adds nothing.
///
/// Until the device has answered, an `on_until` that stands stays: should this be the last that is heard, the
/// relay is switched off once too often rather than never.
fn prepare(order: &Order<'_>, relay: &RelayRecord, now: Timestamp) -> Result<Prepared, (Decision, Reason)> {
    let promised = relay.on_until.filter(|until| *until > now);
    let on_until = match order.action {
        RelayAction::On | RelayAction::Off | RelayAction::Toggle => None,
        RelayAction::Pulse { duration } => {
            let until = now.checked_add(duration).unwrap_or(Timestamp::MAX);
            Some(promised.map_or(until, |promised| promised.max(until)))
        }
        RelayAction::Hold { duration } => {
            let until = order.happened_at.checked_add(duration).unwrap_or(Timestamp::MAX);
            if until <= now {
                return Err((Decision::Late, Reason::TooOld));
            }
            if promised.is_some_and(|promised| promised >= until) {
                return Err((Decision::Duplicate, Reason::HeldLonger));
            }
            Some(until)
        }
    };
    let mut written = RelayRecord {
        last_event: Some(relay.last_event.map_or(order.event_time, |last| last.max(order.event_time))),
        last_action: Some(last_action(order.action)),
        last_actuation: Some(now),
        busy_until: now.checked_add(BUSY_LIMIT).ok(),
        ..relay.clone()
    };
    let mut release = Release::Settled;
    if let Some(on_until) = on_until {
        written.on_until = Some(on_until);
        // A message that the queue surely has finds the new end of the time when it comes.
        let is_queued = promised.is_some() && relay.release_queued == Some(relay.generation);
        if order.timer == DeviceTimer::Own {
            written.generation = relay.generation.saturating_add(1);
        } else if !is_queued {
            written.generation = relay.generation.saturating_add(1);
            release = Release::Owed { on_until };
        }
    }
    let command = match order.action {
        RelayAction::On => Command::On { off_after: None },
        RelayAction::Off => Command::Off,
        RelayAction::Toggle => Command::Toggle,
        RelayAction::Pulse { .. } | RelayAction::Hold { .. } => Command::On {
            off_after: (order.timer == DeviceTimer::Own)
                .then(|| on_until.map(|until| time_until(until, now)))
                .flatten(),
        },
    };
    Ok(Prepared { before: relay.clone(), written, command, release })
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

/// How long it is until a moment; nothing when it has passed.
pub(crate) fn time_until(moment: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(moment.duration_since(now)).unwrap_or_default()
}

fn before_sending(order: &Order<'_>, known: &Known, prepared: &Prepared) -> Step {
    if let Release::Owed { on_until } = prepared.release {
        return Step::QueueRelease { on_until, generation: prepared.written.generation };
    }
    match known.stop_before_sending {
        None => return Step::ReadStopSwitch,
        Some(StopSwitch::Stopped) => return end(known, Decision::Stopped, Reason::StopSwitch),
        Some(StopSwitch::Running) => {}
    }
    // The table and the queue may have taken their time.
    if order.is_late(known.now) {
        return end(known, Decision::Late, Reason::TooOld);
    }
    if !may_still_send(&prepared.written, known.now) {
        return Step::Retry(Pause::Busy);
    }
    Step::Send(prepared.command)
}

/// Whether what is sent now is over before others may speak to the device.
pub(crate) fn may_still_send(written: &RelayRecord, now: Timestamp) -> bool {
    written.busy_until.is_some_and(|until| time_until(until, now) >= SEND_LIMIT)
}

fn after_sending(order: &Order<'_>, known: &Known, sent: &Sent) -> Step {
    match sent {
        Sent::Confirmed(answer) => end(known, Decision::Done, Reason::Answered(answer.clone())),
        Sent::Forbidden(reason) => end(known, Decision::Refused, Reason::Forbidden(reason.clone())),
        Sent::NoWord(reason) => end(known, Decision::Unknown, Reason::NoWord(reason.clone())),
        Sent::NoEffect(reason) => {
            let next_delivery = known.now.checked_add(order.retry_delay).unwrap_or(Timestamp::MAX);
            if order.is_repeatable() && !order.is_late(next_delivery) {
                return Step::Retry(Pause::NoEffect(reason.clone()));
            }
            end(known, Decision::Failed, Reason::NoEffect(reason.clone()))
        }
    }
}

/// What stands in the table of a relay that nobody speaks to any more; `sent` is `None` when nothing was sent.
#[must_use]
pub fn settled(prepared: &Prepared, sent: Option<&Sent>, now: Timestamp) -> RelayRecord {
    let Prepared { before, written, command, release } = prepared;
    match sent {
        Some(Sent::Confirmed(_)) => RelayRecord {
            busy_until: None,
            on_until: match command {
                Command::On { .. }
                    if matches!(written.last_action, Some(LastAction::Pulse | LastAction::Hold)) =>
                {
                    written.on_until
                }
                // The device said that it is on for good, off, or in a state that nobody timed.
                Command::On { .. } | Command::Off | Command::Toggle => None,
            },
            last_actuation: Some(now),
            release_queued: release_queued(written, *release),
            ..written.clone()
        },
        Some(Sent::NoWord(_)) => RelayRecord {
            busy_until: None,
            last_actuation: Some(now),
            release_queued: release_queued(written, *release),
            ..written.clone()
        },
        // Nothing happened, so nothing is remembered but the number that a release message may bear.
        Some(Sent::NoEffect(_) | Sent::Forbidden(_)) | None => {
            RelayRecord { busy_until: None, generation: written.generation, ..before.clone() }
        }
    }
}

fn release_queued(written: &RelayRecord, release: Release) -> Option<u64> {
    match release {
        Release::Queued => Some(written.generation),
        Release::Settled | Release::Owed { .. } => written.release_queued,
    }
}

#[cfg(test)]
mod tests {
    use camhook_event::EventId;
    use camhook_site::{Driver, Network, Relay, RelayId, ShellyGen2};

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

    fn order(relay: &Relay, action: RelayAction) -> Order<'_> {
        Order {
            event: event(),
            source: "cam",
            event_time: NOW,
            event_state: None,
            happened_at: NOW,
            once: None,
            rule: "open",
            action_index: 0,
            cooldown: None,
            deadline: at(30),
            relay,
            timer: DeviceTimer::None,
            action,
            station: Station::Function,
            replay: None,
            retry_delay: Duration::from_secs(2),
        }
    }

    fn known() -> Known {
        Known {
            now: NOW,
            stop: StopSwitch::Running,
            stop_before_sending: None,
            claim: ClaimKnown::Free,
            relay: RelayRecord::default(),
            once: None,
            cooldown: None,
            prepared: None,
            sent: None,
        }
    }

    const PULSE: RelayAction = RelayAction::Pulse { duration: Duration::from_secs(5) };
    const HOLD: RelayAction = RelayAction::Hold { duration: Duration::from_secs(10) };

    fn decision(step: &Step) -> Option<(Decision, &'static str)> {
        match step {
            Step::Finish(end) => Some((end.decision, end.reason.name())),
            _ => None,
        }
    }

    #[test]
    fn the_whole_way_of_a_pulse_without_a_timer() {
        let relay = relay(Via::Cloud);
        let order = Order {
            once: Some("cam:motion:1"),
            cooldown: Some(Duration::from_secs(60)),
            ..order(&relay, PULSE)
        };
        let mut known = known();
        assert_eq!(next(&order, &known), Step::AskOnce);
        known.once = Some(Dedupe::First);
        assert_eq!(next(&order, &known), Step::ReserveCooldown { length: Duration::from_secs(60) });
        known.cooldown = Some(Reservation::Held { until: at(60) });
        assert_eq!(next(&order, &known), Step::TakeClaim);
        known.claim = ClaimKnown::Held;
        let Step::Prepare(prepared) = next(&order, &known) else { panic!("not prepared") };
        assert_eq!(prepared.written.on_until, Some(at(5)));
        assert_eq!(prepared.written.busy_until, Some(at(8)));
        known.prepared = Some(*prepared);
        assert_eq!(next(&order, &known), Step::QueueRelease { on_until: at(5), generation: 1 });
        let mut queued = known.prepared.clone().unwrap();
        queued.release = Release::Queued;
        known.prepared = Some(queued.clone());
        assert_eq!(next(&order, &known), Step::ReadStopSwitch);
        known.stop_before_sending = Some(StopSwitch::Running);
        assert_eq!(next(&order, &known), Step::Send(Command::On { off_after: None }));
        known.sent = Some(Sent::Confirmed("{}".to_owned()));
        assert_eq!(decision(&next(&order, &known)), Some((Decision::Done, "answered")));
        let record = settled(&queued, known.sent.as_ref(), at(1));
        assert_eq!((record.on_until, record.release_queued), (Some(at(5)), Some(1)));
        assert_eq!((record.busy_until, record.last_actuation), (None, Some(at(1))));
    }

    #[test]
    fn nothing_is_sent_when_others_may_speak_to_the_device_before_it_is_over() {
        let relay = relay(Via::Cloud);
        let order = Order { timer: DeviceTimer::Own, ..order(&relay, PULSE) };
        let mut known = Known { claim: ClaimKnown::Held, ..known() };
        let Step::Prepare(prepared) = next(&order, &known) else { panic!("not prepared") };
        known.prepared = Some(*prepared);
        known.stop_before_sending = Some(StopSwitch::Running);
        known.now = at(4);
        assert!(matches!(next(&order, &known), Step::Send(_)));
        known.now = at(5);
        assert_eq!(next(&order, &known), Step::Retry(Pause::Busy));
        known.now = at(31);
        assert_eq!(decision(&next(&order, &known)), Some((Decision::Late, "too_old")));
    }

    #[test]
    fn a_claim_that_was_found_decides() {
        let relay = relay(Via::Cloud);
        let found = |state, effect, since| {
            let outcome = (effect == Effect::None).then(|| "refused".to_owned());
            ClaimKnown::Found(ClaimRecord { state, attempt: 1, since: at(since), effect, outcome })
        };
        let (taken, possible, none) = (ClaimState::Taken, Effect::Possible, Effect::None);
        let cases = [
            (PULSE, found(ClaimState::Done, possible, 0), Some((Decision::Duplicate, "settled"))),
            (PULSE, found(ClaimState::Unknown, possible, 0), Some((Decision::Duplicate, "settled"))),
            (PULSE, found(taken, possible, -11), None),
            (PULSE, found(taken, possible, -12), Some((Decision::Unknown, "no_word"))),
            (RelayAction::Off, found(taken, possible, -12), Some((Decision::Unknown, "no_word"))),
            (RelayAction::Toggle, found(taken, none, -1), Some((Decision::Failed, "no_effect"))),
        ];
        for (action, claim, expected) in cases {
            let known = Known { claim: claim.clone(), ..known() };
            let step = next(&order(&relay, action), &known);
            assert_eq!(decision(&step), expected, "{action:?} {claim:?}");
            assert!(expected.is_some() || step == Step::Retry(Pause::AtWork));
        }
        let again = Known { claim: found(taken, none, -1), ..known() };
        assert_eq!(next(&order(&relay, PULSE), &again), Step::TakeClaim);
        let too_late = Known { now: at(31), ..again };
        assert_eq!(decision(&next(&order(&relay, PULSE), &too_late)), Some((Decision::Failed, "no_effect")));
    }

    #[test]
    fn a_claim_of_this_delivery_is_settled_whatever_is_decided() {
        let relay = relay(Via::Cloud);
        let late = Order { deadline: at(-1), ..order(&relay, PULSE) };
        for (claim, expected) in [(ClaimKnown::Free, ClaimEnd::Leave), (ClaimKnown::Held, ClaimEnd::Done)] {
            let Step::Finish(end) = next(&late, &Known { claim, ..known() }) else { panic!("not decided") };
            assert_eq!((end.decision, end.claim), (Decision::Late, expected));
        }
    }

    #[test]
    fn a_hold_moves_the_end_and_never_brings_it_forward() {
        let relay = relay(Via::Cloud);
        let held = |until, generation, release_queued| RelayRecord {
            on_until: Some(at(until)),
            last_actuation: Some(at(-1)),
            generation,
            release_queued,
            ..RelayRecord::default()
        };
        let held_by = |relay_record| Known { relay: relay_record, claim: ClaimKnown::Held, ..known() };
        let Step::Prepare(moved) = next(&order(&relay, HOLD), &held_by(held(9, 3, Some(3)))) else {
            panic!("not prepared, though `min_interval` is not for what is on")
        };
        assert_eq!((moved.written.on_until, moved.written.generation), (Some(at(10)), 3));
        assert_eq!(moved.release, Release::Settled, "the message of generation 3 finds the new end");

        let Step::Prepare(unsure) = next(&order(&relay, HOLD), &held_by(held(9, 3, Some(2)))) else {
            panic!("not prepared")
        };
        assert_eq!(unsure.written.generation, 4);
        assert_eq!(unsure.release, Release::Owed { on_until: at(10) });

        let longer = held_by(held(11, 3, Some(3)));
        assert_eq!(
            decision(&next(&order(&relay, HOLD), &longer)),
            Some((Decision::Duplicate, "held_longer"))
        );
    }

    #[test]
    fn an_end_that_stands_stays_until_the_device_confirms_another() {
        let relay = relay(Via::Cloud);
        let pulsed = RelayRecord {
            on_until: Some(at(9)),
            generation: 3,
            release_queued: Some(3),
            ..RelayRecord::default()
        };
        for action in [RelayAction::On, RelayAction::Off, RelayAction::Toggle] {
            let known = Known { relay: pulsed.clone(), claim: ClaimKnown::Held, ..known() };
            let Step::Prepare(prepared) = next(&order(&relay, action), &known) else {
                panic!("not prepared")
            };
            let end = |sent: Sent| settled(&prepared, Some(&sent), NOW).on_until;
            assert_eq!(prepared.written.on_until, Some(at(9)), "{action:?}");
            assert_eq!(end(Sent::NoWord("silence".to_owned())), Some(at(9)), "{action:?}");
            assert_eq!(end(Sent::NoEffect("refused".to_owned())), Some(at(9)), "{action:?}");
            assert_eq!(end(Sent::Confirmed("{}".to_owned())), None, "{action:?}");
        }
    }

    #[test]
    fn a_dry_run_decides_everything_and_ends_before_anything_is_written_of_the_relay() {
        for via in [Via::Cloud, Via::Agent] {
            let relay = Relay { switching: Switching::DryRun, ..relay(via) };
            let order = order(&relay, PULSE);
            assert_eq!(next(&order, &known()), Step::TakeClaim);
            let Step::Finish(end) = next(&order, &Known { claim: ClaimKnown::Held, ..known() }) else {
                panic!("not decided")
            };
            assert_eq!((end.decision, end.claim), (Decision::DryRun, ClaimEnd::Done));
            let stopped = Known { stop: StopSwitch::Stopped, ..known() };
            assert_eq!(decision(&next(&order, &stopped)), Some((Decision::Stopped, "stop_switch")));
        }
    }

    #[test]
    fn a_replay_moves_a_relay_only_when_it_is_told_to() {
        let relay = relay(Via::Cloud);
        let told = replay::moving(NOW);
        for (run, is_refused) in [("run-1", true), ("relays/", true), (told.as_str(), false)] {
            let order = Order { replay: Some(run), ..order(&relay, PULSE) };
            let refused = decision(&next(&order, &known())) == Some((Decision::Refused, "replay"));
            assert_eq!(refused, is_refused, "{run}");
        }
    }

    #[test]
    fn the_agents_relays_are_handed_over_by_the_function_and_switched_by_the_agent() {
        let relay = relay(Via::Agent);
        let known = Known { claim: ClaimKnown::Held, ..known() };
        assert_eq!(next(&order(&relay, PULSE), &known), Step::HandOver);
        let on_site = Order { station: Station::Agent, ..order(&relay, PULSE) };
        assert!(matches!(next(&on_site, &known), Step::Prepare(_)));
    }

    #[test]
    fn a_claim_that_was_handed_over_is_free_for_everybody_until_it_is_late() {
        let relay = relay(Via::Agent);
        let claim = ClaimKnown::Found(ClaimRecord {
            state: ClaimState::Taken,
            attempt: 1,
            since: NOW,
            effect: Effect::HandedOver,
            outcome: Some("handed over".to_owned()),
        });
        for (action, station) in [(PULSE, Station::Agent), (RelayAction::Toggle, Station::Function)] {
            let order = Order { station, ..order(&relay, action) };
            let known = Known { claim: claim.clone(), ..known() };
            assert_eq!(next(&order, &known), Step::TakeClaim);
            let late = Known { now: at(31), ..known };
            assert_eq!(decision(&next(&order, &late)), Some((Decision::Late, "too_old")));
        }
    }

    #[test]
    fn what_is_stopped_after_the_relay_was_marked_busy_is_not_sent() {
        let relay = relay(Via::Cloud);
        let order = Order { timer: DeviceTimer::Own, ..order(&relay, PULSE) };
        let mut known = Known { claim: ClaimKnown::Held, ..known() };
        let Step::Prepare(prepared) = next(&order, &known) else { panic!("not prepared") };
        known.prepared = Some(*prepared);
        assert_eq!(next(&order, &known), Step::ReadStopSwitch);
        known.stop_before_sending = Some(StopSwitch::Stopped);
        assert_eq!(decision(&next(&order, &known)), Some((Decision::Stopped, "stop_switch")));
    }
}
