//! Finds a source and its transport: HTTP or MQTT.

use std::path::Path;
use std::sync::Arc;

use camhook_ports::Ports;
use camhook_site::{Site, Source};
use url::Url;

use crate::error::Error;
use crate::site;
use crate::stack::{Selection, Stack};
use crate::vendors::{Guide, depends_on_the_source, guide};
use crate::webhook::Webhook;

/// The transport of a source.
#[derive(Debug)]
pub(crate) enum Origin {
    /// Posts to a webhook.
    Http(Webhook),
    /// Messages over MQTT.
    Mqtt(Arc<Source>),
}

/// The arguments that identify a source. They take precedence over the stack's own values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lookup<'a> {
    /// The source's id.
    pub(crate) id: &'a str,
    /// The webhook URL.
    pub(crate) url: Option<&'a Url>,
    /// The camhook.toml.
    pub(crate) config: Option<&'a Path>,
    /// The stack.json.
    pub(crate) stack: Selection<'a>,
}

impl Lookup<'_> {
    /// The source's transport.
    pub(crate) async fn origin(&self) -> Result<Origin, Error> {
        let unknown = match Webhook::find(self.id, self.url, self.stack) {
            Ok(webhook) => return Ok(Origin::Http(webhook)),
            Err(unknown @ Error::UnknownSource { .. }) => unknown,
            Err(unknown @ Error::NoStack) if self.config.is_some() => unknown,
            Err(error) => return Err(error),
        };
        // A source over MQTT has no URL and is found in camhook.toml only.
        match self.site().await?.source(self.id) {
            Some(source) if source.topic.is_some() => Ok(Origin::Mqtt(Arc::clone(source))),
            Some(source) => {
                let Ok(stack) = Stack::find(self.stack) else { return Err(unknown) };
                let ports = stack.connect().await;
                Ok(Origin::Http(Webhook::of_source(&stack.api_url, source, ports.secrets()).await?))
            }
            None => Err(unknown),
        }
    }

    /// The setup text and samples for a webhook of the source.
    pub(crate) async fn guide(&self, webhook: &Webhook) -> Result<Guide, Error> {
        if !depends_on_the_source(webhook.vendor) {
            return guide(webhook.vendor, None);
        }
        let site = self.site().await?;
        guide(webhook.vendor, site.source(self.id).cloned())
    }

    async fn site(&self) -> Result<Arc<Site>, Error> {
        let Some(path) = self.config else {
            return Stack::find(self.stack)?.site().await;
        };
        Ok(Arc::new(site::read(path)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/camhook.toml");

    fn lookup<'a>(id: &'a str, url: Option<&'a Url>) -> Lookup<'a> {
        Lookup { id, url, config: Some(Path::new(CONFIG)), stack: Selection::default() }
    }

    #[tokio::test]
    async fn instar_settings_and_samples_depend_on_the_dialect() {
        let mut seen = Vec::new();
        for id in ["cloud", "older", "newer"] {
            let url = format!("https://example.org/instar/{id}/token").parse().unwrap();
            let lookup = lookup(id, Some(&url));
            let Origin::Http(webhook) = lookup.origin().await.unwrap() else { panic!("{id}") };
            let guide = lookup.guide(&webhook).await.unwrap();
            seen.push(((guide.setup)(&webhook.address), guide.samples[0].request));
        }
        assert!(seen[0].0.contains("Alarm Settings > Webhook") && seen[0].1.contains("cam=4711"));
        assert!(seen[1].0.contains("&active=1") && seen[1].1.contains("&active=1"));
        assert!(seen[2].0.contains("&trigger=1") && seen[2].1.contains("&trigger=17"));
    }

    #[tokio::test]
    async fn a_source_over_mqtt_needs_no_url() {
        let Origin::Mqtt(source) = lookup("bridged", None).origin().await.unwrap() else { panic!("no MQTT") };
        assert_eq!(source.topic.as_ref().unwrap().as_str(), "cameras");
    }

    #[tokio::test]
    async fn an_unknown_instar_source_has_no_dialect() {
        let url = "https://example.org/instar/elsewhere/token".parse().unwrap();
        let lookup = lookup("elsewhere", Some(&url));
        let Origin::Http(webhook) = lookup.origin().await.unwrap() else { panic!("no webhook") };
        assert!(matches!(lookup.guide(&webhook).await, Err(Error::NoDialect)));
    }
}
