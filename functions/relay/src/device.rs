//! What a relay's device is asked, and what may come of it.

use std::future::Future;
use std::time::Duration;

use camhook_site::{DeviceTimer, Relay};

/// What a device is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The device confirmed it, with these words.
    Confirmed(String),
    /// It surely had no effect: no connection, a status of 400 or more, no secret to ask with.
    NoEffect(String),
    /// The address is not one that may be spoken to; it surely had no effect.
    Forbidden(String),
    /// A request was sent, and no answer came that says what it did.
    NoWord(String),
}

/// Who speaks to the devices.
pub trait Devices: Sync {
    /// What the relay's device can do by itself.
    fn timer(&self, relay: &Relay) -> DeviceTimer;

    /// Asks a relay's device, and gives up after the time that is `left`: nothing reaches the device later.
    fn send(&self, relay: &Relay, command: Command, left: Duration) -> impl Future<Output = Sent> + Send;
}
