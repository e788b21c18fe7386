//! Setup texts and samples by vendor. The only table of vendors in this crate.

use std::fmt;
use std::sync::Arc;

use camhook_event::Vendor;
use camhook_ingest::{Adapter, Sample, WebhookUrl};
use camhook_site::Source;

use crate::error::Error;

/// The setup text and samples of a vendor.
pub(crate) struct Guide {
    /// The settings to enter in the device's menus.
    pub(crate) setup: Setup,
    /// How to configure a device over HTTP, if its vendor supports it.
    pub(crate) apply: Option<Apply>,
    /// How devices sign their posts, if they do.
    pub(crate) sign: Option<Sign>,
    /// Sample posts.
    pub(crate) samples: &'static [Sample],
}

/// Writes the settings to enter in the device's menus for a webhook URL.
type Setup = Box<dyn Fn(&WebhookUrl) -> String>;

impl fmt::Debug for Guide {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Guide").field("samples", &self.samples).finish_non_exhaustive()
    }
}

/// How a vendor's devices sign a post.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sign {
    /// The header field.
    pub(crate) field: &'static str,
    /// Its value, from the key and the body.
    pub(crate) value: fn(&str, &[u8]) -> String,
}

/// How to configure a device over HTTP.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Apply {
    /// The path on the device.
    pub(crate) path: &'static str,
    /// The body's media type.
    pub(crate) content_type: &'static str,
    /// The body.
    pub(crate) body: fn(&WebhookUrl) -> String,
    /// A text that the device's answer contains if it accepted the settings.
    pub(crate) success: &'static str,
}

/// Whether a vendor's setup text and samples depend on the source in camhook.toml.
pub(crate) fn depends_on_the_source(vendor: Vendor) -> bool {
    vendor == Vendor::Instar
}

/// The adapter of a vendor's dialect over HTTP; `None` for requests of people, which are not quarantined.
pub(crate) fn adapter(vendor: Vendor) -> Option<&'static dyn Adapter> {
    match vendor {
        Vendor::Viewtron => Some(&camhook_viewtron::Viewtron),
        Vendor::Xprotect => Some(&camhook_xprotect::Xprotect),
        Vendor::Ivsec => Some(&camhook_ivsec::Ivsec),
        Vendor::Instar => Some(&camhook_instar::InstarHttp),
        Vendor::Control => None,
    }
}

/// Sample messages of devices over MQTT.
pub(crate) const MQTT_SAMPLES: &[camhook_instar::mqtt::Sample] = camhook_instar::mqtt::SAMPLES;

/// The settings to enter in the menus of a device over MQTT.
pub(crate) fn setup_over_mqtt(source: &Source) -> Result<String, Error> {
    camhook_instar::mqtt::setup(source).ok_or(Error::NoDialect)
}

/// The setup text and samples of a vendor. `source` is the source in camhook.toml, if known.
///
/// # Errors
///
/// If they depend on the source's dialect and the source is unknown.
pub(crate) fn guide(vendor: Vendor, source: Option<Arc<Source>>) -> Result<Guide, Error> {
    match vendor {
        Vendor::Viewtron => Ok(Guide {
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
        Vendor::Xprotect => Ok(Guide {
            setup: Box::new(camhook_xprotect::setup),
            apply: None,
            sign: Some(Sign { field: camhook_xprotect::SIGNATURE_FIELD, value: camhook_xprotect::sign }),
            samples: camhook_xprotect::SAMPLES,
        }),
        Vendor::Ivsec => Ok(Guide {
            setup: Box::new(camhook_ivsec::setup),
            apply: None,
            sign: None,
            samples: camhook_ivsec::SAMPLES,
        }),
        Vendor::Control => {
            Ok(Guide { setup: Box::new(camhook_control::setup), apply: None, sign: None, samples: &[] })
        }
        Vendor::Instar => {
            let source = source.ok_or(Error::NoDialect)?;
            let dialect = source.dialect.ok_or(Error::NoDialect)?;
            Ok(Guide {
                setup: Box::new(move |url| camhook_instar::http::setup(url, dialect, &source)),
                apply: None,
                sign: None,
                samples: camhook_instar::http::samples(dialect),
            })
        }
    }
}
