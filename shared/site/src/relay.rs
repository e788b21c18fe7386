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
    ShellyGen2(ShellyGen2),
}

impl Driver {
    /// The name in camhook.toml, logs and metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::ShellyGen2(_) => "shelly-gen2",
        }
    }

    /// What the device can do by itself.
    #[must_use]
    pub fn timer(&self) -> DeviceTimer {
        match self {
            Self::ShellyGen2(_) => DeviceTimer::Own,
        }
    }
}

/// Whether a device can switch itself off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceTimer {
    /// It can: a pulse ends even when nobody speaks to it any more.
    Own,
    /// It cannot: camhook has to send `off`.
    None,
}

/// A Shelly of the second generation or later.
#[derive(Debug, Clone)]
pub struct ShellyGen2 {
    /// The device: `http://192.168.85.151`.
    pub url: Url,
    /// The password of its user `admin`; `None` for a device without one.
    pub password: Option<SecretReference>,
    /// Which of its switches, counted from 0.
    pub switch: u8,
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
