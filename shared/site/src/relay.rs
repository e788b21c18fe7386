//! Relays: what can be switched, and from where.

use std::time::Duration;

use crate::{Driver, Network, RelayId};

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
    /// Whether it is switched at all.
    pub switching: Switching,
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

/// Whether what was decided about a relay is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Switching {
    /// It is.
    #[default]
    Real,
    /// It is decided and recorded, and nothing is sent.
    DryRun,
}
