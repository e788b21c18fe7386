//! Which vendor's crate has the texts and samples of a vendor. The only table of vendors in the command.

use std::fmt;
use std::sync::Arc;

use camhook_event::Vendor;
use camhook_ingest::{Sample, WebhookUrl};
use camhook_site::Source;

use crate::error::Error;

/// What a vendor's crate gives to people.
pub(crate) struct Guide {
    /// What to type into the device's menus.
    pub(crate) setup: Setup,
    /// What sets the device up over HTTP, where it has such a way.
    pub(crate) apply: Option<Apply>,
    /// How its senders sign, where they do.
    pub(crate) sign: Option<Sign>,
    /// Posts as its devices send them.
    pub(crate) samples: &'static [Sample],
}

/// Writes what to type into the device's menus, from the webhook's address.
type Setup = Box<dyn Fn(&WebhookUrl) -> String>;

impl fmt::Debug for Guide {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Guide").field("samples", &self.samples).finish_non_exhaustive()
    }
}

/// How a vendor's senders sign a post.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sign {
    /// The header field.
    pub(crate) field: &'static str,
    /// Its value, from the key and the body.
    pub(crate) value: fn(&str, &[u8]) -> String,
}

/// How a device is set up over HTTP.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Apply {
    /// Where it is posted to on the device.
    pub(crate) path: &'static str,
    /// Its media type.
    pub(crate) content_type: &'static str,
    /// The body.
    pub(crate) body: fn(&WebhookUrl) -> String,
    /// What stands in the device's answer when it took the settings.
    pub(crate) success: &'static str,
}

/// Whether a vendor's texts and samples depend on what camhook.toml says of a source.
pub(crate) fn depends_on_the_source(vendor: Vendor) -> bool {
    match vendor {
        Vendor::Instar => true,
        Vendor::Viewtron | Vendor::Xprotect | Vendor::Ivsec => false,
    }
}

/// Messages as devices over MQTT publish them.
pub(crate) const MQTT_SAMPLES: &[camhook_instar_mqtt::Sample] = camhook_instar_mqtt::SAMPLES;

/// What to type into the menus of a device over MQTT.
pub(crate) fn setup_over_mqtt(source: &Source) -> Result<String, Error> {
    camhook_instar_mqtt::setup(source).ok_or(Error::NoDialect)
}

/// What the crate of a vendor gives to people. `source` is what camhook.toml says of the source, where that is
/// known.
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
        Vendor::Instar => {
            let source = source.ok_or(Error::NoDialect)?;
            let dialect = source.dialect.ok_or(Error::NoDialect)?;
            Ok(Guide {
                setup: Box::new(move |url| camhook_instar_http::setup(url, dialect, &source)),
                apply: None,
                sign: None,
                samples: camhook_instar_http::samples(dialect),
            })
        }
    }
}
