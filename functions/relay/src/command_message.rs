//! The message by which the relay function hands an action over to the agent.

use std::time::Duration;

use camhook_event::{EventId, State};
use camhook_ports::Message;
use camhook_site::{Action, Relay, RelayAction, Rule, Site};
use camhook_state::claim::ClaimKey;
use camhook_state::cooldown::CooldownKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::command::{PlateEvidence, Redelivery, TimeEvidence, deadline};
use crate::{DeviceTimer, Executor, RelayCommand, replay};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum CommandType {
    #[serde(rename = "camhook.command.v1")]
    V1,
}

/// The wire form of a relay action.
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

/// The message by which the relay function hands an action over to the agent.
///
/// It contains no address and no secret: the agent reads those from its own camhook.toml, and executes only actions that
/// are in it: see [`CommandMessage::authorize`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandMessage {
    #[serde(rename = "type")]
    command_type: CommandType,
    pub(crate) event: EventId,
    pub(crate) source: String,
    pub(crate) event_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event_state: Option<State>,
    pub(crate) happened_at: Timestamp,
    deadline: Timestamp,
    pub(crate) rule: String,
    pub(crate) action_index: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cooldown_milliseconds: Option<u64>,
    /// What the cooldown is counted for, unless it is the source: older agents do not accept this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cooldown_scope: Option<String>,
    /// The relay's id.
    pub relay: String,
    action: CommandAction,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) plate: Option<PlateEvidence>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) replay: Option<String>,
}

/// Why a command does not match the site.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unauthorized {
    /// The site has no such relay.
    #[error("there is no relay `{0}`")]
    Relay(String),
    /// The site has no such source.
    #[error("there is no source `{0}`")]
    Source(String),
    /// The site has no such rule.
    #[error("there is no rule `{0}`")]
    Rule(String),
    /// The rule has another action at this index.
    #[error("action {index} of rule `{rule}` is a different one")]
    Action {
        /// The rule's id.
        rule: String,
        /// The index of the action within the rule, counted from 0.
        index: usize,
    },
    /// The replay was requested at another time than the command contains.
    #[error("the time of the replay does not match its name")]
    Replay,
}

impl CommandMessage {
    /// The `type` of the message.
    pub const TYPE: &'static str = "camhook.command.v1";

    /// Creates the message of an action.
    #[must_use]
    pub fn of(command: &RelayCommand<'_>) -> Self {
        Self {
            command_type: CommandType::V1,
            event: command.event,
            source: command.source.to_owned(),
            event_time: command.order_time,
            event_state: command.event_state,
            happened_at: command.happened_at,
            deadline: command.deadline,
            rule: command.rule.to_owned(),
            action_index: command.action_index,
            cooldown_milliseconds: command.cooldown.map(milliseconds),
            cooldown_scope: (command.cooldown.is_some() && command.cooldown_scope != command.source)
                .then(|| command.cooldown_scope.to_string()),
            relay: command.relay.id.as_str().to_owned(),
            action: command.action.into(),
            plate: command.plate.clone(),
            replay: command.replay.map(str::to_owned),
        }
    }

    /// The deadline that the message contains.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// The action as the message describes it.
    pub(crate) fn action(&self) -> RelayAction {
        self.action.into()
    }

    /// The claim of the action.
    pub(crate) fn claim(&self) -> ClaimKey<'_> {
        let replay = self.replay.as_deref();
        ClaimKey { event: self.event, rule: &self.rule, action: self.action_index, replay }
    }

    /// The cooldown of the rule and its length, if it has one.
    pub(crate) fn cooldown(&self) -> Option<(CooldownKey<'_>, Duration)> {
        let scope = self.cooldown_scope.as_deref().unwrap_or(&self.source);
        let length = Duration::from_millis(self.cooldown_milliseconds?);
        Some((CooldownKey { rule: &self.rule, scope }, length))
    }

    /// The message for the queue.
    ///
    /// # Errors
    ///
    /// When it cannot be serialized.
    pub fn message(&self) -> Result<Message, serde_json::Error> {
        Ok(Message::new(serde_json::to_string(self)?, format!("relay/{}", self.relay)))
    }

    /// The action with duration and cooldown of the site's rule, and a deadline that does not exceed the rule's `max_age`.
    /// The event was deduplicated before the command was sent.
    ///
    /// # Errors
    ///
    /// When it matches no rule of the site.
    pub fn authorize<'a>(
        &'a self,
        site: &'a Site,
        relay: &'a Relay,
        timer: DeviceTimer,
        redelivery: Redelivery,
    ) -> Result<RelayCommand<'a>, Unauthorized> {
        if site.source(&self.source).is_none() {
            return Err(Unauthorized::Source(self.source.clone()));
        }
        let rule = site.rules().iter().find(|rule| rule.id.as_str() == self.rule);
        let rule = rule.ok_or_else(|| Unauthorized::Rule(self.rule.clone()))?;
        let other = || Unauthorized::Action { rule: self.rule.clone(), index: self.action_index };
        let action = self.action_of(rule).ok_or_else(other)?;
        if let Some(run) = &self.replay
            && replay::requested_at(run) != Some(self.happened_at)
        {
            return Err(Unauthorized::Replay);
        }
        Ok(RelayCommand {
            action,
            cooldown: rule.cooldown,
            deadline: deadline(rule, self.happened_at).min(self.deadline),
            ..self.as_received(relay, timer, redelivery)
        })
    }

    /// The rule's action at the index of the command, if both are equal.
    fn action_of(&self, rule: &Rule) -> Option<RelayAction> {
        let Action::Relay { relay, action } = rule.then.get(self.action_index)? else { return None };
        let is_same = relay.as_str() == self.relay && CommandAction::from(*action) == self.action;
        is_same.then_some(*action)
    }

    /// The command as the message describes it.
    fn as_received<'a>(
        &'a self,
        relay: &'a Relay,
        timer: DeviceTimer,
        redelivery: Redelivery,
    ) -> RelayCommand<'a> {
        RelayCommand {
            event: self.event,
            source: &self.source,
            order_time: self.event_time,
            event_state: self.event_state,
            happened_at: self.happened_at,
            time_evidence: TimeEvidence::Known,
            dedupe: Vec::new(),
            rule: &self.rule,
            action_index: self.action_index,
            cooldown: self.cooldown_milliseconds.map(Duration::from_millis),
            cooldown_scope: self.cooldown_scope.as_deref().unwrap_or(&self.source).into(),
            deadline: self.deadline,
            relay,
            timer,
            action: self.action(),
            executor: Executor::Agent,
            plate: self.plate.clone(),
            replay: self.replay.as_deref(),
            redelivery,
        }
    }
}
