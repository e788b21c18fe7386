//! Where a channel or a relay is reached.

use camhook_ports::SecretReference;
use camhook_site::{Channel, ChannelEndpoint, Driver, Network, Relay, Via};
use url::Url;

/// Where a channel or a relay is reached.
#[derive(Debug)]
pub(super) enum Endpoint<'a> {
    /// A server.
    Server { host: String, port: u16 },
    /// The server of a URL that is a secret.
    SecretUrl(&'a SecretReference),
    /// It cannot be reached from here, for this reason.
    Skipped(&'static str),
}

/// Host and port of a URL.
pub(super) fn of_url(url: &Url) -> Option<(String, u16)> {
    Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
}

fn server(url: &Url) -> Endpoint<'static> {
    match of_url(url) {
        Some((host, port)) => Endpoint::Server { host, port },
        None => Endpoint::Skipped("its URL has no host"),
    }
}

pub(super) fn of_channel(channel: &Channel) -> Endpoint<'_> {
    match channel.kind.endpoint() {
        ChannelEndpoint::Url(url) => server(url),
        ChannelEndpoint::SecretUrl(url) => Endpoint::SecretUrl(url),
        ChannelEndpoint::Host { host, port } => Endpoint::Server { host: host.to_owned(), port },
    }
}

pub(super) fn of_relay(relay: &Relay) -> Endpoint<'_> {
    if relay.via == Via::Agent {
        return Endpoint::Skipped("only its agent reaches it; `camhook status` shows whether that is online");
    }
    if relay.network == Network::Lan {
        return Endpoint::Skipped("it is in a private network");
    }
    match &relay.driver {
        Driver::ShellyGen1(device) => server(&device.url),
        Driver::ShellyGen2(device) => server(&device.url),
        Driver::ShellyCloud(device) => server(&device.server),
        Driver::WebRelay(device) => server(&device.url),
        Driver::TwoN(device) => server(&device.url),
        Driver::Viewtron(device) => server(&device.url),
        Driver::Http(device) => server(&device.url),
        Driver::Mqtt(_) => Endpoint::Skipped("commands are published through AWS IoT"),
    }
}
