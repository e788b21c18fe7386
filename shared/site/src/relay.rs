//! Relays: what can be switched, and how.

use std::time::Duration;

use camhook_ports::SecretReference;
use url::Url;

use crate::{Network, RelayId};

/// A relay: one output of a device that switches something.
#[derive(Debug, Clone)]
pub struct Relay {
    /// Its id.
    pub id: RelayId,
    /// How the device is spoken to.
    pub driver: Driver,
    /// The smallest time between two actions.
    pub min_interval: Duration,
    /// Where its address may lie.
    pub network: Network,
    /// From where it is switched.
    pub via: Via,
}

/// How a relay's device is spoken to.
#[derive(Debug, Clone)]
pub enum Driver {
    /// A Shelly of the second generation or later, by its RPC over HTTP.
    ShellyGen2 {
        /// The device: `http://192.168.85.151`.
        url: Url,
        /// The password of its user `admin`; `None` for a device without one.
        password: Option<SecretReference>,
        /// Which of its switches, counted from 0.
        switch: u8,
    },
}

impl Driver {
    /// The name in camhook.toml, logs and metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::ShellyGen2 { .. } => "shelly-gen2",
        }
    }
}

/// From where a relay is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Via {
    /// By the relay function itself.
    #[default]
    Cloud,
    /// By the agent on site.
    Agent,
}
