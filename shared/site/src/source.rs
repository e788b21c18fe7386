//! A source: one camera, recorder or video system, and how its posts prove their origin.

use std::collections::BTreeMap;
use std::time::Duration;

use camhook_event::{PlateList, Text, Vendor};
use camhook_ports::SecretReference;
use ipnet::IpNet;
use jiff::tz::TimeZone;

/// A source: one camera, recorder or video system that posts.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its id: `[a-z0-9][a-z0-9-]{0,31}`, unique over all vendors.
    pub id: Text,
    /// The vendor whose format it sends.
    pub vendor: Vendor,
    /// The place that it belongs to.
    pub area: Option<Text>,
    /// How its posts prove that they come from it.
    pub auth: Auth,
    /// After this much silence it is offline; no offline detection when `None`.
    pub offline_after: Option<Duration>,
    /// Whether its tracking posts become events.
    pub tracking: Tracking,
    /// Whether pictures, names and ids of faces are kept.
    pub faces: Retention,
    /// Whether pictures of the whole frame are kept.
    pub overview: Retention,
    /// Whether the metadata in pictures is kept.
    pub metadata: Retention,
    /// Whether its clock is used to compute the age of an event.
    pub clock: ClockTrust,
    /// By how much its time may differ from the time of receipt and still be the event's time.
    pub clock_tolerance: Duration,
    /// The zone of its local times.
    pub timezone: TimeZone,
    /// The vendor's dialect, for a vendor whose posts do not reveal it.
    pub dialect: Option<Dialect>,
    /// The names of the vendor's query parameters, where a person chose them: the standard name, and the one
    /// in use.
    pub parameters: BTreeMap<String, String>,
    /// The beginning of its MQTT topics.
    pub topic: Option<Text>,
    /// Which list a numbered group of the device's face album is.
    pub groups: BTreeMap<i64, PlateList>,
}

impl Source {
    /// Whether nothing but the address proves that a request comes from this source. Such a source moves no relay and
    /// sets no mode: addresses are shared and can be forged within a network.
    #[must_use]
    pub fn is_proved_by_address_alone(&self) -> bool {
        let auth = &self.auth;
        !auth.allow.is_empty() && auth.tokens.is_empty() && auth.basic.is_empty() && auth.hmac.is_empty()
    }

    /// What follows this source's `topic` in that of a message, from its slash on; `None` where the message is not below
    /// it.
    ///
    /// To MQTT a topic with a slash at its beginning is another one. Here both are below both, since people write the slash
    /// in one place and leave it out in another.
    #[must_use]
    pub fn below_topic<'a>(&self, topic: &'a str) -> Option<&'a str> {
        let own = self.topic.as_ref()?.as_str().trim_end_matches('/');
        let below =
            |topic: &'a str, own: &str| topic.strip_prefix(own).filter(|below| below.starts_with('/'));
        below(topic, own).or_else(|| below(topic.trim_start_matches('/'), own.trim_start_matches('/')))
    }

    /// Whether a captured post of this source is accepted whenever it is sent again. INSTAR and iVSEC posts contain no
    /// time and no number that could be checked, and a token in the path is captured with the post.
    #[must_use]
    pub fn accepts_captured_posts(&self) -> bool {
        let auth = &self.auth;
        matches!(self.vendor, Vendor::Instar | Vendor::Ivsec)
            && !auth.tokens.is_empty()
            && auth.basic.is_empty()
            && auth.hmac.is_empty()
            && auth.allow.is_empty()
    }
}

/// How a source's posts prove that they come from it: every kind that is named must hold.
#[derive(Debug, Clone, Default)]
pub struct Auth {
    /// Tokens in the path, any of which is good.
    pub tokens: Vec<Token>,
    /// Users and passwords, any of which is good.
    pub basic: Vec<BasicCredential>,
    /// Keys of a signature over the body, any of which is good.
    pub hmac: Vec<SecretReference>,
    /// Networks, any of which is good.
    pub allow: Vec<IpNet>,
}

impl Auth {
    /// The names of the tokens, passwords and signing keys, in their order. A name identifies a credential while others
    /// are added and removed, and does not reveal it: `token:sha256:9f86d081`, `basic:camera:ssm:/camhook/sources/gate`,
    /// `hmac:env:GATE`. One that stands in camhook.toml itself is named by its position.
    #[must_use]
    pub fn credential_names(&self) -> Vec<String> {
        let tokens = (0..self.tokens.len()).filter_map(|index| self.token_name(index));
        let passwords = (0..self.basic.len()).filter_map(|index| self.basic_name(index));
        let keys = (0..self.hmac.len()).filter_map(|index| self.hmac_name(index));
        tokens.chain(passwords).chain(keys).collect()
    }

    /// The name of a token.
    #[must_use]
    pub fn token_name(&self, index: usize) -> Option<String> {
        Some(match self.tokens.get(index)? {
            Token::Sha256([a, b, c, d, ..]) => format!("token:sha256:{a:02x}{b:02x}{c:02x}{d:02x}"),
            Token::Secret(reference) => format!("token:{}", secret_name(reference, index)),
        })
    }

    /// The name of a user with a password.
    #[must_use]
    pub fn basic_name(&self, index: usize) -> Option<String> {
        let BasicCredential { user, password } = self.basic.get(index)?;
        Some(format!("basic:{user}:{}", secret_name(password, index)))
    }

    /// The name of a signing key.
    #[must_use]
    pub fn hmac_name(&self, index: usize) -> Option<String> {
        Some(format!("hmac:{}", secret_name(self.hmac.get(index)?, index)))
    }
}

fn secret_name(reference: &SecretReference, index: usize) -> String {
    match reference {
        SecretReference::Parameter(_) | SecretReference::Environment(_) => reference.to_string(),
        SecretReference::Literal(_) => format!("literal-{}", index + 1),
    }
}

/// A token in the path.
#[derive(Debug, Clone)]
pub enum Token {
    /// The SHA-256 of a random token: no secret.
    Sha256([u8; 32]),
    /// The token itself.
    Secret(SecretReference),
}

/// A user and a password.
#[derive(Debug, Clone)]
pub struct BasicCredential {
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: SecretReference,
}

/// Whether a source's tracking posts become events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tracking {
    /// They are acknowledged and forgotten.
    Drop,
    /// At most about one event in this time for each target is passed on.
    Every(Duration),
}

/// Whether something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// It is.
    Keep,
    /// It is not: it reaches neither the bucket nor a queue, a log or the quarantine.
    Drop,
}

/// Whether a source's clock says how late an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockTrust {
    /// It does: the sender resends or spools, and its clock is kept right.
    Trusted,
    /// It does not.
    Untrusted,
}

/// Which of a vendor's dialects a source speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// INSTAR Cloud.
    Cloud,
    /// An INSTAR camera's alarm server with `active` codes.
    CameraV1,
    /// An INSTAR camera's alarm server with a `trigger` bit mask.
    CameraV2,
}

impl Dialect {
    /// The name in camhook.toml.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cloud => "cloud",
            Self::CameraV1 => "camera-v1",
            Self::CameraV2 => "camera-v2",
        }
    }
}
