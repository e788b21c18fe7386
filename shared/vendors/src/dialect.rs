//! The dialects of devices over HTTP.

use std::fmt;

use camhook_event::Vendor;
use camhook_ingest::Adapter;

/// A vendor's dialect over HTTP.
#[derive(Clone, Copy)]
pub struct Dialect {
    /// Whose dialect.
    pub vendor: Vendor,
    /// The source's `dialect` setting, where the vendor has several.
    pub setting: Option<&'static str>,
    /// The vendor's adapter.
    pub adapter: &'static dyn Adapter,
}

impl fmt::Debug for Dialect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Dialect")
            .field("vendor", &self.vendor)
            .field("setting", &self.setting)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.setting {
            Some(setting) => write!(formatter, "{} ({setting})", self.vendor),
            None => write!(formatter, "{}", self.vendor),
        }
    }
}

/// Every dialect over HTTP. INSTAR's come last: they read any query that has one of their parameters.
pub static DIALECTS: [Dialect; 6] = [
    Dialect { vendor: Vendor::Viewtron, setting: None, adapter: &camhook_viewtron::Viewtron },
    Dialect { vendor: Vendor::Xprotect, setting: None, adapter: &camhook_xprotect::Xprotect },
    Dialect { vendor: Vendor::Ivsec, setting: None, adapter: &camhook_ivsec::Ivsec },
    Dialect { vendor: Vendor::Instar, setting: Some("camera-v1"), adapter: &camhook_instar::InstarHttp },
    Dialect { vendor: Vendor::Instar, setting: Some("camera-v2"), adapter: &camhook_instar::InstarHttp },
    Dialect { vendor: Vendor::Instar, setting: Some("cloud"), adapter: &camhook_instar::InstarHttp },
];

/// The adapter of a vendor's dialect over HTTP; `None` for requests of people, which are not quarantined.
#[must_use]
pub fn adapter(vendor: Vendor) -> Option<&'static dyn Adapter> {
    DIALECTS.iter().find(|dialect| dialect.vendor == vendor).map(|dialect| dialect.adapter)
}
