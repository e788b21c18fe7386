//! A WebRelay of ControlByWeb, or an external relay of 2N.

use std::time::Duration;

use camhook_ports::SecretReference;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::{DeviceTimer, Unsupported, address, check_range};
use crate::problem::{Notes, Path};
use crate::raw::{RawNetwork, SecretText, UrlText};
use crate::read::scalar;
use crate::{Network, RelayAction};

/// The shortest pulse of a WebRelay. Source: the manual of WebRelay-Quad, `pulseTime`.
const SHORTEST_PULSE: Duration = Duration::from_millis(100);

/// A WebRelay.
#[derive(Debug, Clone)]
pub struct WebRelay {
    /// The device: `http://192.168.85.151`.
    pub url: Url,
    /// The control password; `None` for a device without one.
    pub password: Option<SecretReference>,
    /// Which of its relays, counted from 1; `None` for a device with a single one, which has no number.
    pub relay: Option<u8>,
    /// The page that is requested.
    pub page: WebRelayPage,
}

/// The page of a WebRelay that is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
pub enum WebRelayPage {
    /// `stateFull.xml`, which answers in proper HTTP.
    #[default]
    #[serde(rename = "stateFull.xml")]
    StateFull,
    /// `state.xml`, which every model has, and which the classic devices answer without a status line.
    #[serde(rename = "state.xml")]
    State,
}

impl WebRelay {
    pub(super) fn timer(&self) -> DeviceTimer {
        DeviceTimer::Own
    }

    pub(super) fn unsupported(&self, action: RelayAction) -> Option<Unsupported> {
        match action {
            RelayAction::Toggle => Some(Unsupported::toggle("webrelay")),
            RelayAction::Pulse { duration } | RelayAction::Hold { duration } if duration < SHORTEST_PULSE => {
                Some(Unsupported::new(
                    "a WebRelay takes no pulse below 0.1 seconds",
                    "use at least seconds = 0.1",
                ))
            }
            _ => None,
        }
    }
}

/// A WebRelay of ControlByWeb, or an external relay of 2N (9137410E, 9137411E).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The device: `http://192.168.85.151`.
    url: UrlText,
    /// The control password, at most 10 characters; absent when the device asks for none.
    password: Option<SecretText>,
    /// Which of the device's relays, counted from 1; absent for a device with one relay, such as 9137410E.
    #[schemars(range(min = 1, max = 16))]
    relay: Option<u8>,
    /// The page that is requested. The classic WebRelay answers `state.xml` without a status line, which is accepted.
    #[schemars(extend("default" = "stateFull.xml"))]
    page: Option<WebRelayPage>,
}

impl Keys {
    pub(super) fn read(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(WebRelay, Network)> {
        let address = address("url", &self.url, network, path, notes);
        check_range(self.relay, 1..=16, &path.key("relay"), notes);
        let password = scalar::optional_secret(self.password.as_ref(), "password", path, notes);
        let (url, network) = address?;
        let page = self.page.unwrap_or_default();
        Some((WebRelay { url, password, relay: self.relay, page }, network))
    }
}
