//! The rules of a port's IPv6 addresses and gateway.

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;

use super::{Field, MAX_ADDRESSES, Rule};
use crate::network::spec::Ipv6Spec;

/// Whether a host can have it anywhere: not unspecified, loopback, multicast or link-local, and no IPv4 address in disguise
/// (RFC 4291, section 2.4; RFC 6890).
pub fn is_ipv6_host(address: Ipv6Addr) -> bool {
    let [first, ..] = address.segments();
    // `::/8` holds the unspecified address, loopback and IPv4's; fec0::/10 was "site-local" once (RFC 3879)
    first >> 8 != 0 && !address.is_multicast() && !address.is_unicast_link_local() && first & 0xffc0 != 0xfec0
}

/// The rules of addresses and gateway.
pub fn addressing_ipv6(ipv6: &Ipv6Spec) -> Vec<(Field, Rule)> {
    let Ipv6Spec::Static { addresses, gateway } = ipv6 else { return Vec::new() };
    let mut broken = addresses.iter().filter_map(|net| host_in_ipv6_network(*net)).collect::<Vec<_>>();
    // without a usable network any word about the gateway would be wrong
    let no_network = broken.contains(&Rule::Ipv6PrefixOutOfRange);
    if addresses.is_empty() {
        broken.push(Rule::Missing);
    }
    if addresses.len() > MAX_ADDRESSES {
        broken.push(Rule::TooMany { most: MAX_ADDRESSES });
    }
    let gateway = gateway.filter(|_| !no_network).and_then(|gateway| gateway_rule(gateway, addresses));
    let broken = broken.into_iter().map(|rule| (Field::Ipv6Address, rule));
    broken.chain(gateway.map(|rule| (Field::Ipv6Gateway, rule))).collect()
}

fn host_in_ipv6_network(net: Ipv6Net) -> Option<Rule> {
    if !is_ipv6_host(net.addr()) {
        Some(Rule::NotAnIpv6Host)
    } else if !is_usable_ipv6(net) {
        Some(Rule::Ipv6PrefixOutOfRange)
    } else if net.addr() == net.network() && net.prefix_len() < 127 {
        // every router of the network answers to it (RFC 4291, section 2.6.1); on /127 it is a host's (RFC 6164)
        Some(Rule::IsNetworkAddress { network: net.trunc().into() })
    } else {
        None
    }
}

/// Shorter than any site's, or one address alone.
pub(super) fn is_usable_ipv6(net: Ipv6Net) -> bool {
    (16..=127).contains(&net.prefix_len())
}

fn gateway_rule(gateway: Ipv6Addr, addresses: &[Ipv6Net]) -> Option<Rule> {
    if addresses.iter().any(|a| a.addr() == gateway) {
        Some(Rule::GatewayIsOwnAddress)
    } else if gateway.is_unicast_link_local() {
        None
    } else if !is_ipv6_host(gateway) {
        Some(Rule::NotAnIpv6Host)
    } else if addresses.iter().any(|a| a.contains(&gateway)) {
        None
    } else {
        addresses.first().map(|first| Rule::Ipv6GatewayOutside { network: first.trunc() })
    }
}
