//! The vendors whose devices camhook receives events from.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Defines [`Vendor`]: one line for each vendor of devices.
macro_rules! vendors {
    ($($variant:ident = $name:literal, $about:literal;)+) => {
        /// A vendor, by the first segment of its webhook path.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "lowercase")]
        pub enum Vendor {
            $(#[doc = $about] $variant,)+
            /// No device: phones and automations that set modes. No event has it.
            #[schemars(skip)]
            Control,
        }

        impl Vendor {
            /// Every vendor of devices, the vendors of events.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The name in paths, events and camhook.toml.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Control => "control",
                }
            }
        }
    };
}

vendors! {
    Viewtron = "viewtron", "Viewtron and other TVT cameras and recorders.";
    Xprotect = "xprotect", "Milestone XProtect.";
    Ivsec = "ivsec", "iVSEC and other Raysharp cameras and recorders.";
    Instar = "instar", "INSTAR cameras and the INSTAR Cloud.";
}

impl Vendor {
    /// The names that camhook.toml accepts.
    fn names() -> String {
        let names: Vec<&str> = Self::ALL.into_iter().map(Self::name).collect();
        format!("{} or {}", names.join(", "), Self::Control)
    }

    /// Whether its sources send events: all but [`Vendor::Control`].
    #[must_use]
    pub fn sends_events(self) -> bool {
        self != Self::Control
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// No vendor has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no vendor: use {names}", names = Vendor::names())]
pub struct UnknownVendor(pub String);

impl FromStr for Vendor {
    type Err = UnknownVendor;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .chain([Self::Control])
            .find(|vendor| vendor.name() == name)
            .ok_or_else(|| UnknownVendor(name.to_owned()))
    }
}
