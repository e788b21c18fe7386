//! The drivers: the requests of each kind of device, and the meaning of its answers.
//!
//! One file per kind of device; `client` and `answer` are shared. To add a driver, add a file here, a line in
//! `HttpDevices::execute`, and its configuration in `shared/site/src/driver/`.

mod answer;
mod client;
mod http;
mod mqtt;
mod shelly_cloud;
mod shelly_gen1;
mod shelly_gen2;
mod two_n;
mod viewtron;
mod webrelay;

use std::time::Duration;

use camhook_outbound::{Client, Limits};
use camhook_ports::Ports;
use camhook_site::{DeviceTimer, Driver, Relay};

use crate::driver::client::DeviceClient;
use crate::protocol::SEND_LIMIT;
use crate::{DeviceCommand, Devices, SendOutcome};

/// The limits of the HTTP client. The connect timeout is shorter than the total one, so that an attempt that did not
/// reach the device is recognized as such.
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
    /// Creates devices that use a client, with secrets from the ports.
    pub fn new(ports: &'a P, client: &'a Client) -> Self {
        Self { ports, client }
    }

    /// Returns the answer by which the device confirmed the command; any other outcome is an error.
    async fn execute(
        &self,
        relay: &Relay,
        command: DeviceCommand,
        left: Duration,
    ) -> Result<String, SendOutcome> {
        let client = DeviceClient { ports: self.ports, http: self.client, network: relay.network, left };
        match &relay.driver {
            Driver::ShellyGen1(device) => shelly_gen1::execute(&client, device, command).await,
            Driver::ShellyGen2(device) => shelly_gen2::execute(&client, device, command).await,
            Driver::ShellyCloud(device) => shelly_cloud::execute(&client, device, command).await,
            Driver::WebRelay(device) => webrelay::execute(&client, device, command).await,
            Driver::TwoN(device) => two_n::execute(&client, device, command).await,
            Driver::Viewtron(device) => viewtron::execute(&client, device, command).await,
            Driver::Http(device) => http::execute(&client, relay.id.as_str(), device, command).await,
            Driver::Mqtt(device) => mqtt::execute(self.ports, device, command).await,
        }
    }
}

impl<P: Ports> Devices for HttpDevices<'_, P> {
    fn timer(&self, relay: &Relay) -> DeviceTimer {
        relay.driver.timer()
    }

    async fn send(&self, relay: &Relay, command: DeviceCommand, left: Duration) -> SendOutcome {
        if left.is_zero() {
            return SendOutcome::NotExecuted("no time was left".to_owned());
        }
        match tokio::time::timeout(left, self.execute(relay, command, left)).await {
            Ok(Ok(answer)) => SendOutcome::Confirmed(answer),
            Ok(Err(outcome)) => outcome,
            Err(_) => SendOutcome::Unconfirmed(format!("no answer within {:.1} s", left.as_secs_f64())),
        }
    }
}
