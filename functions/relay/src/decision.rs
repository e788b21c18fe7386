//! What is decided about an action, and why.

use std::fmt;

use serde::Serialize;

/// What was decided. Each is a kind of audit record and a part of the metric.
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
    /// It surely had no effect, and is not tried again.
    Failed,
    /// It may have had an effect or not, and is not tried again.
    Unknown,
    /// The time was over and the device confirmed that it is off.
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

/// Why it was decided so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The device said so.
    #[error("the device answered: {0}")]
    Answered(String),
    /// A replay moves no relay.
    #[error("a replayed event moves no relay unless its run is told to")]
    Replay,
    /// Nothing of `max_age` is left.
    #[error("the event is older than `max_age`")]
    TooOld,
    /// The relay was moved by an event that happened later.
    #[error("the relay has been moved by a newer event")]
    Overtaken,
    /// Another event holds the relay for as long, or for longer.
    #[error("the relay is held for longer than this event would hold it")]
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
    /// Another event with the same correlation key has been acted on.
    #[error("another event about the same thing has been acted on")]
    SameThing,
    /// The claim was settled before.
    #[error("it was decided before: {0}")]
    Settled(String),
    /// The guard of outgoing requests forbids the device's address.
    #[error("the device must not be spoken to: {0}")]
    Forbidden(String),
    /// The device was not reached, or refused.
    #[error("it surely had no effect: {0}")]
    NoEffect(String),
    /// A request was sent and nothing says what came of it.
    #[error("nobody can say whether it had an effect: {0}")]
    NoWord(String),
    /// A relay is to be released that camhook.toml does not name any more.
    #[error("camhook.toml has no such relay any more")]
    NotConfigured,
    /// A device without a timer was switched off when the time was over.
    #[error("the time was over, and the device answered: {0}")]
    TimeOver(String),
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
            Self::Overtaken => "overtaken",
            Self::HeldLonger => "held_longer",
            Self::StopSwitch => "stop_switch",
            Self::TooSoon => "too_soon",
            Self::Cooldown => "cooldown",
            Self::SameThing => "same_thing",
            Self::Settled(_) => "settled",
            Self::Forbidden(_) => "forbidden",
            Self::NoEffect(_) => "no_effect",
            Self::NoWord(_) => "no_word",
            Self::NotConfigured => "not_configured",
            Self::TimeOver(_) => "time_over",
            Self::DryRun => "dry_run",
        }
    }
}
