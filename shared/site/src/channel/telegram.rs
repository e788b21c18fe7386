//! Telegram: a chat, by a bot.

use camhook_ports::SecretReference;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::{ChannelEndpoint, server_url};
use crate::Network;
use crate::problem::{Notes, Path};
use crate::raw::{RawNetwork, SecretText, UrlText};
use crate::read::scalar;

/// A chat of Telegram, by a bot.
#[derive(Debug, Clone)]
pub struct Telegram {
    /// The Bot API server.
    pub server: Url,
    /// The bot's token.
    pub token: SecretReference,
    /// The chat's id, or `@name` of a public channel.
    pub chat: String,
    /// The topic within a group that has topics.
    pub thread: Option<u64>,
}

impl Telegram {
    /// Where it is reached.
    pub(crate) fn endpoint(&self) -> ChannelEndpoint<'_> {
        ChannelEndpoint::Url(&self.server)
    }
}

/// A chat of Telegram, through a bot. Messages contain the picture.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The bot's token, as BotFather gives it.
    token: SecretText,
    /// The chat's id (that of a group begins with `-`), or `@name` of a public channel.
    chat: Chat,
    /// The topic within a group that has topics.
    thread: Option<u64>,
    /// A Bot API server of your own.
    #[schemars(extend("default" = "https://api.telegram.org"))]
    server: Option<UrlText>,
}

/// A chat of Telegram.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Chat {
    Name(String),
    Number(i64),
}

impl Keys {
    pub(super) fn read(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(Telegram, Network)> {
        let token = scalar::secret(&self.token, &path.key("token"), notes);
        let chat = self.chat.read(&path.key("chat"), notes);
        let (server, network) =
            server_url(self.server.as_ref(), "https://api.telegram.org", network, path, notes)?;
        Some((Telegram { server, token, chat: chat?, thread: self.thread }, network))
    }
}

impl Chat {
    fn read(&self, path: &Path<'_>, notes: &mut Notes) -> Option<String> {
        let text = match self {
            Self::Number(number) => return Some(number.to_string()),
            Self::Name(text) => text,
        };
        let is_name = text.len() > 1 && text.starts_with('@');
        if !is_name && text.parse::<i64>().is_err() {
            notes.problem(
                path,
                format!("`{text}` is no chat"),
                "write its id as a number, or @name of a channel",
            );
            return None;
        }
        Some(text.clone())
    }
}
