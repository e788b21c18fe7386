//! The checked addresses of a host, for protocols other than HTTP.

use std::net::SocketAddr;

use camhook_ports::Network;

use crate::address::check;
use crate::{Client, NotSent, Stack};

impl Client {
    /// The addresses of a host in a network, every one of them checked. What is spoken to has to be one of them:
    /// a name that is resolved a second time may lead elsewhere.
    ///
    /// # Errors
    ///
    /// When the name has no address, or one that the network does not allow.
    pub async fn addresses(
        &self,
        network: Network,
        host: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, NotSent> {
        let origin = format!("{host}:{port}");
        if network == Network::Loopback && self.stack() == Stack::Deployed {
            return Err(NotSent::LoopbackDeployed { origin });
        }
        let not_connected = |reason: String| NotSent::NotConnected { origin: origin.clone(), reason };
        let looking_up = tokio::net::lookup_host((host, port));
        let found = tokio::time::timeout(self.limits().connect, looking_up).await;
        let found = found.map_err(|_| not_connected("the look-up of the name takes too long".to_owned()))?;
        let addresses: Vec<SocketAddr> = found.map_err(|error| not_connected(error.to_string()))?.collect();
        for address in &addresses {
            check(address.ip(), network)
                .map_err(|reason| NotSent::Forbidden { origin: origin.clone(), reason })?;
        }
        if addresses.is_empty() {
            return Err(not_connected("the name has no address".to_owned()));
        }
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use crate::Limits;

    use super::*;

    #[tokio::test]
    async fn a_host_is_spoken_to_only_where_its_network_allows() {
        let (local, deployed) =
            (Client::new(Stack::Local, Limits::default()), Client::new(Stack::Deployed, Limits::default()));
        let found = local.addresses(Network::Loopback, "127.0.0.1", 25).await.unwrap();
        assert_eq!(found, ["127.0.0.1:25".parse().unwrap()]);
        let refused = deployed.addresses(Network::Loopback, "127.0.0.1", 25).await;
        assert!(matches!(refused, Err(NotSent::LoopbackDeployed { .. })));
        for (host, network) in [
            ("127.0.0.1", Network::Public),
            ("169.254.169.254", Network::Lan),
            ("::ffff:10.0.0.1", Network::Lan),
            ("localhost", Network::Public),
        ] {
            let refused = local.addresses(network, host, 25).await;
            assert!(matches!(refused, Err(NotSent::Forbidden { .. })), "{host}: {refused:?}");
        }
    }
}
