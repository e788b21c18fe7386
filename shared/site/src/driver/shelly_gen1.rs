//! A Shelly of the first generation, over HTTP.

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::{DeviceTimer, Unsupported, address, check_range};
use crate::problem::{Notes, Path};
use crate::raw::{RawBasic, RawNetwork, UrlText};
use crate::read::scalar;
use crate::{BasicCredential, Network, RelayAction};

/// A Shelly of the first generation.
#[derive(Debug, Clone)]
pub struct ShellyGen1 {
    /// The device: `http://192.168.85.151`.
    pub url: Url,
    /// User and password of its restricted login; `None` where there is none.
    pub basic: Option<BasicCredential>,
    /// The kind of output.
    pub output: ShellyGen1Output,
    /// Which of its outputs, counted from 0.
    pub channel: u8,
}

/// What a Shelly of the first generation switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShellyGen1Output {
    /// A relay.
    Relay,
    /// A light, or a dimmer.
    Light {
        /// The brightness that is set, from 1 to 100; the brightness stays as it was when `None`.
        brightness: Option<u8>,
    },
}

impl ShellyGen1 {
    pub(super) fn timer(&self) -> DeviceTimer {
        DeviceTimer::Own
    }

    pub(super) fn unsupported(&self, _: RelayAction) -> Option<Unsupported> {
        None
    }
}

/// A Shelly of the first generation (1, 1PM, dimmer and others), in its own network.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The device: `http://192.168.85.151`.
    url: UrlText,
    /// User and password of its restricted login; absent where the login is not restricted.
    basic: Option<RawBasic>,
    /// The kind of output.
    #[schemars(extend("default" = "relay"))]
    output: Option<Output>,
    /// Which of the device's outputs, counted from 0.
    #[schemars(extend("default" = 0))]
    channel: Option<u8>,
    /// The brightness of a light.
    #[schemars(range(min = 1, max = 100), extend("x-unit" = "1 to 100", "x-default" = "as it was"))]
    brightness: Option<u8>,
}

/// What a Shelly of the first generation switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "ShellyOutput")]
enum Output {
    /// A relay.
    Relay,
    /// A light, or a dimmer.
    Light,
}

impl Keys {
    pub(super) fn read(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(ShellyGen1, Network)> {
        let address = address("url", &self.url, network, path, notes);
        let basic = scalar::optional_basic(self.basic.as_ref(), "basic", path, notes);
        let output = self.output(path, notes);
        let (url, network) = address?;
        Some((ShellyGen1 { url, basic, output, channel: self.channel.unwrap_or(0) }, network))
    }

    fn output(&self, path: &Path<'_>, notes: &mut Notes) -> ShellyGen1Output {
        let path_brightness = path.key("brightness");
        match self.output {
            Some(Output::Light) => {
                check_range(self.brightness, 1..=100, &path_brightness, notes);
                ShellyGen1Output::Light { brightness: self.brightness }
            }
            None | Some(Output::Relay) => {
                if self.brightness.is_some() {
                    notes.misplaced(
                        &path_brightness,
                        "a relay is not brighter or darker",
                        "leave it out, or add output = \"light\"",
                    );
                }
                ShellyGen1Output::Relay
            }
        }
    }
}
