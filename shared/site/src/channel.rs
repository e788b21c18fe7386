//! Channels: how people, and other systems, are told.

use std::time::Duration;

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
    /// Home Assistant: a webhook trigger, or the action of a notify service.
    HomeAssistant {
        /// Where it takes posts; the id in the URL of a webhook is all that protects it.
        url: SecretReference,
        /// A long-lived access token, which the action needs and the trigger does not.
        token: Option<SecretReference>,
    },
    /// A chat of Telegram, by a bot.
    Telegram {
        /// The Bot API server.
        server: Url,
        /// The bot's token.
        token: SecretReference,
        /// The chat's id, or `@name` of a public channel.
        chat: String,
        /// The topic within a group that has topics.
        thread: Option<u64>,
    },
    /// A channel of Discord, by its webhook.
    Discord {
        /// The webhook, whose URL is all that protects it.
        url: SecretReference,
    },
    /// A channel of Slack.
    Slack(SlackAccess),
    /// A user or group of Pushover.
    Pushover {
        /// The message API's server.
        server: Url,
        /// The application's token.
        token: SecretReference,
        /// The user's or group's key.
        user: SecretReference,
        /// How loud the message is.
        priority: PushoverPriority,
        /// The sound; the user's own when `None`.
        sound: Option<String>,
        /// The device; all of the user's when `None`.
        device: Option<String>,
    },
    /// Mail addresses, over SMTP.
    Mail {
        /// The server that takes the mail.
        server: MailServer,
        /// User and password there.
        credential: Option<BasicCredential>,
        /// Who it is from: an address.
        from: String,
        /// Whom it is for: addresses.
        to: Vec<String>,
    },
    /// An Apprise API server, which passes it on to whatever its configuration names.
    Apprise {
        /// Server and key: `https://apprise.example.org/notify/family`.
        url: Url,
        /// Which entries of that configuration are meant, as Apprise writes tags; all when `None`.
        tags: Option<String>,
        /// User and password of a proxy before the server.
        credential: Option<BasicCredential>,
    },
}

impl ChannelKind {
    /// The name in camhook.toml, logs and metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ntfy { .. } => "ntfy",
            Self::Webhook { .. } => "webhook",
            Self::HomeAssistant { .. } => "home-assistant",
            Self::Telegram { .. } => "telegram",
            Self::Discord { .. } => "discord",
            Self::Slack(_) => "slack",
            Self::Pushover { .. } => "pushover",
            Self::Mail { .. } => "mail",
            Self::Apprise { .. } => "apprise",
        }
    }
}

/// How camhook writes into a channel of Slack.
#[derive(Debug, Clone)]
pub enum SlackAccess {
    /// By an incoming webhook, which takes text alone.
    Webhook {
        /// The webhook, whose URL is all that protects it.
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

/// How loud a Pushover message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushoverPriority {
    /// No notification at all.
    Lowest,
    /// No sound.
    Low,
    /// Sound, but in the user's quiet hours.
    Normal,
    /// Sound, in quiet hours too.
    High,
    /// Repeated until somebody acknowledges it.
    Emergency {
        /// How often, at least every 30 s.
        retry: Duration,
        /// For how long, at most 3 h.
        expire: Duration,
    },
}

impl PushoverPriority {
    /// The number that Pushover's API takes, -2 to 2.
    #[must_use]
    pub fn number(self) -> i8 {
        match self {
            Self::Lowest => -2,
            Self::Low => -1,
            Self::Normal => 0,
            Self::High => 1,
            Self::Emergency { .. } => 2,
        }
    }
}

/// A server that takes mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    /// Its name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// What protects the connection.
    pub security: MailSecurity,
}

/// What protects the connection to a mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// TLS after STARTTLS; a server that offers none is told nothing.
    StartTls,
    /// Nothing.
    None,
}

impl MailSecurity {
    /// The usual port.
    #[must_use]
    pub fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
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
