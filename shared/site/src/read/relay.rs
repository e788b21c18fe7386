//! Relays.

use std::time::Duration;

use super::scalar;
use crate::problem::{Notes, Path};
use crate::raw::{RawRelay, RawVia};
use crate::{Driver, Network, Relay, RelayId, Via};

pub(super) fn id(raw: &RawRelay) -> &str {
    match raw {
        RawRelay::ShellyGen2 { id, .. } => &id.0,
    }
}

pub(super) fn relay(raw: &RawRelay, path: &Path<'_>, notes: &mut Notes) -> Option<Relay> {
    let RawRelay::ShellyGen2 { id, url, password, switch, min_interval, network, via } = raw;
    let url = scalar::url(url, &path.key("url"), notes);
    let password = password.as_ref().map(|text| scalar::secret(text, &path.key("password"), notes));
    let min_interval = match min_interval {
        None => Some(Duration::ZERO),
        Some(text) => scalar::duration(text, &path.key("min_interval"), notes),
    };
    let url = url?;
    if !matches!(url.path(), "" | "/") {
        notes.problem(
            &path.key("url"),
            "this is the address of a command, not of the device",
            "write it without a path: http://192.168.85.151",
        );
    }
    let network = scalar::reachable(*network, &url, path, notes);
    let via = match via {
        None | Some(RawVia::Cloud) => Via::Cloud,
        Some(RawVia::Agent) => Via::Agent,
    };
    if network == Network::Lan && via == Via::Cloud {
        notes.warning(
            &path.key("network"),
            "a function in the cloud does not reach a private network",
            "add via = \"agent\", unless a VPN leads there",
        );
    }
    Some(Relay {
        id: RelayId::new(&id.0)?,
        driver: Driver::ShellyGen2 { url, password, switch: switch.unwrap_or(0) },
        min_interval: min_interval?,
        network,
        via,
    })
}
