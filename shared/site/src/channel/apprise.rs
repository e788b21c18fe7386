//! Apprise API: a server that passes messages on to many services.

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::{ChannelEndpoint, warn_of_plain_http};
use crate::problem::{Notes, Path};
use crate::raw::{Many, RawBasic, RawNetwork, UrlText};
use crate::read::scalar;
use crate::{BasicCredential, Network};

/// An Apprise API server, which passes messages on to the services that its configuration names.
#[derive(Debug, Clone)]
pub struct Apprise {
    /// Server and key: `https://apprise.example.org/notify/family`.
    pub url: Url,
    /// Which entries of that configuration get the message, as Apprise writes tags; all when `None`.
    pub tags: Option<String>,
    /// User and password of a proxy before the server.
    pub credential: Option<BasicCredential>,
}

impl Apprise {
    /// Where it is reached.
    pub(crate) fn endpoint(&self) -> ChannelEndpoint<'_> {
        ChannelEndpoint::Url(&self.url)
    }
}

/// An Apprise API server, which forwards messages to many services. Messages contain the picture.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// Server and key: `https://apprise.example.org/notify/family`.
    url: UrlText,
    /// The tags of the entries in that key's configuration that get the message.
    #[schemars(extend("x-default" = "all"))]
    tags: Option<Many<String>>,
    /// User and password of a proxy before the server.
    basic: Option<RawBasic>,
}

impl Keys {
    pub(super) fn read(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(Apprise, Network)> {
        let credential = scalar::optional_basic(self.basic.as_ref(), "basic", path, notes);
        let (url, network) = super::url(&self.url, network, path, notes)?;
        let path_url = path.key("url");
        if !url.path().contains("/notify/") {
            notes.problem(
                &path_url,
                "the key is missing",
                "write it after the server: https://apprise.example.org/notify/key",
            );
        }
        warn_of_plain_http(&url, network, &path_url, notes);
        let tags = self.tags.as_ref().map(|tags| tags.as_slice().join(","));
        Some((Apprise { url, tags, credential }, network))
    }
}
