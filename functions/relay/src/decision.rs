//! Decisions about relay actions, and their reasons.

use std::fmt;

use serde::Serialize;

/// A decision about an action. It is the `decision` of audit records and a dimension of the metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// The device confirmed the command.
    Done,
    /// The event is too old, or a newer event has switched the relay.
    Late,
    /// This event, or another about the same object, has already switched the relay.
    Duplicate,
    /// The stop switch is set.
    Stopped,
    /// A limit of the relay or of the rule, or the device's address, does not allow it.
    Refused,
    /// The command was certainly not executed, and is not retried.
    Failed,
    /// The command may have been executed, and is not retried.
    Unknown,
    /// The device or a person confirmed that the relay is off after its time.
    Released,
    /// Nothing was sent because of `dry_run`.
    #[serde(rename = "dry_run")]
    DryRun,
}

impl Decision {
    /// The name in audit records, logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Late => "late",
            Self::Duplicate => "duplicate",
            Self::Stopped => "stopped",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Released => "released",
            Self::DryRun => "dry_run",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The decision of an earlier delivery about the same action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// The action was executed, or may have been.
    Acted,
    /// The action was not executed.
    DidNotAct,
}

/// The reason of a decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The device's answer confirms the command.
    #[error("the device answered: {0}")]
    Answered(String),
    /// A replay does not switch relays.
    #[error("a replayed event switches no relay unless its run was requested to")]
    Replay,
    /// `max_age` is exceeded.
    #[error("the event is older than `max_age`")]
    TooOld,
    /// An event whose lag counts has no time, or one in the future.
    #[error("the event has no plausible time, so it may be of any age: check the sender's clock")]
    NoTime,
    /// The event's time, or that of its replay, is later than now.
    #[error("the time of the event is in the future")]
    FutureTime,
    /// A newer event has switched the relay.
    #[error("a newer event has switched the relay")]
    Overtaken,
    /// Another event keeps the relay on for at least as long.
    #[error("another event keeps the relay on for longer than this one would")]
    HeldLonger,
    /// All relays are stopped.
    #[error("the stop switch is set")]
    StopSwitch,
    /// The relay was switched within its `min_interval`.
    #[error("the relay's `min_interval` is not over")]
    TooSoon,
    /// The rule's cooldown is not over.
    #[error("the rule's `cooldown` is not over")]
    Cooldown,
    /// Another event about the same object has already switched the relay.
    #[error("another event about the same object has already switched the relay")]
    SameThing,
    /// An earlier delivery decided it.
    #[error("an earlier delivery decided it: {outcome}")]
    Settled {
        /// The earlier outcome.
        outcome: String,
        /// Whether the action was executed.
        earlier: Earlier,
    },
    /// The guarded client does not allow the device's address.
    #[error("the device's address is not allowed: {0}")]
    Forbidden(String),
    /// The device was not reached, or refused the command.
    #[error("the command was certainly not executed: {0}")]
    NotExecuted(String),
    /// The queue delivers the event no more, and the action could not be executed until then.
    #[error("nothing was executed by the last delivery of the event: {0}")]
    NotDelivered(String),
    /// A request was sent, and its outcome is unknown.
    #[error("it is not known whether the command was executed: {0}")]
    Unconfirmed(String),
    /// The device is on, and its timer is not running.
    #[error("the device is on without the timer that was to switch it off, so camhook switches it off: {0}")]
    WithoutTimer(String),
    /// The agent received a command that matches no rule of its camhook.toml.
    #[error("the command matches no rule of camhook.toml: {0}")]
    NotInRules(String),
    /// The relay of a release is no longer in camhook.toml.
    #[error("camhook.toml has no such relay any more")]
    NotConfigured,
    /// A device without a timer was switched off after its time.
    #[error("the time is over, and the device answered: {0}")]
    TimeOver(String),
    /// A person confirmed that the relay is off.
    #[error("{0} confirmed that it is off")]
    ConfirmedOff(String),
    /// `dry_run` is set.
    #[error("a dry run: nothing was sent to the device")]
    DryRun,
}

impl Reason {
    /// The name in audit records and logs, for searching.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Answered(_) => "answered",
            Self::Replay => "replay",
            Self::TooOld => "too_old",
            Self::NoTime => "no_time",
            Self::FutureTime => "future_time",
            Self::Overtaken => "overtaken",
            Self::HeldLonger => "held_longer",
            Self::StopSwitch => "stop_switch",
            Self::TooSoon => "too_soon",
            Self::Cooldown => "cooldown",
            Self::SameThing => "same_thing",
            Self::Settled { .. } => "settled",
            Self::Forbidden(_) => "forbidden",
            Self::NotExecuted(_) => "no_effect",
            Self::NotDelivered(_) => "last_delivery",
            Self::Unconfirmed(_) => "no_word",
            Self::WithoutTimer(_) => "no_timer",
            Self::NotInRules(_) => "not_in_rules",
            Self::NotConfigured => "not_configured",
            Self::TimeOver(_) => "time_over",
            Self::ConfirmedOff(_) => "confirmed_off",
            Self::DryRun => "dry_run",
        }
    }
}
