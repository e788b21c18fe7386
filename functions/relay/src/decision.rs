//! What is decided about an action, and why.

use std::fmt;

use serde::Serialize;

/// What was decided. Each is a kind of audit record and a dimension of the metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// The device confirmed it.
    Done,
    /// The event is too old, or a newer one has been acted on.
    Late,
    /// This event, or another about the same thing, has been acted on.
    Duplicate,
    /// The stop switch is set.
    Stopped,
    /// A limit of the relay or of the rule, or the address, forbids it.
    Refused,
    /// It surely was not executed, and is not tried again.
    Failed,
    /// It may have been executed or not, and is not tried again.
    Unknown,
    /// The time was over, and the device or a person confirmed that it is off.
    Released,
    /// It would have been done, but for `dry_run`.
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

/// What an earlier delivery had decided about the same action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// It acted, or may have acted.
    Acted,
    /// It did not act.
    DidNotAct,
}

/// Why it was decided so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The device's answer confirms it.
    #[error("the device answered: {0}")]
    Answered(String),
    /// A replay moves no relay.
    #[error("a replayed event moves no relay unless its run was asked to")]
    Replay,
    /// Nothing of `max_age` is left.
    #[error("the event is older than `max_age`")]
    TooOld,
    /// A signed event does not say when it happened, or says a time in the future.
    #[error(
        "the event is signed and has no time that can be right, so it may have been captured at any time: check the \
         clock of the sender"
    )]
    NoTime,
    /// The event's time, or that of its replay, is later than now.
    #[error("the time of the event is in the future")]
    FutureTime,
    /// The relay was moved by an event that happened later.
    #[error("the relay has been moved by a newer event")]
    Overtaken,
    /// Another event holds the relay for as long, or for longer.
    #[error("another event holds the relay for longer than this one would")]
    HeldLonger,
    /// A person stopped all relays.
    #[error("the stop switch is set")]
    StopSwitch,
    /// The relay was moved a moment ago.
    #[error("the relay's `min_interval` is not over")]
    TooSoon,
    /// The rule acted for this source a while ago.
    #[error("the rule's `cooldown` is not over")]
    Cooldown,
    /// Another event about the same thing has been acted on.
    #[error("another event about the same thing has been acted on")]
    SameThing,
    /// The claim was settled before.
    #[error("it was decided before: {outcome}")]
    Settled {
        /// What was decided.
        outcome: String,
        /// Whether that was to act.
        earlier: Earlier,
    },
    /// The guard of outgoing requests forbids the device's address.
    #[error("the device's address is not allowed: {0}")]
    Forbidden(String),
    /// The device was not reached, or refused.
    #[error("it surely was not executed: {0}")]
    NotExecuted(String),
    /// A request was sent, and nothing proves what came of it.
    #[error("it is not known whether it was executed: {0}")]
    Unconfirmed(String),
    /// A command to the agent that its camhook.toml does not contain.
    #[error("no rule of camhook.toml wants this: {0}")]
    NotInRules(String),
    /// A relay is to be released that camhook.toml does not contain any more.
    #[error("camhook.toml has no such relay any more")]
    NotConfigured,
    /// A device without a timer was switched off when the time was over.
    #[error("the time was over, and the device answered: {0}")]
    TimeOver(String),
    /// A person confirmed that it is off.
    #[error("{0} confirmed that it is off")]
    ConfirmedOff(String),
    /// The configuration says that nothing is to be sent.
    #[error("a dry run: nothing was sent to the device")]
    DryRun,
}

impl Reason {
    /// The name by which logs and audit records can be searched.
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
            Self::Unconfirmed(_) => "no_word",
            Self::NotInRules(_) => "not_in_rules",
            Self::NotConfigured => "not_configured",
            Self::TimeOver(_) => "time_over",
            Self::ConfirmedOff(_) => "confirmed_off",
            Self::DryRun => "dry_run",
        }
    }
}
