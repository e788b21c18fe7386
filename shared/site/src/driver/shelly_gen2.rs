//! A Shelly of the second generation or later, by its RPC over HTTP.

use camhook_ports::SecretReference;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::{DeviceTimer, Unsupported, address};
use crate::problem::{Notes, Path};
use crate::raw::{RawNetwork, SecretText, UrlText};
use crate::read::scalar;
use crate::{Network, RelayAction};

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

impl ShellyGen2 {
    pub(super) fn timer(&self) -> DeviceTimer {
        DeviceTimer::Own
    }

    pub(super) fn unsupported(&self, _: RelayAction) -> Option<Unsupported> {
        None
    }
}

/// A Shelly of the second generation or later, in its own network.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The device: `http://192.168.85.151`.
    url: UrlText,
    /// The password of the device's user `admin`; absent when the device has none.
    password: Option<SecretText>,
    /// Which of the device's switches, counted from 0.
    #[schemars(extend("default" = 0))]
    switch: Option<u8>,
}

impl Keys {
    pub(super) fn read(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(ShellyGen2, Network)> {
        let address = address("url", &self.url, network, path, notes);
        let password = scalar::optional_secret(self.password.as_ref(), "password", path, notes);
        let (url, network) = address?;
        Some((ShellyGen2 { url, password, switch: self.switch.unwrap_or(0) }, network))
    }
}
