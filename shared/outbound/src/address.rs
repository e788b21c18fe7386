//! Which addresses may be spoken to.
//!
//! The classes follow the IANA registries of special-purpose addresses for IPv4 and IPv6. Addresses that hold
//! another one (IPv4 in IPv6 by mapping, NAT64, 6to4, Teredo) are refused whatever they hold: no channel or
//! relay needs one, and each is a way around the other rules.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use camhook_ports::Network;
use ipnet::{Ipv4Net, Ipv6Net};

/// What kind of address an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressClass {
    /// On the internet.
    Public,
    /// In a private range of IPv4.
    Private,
    /// In the unique local range of IPv6.
    UniqueLocal,
    /// This machine.
    Loopback,
    /// On the same link, without a router; instance metadata is served here.
    LinkLocal,
    /// Instance metadata or credentials of a cloud.
    Metadata,
    /// No address at all, or this network.
    Unspecified,
    /// A group.
    Multicast,
    /// Everybody on the link.
    Broadcast,
    /// Shared between customers of a provider.
    CarrierGradeNat,
    /// IPv4 behind a translator.
    Nat64,
    /// IPv4 behind a 6to4 relay, or such a relay.
    SixToFour,
    /// IPv4 behind a Teredo relay.
    Teredo,
    /// An IPv4 address in the clothes of IPv6.
    EmbeddedIpv4,
    /// For examples in texts.
    Documentation,
    /// For measurements.
    Benchmarking,
    /// Set aside: for protocols, for later, or for nothing.
    Reserved,
}

impl AddressClass {
    /// The name in errors.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::UniqueLocal => "unique local",
            Self::Loopback => "loopback",
            Self::LinkLocal => "link-local",
            Self::Metadata => "instance metadata",
            Self::Unspecified => "unspecified",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::CarrierGradeNat => "carrier-grade NAT",
            Self::Nat64 => "NAT64",
            Self::SixToFour => "6to4",
            Self::Teredo => "Teredo",
            Self::EmbeddedIpv4 => "embedded IPv4",
            Self::Documentation => "documentation",
            Self::Benchmarking => "benchmarking",
            Self::Reserved => "reserved",
        }
    }
}

impl fmt::Display for AddressClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

const fn v4(octets: [u8; 4], length: u8) -> Ipv4Net {
    let [a, b, c, d] = octets;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(groups: [u16; 8], length: u8) -> Ipv6Net {
    let [a, b, c, d, e, f, g, h] = groups;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), length)
}

/// The first network that holds an address says what it is; what is in none is public.
const IPV4: &[(Ipv4Net, AddressClass)] = &[
    (v4([0, 0, 0, 0], 8), AddressClass::Unspecified),
    (v4([10, 0, 0, 0], 8), AddressClass::Private),
    (v4([100, 64, 0, 0], 10), AddressClass::CarrierGradeNat),
    (v4([127, 0, 0, 0], 8), AddressClass::Loopback),
    (v4([169, 254, 169, 254], 32), AddressClass::Metadata),
    (v4([169, 254, 170, 2], 32), AddressClass::Metadata),
    (v4([169, 254, 170, 23], 32), AddressClass::Metadata),
    (v4([169, 254, 0, 0], 16), AddressClass::LinkLocal),
    (v4([172, 16, 0, 0], 12), AddressClass::Private),
    (v4([192, 0, 0, 0], 24), AddressClass::Reserved),
    (v4([192, 0, 2, 0], 24), AddressClass::Documentation),
    (v4([192, 88, 99, 0], 24), AddressClass::SixToFour),
    (v4([192, 168, 0, 0], 16), AddressClass::Private),
    (v4([198, 18, 0, 0], 15), AddressClass::Benchmarking),
    (v4([198, 51, 100, 0], 24), AddressClass::Documentation),
    (v4([203, 0, 113, 0], 24), AddressClass::Documentation),
    (v4([224, 0, 0, 0], 4), AddressClass::Multicast),
    (v4([255, 255, 255, 255], 32), AddressClass::Broadcast),
    (v4([240, 0, 0, 0], 4), AddressClass::Reserved),
];

/// The first network that holds an address says what it is; what is in none is reserved.
const IPV6: &[(Ipv6Net, AddressClass)] = &[
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), AddressClass::Unspecified),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), AddressClass::Loopback),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 96), AddressClass::EmbeddedIpv4),
    (v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96), AddressClass::EmbeddedIpv4),
    (v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96), AddressClass::EmbeddedIpv4),
    (v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96), AddressClass::Nat64),
    (v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), AddressClass::Nat64),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), AddressClass::Teredo),
    (v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48), AddressClass::Benchmarking),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), AddressClass::Documentation),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), AddressClass::Documentation),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), AddressClass::Reserved),
    (v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), AddressClass::SixToFour),
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0], 32), AddressClass::Metadata),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), AddressClass::UniqueLocal),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), AddressClass::LinkLocal),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), AddressClass::Multicast),
    // What IANA gives out; everything that is not named above and lies outside of it is set aside.
    (v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3), AddressClass::Public),
];

/// What kind of address an address is.
#[must_use]
pub fn classify(address: IpAddr) -> AddressClass {
    match address {
        IpAddr::V4(address) => IPV4
            .iter()
            .find(|(network, _)| network.contains(&address))
            .map_or(AddressClass::Public, |(_, class)| *class),
        IpAddr::V6(address) => IPV6
            .iter()
            .find(|(network, _)| network.contains(&address))
            .map_or(AddressClass::Reserved, |(_, class)| *class),
    }
}

/// Whether a channel or relay in this network may have an address of this kind.
#[must_use]
pub fn is_allowed(class: AddressClass, network: Network) -> bool {
    match network {
        Network::Public => class == AddressClass::Public,
        Network::Lan => {
            matches!(class, AddressClass::Public | AddressClass::Private | AddressClass::UniqueLocal)
        }
        Network::Loopback => class == AddressClass::Loopback,
    }
}

/// An address that may not be spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address {address} is {class}, which network = \"{}\" does not allow", name(*network))]
pub struct Forbidden {
    /// The address.
    pub address: IpAddr,
    /// What kind it is.
    pub class: AddressClass,
    /// What is allowed.
    pub network: Network,
}

fn name(network: Network) -> &'static str {
    match network {
        Network::Public => "public",
        Network::Lan => "lan",
        Network::Loopback => "loopback",
    }
}

/// Checks one address.
///
/// # Errors
///
/// When the network does not allow it.
pub fn check(address: IpAddr, network: Network) -> Result<(), Forbidden> {
    let class = classify(address);
    if is_allowed(class, network) {
        return Ok(());
    }
    Err(Forbidden { address, class, network })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every class, with addresses at the edges of its networks.
    const CASES: &[(AddressClass, &[&str])] = &[
        (
            AddressClass::Public,
            &[
                "1.1.1.1",
                "9.255.255.255",
                "11.0.0.0",
                "100.63.255.255",
                "100.128.0.0",
                "126.255.255.255",
                "128.0.0.0",
                "169.253.255.255",
                "169.255.0.0",
                "172.15.255.255",
                "172.32.0.0",
                "192.167.255.255",
                "192.169.0.0",
                "198.17.255.255",
                "198.20.0.0",
                "223.255.255.255",
                "2606:4700:4700::1111",
                "2001:4860:4860::8888",
                "2003::1",
                "3ffe:ffff::1",
            ],
        ),
        (
            AddressClass::Private,
            &["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.1"],
        ),
        (AddressClass::UniqueLocal, &["fc00::", "fd12:3456::1", "fdff:ffff::1"]),
        (AddressClass::Loopback, &["127.0.0.1", "127.255.255.255", "::1"]),
        (AddressClass::LinkLocal, &["169.254.0.1", "169.254.255.255", "fe80::1", "febf:ffff::1"]),
        (AddressClass::Metadata, &["169.254.169.254", "169.254.170.2", "fd00:ec2::254", "fd00:ec2::23"]),
        (AddressClass::Unspecified, &["0.0.0.0", "0.255.255.255", "::"]),
        (AddressClass::Multicast, &["224.0.0.1", "239.255.255.255", "ff02::1"]),
        (AddressClass::Broadcast, &["255.255.255.255"]),
        (AddressClass::CarrierGradeNat, &["100.64.0.0", "100.127.255.255", "100.100.100.200"]),
        (AddressClass::Nat64, &["64:ff9b::a9fe:a9fe", "64:ff9b::808:808", "64:ff9b:1::1"]),
        (AddressClass::SixToFour, &["2002:7f00:1::1", "192.88.99.1"]),
        (AddressClass::Teredo, &["2001::1"]),
        (
            AddressClass::EmbeddedIpv4,
            &["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8", "::7f00:1", "::10.0.0.1"],
        ),
        (
            AddressClass::Documentation,
            &["192.0.2.1", "198.51.100.1", "203.0.113.255", "2001:db8::1", "3fff::1"],
        ),
        (AddressClass::Benchmarking, &["198.18.0.0", "198.19.255.255", "2001:2::1"]),
        (
            AddressClass::Reserved,
            &[
                "192.0.0.8",
                "240.0.0.1",
                "255.255.255.254",
                "100::1",
                "2001:20::1",
                "5f00::1",
                "fec0::1",
                "4000::",
            ],
        ),
    ];

    #[test]
    fn every_address_has_its_class() {
        for (class, addresses) in CASES {
            for address in *addresses {
                assert_eq!(classify(address.parse().unwrap()), *class, "{address}");
            }
        }
    }

    #[test]
    fn each_network_allows_its_classes_and_no_other() {
        for (class, _) in CASES {
            let public = matches!(class, AddressClass::Public);
            let lan = public || matches!(class, AddressClass::Private | AddressClass::UniqueLocal);
            let loopback = matches!(class, AddressClass::Loopback);
            assert_eq!(is_allowed(*class, Network::Public), public, "{class}");
            assert_eq!(is_allowed(*class, Network::Lan), lan, "{class}");
            assert_eq!(is_allowed(*class, Network::Loopback), loopback, "{class}");
        }
    }

    #[test]
    fn a_refusal_says_what_is_allowed() {
        let error = check("10.0.0.1".parse().unwrap(), Network::Public).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the address 10.0.0.1 is private, which network = \"public\" does not allow"
        );
    }
}
