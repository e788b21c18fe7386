//! Rules: what is done about which events.

use std::time::Duration;

use camhook_event::{Event, Text};

use crate::{ChannelId, Condition, RelayId, RuleId, Schedule};

/// How old an event may be to move a relay, where the rule does not say.
pub const DEFAULT_MAX_AGE: Duration = Duration::from_secs(30);

/// The mode of an area that nobody has set yet.
pub const DEFAULT_MODE: &str = "home";

/// A rule: the actions that matching events cause.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// Which events it is about, the defaults for `report` and `state` included.
    pub when: Condition,
    /// When it is in force, by the time of the event: in any of these; always when empty.
    pub during: Vec<Schedule>,
    /// In which modes of an area it is in force; in any when `None`.
    pub mode: Option<ModeCondition>,
    /// The actions, in this order. The position of an action, counted from 0, names it in claims.
    pub then: Vec<Action>,
    /// For how long after a message or an actuation the rule does not act again; `None` for no cooldown.
    pub cooldown: Option<Duration>,
    /// What the cooldown is counted for.
    pub cooldown_per: CooldownScope,
    /// For how long events of one source are gathered into one message; not at all when `None`.
    pub coalesce: Option<Duration>,
    /// Whether its messages are sent in the `quiet` hours of channels too.
    pub urgency: Urgency,
    /// The greatest age of an event that switches a relay.
    pub max_age: Duration,
}

impl Rule {
    /// Whether any action of the rule moves a relay.
    #[must_use]
    pub fn moves_relays(&self) -> bool {
        self.then.iter().any(|action| matches!(action, Action::Relay { .. }))
    }

    /// Whether any action of the rule sets a mode.
    #[must_use]
    pub fn sets_modes(&self) -> bool {
        self.then.iter().any(|action| matches!(action, Action::Mode { .. }))
    }
}

/// What a rule's cooldown is counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CooldownScope {
    /// Each camera.
    Camera,
    /// Each source, with all its cameras.
    Source,
}

/// Whether a rule's messages disturb quiet hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Urgency {
    /// They do not.
    #[default]
    Normal,
    /// They do.
    Urgent,
}

/// In which modes of an area a rule is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModeCondition {
    /// Which area; the event's own when `None`.
    pub area: Option<Text>,
    /// The modes, any of which is good.
    pub any_of: Vec<Text>,
}

impl ModeCondition {
    /// The area whose mode decides about an event; `None` when the event has none.
    #[must_use]
    pub fn area<'a>(&'a self, event: &'a Event) -> Option<&'a Text> {
        self.area.as_ref().or(event.data.area.as_ref())
    }
}

/// What is done.
#[derive(Debug, Clone)]
pub enum Action {
    /// Sends a notification.
    Notify {
        /// The channel.
        channel: ChannelId,
        /// A template of the title; the default title when `None`.
        title: Option<String>,
        /// A template of the text; the default text when `None`.
        body: Option<String>,
    },
    /// Switches a relay.
    Relay {
        /// Which one.
        relay: RelayId,
        /// How.
        action: RelayAction,
    },
    /// An area gets another mode.
    Mode {
        /// Which area; the event's own when `None`.
        area: Option<Text>,
        /// The mode.
        mode: Text,
    },
}

/// How a relay is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayAction {
    /// On, until something else is done.
    On,
    /// Off.
    Off,
    /// On for a time.
    Pulse {
        /// How long, above zero.
        duration: Duration,
    },
    /// On until this long after the last matching event.
    Hold {
        /// How long, above zero.
        duration: Duration,
    },
    /// To the other state.
    Toggle,
}

impl RelayAction {
    /// The name in camhook.toml, audit records and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Pulse { .. } => "pulse",
            Self::Hold { .. } => "hold",
            Self::Toggle => "toggle",
        }
    }
}
