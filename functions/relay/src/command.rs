//! A relay action of a rule for an event.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use camhook_event::{Event, EventId, State, Vendor};
use camhook_ports::Queue;
use camhook_site::{ClockTrust, PlateMatch, Relay, RelayAction, Rule, Site, Source};
use camhook_state::claim::{CLAIM_LIFETIME, ClaimKey};
use camhook_state::cooldown::CooldownKey;
use camhook_state::dedupe::DEDUPE_LIFETIME;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::DeviceTimer;

/// Where an action is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Executor {
    /// In the relay function, for devices that are reachable from the internet.
    Function,
    /// In the agent on site.
    Agent,
}

impl Executor {
    /// The queue of its actions.
    #[must_use]
    pub fn queue(self) -> Queue {
        match self {
            Self::Function => Queue::Relay,
            Self::Agent => Queue::RelayLan,
        }
    }

    /// The queue of its releases.
    #[must_use]
    pub fn release_queue(self) -> Queue {
        match self {
            Self::Function => Queue::Releases,
            Self::Agent => Queue::ReleasesLan,
        }
    }
}

/// A relay action of a rule for an event.
#[derive(Debug, Clone)]
pub struct RelayCommand<'a> {
    /// The event.
    pub event: EventId,
    /// The id of the event's source.
    pub source: &'a str,
    /// The time by which `start` and `stop` are ordered: see [`order_time`].
    pub order_time: Timestamp,
    /// Whether the event is a start or a stop.
    pub event_state: Option<State>,
    /// When the event happened by camhook's clock. Its age counts from here: see [`happened_at`].
    pub happened_at: Timestamp,
    /// Whether that time is known well enough to switch a relay.
    pub time_evidence: TimeEvidence,
    /// Of several events with one of these keys, only one switches the relay.
    pub dedupe: Vec<DedupeKey>,
    /// The rule's id.
    pub rule: &'a str,
    /// The index of the action within the rule, counted from 0.
    pub action_index: usize,
    /// The rule's cooldown.
    pub cooldown: Option<Duration>,
    /// What the cooldown is counted for: see [`Site::cooldown_scope`].
    pub cooldown_scope: Cow<'a, str>,
    /// Nothing is sent after this time.
    pub deadline: Timestamp,
    /// The relay.
    pub relay: &'a Relay,
    /// Whether the device switches itself off.
    pub timer: DeviceTimer,
    /// The action.
    pub action: RelayAction,
    /// Where an action is executed.
    pub executor: Executor,
    /// What was read and what matched, if the rule matched a plate by tolerance.
    pub plate: Option<PlateEvidence>,
    /// The name of the run, if the event is replayed.
    pub replay: Option<&'a str>,
    /// Whether the message is delivered again.
    pub redelivery: Redelivery,
}

/// Whether a message that cannot be processed yet is delivered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redelivery {
    /// Usually after this delay.
    After(Duration),
    /// Never: this is the last delivery before the message is dead-lettered, so something has to be decided now.
    Never,
}

impl Redelivery {
    /// What follows a delivery, of a queue that delivers a message at most `last` times.
    pub(crate) fn of(receive_count: u32, last: u32, delay: Duration) -> Self {
        if receive_count >= last { Self::Never } else { Self::After(delay) }
    }

    /// The usual delay.
    pub(crate) fn delay(self) -> Duration {
        match self {
            Self::After(delay) => delay,
            Self::Never => Duration::ZERO,
        }
    }
}

/// A plate that a rule matched by tolerance, for the audit. It stays out of logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlateEvidence {
    /// The plate that the device read.
    pub read: String,
    /// The plate of the list, or several.
    pub matched: String,
    /// The list's id.
    pub list: String,
}

impl From<&PlateMatch> for PlateEvidence {
    fn from(found: &PlateMatch) -> Self {
        Self {
            read: found.read.as_str().to_owned(),
            matched: found.matched_plates(),
            list: found.list.as_str().to_owned(),
        }
    }
}

impl fmt::Debug for PlateEvidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PlateEvidence").field("list", &self.list).finish_non_exhaustive()
    }
}

/// Whether it is known when an event happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeEvidence {
    /// It is known.
    Known,
    /// The post has no plausible time, although its source is one whose lag counts: it may be of any age.
    Missing,
}

/// A key that events about the same object share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DedupeKey {
    /// The key.
    pub key: String,
    /// Where only one of the events acts: an action of a rule, or a relay.
    pub scope: String,
    /// How long the key is remembered.
    pub lifetime: Duration,
    /// Whether an event takes the key from one that did nothing.
    pub ownership: Ownership,
}

/// Whether a key stays with the event that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// An event whose action was decided without doing anything loses it to the next one: the car still waits.
    UntilNothingWasDone,
    /// For the lifetime of the key, since another event with it is the same one, posted again.
    Fixed,
}

impl<'a> RelayCommand<'a> {
    /// The claim of the action.
    #[must_use]
    pub fn claim(&self) -> ClaimKey<'a> {
        ClaimKey { event: self.event, rule: self.rule, action: self.action_index, replay: self.replay }
    }

    /// The cooldown of the rule.
    #[must_use]
    pub fn cooldown_key(&self) -> CooldownKey<'_> {
        CooldownKey { rule: self.rule, scope: &self.cooldown_scope }
    }

    /// The age of the event.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.happened_at)).unwrap_or_default()
    }

    /// Whether the deadline is exceeded.
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        now > self.deadline
    }

    /// Whether the action may be retried after it was certainly not executed. A toggle is never retried: were the
    /// device's refusal wrong, the gate would close on a car.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        match self.action {
            RelayAction::On | RelayAction::Off | RelayAction::Pulse { .. } | RelayAction::Hold { .. } => true,
            RelayAction::Toggle => false,
        }
    }
}

/// When an event happened by camhook's clock, and whether that is known well enough to switch a relay.
///
/// This is the time of receipt, less the lag where it counts. A negative lag is a wrong clock and makes nothing
/// younger. Where the lag counts, a post without a time, or with one that is ahead by more than the tolerance, may be of
/// any age.
#[must_use]
pub fn happened_at(event: &Event, source: Option<&Source>) -> (Timestamp, TimeEvidence) {
    match (LagUse::of(event, source), event.data.lag_s) {
        (LagUse::Ignored, _) => (before_receipt(event, Duration::ZERO), TimeEvidence::Known),
        (LagUse::Counted, Some(lag)) if lag >= -clock_tolerance(source).as_secs_f64() => {
            (before_receipt(event, positive(lag)), TimeEvidence::Known)
        }
        (LagUse::Counted, _) => (before_receipt(event, Duration::ZERO), TimeEvidence::Missing),
    }
}

/// The time by which `start` and `stop` are ordered: the earlier one of the device's time and the time of receipt.
///
/// With a clock that is ahead, a `start` would otherwise be newer than the `stop` that follows it. A clock that is not
/// trusted moves an event by its tolerance at most: then a camera whose clock is an hour slow is not older than
/// everything that another camera has done within that hour, and a lag at the limit of the tolerance reverses nothing.
#[must_use]
pub fn order_time(event: &Event, source: Option<&Source>) -> Timestamp {
    let lag = positive(event.data.lag_s.unwrap_or_default());
    let lag = match LagUse::of(event, source) {
        LagUse::Counted => lag,
        LagUse::Ignored => lag.min(clock_tolerance(source)),
    };
    before_receipt(event, lag)
}

/// Whether the lag of a post belongs to the age of its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LagUse {
    /// The source's clock is trusted, the source signs its posts (a captured post stays valid), or the source is XProtect,
    /// which delivers hours later what failed before.
    Counted,
    /// The source's clock may be wrong.
    Ignored,
}

impl LagUse {
    fn of(event: &Event, source: Option<&Source>) -> Self {
        let is_signed = source.is_some_and(|source| !source.auth.hmac.is_empty());
        let is_trusted = source.is_some_and(|source| source.clock == ClockTrust::Trusted);
        if is_signed || is_trusted || event.data.vendor == Vendor::Xprotect {
            return Self::Counted;
        }
        Self::Ignored
    }
}

fn clock_tolerance(source: Option<&Source>) -> Duration {
    source.map_or(Duration::ZERO, |source| source.clock_tolerance)
}

/// A lag in seconds; zero for one of a clock that is ahead. One beyond the range of `Duration` is older than any `max_age`.
fn positive(lag: f64) -> Duration {
    Duration::try_from_secs_f64(lag.max(0.0)).unwrap_or(Duration::MAX)
}

fn before_receipt(event: &Event, lag: Duration) -> Timestamp {
    event.data.received_at.timestamp().checked_sub(lag).unwrap_or(Timestamp::MIN)
}

/// The keys of an action: of several events with one of them, only one switches the relay.
///
/// Posts about one object act once for an action of a rule, by the key that notifications use too. A `hold` acts for each
/// event. A
/// signed event acts once for a relay, whichever source it was posted to: two sources with one key accept the same
/// captured post, and each gives its event an id of its own. A replay that switches relays may repeat what the signed
/// event did.
#[must_use]
pub fn dedupe_keys(
    site: &Site,
    event: &Event,
    claim: ClaimKey<'_>,
    relay: &str,
    action: RelayAction,
) -> Vec<DedupeKey> {
    let acts_once = !matches!(action, RelayAction::Hold { .. });
    let object = site.dedupe_key(event).filter(|_| acts_once).map(|key| DedupeKey {
        key,
        // Each action has a key of its own, so that the claim of the event that has it has the outcome.
        scope: format!("{}#{}", claim.rule, claim.action),
        lifetime: DEDUPE_LIFETIME,
        ownership: Ownership::UntilNothingWasDone,
    });
    let source = site.source(event.data.source.as_str());
    let is_signed = source.is_some_and(|source| !source.auth.hmac.is_empty());
    let ids = event.data.correlation.iter().flat_map(|correlation| &correlation.event_ids);
    let signed = ids.filter(|_| is_signed && claim.replay.is_none()).map(|id| DedupeKey {
        key: format!("signed/{}/{}", event.data.vendor, id.as_str().to_lowercase()),
        scope: format!("relay/{relay}"),
        lifetime: CLAIM_LIFETIME,
        ownership: Ownership::Fixed,
    });
    object.into_iter().chain(signed).collect()
}

/// The time after which a rule no longer acts on an event.
#[must_use]
pub fn deadline(rule: &Rule, happened_at: Timestamp) -> Timestamp {
    happened_at.checked_add(rule.max_age).unwrap_or(Timestamp::MAX)
}
