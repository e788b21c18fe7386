//! What a relay's device is asked, and what may come of it.

use std::future::Future;
use std::time::Duration;

use camhook_site::{DeviceTimer, Relay};

/// What a device is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceCommand {
    /// To be on.
    On {
        /// After which time to be off again by itself; only for [`DeviceTimer::Own`].
        off_after: Option<Duration>,
    },
    /// To be off.
    Off,
    /// To change its state.
    Toggle,
}

/// What came of asking a device.
///
/// Only proof counts: an error that came after the request was delivered proves delivery, not that nothing happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The device confirmed it, with this answer.
    Confirmed(String),
    /// It surely was not executed: nothing was sent, or the device refused it in a way that it documents.
    NotExecuted(String),
    /// The device put it off before it looked at it, in a way that it documents.
    Deferred {
        /// What it answered.
        reason: String,
        /// When it wants to be asked again, where it says so.
        retry_after: Option<Duration>,
    },
    /// The address is not allowed; nothing was sent.
    Forbidden(String),
    /// A request was sent, and nothing proves what came of it.
    Unconfirmed(String),
}

/// Asks the devices.
pub trait Devices: Sync {
    /// Whether the relay's device can switch itself off.
    fn timer(&self, relay: &Relay) -> DeviceTimer;

    /// Asks a relay's device, and stops waiting after the time that is `left`: nothing reaches the device later.
    fn send(
        &self,
        relay: &Relay,
        command: DeviceCommand,
        left: Duration,
    ) -> impl Future<Output = SendOutcome> + Send;
}
