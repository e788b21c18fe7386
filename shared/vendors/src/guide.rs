//! Setup texts and samples.

use std::fmt;
use std::sync::Arc;

use camhook_event::Vendor;
use camhook_ingest::{Apply, DialectGuide, Sample, Sign, WebhookUrl};
use camhook_site::Source;

use crate::dialect::{DIALECTS, Dialect};

/// The setup text and samples of a vendor.
pub struct Guide {
    /// The settings to enter in the device's menus.
    pub setup: Setup,
    /// How to configure a device over HTTP, if its vendor supports it.
    pub apply: Option<Apply>,
    /// How devices sign their posts, if they do.
    pub sign: Option<Sign>,
    /// Sample posts.
    pub samples: &'static [Sample],
}

/// Writes the settings to enter in the device's menus for a webhook URL.
pub type Setup = Box<dyn Fn(&WebhookUrl) -> String>;

impl fmt::Debug for Guide {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Guide").field("samples", &self.samples).finish_non_exhaustive()
    }
}

/// Whether a vendor's setup text and samples depend on the source in camhook.toml.
#[must_use]
pub fn depends_on_the_source(vendor: Vendor) -> bool {
    DIALECTS.iter().any(|dialect| dialect.vendor == vendor && dialect.setting.is_some())
}

/// The setup text and samples of a vendor. `source` is the source in camhook.toml, if known.
///
/// `None` if they depend on the source's dialect and that is unknown.
#[must_use]
pub fn guide(vendor: Vendor, source: Option<Arc<Source>>) -> Option<Guide> {
    let &DialectGuide { setup, apply, sign, samples } = match vendor {
        Vendor::Control => &camhook_control::GUIDE,
        _ => dialect(vendor, source.as_deref())?.guide,
    };
    Some(Guide { setup: Box::new(move |url| setup(url, source.as_deref())), apply, sign, samples })
}

/// The dialect of a source, or the only one of the vendor.
fn dialect(vendor: Vendor, source: Option<&Source>) -> Option<&'static Dialect> {
    let setting = source.and_then(|source| source.dialect).map(camhook_site::Dialect::name);
    DIALECTS
        .iter()
        .find(|dialect| dialect.vendor == vendor && (dialect.setting.is_none() || dialect.setting == setting))
}
