//! A source's webhook URL.

use std::path::Path;

use camhook_event::Vendor;
use camhook_ingest::WebhookUrl;
use url::Url;

use crate::error::Error;
use crate::stack::Stack;

/// A source's webhook.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    /// The vendor whose dialect it accepts.
    pub(crate) vendor: Vendor,
    /// Its URL, in parts.
    pub(crate) address: WebhookUrl,
}

impl Webhook {
    /// The webhook of a source: the given URL, or the one of the stack.
    pub(crate) fn find(source: &str, url: Option<&Url>, stack: Option<&Path>) -> Result<Self, Error> {
        match url {
            Some(url) => Self::parse(url, source),
            None => Self::parse(Stack::find(stack)?.source(source)?, source),
        }
    }

    /// Parses a source's webhook URL. On the local cloud, a base path comes before the vendor.
    pub(crate) fn parse(url: &Url, source: &str) -> Result<Self, Error> {
        // The path contains the token, which must not be in the message.
        let wrong = || Error::NotAWebhook {
            origin: url.origin().ascii_serialization(),
            source_id: source.to_owned(),
        };
        let segments: Vec<&str> = url.path_segments().ok_or_else(wrong)?.collect();
        let vendor = segments.windows(2).find_map(|pair| match pair {
            [vendor, of] if *of == source => vendor.parse().ok(),
            _ => None,
        });
        Ok(Self {
            vendor: vendor.ok_or_else(wrong)?,
            address: WebhookUrl {
                scheme: url.scheme().to_owned(),
                host: url.host_str().ok_or_else(wrong)?.to_owned(),
                port: url.port_or_known_default().ok_or_else(wrong)?,
                path: url.path().to_owned(),
            },
        })
    }

    /// The URL of another path and query on the same host.
    pub(crate) fn with_path(&self, path: &str, query: &str) -> Result<Url, Error> {
        let WebhookUrl { scheme, host, port, .. } = &self.address;
        let question = if query.is_empty() { "" } else { "?" };
        let url = format!("{scheme}://{host}:{port}{path}{question}{query}");
        Url::parse(&url).map_err(|error| Error::Unsendable(format!("invalid path: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str, source: &str) -> Result<Webhook, Error> {
        Webhook::parse(&url.parse().unwrap(), source)
    }

    #[test]
    fn a_webhook_url_is_parsed_into_vendor_and_parts() {
        let webhook = parse("https://hooks.example.org/viewtron/gate/abc", "gate").unwrap();
        assert_eq!(webhook.vendor, Vendor::Viewtron);
        assert_eq!((webhook.address.port, webhook.address.path.as_str()), (443, "/viewtron/gate/abc"));
        assert_eq!(webhook.address.to_string(), "https://hooks.example.org/viewtron/gate/abc");
        let other = webhook.with_path("/viewtron/gate/abc/SendAlarmData", "a=1&b").unwrap();
        assert_eq!(other.as_str(), "https://hooks.example.org/viewtron/gate/abc/SendAlarmData?a=1&b");
    }

    #[test]
    fn the_base_path_of_the_local_cloud_is_kept() {
        let url = "http://127.0.0.1:4566/_aws/execute-api/21b914d0/%24default/instar/gate/abc";
        let webhook = parse(url, "gate").unwrap();
        assert_eq!(webhook.vendor, Vendor::Instar);
        assert_eq!(webhook.address.path, "/_aws/execute-api/21b914d0/%24default/instar/gate/abc");
    }

    #[test]
    fn a_source_may_have_the_name_of_a_vendor() {
        let webhook = parse("https://example.org/xprotect/viewtron/abc", "viewtron").unwrap();
        assert_eq!(webhook.vendor, Vendor::Xprotect);
    }

    #[test]
    fn errors_do_not_contain_the_token() {
        for url in ["https://example.org/other/gate/secret", "https://example.org/viewtron/back/secret"] {
            let error = parse(url, "gate").unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
