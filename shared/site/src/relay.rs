//! Relays: what can be switched, and from where.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::driver::DriverKeys;
use crate::problem::{Notes, Path};
use crate::raw::{DurationText, IdText, RawNetwork};
use crate::read::scalar;
use crate::tagged::Tagged;
use crate::{Driver, Network, RelayId};

/// A relay: one output of a device that switches something.
#[derive(Debug, Clone)]
pub struct Relay {
    /// Its id.
    pub id: RelayId,
    /// How the device is spoken to.
    pub driver: Driver,
    /// The shortest time between two actions.
    pub min_interval: Duration,
    /// Where its address may lie.
    pub network: Network,
    /// What switches it: the relay function, or the agent in its network.
    pub via: Via,
    /// Whether it is switched at all.
    pub switching: Switching,
}

/// From where a relay is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// By the relay function itself.
    #[default]
    Cloud,
    /// By `camhook agent`, on site.
    Agent,
}

/// Whether what was decided about a relay is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Switching {
    /// It is.
    #[default]
    Real,
    /// It is decided and recorded, and nothing is sent.
    DryRun,
}

impl Switching {
    /// What the key `dry_run` asks for.
    pub(crate) fn of_dry_run(is_dry_run: bool) -> Self {
        if is_dry_run { Self::DryRun } else { Self::Real }
    }
}

/// The keys of every relay.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct RelayKeys {
    /// Its name.
    id: IdText,
    /// The shortest time between two actions.
    #[schemars(extend("default" = "0s"))]
    min_interval: Option<DurationText>,
    /// What switches it: the relay function, or the agent in its network.
    #[schemars(extend("default" = "cloud"))]
    via: Option<Via>,
    /// Whether decisions are made and recorded, but nothing is sent to the device.
    #[schemars(extend("x-default" = "the site's"))]
    dry_run: Option<bool>,
    /// The network in which the device's address must be. Not used by relays over MQTT.
    #[schemars(extend("default" = "public"))]
    network: Option<RawNetwork>,
}

/// `[[relay]]` as it is written.
pub(crate) type RawRelay = Tagged<RelayKeys, DriverKeys>;

impl RawRelay {
    pub(crate) fn id(&self) -> &str {
        &self.common.id.0
    }

    pub(crate) fn via(&self) -> Via {
        self.common.via.unwrap_or_default()
    }

    /// Whether the entry says where its address may lie.
    pub(crate) fn declares_network(&self) -> bool {
        self.common.network.is_some()
    }

    /// Reads a relay; `default` is what the site's own `dry_run` asks for.
    pub(crate) fn read(&self, default: Switching, path: &Path<'_>, notes: &mut Notes) -> Option<Relay> {
        let RelayKeys { id, min_interval, via, dry_run, network } = &self.common;
        let via = via.unwrap_or_default();
        let driver = self.kind.read(*network, path, notes);
        if via == Via::Agent && matches!(self.kind, DriverKeys::Mqtt(_)) {
            notes.problem(
                &path.key("via"),
                "the agent does not publish to AWS IoT",
                "leave it out: the relay function publishes, and a bridge takes the message to the device",
            );
        }
        let min_interval = match min_interval {
            None => Some(Duration::ZERO),
            Some(text) => scalar::duration(text, &path.key("min_interval"), notes),
        };
        if *dry_run == Some(true) {
            warn_of_dry_run(&path.key("dry_run"), notes);
        }
        let switching = dry_run.map_or(default, Switching::of_dry_run);
        let (driver, network) = driver?;
        if via == Via::Cloud && network == Network::Lan {
            notes.warning(
                &path.key("network"),
                "a function in the cloud does not reach a private network",
                "add via = \"agent\", unless a VPN leads there",
            );
        }
        Some(Relay { id: RelayId::new(&id.0)?, driver, min_interval: min_interval?, network, via, switching })
    }
}

pub(crate) fn warn_of_dry_run(path: &Path<'_>, notes: &mut Notes) {
    notes.warning(path, "nothing is switched while this is set", "take it out when you have seen enough");
}
