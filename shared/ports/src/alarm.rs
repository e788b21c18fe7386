//! The alarms of a stack.

use std::future::Future;

use jiff::Timestamp;
use serde::Serialize;

/// An alarm whose state is ALARM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActiveAlarm {
    /// Its name in the template, such as `NotifyDeadLettersAlarm`.
    pub name: String,
    /// What it means and what to do about it.
    pub description: String,
    /// Since when; `None` where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// The alarms of a stack.
pub trait Alarms: Send + Sync {
    /// The alarms whose state is ALARM, by name. None in a stack without alarms.
    fn active(&self) -> impl Future<Output = Result<Vec<ActiveAlarm>, AlarmError>> + Send;
}

/// The alarms cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("failed to read the alarms: {reason}")]
pub struct AlarmError {
    /// What AWS reported.
    pub reason: String,
}
