//! Which vendor's crate has the texts and samples of a vendor. The only table of vendors in the command.

use camhook_event::Vendor;
use camhook_ingest::{Sample, WebhookUrl};

use crate::error::Error;

/// What a vendor's crate gives to people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guide {
    /// What to type into the device's menus.
    pub(crate) setup: fn(&WebhookUrl) -> String,
    /// What sets the device up over HTTP, where it has such a way.
    pub(crate) apply: Option<Apply>,
    /// How its senders sign, where they do.
    pub(crate) sign: Option<Sign>,
    /// Posts as its devices send them.
    pub(crate) samples: &'static [Sample],
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

/// What the crate of a vendor gives to people.
pub(crate) fn guide(vendor: Vendor) -> Result<Guide, Error> {
    match vendor {
        Vendor::Viewtron => Ok(Guide {
            setup: camhook_viewtron::setup,
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
            setup: camhook_xprotect::setup,
            apply: None,
            sign: Some(Sign { field: camhook_xprotect::SIGNATURE_FIELD, value: camhook_xprotect::sign }),
            samples: camhook_xprotect::SAMPLES,
        }),
        Vendor::Ivsec => Ok(Guide {
            setup: camhook_ivsec::setup,
            apply: None,
            sign: None,
            samples: camhook_ivsec::SAMPLES,
        }),
        Vendor::Instar => Err(Error::NoGuide(vendor)),
    }
}
