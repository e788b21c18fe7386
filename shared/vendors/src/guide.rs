//! Setup texts and samples.

use std::fmt;
use std::sync::Arc;

use camhook_event::Vendor;
use camhook_ingest::{Sample, WebhookUrl};
use camhook_site::Source;

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

/// How a vendor's devices sign a post.
#[derive(Debug, Clone, Copy)]
pub struct Sign {
    /// The header field.
    pub field: &'static str,
    /// Its value, from the key and the body.
    pub value: fn(&str, &[u8]) -> String,
}

/// How to configure a device over HTTP.
#[derive(Debug, Clone, Copy)]
pub struct Apply {
    /// The path on the device.
    pub path: &'static str,
    /// The body's media type.
    pub content_type: &'static str,
    /// The body.
    pub body: fn(&WebhookUrl) -> String,
    /// A text that the device's answer contains if it accepted the settings.
    pub success: &'static str,
}

/// Whether a vendor's setup text and samples depend on the source in camhook.toml.
#[must_use]
pub fn depends_on_the_source(vendor: Vendor) -> bool {
    vendor == Vendor::Instar
}

/// The setup text and samples of a vendor. `source` is the source in camhook.toml, if known.
///
/// `None` if they depend on the source's dialect and that is unknown.
#[must_use]
pub fn guide(vendor: Vendor, source: Option<Arc<Source>>) -> Option<Guide> {
    match vendor {
        Vendor::Viewtron => Some(Guide {
            setup: Box::new(camhook_viewtron::setup),
            apply: Some(Apply {
                path: "/SetHttpPostConfig",
                content_type: "application/xml",
                body: camhook_viewtron::http_post_config,
                success: "success",
            }),
            sign: None,
            samples: camhook_viewtron::SAMPLES,
        }),
        Vendor::Xprotect => Some(Guide {
            setup: Box::new(camhook_xprotect::setup),
            apply: None,
            sign: Some(Sign { field: camhook_xprotect::SIGNATURE_FIELD, value: camhook_xprotect::sign }),
            samples: camhook_xprotect::SAMPLES,
        }),
        Vendor::Ivsec => Some(Guide {
            setup: Box::new(camhook_ivsec::setup),
            apply: None,
            sign: None,
            samples: camhook_ivsec::SAMPLES,
        }),
        Vendor::Control => {
            Some(Guide { setup: Box::new(camhook_control::setup), apply: None, sign: None, samples: &[] })
        }
        Vendor::Instar => {
            let source = source?;
            let dialect = source.dialect?;
            Some(Guide {
                setup: Box::new(move |url| camhook_instar::http::setup(url, dialect, &source)),
                apply: None,
                sign: None,
                samples: camhook_instar::http::samples(dialect),
            })
        }
    }
}
