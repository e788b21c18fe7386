//! Setup texts and samples: those of all vendors over HTTP, and those of INSTAR over MQTT.

use std::sync::Arc;

use camhook_event::Vendor;
use camhook_site::Source;
pub(crate) use camhook_vendors::Guide;
#[cfg(feature = "aws")]
pub(crate) use camhook_vendors::{Apply, Sign, adapter, depends_on_the_source};

use crate::error::Error;

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
    camhook_vendors::guide(vendor, source).ok_or(Error::NoDialect)
}
