//! Discord: a channel, by its webhook.

use camhook_ports::SecretReference;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{ChannelEndpoint, secret_url};
use crate::Network;
use crate::problem::{Notes, Path};
use crate::raw::{RawNetwork, SecretUrlText};

/// A channel of Discord, by its webhook.
#[derive(Debug, Clone)]
pub struct Discord {
    /// The webhook, whose URL is its only protection.
    pub url: SecretReference,
}

impl Discord {
    /// Where it is reached.
    pub(crate) fn endpoint(&self) -> ChannelEndpoint<'_> {
        ChannelEndpoint::SecretUrl(&self.url)
    }
}

/// A channel of Discord, through its webhook. Messages contain the picture.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The webhook's URL. It is a secret: everyone who knows it can write into the channel.
    url: SecretUrlText,
}

impl Keys {
    #[expect(clippy::unnecessary_wraps, reason = "every kind of channel is read by the same signature")]
    pub(super) fn read(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(Discord, Network)> {
        let (url, network) = secret_url(&self.url, network, path, notes);
        Some((Discord { url }, network))
    }
}
