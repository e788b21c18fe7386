//! `[[relay]]` as it is written: the keys of each driver.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{DurationText, IdText, RawNetwork, RawVia, SecretText, UrlText};

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
                $($keys)*
            },
        )*}

        impl RawRelay {
            /// The keys that every relay has.
            pub(crate) fn keys(&self) -> RawRelayKeys<'_> {
                match self {$(
                    Self::$driver { id, min_interval, via, .. } => RawRelayKeys {
                        id: &id.0,
                        min_interval: min_interval.as_ref(),
                        via: *via,
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
}

relays! {
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
}
