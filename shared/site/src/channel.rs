//! Channels: how people, and other systems, are told.

use camhook_ports::SecretReference;
use url::Url;

use crate::{BasicCredential, ChannelId, Network, Schedule};

/// A channel: one way of telling somebody.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Which service it is, and that service's settings.
    pub kind: ChannelKind,
    /// Where its address may lie.
    pub network: Network,
    /// When only urgent rules may use it; never when empty.
    pub quiet: Vec<Schedule>,
}

/// Which service a channel is, and that service's settings.
#[derive(Debug, Clone)]
pub enum ChannelKind {
    /// A topic of an ntfy server.
    Ntfy {
        /// Server and topic: `https://ntfy.example.org/family`.
        url: Url,
        /// How camhook proves that it may publish; `None` for an open topic.
        credential: Option<NtfyCredential>,
        /// How loud the message is; the server's default when `None`.
        priority: Option<NtfyPriority>,
        /// Tags, some of which ntfy shows as emoji: `rotating_light`.
        tags: Vec<String>,
    },
    /// Another system that takes HTTP posts.
    Webhook {
        /// Where they go.
        url: Url,
        /// The key that they are signed with as Standard Webhooks says, `whsec_…`; unsigned when `None`.
        secret: Option<SecretReference>,
    },
}

impl ChannelKind {
    /// The name in camhook.toml, logs and metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ntfy { .. } => "ntfy",
            Self::Webhook { .. } => "webhook",
        }
    }
}

/// How camhook proves to an ntfy server that it may publish.
#[derive(Debug, Clone)]
pub enum NtfyCredential {
    /// An access token, `tk_…`.
    Token(SecretReference),
    /// A user and a password.
    Basic(BasicCredential),
}

/// How loud an ntfy message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
