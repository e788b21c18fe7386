//! The vendors that camhook speaks to.

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
}

impl Vendor {
    /// Every vendor.
    pub const ALL: [Self; 4] = [Self::Viewtron, Self::Xprotect, Self::Ivsec, Self::Instar];

    /// The name in paths, events and camhook.toml.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewtron => "viewtron",
            Self::Xprotect => "xprotect",
            Self::Ivsec => "ivsec",
            Self::Instar => "instar",
        }
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// No vendor has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no vendor: use viewtron, xprotect, ivsec or instar")]
pub struct UnknownVendor(pub String);

impl FromStr for Vendor {
    type Err = UnknownVendor;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|vendor| vendor.name() == name)
            .ok_or_else(|| UnknownVendor(name.to_owned()))
    }
}
