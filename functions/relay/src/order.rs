//! What a rule wants of a relay because of an event.

use std::time::Duration;

use camhook_event::{Event, EventId, Kind, State};
use camhook_ports::Queue;
use camhook_site::{ClockTrust, Relay, RelayAction, Rule};
use camhook_state::claim::ClaimKey;
use camhook_state::cooldown::CooldownKey;
use jiff::Timestamp;

use crate::DeviceTimer;

/// Where the protocol runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Station {
    /// In the relay function, which reaches what the internet reaches.
    Function,
    /// On site, in the agent.
    Agent,
}

impl Station {
    /// The queue whose messages are taken at this station.
    #[must_use]
    pub fn queue(self) -> Queue {
        match self {
            Self::Function => Queue::Relay,
            Self::Agent => Queue::RelayLan,
        }
    }
}

/// One action that one rule wants because of one event.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// The event.
    pub event: EventId,
    /// Its source's id.
    pub source: &'a str,
    /// When it happened by its own word: what `start` and `stop` are put in order by.
    pub event_time: Timestamp,
    /// Whether something began or ended.
    pub event_state: Option<State>,
    /// When it happened by camhook's clock, as far as can be known: its age counts from here.
    pub happened_at: Timestamp,
    /// What joins several events about one thing; `None` when the action is not limited to once for them.
    pub once: Option<&'a str>,
    /// The rule.
    pub rule: &'a str,
    /// Which of the rule's actions, counted from 0.
    pub action_index: usize,
    /// The rule's cooldown.
    pub cooldown: Option<Duration>,
    /// After this moment nothing is sent any more.
    pub deadline: Timestamp,
    /// The relay.
    pub relay: &'a Relay,
    /// What its device can do by itself.
    pub timer: DeviceTimer,
    /// What is to be done.
    pub action: RelayAction,
    /// Where the protocol runs.
    pub station: Station,
    /// The run that sent the event again, when it is a replay.
    pub replay: Option<&'a str>,
    /// After how long the message will be delivered again when this delivery cannot finish.
    pub retry_delay: Duration,
}

impl<'a> Order<'a> {
    /// What names the action: one event acts once.
    #[must_use]
    pub fn claim(&self) -> ClaimKey<'a> {
        ClaimKey { event: self.event, rule: self.rule, action: self.action_index, replay: self.replay }
    }

    /// What rests after the action.
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

    /// Whether the action may be tried again when it surely had no effect. What changes to the other state
    /// is never tried again: "surely" is not sure enough for a gate that would close on a car.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        match self.action {
            RelayAction::On | RelayAction::Off | RelayAction::Pulse { .. } | RelayAction::Hold { .. } => true,
            RelayAction::Toggle => false,
        }
    }
}

/// When an event happened by camhook's clock: when it was received, or before that by its lag where the
/// source's clock is trusted. A lag below zero is a wrong clock and makes no event younger.
#[must_use]
pub fn happened_at(event: &Event, clock: ClockTrust) -> Timestamp {
    let received_at = event.data.received_at.timestamp();
    let lag = match clock {
        ClockTrust::Trusted => event.data.lag_s.unwrap_or_default(),
        ClockTrust::Untrusted => 0.0,
    };
    // A lag that is longer than time itself makes the event older than any `max_age`.
    let lag = Duration::try_from_secs_f64(lag.max(0.0)).unwrap_or(Duration::MAX);
    received_at.checked_sub(lag).unwrap_or(Timestamp::MIN)
}

/// The correlation key by which an action acts once; `None` where it acts for each event: `hold`, a `stop`,
/// counting, and events that nothing joins.
#[must_use]
pub fn once(event: &Event, action: RelayAction) -> Option<&str> {
    if matches!(action, RelayAction::Hold { .. })
        || event.data.state == Some(State::Stop)
        || event.data.kind == Kind::Counting
    {
        return None;
    }
    event.data.correlation.as_ref().map(|correlation| correlation.key.as_str())
}

/// After which moment a rule does nothing about an event any more.
#[must_use]
pub fn deadline(rule: &Rule, happened_at: Timestamp) -> Timestamp {
    happened_at.checked_add(rule.max_age).unwrap_or(Timestamp::MAX)
}
