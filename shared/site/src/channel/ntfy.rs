//! ntfy: a topic of a server to which phones listen.

use camhook_ports::SecretReference;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::{ChannelEndpoint, warn_of_plain_http};
use crate::problem::{Notes, Path};
use crate::raw::{Many, RawBasic, RawNetwork, SecretText, UrlText};
use crate::read::{known_credential, scalar};
use crate::{BasicCredential, Network};

/// A topic of an ntfy server.
#[derive(Debug, Clone)]
pub struct Ntfy {
    /// Server and topic: `https://ntfy.example.org/family`.
    pub url: Url,
    /// How camhook proves that it may publish; `None` for an open topic.
    pub credential: Option<NtfyCredential>,
    /// The priority; the server's default when `None`.
    pub priority: Option<NtfyPriority>,
    /// Tags, some of which ntfy shows as emoji: `rotating_light`.
    pub tags: Vec<String>,
}

/// How camhook proves to an ntfy server that it may publish.
#[derive(Debug, Clone)]
pub enum NtfyCredential {
    /// An access token, `tk_…`.
    Token(SecretReference),
    /// A user and a password.
    Basic(BasicCredential),
}

/// The priority of an ntfy message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Priority")]
pub enum NtfyPriority {
    /// No sound, folded away.
    Min = 1,
    /// No sound.
    Low = 2,
    /// Short sound.
    Default = 3,
    /// Long sound, pops over.
    High = 4,
    /// Very long sound, pops over.
    Max = 5,
}

impl NtfyPriority {
    /// The number that ntfy's API takes, 1 to 5.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }
}

impl Ntfy {
    /// Where it is reached.
    pub(crate) fn endpoint(&self) -> ChannelEndpoint<'_> {
        ChannelEndpoint::Url(&self.url)
    }
}

/// A topic of an ntfy server. Messages contain the picture.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// Server and topic: `https://ntfy.example.org/family`.
    url: UrlText,
    /// An access token of the server.
    token: Option<SecretText>,
    /// A user of the server, where there is no token.
    basic: Option<RawBasic>,
    /// The priority of the message: `max` and `high` are shown as pop-ups, `low` and `min` make no sound.
    #[schemars(extend("x-default" = "the server's"))]
    priority: Option<NtfyPriority>,
    /// Tags, some of which ntfy shows as emoji.
    tags: Option<Many<String>>,
}

impl Keys {
    pub(super) fn read(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(Ntfy, Network)> {
        let credential = self.credential(path, notes);
        let (url, network) = self.topic(network, path, notes)?;
        if credential.is_some() {
            warn_of_plain_http(&url, network, &path.key("url"), notes);
        }
        let tags = self.tags.as_ref().map_or(&[][..], Many::as_slice).to_vec();
        Some((Ntfy { url, credential, priority: self.priority, tags }, network))
    }

    fn credential(&self, path: &Path<'_>, notes: &mut Notes) -> Option<NtfyCredential> {
        if self.token.is_some() && self.basic.is_some() {
            notes.misplaced(&path.key("basic"), "there is a token already", "leave one of them out");
        }
        let token = scalar::optional_secret(self.token.as_ref(), "token", path, notes);
        let basic = scalar::optional_basic(self.basic.as_ref(), "basic", path, notes);
        token.map(NtfyCredential::Token).or(basic.map(NtfyCredential::Basic))
    }

    /// Server and topic.
    fn topic(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(Url, Network)> {
        let path_url = path.key("url");
        let url = scalar::url(&self.url, &path_url, notes)?;
        if url.path().trim_matches('/').is_empty() {
            notes.problem(
                &path_url,
                "the topic is missing",
                "write it after the server: https://ntfy.example.org/topic",
            );
        }
        if known_credential::is_documented_topic(&url) {
            notes.strict(
                &path_url,
                "this topic stands in the documentation: everybody can read what is sent to it",
                "subscribe to a topic with a name that nobody guesses, and write that one",
            );
        }
        let network = scalar::reachable_host(network, url.host().as_ref(), &path_url, notes);
        Some((url, network))
    }
}
