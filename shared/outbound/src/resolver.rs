//! Names to addresses, every one of them checked.

use std::net::SocketAddr;

use camhook_ports::Network;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::{Forbidden, check};

/// Asks the system and checks all that it says: the client connects to nothing else.
#[derive(Debug)]
pub(crate) struct CheckingResolver {
    network: Network,
}

impl CheckingResolver {
    pub(crate) fn new(network: Network) -> Self {
        Self { network }
    }
}

/// One forbidden address is enough to refuse a name: whoever answers for it could send the next connection
/// there.
fn checked(addresses: Vec<SocketAddr>, network: Network) -> Result<Vec<SocketAddr>, Forbidden> {
    for address in &addresses {
        check(address.ip(), network)?;
    }
    Ok(addresses)
}

impl Resolve for CheckingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let network = self.network;
        Box::pin(async move {
            // The port is the client's to set.
            let addresses = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let addresses: Addrs = Box::new(checked(addresses, network)?.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_forbidden_address_among_good_ones_refuses_the_name() {
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>();
        let good = addresses(&["1.1.1.1:0", "[2606:4700::1]:0"]);
        assert_eq!(checked(good.clone(), Network::Public).unwrap(), good);
        let mixed = addresses(&["1.1.1.1:0", "[2606:4700::1]:0", "169.254.169.254:0"]);
        let refusal = checked(mixed, Network::Lan).unwrap_err();
        assert_eq!(refusal.address.to_string(), "169.254.169.254");
    }
}
