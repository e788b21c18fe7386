//! Mail over SMTP.

use schemars::JsonSchema;
use serde::Deserialize;
use url::{Host, Url};

use super::ChannelEndpoint;
use crate::problem::{Notes, Path};
use crate::raw::{HostText, MailAddressText, Many, RawBasic, RawNetwork};
use crate::read::scalar;
use crate::{BasicCredential, Network};

/// Mail addresses, over SMTP.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The SMTP server.
    pub server: MailServer,
    /// User and password there.
    pub credential: Option<BasicCredential>,
    /// The sender's address.
    pub from: String,
    /// The recipients' addresses.
    pub to: Vec<String>,
}

/// A server that takes mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    /// Its name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: MailSecurity,
}

/// What protects the connection to a mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// TLS from the first byte (RFC 8314); usually port 465.
    #[default]
    Tls,
    /// TLS after STARTTLS, and nothing is sent where that is not offered; usually port 587.
    StartTls,
    /// Nothing; usually port 25.
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

impl Mail {
    /// Where it is reached.
    pub(crate) fn endpoint(&self) -> ChannelEndpoint<'_> {
        ChannelEndpoint::Host { host: &self.server.host, port: self.server.port }
    }
}

/// Mail over SMTP; the picture is shown in the message, and the messages about one camera are one thread.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The SMTP server.
    server: HostText,
    /// How the connection is encrypted.
    #[schemars(extend("default" = "tls"))]
    security: Option<MailSecurity>,
    /// User and password there.
    basic: Option<RawBasic>,
    /// The sender's address.
    from: MailAddressText,
    /// The recipients' addresses.
    to: Many<MailAddressText>,
}

impl Keys {
    pub(super) fn read(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(Mail, Network)> {
        let credential = scalar::optional_basic(self.basic.as_ref(), "basic", path, notes);
        let from = address(&self.from, &path.key("from"), notes);
        let path_to = path.key("to");
        let to = self.to.as_slice().iter().enumerate();
        let to = to.filter_map(|(index, text)| address(text, &path_to.index(index), notes)).collect();
        let (server, network) = self.server(network, path, notes)?;
        Some((Mail { server, credential, from: from?, to }, network))
    }

    /// The server and where it may lie.
    fn server(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(MailServer, Network)> {
        let path_server = path.key("server");
        let security = self.security.unwrap_or_default();
        // As the host of a URL: `host`, `host:port`, `[address]:port`.
        let url = Url::parse(&format!("smtp://{}", self.server.0)).ok().filter(|url| url.path().is_empty());
        let host = url.as_ref().and_then(Url::host_str).and_then(|host| Host::parse(host).ok());
        let (Some(url), Some(host)) = (url, host) else {
            notes.problem(
                &path_server,
                format!("`{}` is no server", self.server.0),
                "write it as mail.example.org or mail.example.org:465",
            );
            return None;
        };
        let borrowed = match &host {
            Host::Domain(name) => Host::Domain(name.as_str()),
            Host::Ipv4(address) => Host::Ipv4(*address),
            Host::Ipv6(address) => Host::Ipv6(*address),
        };
        let network = scalar::reachable_host(network, Some(&borrowed), &path_server, notes);
        if security == MailSecurity::None && network == Network::Public {
            self.check_clear_text(&path.key("security"), notes);
        }
        let host_text = match &host {
            Host::Ipv6(address) => address.to_string(),
            other => other.to_string(),
        };
        let port = url.port().unwrap_or(security.port());
        Some((MailServer { host: host_text, port, security }, network))
    }

    /// Warns about what is sent over the internet in clear text.
    fn check_clear_text(&self, path: &Path<'_>, notes: &mut Notes) {
        let fix = "use security = \"tls\" or \"starttls\"";
        if self.basic.is_some() {
            notes.problem(path, "the password would go over the internet in clear text", fix);
        } else {
            notes.warning(path, "no TLS: anybody on the way can read and change this", fix);
        }
    }
}

fn address(text: &MailAddressText, path: &Path<'_>, notes: &mut Notes) -> Option<String> {
    let is_plain = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|octet| octet.is_ascii_graphic() && !b"<>()[],;:\"\\@".contains(&octet))
    };
    if !text.0.split_once('@').is_some_and(|(user, host)| is_plain(user) && is_plain(host)) {
        notes.problem(path, format!("`{}` is no mail address", text.0), "write it as user@example.org");
        return None;
    }
    Some(text.0.clone())
}
