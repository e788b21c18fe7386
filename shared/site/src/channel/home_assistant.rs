//! Home Assistant: a webhook trigger, or the action of a notify service.

use camhook_ports::SecretReference;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{ChannelEndpoint, secret_url};
use crate::Network;
use crate::problem::{Notes, Path};
use crate::raw::{RawNetwork, SecretText, SecretUrlText};
use crate::read::scalar;

/// Home Assistant: a webhook trigger, or the action of a notify service.
#[derive(Debug, Clone)]
pub struct HomeAssistant {
    /// Where the posts go; the id in the URL of a webhook is the only protection of that webhook.
    pub url: SecretReference,
    /// A long-lived access token, which the action needs and the trigger does not.
    pub token: Option<SecretReference>,
}

impl HomeAssistant {
    /// Where it is reached.
    pub(crate) fn endpoint(&self) -> ChannelEndpoint<'_> {
        ChannelEndpoint::SecretUrl(&self.url)
    }
}

/// Home Assistant: a webhook trigger (`…/api/webhook/ID`), or the action of a notify service
/// (`…/api/services/notify/NAME`, with `token`). Messages contain a link to the picture.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The URL to post to. The id of a webhook is a secret.
    url: SecretUrlText,
    /// A long-lived access token, which an action needs and a webhook does not.
    token: Option<SecretText>,
}

impl Keys {
    #[expect(clippy::unnecessary_wraps, reason = "every kind of channel is read by the same signature")]
    pub(super) fn read(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(HomeAssistant, Network)> {
        let (url, network) = secret_url(&self.url, network, path, notes);
        let token = scalar::optional_secret(self.token.as_ref(), "token", path, notes);
        Some((HomeAssistant { url, token }, network))
    }
}
