//! A claimed action on its way to the agent on site.

use std::time::Duration;

use camhook_event::{EventId, State};
use camhook_ports::Message;
use camhook_site::{Relay, RelayAction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{DeviceTimer, Order, Station};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum CommandType {
    #[serde(rename = "camhook.command.v1")]
    V1,
}

/// How a relay is to be switched, as the queue carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum CommandAction {
    On,
    Off,
    Pulse { milliseconds: u64 },
    Hold { milliseconds: u64 },
    Toggle,
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl From<RelayAction> for CommandAction {
    fn from(action: RelayAction) -> Self {
        match action {
            RelayAction::On => Self::On,
            RelayAction::Off => Self::Off,
            RelayAction::Pulse { duration } => Self::Pulse { milliseconds: milliseconds(duration) },
            RelayAction::Hold { duration } => Self::Hold { milliseconds: milliseconds(duration) },
            RelayAction::Toggle => Self::Toggle,
        }
    }
}

impl From<CommandAction> for RelayAction {
    fn from(action: CommandAction) -> Self {
        match action {
            CommandAction::On => Self::On,
            CommandAction::Off => Self::Off,
            CommandAction::Pulse { milliseconds } => {
                Self::Pulse { duration: Duration::from_millis(milliseconds) }
            }
            CommandAction::Hold { milliseconds } => {
                Self::Hold { duration: Duration::from_millis(milliseconds) }
            }
            CommandAction::Toggle => Self::Toggle,
        }
    }
}

/// A claimed action on its way to the agent on site.
///
/// It names no address and no secret: those stand in the agent's own configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandMessage {
    #[serde(rename = "type")]
    command_type: CommandType,
    event: EventId,
    source: String,
    event_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event_state: Option<State>,
    happened_at: Timestamp,
    deadline: Timestamp,
    rule: String,
    action_index: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cooldown_milliseconds: Option<u64>,
    /// The relay's id.
    pub relay: String,
    action: CommandAction,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replay: Option<String>,
}

impl CommandMessage {
    /// The name by which it is told from other messages.
    pub const TYPE: &'static str = "camhook.command.v1";

    /// What the agent is to do.
    #[must_use]
    pub fn of(order: &Order<'_>) -> Self {
        Self {
            command_type: CommandType::V1,
            event: order.event,
            source: order.source.to_owned(),
            event_time: order.event_time,
            event_state: order.event_state,
            happened_at: order.happened_at,
            deadline: order.deadline,
            rule: order.rule.to_owned(),
            action_index: order.action_index,
            cooldown_milliseconds: order.cooldown.map(milliseconds),
            relay: order.relay.id.as_str().to_owned(),
            action: order.action.into(),
            replay: order.replay.map(str::to_owned),
        }
    }

    /// The message for the queue.
    ///
    /// # Errors
    ///
    /// When it cannot be written as JSON.
    pub fn message(&self) -> Result<Message, serde_json::Error> {
        Ok(Message::new(serde_json::to_string(self)?, format!("relay/{}", self.relay)))
    }

    /// The action as the agent carries it out: the same deadline and the same claim. Whether another event
    /// about the same thing acted was asked before it was handed over.
    #[must_use]
    pub fn order<'a>(&'a self, relay: &'a Relay, timer: DeviceTimer, retry_delay: Duration) -> Order<'a> {
        Order {
            event: self.event,
            source: &self.source,
            event_time: self.event_time,
            event_state: self.event_state,
            happened_at: self.happened_at,
            once: None,
            rule: &self.rule,
            action_index: self.action_index,
            cooldown: self.cooldown_milliseconds.map(Duration::from_millis),
            deadline: self.deadline,
            relay,
            timer,
            action: self.action.into(),
            station: Station::Agent,
            replay: self.replay.as_deref(),
            retry_delay,
        }
    }
}
