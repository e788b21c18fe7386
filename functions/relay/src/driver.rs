//! The drivers: how each kind of device is spoken to.

use std::time::Duration;

use camhook_outbound::{Client, Limits};
use camhook_ports::{Ports, Secrets};
use camhook_site::{Driver, Relay};

use crate::protocol::SEND_LIMIT;
use crate::{Command, DeviceTimer, Devices, Sent, shelly};

/// The limits of the client that speaks to devices: a connection has to stand early enough that an attempt
/// which did not reach the device is known as such.
#[must_use]
pub fn limits() -> Limits {
    Limits { connect: Duration::from_secs(2), total: SEND_LIMIT, answer: 16 * 1024 }
}

/// The devices of a site, over the guarded client.
#[derive(Debug)]
pub struct HttpDevices<'a, P> {
    ports: &'a P,
    client: &'a Client,
}

impl<'a, P: Ports> HttpDevices<'a, P> {
    /// The devices behind a client, with the secrets of the ports.
    pub fn new(ports: &'a P, client: &'a Client) -> Self {
        Self { ports, client }
    }

    async fn ask(&self, relay: &Relay, command: Command) -> Sent {
        match &relay.driver {
            Driver::ShellyGen2 { url, password, switch } => {
                let password = match password {
                    Some(reference) => match self.ports.secrets().resolve(reference).await {
                        Ok(password) => Some(password),
                        Err(error) => return Sent::NoEffect(error.to_string()),
                    },
                    None => None,
                };
                let request = shelly::request(url, *switch, password, command);
                shelly::sent(self.client.send(relay.network, &request).await)
            }
        }
    }
}

impl<P: Ports> Devices for HttpDevices<'_, P> {
    fn timer(&self, relay: &Relay) -> DeviceTimer {
        match relay.driver {
            Driver::ShellyGen2 { .. } => DeviceTimer::Own,
        }
    }

    async fn send(&self, relay: &Relay, command: Command, left: Duration) -> Sent {
        if left.is_zero() {
            return Sent::NoEffect("no time was left".to_owned());
        }
        match tokio::time::timeout(left, self.ask(relay, command)).await {
            Ok(sent) => sent,
            Err(_) => Sent::NoWord(format!("no answer within {:.1} s", left.as_secs_f64())),
        }
    }
}
