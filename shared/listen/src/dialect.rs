//! What tells dialects apart, and the source that receives one.

use camhook_event::Vendor;
use camhook_vendors::Dialect;

use crate::CapturedRequest;

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
    use camhook_vendors::DIALECTS;

    use super::*;

    #[test]
    fn a_source_block_is_accepted_once_its_token_is_filled_in() {
        for dialect in DIALECTS {
            let toml = format!(
                "timezone = \"Europe/Berlin\"\n{}",
                source_block(dialect, "gate").replace("<token_sha256>", &"0".repeat(64))
            );
            let read = camhook_site::read(&toml, "camhook.toml");
            assert!(read.is_ok(), "{dialect}: {read:?}");
        }
    }
}
