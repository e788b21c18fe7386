//! Channels: how people, and other systems, are notified.
//!
//! Each kind has a module with its settings, the keys that camhook.toml has for them, and their validation.

use camhook_ports::SecretReference;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::problem::{Notes, Path};
use crate::raw::{IdText, Many, RawNetwork, RawSchedule, SecretText, SecretUrlText, UrlText};
use crate::read::scalar;
use crate::read::schedule::{Almanac, schedules};
use crate::tagged::Tagged;
use crate::{ChannelId, Network, Schedule};

pub use apprise::Apprise;
pub use discord::Discord;
pub use home_assistant::HomeAssistant;
pub use mail::{Mail, MailSecurity, MailServer};
pub use ntfy::{Ntfy, NtfyCredential, NtfyPriority};
pub use pushover::{Pushover, PushoverPriority};
pub use slack::Slack;
pub use telegram::Telegram;
pub use webhook::Webhook;

/// A channel: a way to send notifications.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Which service it is, with the settings for that service.
    pub kind: ChannelKind,
    /// Where its address may lie.
    pub network: Network,
    /// When only urgent rules may use it; never when empty.
    pub quiet: Vec<Schedule>,
}

/// Where the service of a channel is reached.
#[derive(Debug, Clone, Copy)]
pub enum ChannelEndpoint<'a> {
    /// The server of a URL.
    Url(&'a Url),
    /// The server of a URL that is a secret.
    SecretUrl(&'a SecretReference),
    /// A server that is not reached over HTTP.
    Host {
        /// Its name or address.
        host: &'a str,
        /// The port.
        port: u16,
    },
}

/// The keys of every channel.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ChannelKeys {
    /// Its name.
    id: IdText,
    /// The network in which the address must be.
    #[schemars(extend("default" = "public"))]
    network: Option<RawNetwork>,
    /// The times at which only rules with `urgent = true` use it.
    quiet: Option<Many<RawSchedule>>,
}

/// `[[channel]]` as it is written.
pub(crate) type RawChannel = Tagged<ChannelKeys, KindKeys>;

/// Declares the kinds: the name in camhook.toml, the settings, and the module that has both them and their `Keys`.
macro_rules! kinds {
    ($($name:literal $kind:ident in $module:ident;)*) => {
        $(mod $module;)*

        /// Which service a channel is, with the settings for that service.
        #[derive(Debug, Clone)]
        pub enum ChannelKind {$(
            #[doc = concat!("`kind = \"", $name, "\"`")]
            $kind($module::$kind),
        )*}

        impl ChannelKind {
            /// The name in camhook.toml, logs and metrics.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {$(Self::$kind(_) => $name,)*}
            }

            /// Where the service is reached.
            #[must_use]
            pub fn endpoint(&self) -> ChannelEndpoint<'_> {
                match self {$(Self::$kind(settings) => settings.endpoint(),)*}
            }
        }

        /// A channel: a way to send notifications.
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(tag = "kind")]
        #[schemars(rename = "Channel")]
        pub(crate) enum KindKeys {$(
            #[serde(rename = $name)]
            $kind($module::Keys),
        )*}

        impl KindKeys {
            fn read(
                &self,
                network: Option<RawNetwork>,
                path: &Path<'_>,
                notes: &mut Notes,
            ) -> Option<(ChannelKind, Network)> {
                match self {$(
                    Self::$kind(keys) => {
                        let (settings, network) = keys.read(network, path, notes)?;
                        Some((ChannelKind::$kind(settings), network))
                    }
                )*}
            }
        }
    };
}

kinds! {
    "ntfy" Ntfy in ntfy;
    "webhook" Webhook in webhook;
    "home-assistant" HomeAssistant in home_assistant;
    "telegram" Telegram in telegram;
    "discord" Discord in discord;
    "slack" Slack in slack;
    "pushover" Pushover in pushover;
    "mail" Mail in mail;
    "apprise" Apprise in apprise;
}

impl RawChannel {
    pub(crate) fn id(&self) -> &str {
        &self.common.id.0
    }

    /// Whether the entry says where its address may lie.
    pub(crate) fn declares_network(&self) -> bool {
        self.common.network.is_some()
    }

    pub(crate) fn read(&self, almanac: &Almanac, path: &Path<'_>, notes: &mut Notes) -> Option<Channel> {
        let ChannelKeys { id, network, quiet } = &self.common;
        let quiet = schedules(quiet.as_ref(), almanac, &path.key("quiet"), notes);
        let id = ChannelId::new(&id.0);
        let (kind, network) = self.kind.read(*network, path, notes)?;
        Some(Channel { id: id?, kind, network, quiet })
    }
}

/// The address in the key `url`, and where it may lie.
fn url(
    text: &UrlText,
    network: Option<RawNetwork>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<(Url, Network)> {
    let path = path.key("url");
    let url = scalar::url(text, &path, notes)?;
    let network = scalar::reachable_host(network, url.host().as_ref(), &path, notes);
    Some((url, network))
}

/// The address in the key `url` where it is a secret: checked as far as it is known here.
fn secret_url(
    text: &SecretUrlText,
    network: Option<RawNetwork>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> (SecretReference, Network) {
    let reference = scalar::secret(&SecretText(text.0.clone()), &path.key("url"), notes);
    if !matches!(reference, SecretReference::Literal(_)) {
        return (reference, scalar::network_of(network));
    }
    match url(&UrlText(text.0.clone()), network, path, notes) {
        Some((url, network)) => {
            warn_of_plain_http(&url, network, &path.key("url"), notes);
            (reference, network)
        }
        None => (reference, scalar::network_of(network)),
    }
}

/// The address of a service in the key `server`, its usual one where the file names none.
fn server_url(
    text: Option<&UrlText>,
    default: &str,
    network: Option<RawNetwork>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<(Url, Network)> {
    let path_server = path.key("server");
    let url = match text {
        Some(text) => scalar::url(text, &path_server, notes)?,
        None => scalar::url(&UrlText(default.to_owned()), &path_server, notes)?,
    };
    let network = scalar::reachable_host(network, url.host().as_ref(), &path_server, notes);
    warn_of_plain_http(&url, network, &path_server, notes);
    Some((url, network))
}

fn warn_of_plain_http(url: &Url, network: Network, path: &Path<'_>, notes: &mut Notes) {
    if url.scheme() == "http" && network == Network::Public {
        notes.warning(path, "plain HTTP: anybody on the way can read and change this", "use https");
    }
}
