//! The dialects that can be recognized. The only table of vendors in this crate.

use std::fmt;

use camhook_event::Vendor;
use camhook_ingest::Adapter;

use crate::CapturedRequest;

/// A vendor's dialect over HTTP.
#[derive(Clone, Copy)]
pub struct Dialect {
    /// Whose dialect.
    pub vendor: Vendor,
    /// The source's `dialect` setting, where the vendor has several.
    pub setting: Option<&'static str>,
    /// The vendor's adapter.
    pub(crate) adapter: &'static dyn Adapter,
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

/// The `[[source]]` table for camhook.toml that receives posts of a dialect. The token is a placeholder: `camhook
/// token` prints one.
#[must_use]
pub fn source_block(dialect: &Dialect, id: &str) -> String {
    let setting = dialect.setting.map(|setting| format!("dialect = \"{setting}\"\n")).unwrap_or_default();
    let vendor = dialect.vendor;
    format!(
        "[[source]]\nid = \"{id}\"\nvendor = \"{vendor}\"\n{setting}\
         # `camhook token {id} --vendor {vendor}` prints this value and the webhook URL.\n\
         auth = {{ token_sha256 = \"<token_sha256>\" }}\n"
    )
}

/// How well the request's names fit a dialect, for requests that several dialects can read. Larger is better.
pub(crate) fn affinity(dialect: &Dialect, request: &CapturedRequest) -> u8 {
    let path = request.decoded_path();
    let names_vendor = path.split('/').find(|segment| !segment.is_empty()) == Some(dialect.vendor.name());
    let named = if names_vendor { 2 } else { 0 };
    named + u8::from(has_parameters_of(dialect, request))
}

/// iVSEC's pushes by GET and INSTAR's senders use one parameter each that the others lack.
fn has_parameters_of(dialect: &Dialect, request: &CapturedRequest) -> bool {
    let is_form = request.header("content-type").is_some_and(|kind| kind.contains("x-www-form-urlencoded"));
    let encoded = if is_form { request.body.as_ref() } else { request.query.as_bytes() };
    let has = |name: &str, accept: fn(&str) -> bool| {
        form_urlencoded::parse(encoded).any(|(present, value)| present == name && accept(&value))
    };
    match dialect.setting {
        None if dialect.vendor == Vendor::Ivsec => has("EventType", |_| true),
        Some("camera-v1") => has("active", |_| true),
        Some("camera-v2") => {
            has("trigger", |value| value.trim().parse::<u32>().is_ok()) && !has("cam", |_| true)
        }
        Some("cloud") => has("cam", |_| true),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_block_is_accepted_once_its_token_is_filled_in() {
        for dialect in &DIALECTS {
            let toml = format!(
                "timezone = \"Europe/Berlin\"\n{}",
                source_block(dialect, "gate").replace("<token_sha256>", &"0".repeat(64))
            );
            let read = camhook_site::read(&toml, "camhook.toml");
            assert!(read.is_ok(), "{dialect}: {read:?}");
        }
    }
}
