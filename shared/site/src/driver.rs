//! Drivers: how the devices of relays are spoken to, and what each kind can do.
//!
//! Each kind has a module with its settings, what it can do, the keys that camhook.toml has for it, and their
//! validation.

use camhook_ports::SecretReference;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::problem::{Notes, Path};
use crate::raw::{RawBasic, RawNetwork, SecretText, UrlText};
use crate::read::scalar;
use crate::{BasicCredential, Network, RelayAction};

pub use http::{AnswerPattern, HttpDevice, HttpMethod, HttpRequest, Statuses};
pub use mqtt::{Mqtt, MqttStatus, PulsePayload};
pub use shelly_cloud::ShellyCloud;
pub use shelly_gen1::{ShellyGen1, ShellyGen1Output};
pub use shelly_gen2::ShellyGen2;
pub use two_n::{TwoN, TwoNMode};
pub use viewtron::ViewtronOutput;
pub use webrelay::{WebRelay, WebRelayPage};

/// Declares the drivers: the name in camhook.toml, the settings, and the module that has both them and their `Keys`.
macro_rules! drivers {
    ($($name:literal $kind:ident($settings:ty) in $module:ident;)*) => {
        $(mod $module;)*

        /// How the device of a relay is spoken to.
        #[derive(Debug, Clone)]
        pub enum Driver {$(
            #[doc = concat!("`driver = \"", $name, "\"`")]
            $kind($settings),
        )*}

        impl Driver {
            /// The name in camhook.toml, logs and metrics.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {$(Self::$kind(_) => $name,)*}
            }

            /// Whether the device can switch itself off.
            #[must_use]
            pub fn timer(&self) -> DeviceTimer {
                match self {$(Self::$kind(device) => device.timer(),)*}
            }

            /// Why the device cannot do this; `None` when it can.
            #[must_use]
            pub fn unsupported(&self, action: RelayAction) -> Option<Unsupported> {
                match self {$(Self::$kind(device) => device.unsupported(action),)*}
            }
        }

        /// A relay: one output of a device that switches something.
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(tag = "driver")]
        #[schemars(rename = "Relay")]
        pub(crate) enum DriverKeys {$(
            #[serde(rename = $name)]
            $kind($module::Keys),
        )*}

        impl DriverKeys {
            /// The settings, and where the device's address may lie.
            pub(crate) fn read(
                &self,
                network: Option<RawNetwork>,
                path: &Path<'_>,
                notes: &mut Notes,
            ) -> Option<(Driver, Network)> {
                match self {$(
                    Self::$kind(keys) => {
                        let (device, network) = keys.read(network, path, notes)?;
                        Some((Driver::$kind(device.into()), network))
                    }
                )*}
            }
        }
    };
}

drivers! {
    "shelly-gen1" ShellyGen1(ShellyGen1) in shelly_gen1;
    "shelly-gen2" ShellyGen2(ShellyGen2) in shelly_gen2;
    "shelly-cloud" ShellyCloud(ShellyCloud) in shelly_cloud;
    "webrelay" WebRelay(WebRelay) in webrelay;
    "2n" TwoN(TwoN) in two_n;
    "viewtron" Viewtron(ViewtronOutput) in viewtron;
    "http" Http(Box<HttpDevice>) in http;
    "mqtt" Mqtt(Box<Mqtt>) in mqtt;
}

impl Driver {
    /// Where and how the device reports its state, for a device that reports it over MQTT.
    #[must_use]
    pub fn mqtt_status(&self) -> Option<&MqttStatus> {
        let Self::Mqtt(device) = self else { return None };
        device.status.as_ref()
    }
}

/// Whether a device can switch itself off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceTimer {
    /// It can: a pulse ends even if the device cannot be reached any more.
    Own,
    /// It cannot: camhook has to send `off`.
    None,
}

/// Why a device cannot do what a rule asks of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// What it cannot do.
    pub message: String,
    /// What to ask instead.
    pub fix: String,
}

impl Unsupported {
    fn new(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { message: message.into(), fix: fix.into() }
    }

    /// A device that has no way to toggle.
    fn toggle(driver: &str) -> Self {
        Self::new(format!("the driver `{driver}` cannot toggle"), "use on, off, pulse or hold")
    }
}

/// How camhook authenticates to a device.
#[derive(Debug, Clone)]
pub enum DeviceLogin {
    /// Not at all.
    None,
    /// User and password, with every request.
    Basic(BasicCredential),
    /// User and password, in answer to a challenge.
    Digest(BasicCredential),
    /// A token, with every request.
    Bearer(SecretReference),
}

impl DeviceLogin {
    /// The one login that the keys `basic`, `digest` and `bearer` name.
    fn read(
        basic: Option<&RawBasic>,
        digest: Option<&RawBasic>,
        bearer: Option<&SecretText>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Self {
        let basic = scalar::optional_basic(basic, "basic", path, notes).map(Self::Basic);
        let digest = scalar::optional_basic(digest, "digest", path, notes).map(Self::Digest);
        let bearer = scalar::optional_secret(bearer, "bearer", path, notes).map(Self::Bearer);
        let mut logins = [("basic", basic), ("digest", digest), ("bearer", bearer)]
            .into_iter()
            .filter_map(|(key, login)| login.map(|login| (key, login)));
        let Some((_, first)) = logins.next() else { return Self::None };
        for (key, _) in logins {
            notes.misplaced(
                &path.key(key),
                "a device asks for one of them",
                "leave in what the device asks for",
            );
        }
        first
    }
}

/// The address of a device in the key `key`, without the path of a command, and where it may lie.
fn address(
    key: &str,
    url: &UrlText,
    network: Option<RawNetwork>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<(Url, Network)> {
    let path = path.key(key);
    let url = scalar::url(url, &path, notes)?;
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        notes.problem(
            &path,
            "this is the address of a command, not of the device",
            "write it without a path: http://192.168.85.151",
        );
    }
    let network = scalar::reachable_host(network, url.host().as_ref(), &path, notes);
    Some((url, network))
}

fn check_range(number: Option<u8>, range: std::ops::RangeInclusive<u8>, path: &Path<'_>, notes: &mut Notes) {
    if let Some(number) = number.filter(|number| !range.contains(number)) {
        let fix = format!("use a number from {} to {}", range.start(), range.end());
        notes.problem(path, format!("{number} is out of range"), fix);
    }
}
