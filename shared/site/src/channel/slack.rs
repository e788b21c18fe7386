//! Slack: a channel, by an incoming webhook or by a bot.

use camhook_ports::SecretReference;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::{ChannelEndpoint, secret_url, server_url};
use crate::Network;
use crate::problem::{Notes, Path};
use crate::raw::{RawNetwork, SecretText, SecretUrlText, UrlText};
use crate::read::scalar;

/// A channel of Slack.
#[derive(Debug, Clone)]
pub enum Slack {
    /// By an incoming webhook, which takes text alone.
    Webhook {
        /// The webhook, whose URL is its only protection.
        url: SecretReference,
    },
    /// By a bot, which takes pictures too.
    Bot {
        /// Where Slack's methods are.
        server: Url,
        /// The bot's token, `xoxb-…`.
        token: SecretReference,
        /// The channel's id: `C0123456789`.
        channel: String,
    },
}

impl Slack {
    /// Where it is reached.
    pub(crate) fn endpoint(&self) -> ChannelEndpoint<'_> {
        match self {
            Self::Webhook { url } => ChannelEndpoint::SecretUrl(url),
            Self::Bot { server, .. } => ChannelEndpoint::Url(server),
        }
    }
}

/// A channel of Slack, through an incoming webhook (`url`), with the picture as a link, or through a bot
/// (`token` and `channel`), with the picture itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The incoming webhook's URL. It is a secret: everyone who knows it can write into the channel.
    url: Option<SecretUrlText>,
    /// The bot's token, `xoxb-…`, with the scopes chat:write and files:write; the bot must be in the channel.
    token: Option<SecretText>,
    /// The channel's id: `C0123456789`.
    channel: Option<String>,
    /// Where Slack's methods are.
    #[schemars(extend("default" = "https://slack.com/api"))]
    server: Option<UrlText>,
}

impl Keys {
    pub(super) fn read(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(Slack, Network)> {
        match (&self.url, &self.token) {
            (Some(url), None) => {
                self.check_no_bot_keys(path, notes);
                let (url, network) = secret_url(url, network, path, notes);
                Some((Slack::Webhook { url }, network))
            }
            (None, Some(token)) => self.bot(token, network, path, notes),
            (Some(_), Some(_)) => {
                notes.misplaced(
                    &path.key("token"),
                    "there is a webhook already",
                    "leave `url` or `token` out",
                );
                None
            }
            (None, None) => {
                notes.problem(
                    path,
                    "neither a webhook nor a bot is named",
                    "add `url` of an incoming webhook, or `token` and `channel` of a bot",
                );
                None
            }
        }
    }

    fn check_no_bot_keys(&self, path: &Path<'_>, notes: &mut Notes) {
        for (key, is_there) in [("channel", self.channel.is_some()), ("server", self.server.is_some())] {
            if is_there {
                notes.misplaced(
                    &path.key(key),
                    "a webhook has its own",
                    "leave it out, or use `token` in the place of `url`",
                );
            }
        }
    }

    fn bot(
        &self,
        token: &SecretText,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(Slack, Network)> {
        let token = scalar::secret(token, &path.key("token"), notes);
        let (server, network) =
            server_url(self.server.as_ref(), "https://slack.com/api", network, path, notes)?;
        let Some(channel) = &self.channel else {
            notes.problem(path, "`channel` is missing", "add the channel's id: channel = \"C0123456789\"");
            return None;
        };
        let is_id = channel.len() >= 9
            && channel.starts_with(['C', 'D', 'G'])
            && channel.bytes().all(|octet| octet.is_ascii_uppercase() || octet.is_ascii_digit());
        if !is_id {
            notes.problem(
                &path.key("channel"),
                format!("`{channel}` is no channel's id"),
                "open the channel's details in Slack and copy its id: C0123456789",
            );
        }
        Some((Slack::Bot { server, token, channel: channel.clone() }, network))
    }
}
