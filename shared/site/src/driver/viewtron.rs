//! The alarm output of a Viewtron camera or recorder.

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::{DeviceTimer, Unsupported, address, check_range};
use crate::problem::{Notes, Path};
use crate::raw::{RawBasic, RawNetwork, UrlText};
use crate::read::scalar;
use crate::{BasicCredential, Network, RelayAction};

/// The alarm output of a Viewtron camera or recorder.
#[derive(Debug, Clone)]
pub struct ViewtronOutput {
    /// The device: `http://192.168.85.151`.
    pub url: Url,
    /// A user of the device.
    pub basic: Option<BasicCredential>,
    /// Which channel of a recorder, counted from 1; the device's own output when `None`.
    pub channel: Option<u8>,
}

impl ViewtronOutput {
    pub(super) fn timer(&self) -> DeviceTimer {
        DeviceTimer::None
    }

    pub(super) fn unsupported(&self, action: RelayAction) -> Option<Unsupported> {
        (action == RelayAction::Toggle).then(|| Unsupported::toggle("viewtron"))
    }
}

/// The alarm output of a Viewtron camera or recorder.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The device: `http://192.168.85.151`.
    url: UrlText,
    /// A user of the device, and the password.
    basic: Option<RawBasic>,
    /// Which channel of a recorder, counted from 1.
    #[schemars(range(min = 1, max = 255), extend("x-default" = "the device's own output"))]
    channel: Option<u8>,
}

impl Keys {
    pub(super) fn read(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(ViewtronOutput, Network)> {
        let address = address("url", &self.url, network, path, notes);
        check_range(self.channel, 1..=255, &path.key("channel"), notes);
        let basic = scalar::optional_basic(self.basic.as_ref(), "basic", path, notes);
        let (url, network) = address?;
        Some((ViewtronOutput { url, basic, channel: self.channel }, network))
    }
}
