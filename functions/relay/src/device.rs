//! Commands to a relay's device, and their outcomes.

use std::future::Future;
use std::time::Duration;

use camhook_site::{DeviceTimer, Relay};

/// A command to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceCommand {
    /// Switch on.
    On {
        /// When the device switches itself off again; only for [`DeviceTimer::Own`].
        off_after: Option<Duration>,
    },
    /// Switch off.
    Off,
    /// Change the state.
    Toggle,
}

/// The outcome of a command to a device.
///
/// Only proof counts: an error that is received after the request was delivered does not prove that nothing happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The device confirmed it with this answer.
    Confirmed(String),
    /// It was certainly not executed: nothing was sent, or the device documents this answer as a refusal.
    NotExecuted(String),
    /// Nothing was sent, and nobody tried to reach the device: something that camhook needs failed before.
    NotAttempted(String),
    /// It was certainly not executed: the device documents this answer as "try again later".
    Deferred {
        /// Its answer.
        reason: String,
        /// The delay that the device requests.
        retry_after: Option<Duration>,
    },
    /// Nothing was sent: the address is not allowed.
    Forbidden(String),
    /// A request was sent, and its outcome is unknown.
    Unconfirmed(String),
    /// The device is on, and its answer says that its timer, which was to switch it off, is not running.
    WithoutTimer(String),
}

impl SendOutcome {
    /// Whether the device may have executed the command.
    #[must_use]
    pub fn may_have_acted(&self) -> bool {
        match self {
            Self::Confirmed(_) | Self::Unconfirmed(_) | Self::WithoutTimer(_) => true,
            Self::NotExecuted(_) | Self::NotAttempted(_) | Self::Deferred { .. } | Self::Forbidden(_) => {
                false
            }
        }
    }
}

/// Sends commands to devices.
pub trait Devices: Sync {
    /// Whether the relay's device switches itself off.
    fn timer(&self, relay: &Relay) -> DeviceTimer;

    /// Sends a command to a relay's device within the time that is `left`. Nothing reaches the device later.
    fn send(
        &self,
        relay: &Relay,
        command: DeviceCommand,
        left: Duration,
    ) -> impl Future<Output = SendOutcome> + Send;
}
