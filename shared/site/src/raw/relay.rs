//! `[[relay]]` as it is written: the keys of each driver.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{DurationText, IdText, RawBasic, RawNetwork, RawVia, SecretText, TemplateText, UrlText};

/// The drivers with their own keys; each gets those that every relay has.
macro_rules! relays {
    ($($(#[$about:meta])* $driver:ident { $($keys:tt)* })*) => {
        /// A relay: one output of a device that switches something.
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(tag = "driver", rename_all = "kebab-case", deny_unknown_fields)]
        #[schemars(rename = "Relay")]
        pub(crate) enum RawRelay {$(
            $(#[$about])*
            $driver {
                /// Its name.
                id: IdText,
                /// The smallest time between two actions.
                #[schemars(extend("default" = "0s"))]
                min_interval: Option<DurationText>,
                /// From where it is switched.
                #[schemars(extend("default" = "cloud"))]
                via: Option<RawVia>,
                /// Whether everything is decided and recorded, and nothing is sent.
                #[schemars(extend("x-default" = "the site's"))]
                dry_run: Option<bool>,
                $($keys)*
            },
        )*}

        impl RawRelay {
            /// The keys that every relay has.
            pub(crate) fn keys(&self) -> RawRelayKeys<'_> {
                match self {$(
                    Self::$driver { id, min_interval, via, dry_run, .. } => RawRelayKeys {
                        id: &id.0,
                        min_interval: min_interval.as_ref(),
                        via: *via,
                        dry_run: *dry_run,
                    },
                )*}
            }
        }
    };
}

/// The keys that every relay has.
pub(crate) struct RawRelayKeys<'a> {
    pub(crate) id: &'a str,
    pub(crate) min_interval: Option<&'a DurationText>,
    pub(crate) via: Option<RawVia>,
    pub(crate) dry_run: Option<bool>,
}

relays! {
    /// A Shelly of the first generation (1, 1PM, dimmer and others), in its own network.
    #[serde(rename = "shelly-gen1")]
    ShellyGen1 {
        /// The device: `http://192.168.85.151`.
        url: UrlText,
        /// User and password of its restricted login; absent where the login is not restricted.
        basic: Option<RawBasic>,
        /// What is switched.
        #[schemars(extend("default" = "relay"))]
        output: Option<RawShellyOutput>,
        /// Which of the device's outputs, counted from 0.
        #[schemars(extend("default" = 0))]
        channel: Option<u8>,
        /// How bright a light becomes.
        #[schemars(range(min = 1, max = 100), extend("x-unit" = "1 to 100", "x-default" = "as it was"))]
        brightness: Option<u8>,
        /// Where the address may lie.
        #[schemars(extend("default" = "public"))]
        network: Option<RawNetwork>,
    }

    /// A Shelly of the second generation or later, in its own network.
    #[serde(rename = "shelly-gen2")]
    ShellyGen2 {
        /// The device: `http://192.168.85.151`.
        url: UrlText,
        /// The password of the device's user `admin`; absent when the device has none.
        password: Option<SecretText>,
        /// Which of the device's switches, counted from 0.
        #[schemars(extend("default" = 0))]
        switch: Option<u8>,
        /// Where the address may lie.
        #[schemars(extend("default" = "public"))]
        network: Option<RawNetwork>,
    }

    /// A Shelly of any generation by the Shelly Cloud, which is reached from everywhere.
    #[serde(rename = "shelly-cloud")]
    ShellyCloud {
        /// The account's server, as the app names it beside the key: `https://shelly-144-eu.shelly.cloud`.
        server: UrlText,
        /// The device's id, as the app names it in the device's settings: 6 to 16 letters and digits.
        device: String,
        /// The account's authorization key: in the app under user settings, authorization cloud key.
        key: SecretText,
        /// Which of the device's switches, counted from 0.
        #[schemars(extend("default" = 0))]
        channel: Option<u8>,
        /// Where the address may lie.
        #[schemars(extend("default" = "public"))]
        network: Option<RawNetwork>,
    }

    /// A WebRelay of ControlByWeb, or an external relay of 2N (9137410E, 9137411E).
    #[serde(rename = "webrelay")]
    WebRelay {
        /// The device: `http://192.168.85.151`.
        url: UrlText,
        /// The control password, at most 10 characters; absent when the device asks for none.
        password: Option<SecretText>,
        /// Which of the device's relays, counted from 1; absent for a device with one relay, such as 9137410E.
        #[schemars(range(min = 1, max = 16))]
        relay: Option<u8>,
        /// The page that is asked. The classic WebRelay answers `state.xml` without a status line, which is taken too.
        #[schemars(extend("default" = "stateFull.xml"))]
        page: Option<RawWebRelayPage>,
        /// Where the address may lie.
        #[schemars(extend("default" = "public"))]
        network: Option<RawNetwork>,
    }

    /// A switch of a 2N intercom.
    #[serde(rename = "2n")]
    TwoN {
        /// The device: `https://192.168.85.151`.
        url: UrlText,
        /// User and password, where the device's Switch API asks for Basic.
        basic: Option<RawBasic>,
        /// User and password, where the device's Switch API asks for Digest.
        digest: Option<RawBasic>,
        /// Which of the device's switches, counted from 1.
        #[schemars(range(min = 1, max = 16), extend("default" = 1))]
        switch: Option<u8>,
        /// How the switch is set up in the device.
        mode: RawTwoNMode,
        /// The switch-on duration of a monostable switch, as it is set in the device; such a switch needs it.
        length: Option<DurationText>,
        /// Where the address may lie.
        #[schemars(extend("default" = "public"))]
        network: Option<RawNetwork>,
    }

    /// The alarm output of a Viewtron camera or recorder.
    Viewtron {
        /// The device: `http://192.168.85.151`.
        url: UrlText,
        /// A user of the device, and the password.
        basic: Option<RawBasic>,
        /// Which channel of a recorder, counted from 1.
        #[schemars(range(min = 1, max = 255), extend("x-default" = "the device's own output"))]
        channel: Option<u8>,
        /// Where the address may lie.
        #[schemars(extend("default" = "public"))]
        network: Option<RawNetwork>,
    }

    /// Any other device that takes HTTP requests: one for each action that rules ask for.
    Http {
        /// The device, scheme, host and port alone: `http://192.168.85.151`.
        url: UrlText,
        /// User and password, where the device asks for Basic.
        basic: Option<RawBasic>,
        /// User and password, where the device asks for Digest.
        digest: Option<RawBasic>,
        /// A token, where the device asks for Bearer.
        bearer: Option<SecretText>,
        /// Switches it on.
        on: Option<Box<RawHttpRequest>>,
        /// Switches it off.
        off: Option<Box<RawHttpRequest>>,
        /// Switches it on and has the device switch itself off after `{{ seconds }}`. Without it, camhook sends `on`,
        /// and `off` when the time is over.
        pulse: Option<Box<RawHttpRequest>>,
        /// Changes its state.
        toggle: Option<Box<RawHttpRequest>>,
        /// What an answer has to hold to be a confirmation.
        #[schemars(extend("x-default" = "nothing: a status of 200 to 299 is enough"))]
        confirmation: Option<String>,
        /// Where the address may lie.
        #[schemars(extend("default" = "public"))]
        network: Option<RawNetwork>,
    }

    /// Anything that listens to a topic of the account's AWS IoT, directly or behind a bridge.
    Mqtt {
        /// The topic of commands: `instar/10D1DC218F96/alarm/area1/enable`.
        topic: String,
        /// The payload that switches it on.
        on: String,
        /// The payload that switches it off.
        off: String,
        /// The payload after which it switches itself off, with `{{ seconds }}` in the place of their number; absent
        /// for a device without a timer of its own.
        pulse: Option<String>,
        /// The payload that changes its state; absent for a device that cannot.
        toggle: Option<String>,
        /// The topic on which the device says what it did. Without one nothing confirms it: what the broker took is
        /// done.
        status_topic: Option<String>,
        /// What the status topic says of a device that is on.
        #[schemars(extend("x-default" = "the payload `on`"))]
        status_on: Option<String>,
        /// What the status topic says of a device that is off.
        #[schemars(extend("x-default" = "the payload `off`"))]
        status_off: Option<String>,
    }
}

/// What a Shelly of the first generation switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "ShellyOutput")]
pub(crate) enum RawShellyOutput {
    /// A relay.
    Relay,
    /// A light, or a dimmer.
    Light,
}

/// The page of a WebRelay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "WebRelayPage")]
pub(crate) enum RawWebRelayPage {
    /// The one that answers as HTTP has it.
    #[serde(rename = "stateFull.xml")]
    StateFull,
    /// The one that every model has.
    #[serde(rename = "state.xml")]
    State,
}

/// How a switch of a 2N intercom is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "SwitchMode")]
pub(crate) enum RawTwoNMode {
    /// It goes off by itself.
    Monostable,
    /// It stays as it is.
    Bistable,
}

/// A request to a device. Path, header values and body are templates over `relay` (its id), `action`, and for a
/// pulse or hold `seconds` and `milliseconds`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HttpRequest")]
pub(crate) struct RawHttpRequest {
    /// The method.
    #[schemars(extend("x-default" = "`GET`; `POST` where there is a body"))]
    pub(crate) method: Option<RawHttpMethod>,
    /// Path and query, from the slash on: `/relay?on=1&time={{ seconds }}`.
    pub(crate) path: TemplateText,
    /// Header fields by their names. A value that begins with `ssm:` or `env:` is a secret.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// The body; JSON unless `headers` has another `Content-Type`.
    pub(crate) body: Option<TemplateText>,
}

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(rename = "HttpMethod")]
pub(crate) enum RawHttpMethod {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}
