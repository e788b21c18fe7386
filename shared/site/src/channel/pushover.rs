//! Pushover: a user or a group.

use std::time::Duration;

use camhook_ports::SecretReference;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::{ChannelEndpoint, server_url};
use crate::Network;
use crate::problem::{Notes, Path};
use crate::raw::{DurationText, RawNetwork, SecretText, UrlText};
use crate::read::scalar;

/// The smallest time between two repetitions of an emergency message.
/// Source: Pushover's message API, as is the next.
const LEAST_RETRY: Duration = Duration::from_secs(30);

/// The longest time for which an emergency message is repeated.
const LONGEST_EXPIRE: Duration = Duration::from_secs(3 * 3600);

/// A user or group of Pushover.
#[derive(Debug, Clone)]
pub struct Pushover {
    /// The message API's server.
    pub server: Url,
    /// The application's token.
    pub token: SecretReference,
    /// The user's or group's key.
    pub user: SecretReference,
    /// The priority.
    pub priority: PushoverPriority,
    /// The sound; the user's own when `None`.
    pub sound: Option<String>,
    /// The device; all of the user's when `None`.
    pub device: Option<String>,
}

/// The priority of a Pushover message.
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

impl Pushover {
    /// Where it is reached.
    pub(crate) fn endpoint(&self) -> ChannelEndpoint<'_> {
        ChannelEndpoint::Url(&self.server)
    }
}

/// A user or group of Pushover. Messages contain the picture.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The application's token.
    token: SecretText,
    /// The user's or group's key.
    user: SecretText,
    /// The priority of the message: `high` makes a sound in the user's quiet hours too, `emergency` is repeated until
    /// somebody acknowledges it.
    #[schemars(extend("default" = "normal"))]
    priority: Option<Priority>,
    /// How often an `emergency` message is repeated until somebody acknowledges it; at least 30 seconds.
    #[schemars(extend("default" = "1m"))]
    retry: Option<DurationText>,
    /// For how long an `emergency` message is repeated; at most 3 hours.
    #[schemars(extend("default" = "1h"))]
    expire: Option<DurationText>,
    /// The sound, by Pushover's name for it.
    #[schemars(extend("x-default" = "the user's"))]
    sound: Option<String>,
    /// One device of the user.
    #[schemars(extend("x-default" = "all"))]
    device: Option<String>,
    /// The message API's server.
    #[schemars(extend("default" = "https://api.pushover.net"))]
    server: Option<UrlText>,
}

/// The priority of a Pushover message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "PushoverPriority")]
enum Priority {
    /// No notification at all.
    Lowest,
    /// No sound.
    Low,
    /// Sound, but in the user's quiet hours.
    Normal,
    /// Sound, in quiet hours too.
    High,
    /// Repeated until somebody acknowledges it.
    Emergency,
}

impl Keys {
    pub(super) fn read(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(Pushover, Network)> {
        let token = scalar::secret(&self.token, &path.key("token"), notes);
        let user = scalar::secret(&self.user, &path.key("user"), notes);
        let priority = self.priority(path, notes);
        let (server, network) =
            server_url(self.server.as_ref(), "https://api.pushover.net", network, path, notes)?;
        let (sound, device) = (self.sound.clone(), self.device.clone());
        Some((Pushover { server, token, user, priority: priority?, sound, device }, network))
    }

    fn priority(&self, path: &Path<'_>, notes: &mut Notes) -> Option<PushoverPriority> {
        let plain = match self.priority.unwrap_or(Priority::Normal) {
            Priority::Lowest => PushoverPriority::Lowest,
            Priority::Low => PushoverPriority::Low,
            Priority::Normal => PushoverPriority::Normal,
            Priority::High => PushoverPriority::High,
            Priority::Emergency => return self.emergency(path, notes),
        };
        for (key, text) in [("retry", &self.retry), ("expire", &self.expire)] {
            if text.is_some() {
                notes.misplaced(
                    &path.key(key),
                    "only an emergency is repeated",
                    "leave it out, or use priority = \"emergency\"",
                );
            }
        }
        Some(plain)
    }

    fn emergency(&self, path: &Path<'_>, notes: &mut Notes) -> Option<PushoverPriority> {
        let (path_retry, path_expire) = (path.key("retry"), path.key("expire"));
        let retry = match &self.retry {
            Some(text) => scalar::duration(text, &path_retry, notes)?,
            None => Duration::from_secs(60),
        };
        let expire = match &self.expire {
            Some(text) => scalar::duration(text, &path_expire, notes)?,
            None => Duration::from_secs(3600),
        };
        if retry < LEAST_RETRY {
            notes.problem(&path_retry, "Pushover repeats every 30 seconds at most", "use at least 30s");
        }
        if expire > LONGEST_EXPIRE {
            notes.problem(&path_expire, "Pushover repeats for 3 hours at most", "use at most 3h");
        }
        Some(PushoverPriority::Emergency { retry, expire })
    }
}
