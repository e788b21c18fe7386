//! Relays.

use std::time::Duration;

use url::Url;

use super::scalar;
use crate::problem::{Notes, Path};
use crate::raw::{RawNetwork, RawRelay, RawVia, UrlText};
use crate::{Driver, Network, Relay, RelayId, ShellyGen2, Via};

pub(super) fn id(raw: &RawRelay) -> &str {
    raw.keys().id
}

pub(super) fn relay(raw: &RawRelay, path: &Path<'_>, notes: &mut Notes) -> Option<Relay> {
    let keys = raw.keys();
    let driver = driver(raw, path, notes);
    let min_interval = match keys.min_interval {
        None => Some(Duration::ZERO),
        Some(text) => scalar::duration(text, &path.key("min_interval"), notes),
    };
    let via = match keys.via {
        None | Some(RawVia::Cloud) => Via::Cloud,
        Some(RawVia::Agent) => Via::Agent,
    };
    let (driver, network) = driver?;
    if network == Network::Lan && via == Via::Cloud {
        notes.warning(
            &path.key("network"),
            "a function in the cloud does not reach a private network",
            "add via = \"agent\", unless a VPN leads there",
        );
    }
    Some(Relay { id: RelayId::new(keys.id)?, driver, min_interval: min_interval?, network, via })
}

/// The keys of a driver alone, and where its address may lie.
fn driver(raw: &RawRelay, path: &Path<'_>, notes: &mut Notes) -> Option<(Driver, Network)> {
    match raw {
        RawRelay::ShellyGen2 { url, password, switch, network, .. } => {
            let device = device(url, *network, path, notes);
            let password = password.as_ref().map(|text| scalar::secret(text, &path.key("password"), notes));
            let (url, network) = device?;
            let switch = switch.unwrap_or(0);
            Some((Driver::ShellyGen2(ShellyGen2 { url, password, switch }), network))
        }
    }
}

/// The address of a device, without the path of a command.
fn device(
    url: &UrlText,
    network: Option<RawNetwork>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<(Url, Network)> {
    let url = scalar::url(url, &path.key("url"), notes)?;
    if !matches!(url.path(), "" | "/") || url.query().is_some() {
        notes.problem(
            &path.key("url"),
            "this is the address of a command, not of the device",
            "write it without a path: http://192.168.85.151",
        );
    }
    let network = scalar::reachable(network, &url, path, notes);
    Some((url, network))
}
