//! A source's webhook, and what it says of the source.

use std::path::Path;

use camhook_event::Vendor;
use camhook_ingest::WebhookUrl;
use url::Url;

use crate::error::Error;
use crate::stack::Stack;

/// A source's webhook.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    /// Whose dialect it takes.
    pub(crate) vendor: Vendor,
    /// Its address, in parts.
    pub(crate) address: WebhookUrl,
}

impl Webhook {
    /// The webhook of a source: the URL that was given, else the one of the stack.
    pub(crate) fn find(source: &str, url: Option<&Url>, stack: Option<&Path>) -> Result<Self, Error> {
        match url {
            Some(url) => Self::parse(url, source),
            None => Self::parse(Stack::find(stack)?.source(source)?, source),
        }
    }

    /// Takes a source's webhook URL apart. A local cloud has a path of its own before the vendor.
    pub(crate) fn parse(url: &Url, source: &str) -> Result<Self, Error> {
        // The path may hold a token, which stays out of the message.
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
        Url::parse(&url).map_err(|error| Error::Unsendable(format!("its path makes no address: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str, source: &str) -> Result<Webhook, Error> {
        Webhook::parse(&url.parse().unwrap(), source)
    }

    #[test]
    fn a_webhook_url_names_its_vendor_and_its_parts() {
        let webhook = parse("https://hooks.example.org/viewtron/gate/abc", "gate").unwrap();
        assert_eq!(webhook.vendor, Vendor::Viewtron);
        assert_eq!((webhook.address.port, webhook.address.path.as_str()), (443, "/viewtron/gate/abc"));
        assert_eq!(webhook.address.to_string(), "https://hooks.example.org/viewtron/gate/abc");
        let other = webhook.with_path("/viewtron/gate/abc/SendAlarmData", "a=1&b").unwrap();
        assert_eq!(other.as_str(), "https://hooks.example.org/viewtron/gate/abc/SendAlarmData?a=1&b");
    }

    #[test]
    fn what_a_local_cloud_has_before_the_vendor_stays_in_the_path() {
        let url = "http://127.0.0.1:4566/_aws/execute-api/21b914d0/%24default/instar/gate/abc";
        let webhook = parse(url, "gate").unwrap();
        assert_eq!(webhook.vendor, Vendor::Instar);
        assert_eq!(webhook.address.path, "/_aws/execute-api/21b914d0/%24default/instar/gate/abc");
    }

    #[test]
    fn a_source_that_is_called_like_a_vendor_is_a_source() {
        let webhook = parse("https://example.org/xprotect/viewtron/abc", "viewtron").unwrap();
        assert_eq!(webhook.vendor, Vendor::Xprotect);
    }

    #[test]
    fn an_error_does_not_repeat_a_token() {
        for url in ["https://example.org/other/gate/secret", "https://example.org/viewtron/back/secret"] {
            let error = parse(url, "gate").unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
