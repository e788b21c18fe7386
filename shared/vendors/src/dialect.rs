//! The dialects of devices over HTTP.

use std::fmt;

use camhook_event::Vendor;
use camhook_ingest::{Adapter, DialectGuide};

/// A vendor's dialect over HTTP.
#[derive(Clone, Copy)]
pub struct Dialect {
    /// Whose dialect.
    pub vendor: Vendor,
    /// The source's `dialect` setting, where the vendor has several.
    pub setting: Option<&'static str>,
    /// The vendor's adapter.
    pub adapter: &'static dyn Adapter,
    /// Its setup text and samples.
    pub guide: &'static DialectGuide,
}

impl Dialect {
    /// The only dialect of a vendor.
    const fn only(vendor: Vendor, adapter: &'static dyn Adapter, guide: &'static DialectGuide) -> Self {
        Self { vendor, setting: None, adapter, guide }
    }
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
pub static DIALECTS: &[Dialect] = &[
    Dialect::only(Vendor::Viewtron, &camhook_viewtron::Viewtron, &camhook_viewtron::GUIDE),
    Dialect::only(Vendor::Xprotect, &camhook_xprotect::Xprotect, &camhook_xprotect::GUIDE),
    Dialect::only(Vendor::Ivsec, &camhook_ivsec::Ivsec, &camhook_ivsec::GUIDE),
    instar("camera-v1", &camhook_instar::http::CAMERA_V1),
    instar("camera-v2", &camhook_instar::http::CAMERA_V2),
    instar("cloud", &camhook_instar::http::CLOUD),
];

const fn instar(setting: &'static str, guide: &'static DialectGuide) -> Dialect {
    Dialect { vendor: Vendor::Instar, setting: Some(setting), adapter: &camhook_instar::InstarHttp, guide }
}

/// The adapter of a vendor's dialect over HTTP; `None` for requests of people, which are not quarantined.
#[must_use]
pub fn adapter(vendor: Vendor) -> Option<&'static dyn Adapter> {
    DIALECTS.iter().find(|dialect| dialect.vendor == vendor).map(|dialect| dialect.adapter)
}
