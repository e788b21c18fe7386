//! What the functions of a stack on AWS do not reach, and what does not reach them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use camhook_ports::SecretReference;
use ipnet::IpNet;

use super::good;
use crate::problem::{Notes, Path};
use crate::raw::{Many, NetworkText, RawSite};
use crate::{Driver, Network, Site, Source, Token, Via};

/// Where a camhook.toml is meant to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deployment {
    /// On AWS.
    Aws,
    /// On the local cloud of one machine, as `infra/local/camhook.toml`: everything that functions connect to is on
    /// that machine, and no source has a credential that is kept elsewhere.
    Local,
}

impl Deployment {
    pub(super) fn of(site: &Site) -> Self {
        let of_relays = site.relays().iter().filter_map(|relay| {
            let is_connected_to = relay.via == Via::Cloud && !matches!(relay.driver, Driver::Mqtt(_));
            is_connected_to.then_some(relay.network)
        });
        let networks: Vec<Network> =
            site.channels().iter().map(|channel| channel.network).chain(of_relays).collect();
        let is_on_this_machine =
            !networks.is_empty() && networks.iter().all(|network| *network == Network::Loopback);
        if is_on_this_machine && site.sources().all(|source| has_only_literal_credentials(source)) {
            Self::Local
        } else {
            Self::Aws
        }
    }
}

fn has_only_literal_credentials(source: &Source) -> bool {
    let is_literal = |secret: &SecretReference| matches!(secret, SecretReference::Literal(_));
    let auth = &source.auth;
    let tokens = auth.tokens.iter().all(|token| match token {
        Token::Secret(secret) => is_literal(secret),
        Token::Sha256(_) => false,
    });
    tokens && auth.basic.iter().all(|basic| is_literal(&basic.password)) && auth.hmac.iter().all(is_literal)
}

/// Warns of what is out of reach of a stack on AWS.
pub(super) fn check(site: &Site, document: &RawSite, deployment: Deployment, notes: &mut Notes) {
    warn_of_shared_topics(document, notes);
    if deployment == Deployment::Local {
        return;
    }
    let root = Path::Root;
    // An address outside of a network that is not declared has an error of its own.
    let section = root.key("channel");
    for (index, raw) in good(&document.channel).filter(|(_, raw)| raw.declares_network()) {
        let Some(channel) = site.channel(raw.id()) else { continue };
        let place = match channel.network {
            Network::Public => continue,
            Network::Lan => "a private network",
            Network::Loopback => "your machine",
        };
        notes.warning(
            &section.index(index).key("network"),
            format!("a function in the cloud does not reach {place}: nothing will be sent"),
            "use a service on the internet, or publish this one there and leave `network` out",
        );
    }
    let section = root.key("relay");
    for (index, raw) in good(&document.relay).filter(|(_, raw)| raw.declares_network()) {
        let Some(relay) = site.relay(raw.id()) else { continue };
        if relay.via == Via::Cloud && relay.network == Network::Loopback {
            notes.warning(
                &section.index(index).key("network"),
                "a function in the cloud does not reach your machine",
                "use the device's address in its network, with network = \"lan\" and via = \"agent\"",
            );
        }
    }
    let section = root.key("source");
    for (index, raw) in good(&document.source) {
        let path = section.index(index);
        let path = path.key("auth");
        let path = path.key("allow");
        let allowed = raw.auth.as_ref().and_then(|auth| auth.allow.as_ref()).map_or(&[][..], Many::as_slice);
        for (index, text) in allowed.iter().enumerate() {
            if is_private(text) {
                notes.warning(
                    &path.index(index),
                    "requests arrive from addresses on the internet, never from a private one",
                    "write the address that the source's network has on the internet, or leave `allow` out",
                );
            }
        }
    }
    warn_of_topics_out_of_the_filter(document, notes);
}

/// Warns of sources over MQTT whose messages a stack does not receive, unless it has another `MqttTopicFilter` than the
/// template's default. That fits a prefix of one segment and a client id.
fn warn_of_topics_out_of_the_filter(document: &RawSite, notes: &mut Notes) {
    let root = Path::Root;
    let section = root.key("source");
    for (index, raw) in good(&document.source) {
        let topic = raw.topic.as_deref().unwrap_or_default().trim_end_matches('/');
        let segments = topic.split('/').count();
        if topic.contains(['#', '+']) || (segments <= 2 && !topic.starts_with('/')) {
            continue;
        }
        let prefix =
            if segments > 2 { topic.rsplit_once('/').map_or("", |(prefix, _)| prefix) } else { topic };
        notes.warning(
            &section.index(index).key("topic"),
            "a stack receives `+/+/status/#` alone, unless it has another `MqttTopicFilter`: a prefix and a client id of \
             one segment each, without a slash before them",
            format!("deploy with MqttTopicFilter={prefix}/+/status/#, or give the cameras a prefix of one segment"),
        );
    }
}

/// Whether a network lies within a range that no request over the internet comes from.
fn is_private(text: &NetworkText) -> bool {
    let network = text.0.parse::<IpNet>().ok().or_else(|| text.0.parse::<IpAddr>().ok().map(IpNet::from));
    // The ranges for private networks, carriers, and the machine itself: RFC 1918, 6598, 1122, 4193 and 4291.
    const PRIVATE: [&str; 7] = [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "fc00::/7",
        "::1/128",
    ];
    let ranges = PRIVATE.iter().filter_map(|range| range.parse::<IpNet>().ok());
    network.is_some_and(|network| ranges.into_iter().any(|range| range.contains(&network)))
}

/// Warns of sources over MQTT whose messages are those of another source, too, or never arrive.
fn warn_of_shared_topics(document: &RawSite, notes: &mut Notes) {
    let root = Path::Root;
    let section = root.key("source");
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    for (index, raw) in good(&document.source) {
        let Some(topic) = raw.topic.as_deref() else { continue };
        let path = section.index(index);
        let path = path.key("topic");
        let topic = topic.trim_end_matches('/');
        if topic.contains(['#', '+']) {
            notes.warning(
                &path,
                "a topic here is the beginning of topics, without wildcards: no message has this one",
                format!("write it as {}", before_wildcard(topic).unwrap_or("cameras/115")),
            );
        }
        if let Some(first) = known.insert(topic, &raw.id.0) {
            notes.warning(
                &path,
                format!("`{first}` has this topic, too: messages of one camera belong to one source"),
                "write the topic of each camera, or leave one of the sources out",
            );
        }
    }
}

/// The whole segments before a wildcard; `None` where nothing is before it.
fn before_wildcard(topic: &str) -> Option<&str> {
    let (before, _) = topic.split_at_checked(topic.find(['#', '+'])?)?;
    let (whole, _) = before.rsplit_once('/')?;
    (!whole.is_empty()).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NoChecks, inspect};

    #[test]
    fn the_files_of_the_local_cloud_get_no_finding_about_aws() {
        for (name, text) in [
            ("infra/local/camhook.toml", include_str!("../../../../infra/local/camhook.toml")),
            ("tests/camhook.toml", include_str!("../../../../tests/camhook.toml")),
        ] {
            let inspection = inspect(text, name, &NoChecks);
            assert!(inspection.problems.is_empty() && inspection.strict.is_empty(), "{inspection:#?}");
            let warnings = inspection.warnings.iter().map(ToString::to_string);
            let unexpected: Vec<String> = warnings
                .filter(|warning| ["reach", "internet", "variable"].iter().any(|word| warning.contains(word)))
                .collect();
            assert!(unexpected.is_empty(), "{unexpected:#?}");
            assert_eq!(Deployment::of(&inspection.site.unwrap()), Deployment::Local, "{name}");
        }
    }

    #[test]
    fn private_ranges_are_those_without_a_way_to_the_internet() {
        for private in
            ["10.0.0.0/8", "192.168.1.0/24", "172.31.255.255", "127.0.0.1", "100.64.0.1", "::1", "fd00::/8"]
        {
            assert!(is_private(&NetworkText(private.to_owned())), "{private}");
        }
        for public in ["203.0.113.7", "8.8.8.0/24", "172.32.0.1", "10.0.0.0/7", "2001:db8::/32", "gate"] {
            assert!(!is_private(&NetworkText(public.to_owned())), "{public}");
        }
    }

    #[test]
    fn a_wildcard_is_cut_off_at_the_slash_before_it() {
        assert_eq!(before_wildcard("instar/#"), Some("instar"));
        assert_eq!(before_wildcard("house/cam+/status"), Some("house"));
        assert_eq!(before_wildcard("#"), None);
    }
}
