//! A Shelly of any generation, by the Shelly Cloud.

use camhook_ports::SecretReference;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::{DeviceTimer, Unsupported, address};
use crate::problem::{Notes, Path};
use crate::raw::{RawNetwork, SecretText, UrlText};
use crate::read::scalar;
use crate::{Network, RelayAction};

/// A Shelly by the Shelly Cloud.
#[derive(Debug, Clone)]
pub struct ShellyCloud {
    /// The account's server: `https://shelly-144-eu.shelly.cloud`.
    pub server: Url,
    /// The device's id.
    pub device: String,
    /// The account's authorization key.
    pub key: SecretReference,
    /// Which of the device's switches, counted from 0.
    pub channel: u8,
}

impl ShellyCloud {
    pub(super) fn timer(&self) -> DeviceTimer {
        DeviceTimer::Own
    }

    pub(super) fn unsupported(&self, action: RelayAction) -> Option<Unsupported> {
        (action == RelayAction::Toggle).then(|| Unsupported::toggle("shelly-cloud"))
    }
}

/// A Shelly of any generation, through the Shelly Cloud.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The account's server, which the app shows beside the key: `https://shelly-144-eu.shelly.cloud`.
    server: UrlText,
    /// The device's id, which the app shows in the device's settings: 6 to 16 letters and digits.
    device: String,
    /// The account's authorization key: in the app under user settings, authorization cloud key.
    key: SecretText,
    /// Which of the device's switches, counted from 0.
    #[schemars(extend("default" = 0))]
    channel: Option<u8>,
}

impl Keys {
    pub(super) fn read(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(ShellyCloud, Network)> {
        let address = address("server", &self.server, network, path, notes);
        let key = scalar::secret(&self.key, &path.key("key"), notes);
        let device = self.device(&path.key("device"), notes);
        let (server, network) = address?;
        if server.scheme() == "http" && network == Network::Public {
            notes.warning(
                &path.key("server"),
                "plain HTTP: anybody on the way can read the key",
                "use https",
            );
        }
        Some((ShellyCloud { server, device: device?, key, channel: self.channel.unwrap_or(0) }, network))
    }

    fn device(&self, path: &Path<'_>, notes: &mut Notes) -> Option<String> {
        let id = &self.device;
        let is_id = (6..=16).contains(&id.len()) && id.bytes().all(|octet| octet.is_ascii_alphanumeric());
        if !is_id {
            notes.problem(
                path,
                format!("`{id}` is no id of a device"),
                "copy it from the app: device, settings, device information, device id",
            );
            return None;
        }
        Some(id.clone())
    }
}
