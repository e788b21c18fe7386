//! The vendors whose devices camhook receives events from.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A vendor, by the first segment of its webhook path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// Viewtron and other TVT cameras and recorders.
    Viewtron,
    /// Milestone XProtect.
    Xprotect,
    /// iVSEC and other Raysharp cameras and recorders.
    Ivsec,
    /// INSTAR cameras and the INSTAR Cloud.
    Instar,
    /// No device: phones and automations that set modes. No event has it.
    #[schemars(skip)]
    Control,
}

impl Vendor {
    /// Every vendor of devices, the vendors of events.
    pub const ALL: [Self; 4] = [Self::Viewtron, Self::Xprotect, Self::Ivsec, Self::Instar];

    /// The name in paths, events and camhook.toml.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewtron => "viewtron",
            Self::Xprotect => "xprotect",
            Self::Ivsec => "ivsec",
            Self::Instar => "instar",
            Self::Control => "control",
        }
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
#[error("`{0}` is no vendor: use viewtron, xprotect, ivsec, instar or control")]
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
