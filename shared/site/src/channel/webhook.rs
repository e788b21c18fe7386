//! A webhook: another system that takes HTTP posts.

use camhook_ports::SecretReference;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::{ChannelEndpoint, warn_of_plain_http};
use crate::Network;
use crate::problem::{Notes, Path};
use crate::raw::{RawNetwork, SecretText, UrlText};
use crate::read::scalar;

/// Another system that takes HTTP posts.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// The URL to post to.
    pub url: Url,
    /// The key that they are signed with as Standard Webhooks says, `whsec_…`; unsigned when `None`.
    pub secret: Option<SecretReference>,
}

impl Webhook {
    /// Where it is reached.
    pub(crate) fn endpoint(&self) -> ChannelEndpoint<'_> {
        ChannelEndpoint::Url(&self.url)
    }
}

/// Another system with an HTTP endpoint. It gets the event and the rendered message as JSON.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The URL to post to.
    url: UrlText,
    /// The key of the signature according to Standard Webhooks, `whsec_…`. Unset: posts are not signed.
    secret: Option<SecretText>,
}

impl Keys {
    pub(super) fn read(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(Webhook, Network)> {
        let url = super::url(&self.url, network, path, notes);
        let secret = self.secret.as_ref().map(|text| signing_key(text, &path.key("secret"), notes));
        let (url, network) = url?;
        warn_of_plain_http(&url, network, &path.key("url"), notes);
        Some((Webhook { url, secret }, network))
    }
}

fn signing_key(text: &SecretText, path: &Path<'_>, notes: &mut Notes) -> SecretReference {
    let is_reference = text.0.starts_with("ssm:") || text.0.starts_with("env:");
    if !is_reference && !text.0.starts_with("whsec_") {
        notes.problem(
            path,
            "a Standard Webhooks key begins with `whsec_`",
            "write whsec_ and 24 to 64 random bytes in base64",
        );
    }
    scalar::secret(text, path, notes)
}
