//! One action that one rule wants of a relay because of one event.

use std::borrow::Cow;
use std::time::Duration;

use camhook_event::{Event, EventId, Kind, State, Vendor};
use camhook_ports::Queue;
use camhook_site::{ClockTrust, Relay, RelayAction, Rule, Source};
use camhook_state::claim::{CLAIM_LIFETIME, ClaimKey};
use camhook_state::cooldown::CooldownKey;
use camhook_state::dedupe::DEDUPE_LIFETIME;
use jiff::Timestamp;

use crate::DeviceTimer;

/// Where the protocol runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Executor {
    /// In the relay function, which reaches what the internet reaches.
    Function,
    /// On site, in the agent.
    Agent,
}

impl Executor {
    /// The queue from which it takes what is to be done.
    #[must_use]
    pub fn queue(self) -> Queue {
        match self {
            Self::Function => Queue::Relay,
            Self::Agent => Queue::RelayLan,
        }
    }

    /// The queue from which it takes releases.
    #[must_use]
    pub fn release_queue(self) -> Queue {
        match self {
            Self::Function => Queue::Releases,
            Self::Agent => Queue::ReleasesLan,
        }
    }
}

/// One action that one rule wants of a relay because of one event.
#[derive(Debug, Clone)]
pub struct RelayCommand<'a> {
    /// The event.
    pub event: EventId,
    /// Its source's id.
    pub source: &'a str,
    /// When it happened, for the order of `start` and `stop`: see [`order_time`].
    pub order_time: Timestamp,
    /// Whether something began or ended.
    pub event_state: Option<State>,
    /// When it happened by camhook's clock, as far as is known: its age counts from here.
    pub happened_at: Timestamp,
    /// Whether that is known well enough to move a relay.
    pub time_evidence: TimeEvidence,
    /// What makes several events one, for this action: only one of them acts.
    pub dedupe: Vec<DedupeKey<'a>>,
    /// The rule.
    pub rule: &'a str,
    /// Which of the rule's actions, counted from 0.
    pub action_index: usize,
    /// The rule's cooldown.
    pub cooldown: Option<Duration>,
    /// After this moment nothing is sent.
    pub deadline: Timestamp,
    /// The relay.
    pub relay: &'a Relay,
    /// Whether its device can switch itself off.
    pub timer: DeviceTimer,
    /// What is to be done.
    pub action: RelayAction,
    /// Where the protocol runs.
    pub executor: Executor,
    /// The run that sent the event again, when it is a replay.
    pub replay: Option<&'a str>,
    /// When the message is delivered again if this delivery cannot finish.
    pub retry_delay: Duration,
}

/// Whether it is known when an event happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeEvidence {
    /// It is.
    Known,
    /// It is not, and it should be: a signed post without a time that can be right may have been captured at any time.
    Missing,
}

/// What makes several events one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DedupeKey<'a> {
    /// What they have in common.
    pub key: Cow<'a, str>,
    /// For what only one of them acts: a rule, or a relay.
    pub scope: Cow<'a, str>,
    /// For how long.
    pub lifetime: Duration,
}

impl<'a> RelayCommand<'a> {
    /// The claim of the action: one event acts once.
    #[must_use]
    pub fn claim(&self) -> ClaimKey<'a> {
        ClaimKey { event: self.event, rule: self.rule, action: self.action_index, replay: self.replay }
    }

    /// The cooldown that the action begins.
    #[must_use]
    pub fn cooldown_key(&self) -> CooldownKey<'a> {
        CooldownKey { rule: self.rule, scope: self.source }
    }

    /// How old the event is.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.happened_at)).unwrap_or_default()
    }

    /// Whether nothing may be sent any more.
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        now > self.deadline
    }

    /// Whether the action may be sent again after it surely was not executed. A toggle never is: "surely" is not sure
    /// enough for a gate that would close on a car.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        match self.action {
            RelayAction::On | RelayAction::Off | RelayAction::Pulse { .. } | RelayAction::Hold { .. } => true,
            RelayAction::Toggle => false,
        }
    }
}

/// When an event happened by camhook's clock, and whether that is known well enough to move a relay.
///
/// It is the time of receipt, less the lag where the source's time counts: where its clock is trusted, where it signs
/// (a captured post can be sent again at any time, and its signature stays right), and for XProtect, which sends what
/// could not be delivered again, hours later. A lag below zero is a wrong clock and makes no event younger.
#[must_use]
pub fn happened_at(event: &Event, source: Option<&Source>) -> (Timestamp, TimeEvidence) {
    let received_at = event.data.received_at.timestamp();
    let is_signed = source.is_some_and(|source| !source.auth.hmac.is_empty());
    let is_trusted = source.is_some_and(|source| source.clock == ClockTrust::Trusted);
    let lag = event.data.lag_s;
    let counted = lag.filter(|_| is_signed || is_trusted || event.data.vendor == Vendor::Xprotect);
    // A lag that is longer than time itself makes the event older than any `max_age`.
    let counted = Duration::try_from_secs_f64(counted.unwrap_or_default().max(0.0)).unwrap_or(Duration::MAX);
    let tolerance = source.map_or(Duration::ZERO, |source| source.clock_tolerance).as_secs_f64();
    let evidence = match lag {
        Some(lag) if is_signed && lag < -tolerance => TimeEvidence::Missing,
        None if is_signed => TimeEvidence::Missing,
        _ => TimeEvidence::Known,
    };
    (received_at.checked_sub(counted).unwrap_or(Timestamp::MIN), evidence)
}

/// By what `start` and `stop` are put in order: the device's time, but never later than the time of receipt. A clock
/// that is ahead within the tolerance would otherwise make a `start` newer than the `stop` that follows it.
#[must_use]
pub fn order_time(event: &Event) -> Timestamp {
    event.time.timestamp().min(event.data.received_at.timestamp())
}

/// The correlation key by which an action acts once; `None` where it acts for each event: `hold`, a `stop`,
/// counting, and events that nothing joins.
#[must_use]
pub fn correlation_key(event: &Event, action: RelayAction) -> Option<&str> {
    if matches!(action, RelayAction::Hold { .. })
        || event.data.state == Some(State::Stop)
        || event.data.kind == Kind::Counting
    {
        return None;
    }
    event.data.correlation.as_ref().map(|correlation| correlation.key.as_str())
}

/// What makes several events one for an action of a rule.
///
/// Posts about one thing act once for a rule. A signed event acts once for a relay, whichever source it was posted to:
/// two sources with one key take the same captured post, and each gives its event an id of its own. A replay that was
/// asked to move relays may do again what the signed event did.
#[must_use]
pub fn dedupe_keys<'a>(
    event: &'a Event,
    source: Option<&Source>,
    rule: &'a str,
    relay: &str,
    action: RelayAction,
    replay: Option<&str>,
) -> Vec<DedupeKey<'a>> {
    let correlation = correlation_key(event, action).map(|key| DedupeKey {
        key: Cow::Borrowed(key),
        scope: Cow::Borrowed(rule),
        lifetime: DEDUPE_LIFETIME,
    });
    let is_signed = source.is_some_and(|source| !source.auth.hmac.is_empty());
    let ids = event.data.correlation.iter().flat_map(|correlation| &correlation.event_ids);
    let signed = ids.filter(|_| is_signed && replay.is_none()).map(|id| DedupeKey {
        key: Cow::Owned(format!("signed/{}/{}", event.data.vendor, id.as_str().to_lowercase())),
        scope: Cow::Owned(format!("relay/{relay}")),
        lifetime: CLAIM_LIFETIME,
    });
    correlation.into_iter().chain(signed).collect()
}

/// After which moment a rule does nothing about an event any more.
#[must_use]
pub fn deadline(rule: &Rule, happened_at: Timestamp) -> Timestamp {
    happened_at.checked_add(rule.max_age).unwrap_or(Timestamp::MAX)
}
