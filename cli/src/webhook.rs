//! A source's webhook URL.

use camhook_event::Vendor;
use camhook_ingest::WebhookUrl;
use camhook_ports::{SecretReference, Secrets};
use camhook_site::{Source, Token};
use secrecy::ExposeSecret;
use url::Url;

use crate::error::Error;
use crate::stack::{Selection, Stack};

/// A source's webhook.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    /// The vendor whose dialect it accepts.
    pub(crate) vendor: Vendor,
    /// Its URL, in parts.
    pub(crate) address: WebhookUrl,
    pub(crate) token: TokenKnowledge,
}

/// Whether the URL of a webhook is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKnowledge {
    /// It has the source's token, or needs none.
    Known,
    /// `<token>` stands in its place.
    Unknown,
}

/// Stands for a token that is not known.
const UNKNOWN_TOKEN: &str = "<token>";

impl Webhook {
    /// The webhook of a source: the given URL, or the one of the stack.
    pub(crate) fn find(source: &str, url: Option<&Url>, stack: Selection<'_>) -> Result<Self, Error> {
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
            token: TokenKnowledge::Known,
        })
    }

    /// The webhook of a source of a stack whose stack.json does not have its URL. A token is taken from camhook.toml
    /// where that has it, or from the secret that it names.
    pub(crate) async fn of_source<S: Secrets>(
        api_url: &Url,
        source: &Source,
        secrets: &S,
    ) -> Result<Self, Error> {
        let (mut token, mut known) = (String::new(), TokenKnowledge::Known);
        if !source.auth.tokens.is_empty() {
            (token, known) = (format!("/{UNKNOWN_TOKEN}"), TokenKnowledge::Unknown);
            for candidate in &source.auth.tokens {
                // A variable of the environment is one of the function.
                let Token::Secret(reference) = candidate else { continue };
                if matches!(reference, SecretReference::Environment(_)) {
                    continue;
                }
                if let Ok(secret) = secrets.resolve(reference).await {
                    (token, known) = (format!("/{}", secret.expose_secret()), TokenKnowledge::Known);
                    break;
                }
            }
        }
        let path = format!("{}/{}/{}", api_url.path().trim_end_matches('/'), source.vendor, source.id);
        let mut url = api_url.clone();
        url.set_path(&path);
        let mut webhook = Self::parse(&url, source.id.as_str())?;
        webhook.address.path.push_str(&token);
        Ok(Self { token: known, ..webhook })
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
    use camhook_ports::memory::MemorySecrets;

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

    fn source(auth: &str) -> std::sync::Arc<Source> {
        let toml = format!(
            "timezone = \"UTC\"\n[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\nauth = {{ {auth} }}\n"
        );
        let (site, _) = camhook_site::read(&toml, "test").unwrap();
        std::sync::Arc::clone(site.source("gate").unwrap())
    }

    async fn of_source(auth: &str, secrets: &MemorySecrets) -> Webhook {
        let api = "https://abc.execute-api.eu-north-1.amazonaws.com".parse().unwrap();
        Webhook::of_source(&api, &source(auth), secrets).await.unwrap()
    }

    #[tokio::test]
    async fn the_webhook_of_a_stack_on_aws_has_the_token_where_it_is_known() {
        let secrets = MemorySecrets::default();
        let sha256 = format!("token_sha256 = \"{}\"", "0f".repeat(32));
        let unknown = of_source(&sha256, &secrets).await;
        assert_eq!(
            (unknown.address.path.as_str(), unknown.token),
            ("/viewtron/gate/<token>", TokenKnowledge::Unknown)
        );
        let unreadable = of_source("token = \"ssm:/camhook/gate\"", &secrets).await;
        assert_eq!(unreadable.token, TokenKnowledge::Unknown);
        secrets.set("ssm:/camhook/gate", "abcdefghijklmnopqrstuvwxyz");
        let read = of_source("token = \"ssm:/camhook/gate\"", &secrets).await;
        assert_eq!(read.address.path, "/viewtron/gate/abcdefghijklmnopqrstuvwxyz");
        assert_eq!(read.token, TokenKnowledge::Known);
        let by_password = of_source("basic = { user = \"camera\", password = \"ssm:/p\" }", &secrets).await;
        assert_eq!(
            (by_password.address.path.as_str(), by_password.token),
            ("/viewtron/gate", TokenKnowledge::Known)
        );
    }
}
