//! The rules that a spec must meet. All issues are returned, not the first one.

mod ipv6;

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
};

use ipnet::{IpNet, Ipv4Net};

use ipv6::is_usable_ipv6;
pub use ipv6::{addressing_ipv6, is_ipv6_host};

use super::{
    issue::{Field, Issue, RouteField, RoutePart, Rule},
    spec::{Ipv4Spec, Ipv6Spec, NetworkSpec, PortSpec, SMALLEST_IPV6_MTU, StaticRoute},
};
use crate::{
    box_file::{BoxFile, SERVICE_ADDRESS, service_net},
    dhcp::lease::{LARGEST_MTU, SMALLEST_MTU},
    name::PortName,
};

/// More addresses on one port than anybody needs, few enough for a page.
pub const MAX_ADDRESSES: usize = 8;
/// As many as a DHCP server may give.
pub const MAX_ROUTES: usize = 16;
pub const MTU_RANGE: Rule = Rule::MtuOutOfRange { least: SMALLEST_MTU, most: LARGEST_MTU };
/// glibc reads three `nameserver` lines; a form has two fields.
pub const MAX_DNS: usize = 3;
/// Domains that complete short names: what old C libraries read (MAXDNSRCH).
pub const MAX_SEARCH: usize = 6;

/// Checks the spec against the box. An empty list means that it can be planned.
pub fn validate(spec: &NetworkSpec, board: &BoxFile) -> Vec<Issue> {
    let mut issues = Vec::new();
    for (name, port) in &spec.ports {
        if board.uplink(name).is_none() {
            issues.push(Issue::new(name, Field::Port, Rule::NotAnUplink));
        }
        issues.extend(port_alone(name, port));
        issues.extend(against_others(name, port, spec));
    }
    issues.extend(order(spec, board));
    issues
}

/// The rules that need nothing but the port itself; the browser checks these while typing.
pub fn port_alone(name: &PortName, port: &PortSpec) -> Vec<Issue> {
    let addresses = addressing(&port.ipv4).into_iter().chain(addressing_ipv6(&port.ipv6()));
    let broken = addresses.chain(dns(port)).chain(routes(port)).chain(mtu(port));
    broken.map(|(field, rule)| Issue::new(name, field, rule)).collect()
}

/// The rules of addresses and gateway.
pub fn addressing(ipv4: &Ipv4Spec) -> Vec<(Field, Rule)> {
    let Ipv4Spec::Static { addresses, gateway } = ipv4 else { return Vec::new() };
    let mut broken = addresses.iter().filter_map(|net| host_in_network(*net)).collect::<Vec<_>>();
    // without a usable network any word about the gateway would be wrong
    let no_network = broken.iter().any(|(field, _)| *field == Field::Mask);
    if addresses.is_empty() {
        broken.push((Field::Address, Rule::Missing));
    }
    if addresses.len() > MAX_ADDRESSES {
        broken.push((Field::Address, Rule::TooMany { most: MAX_ADDRESSES }));
    }
    if let (Some(gateway), Some(first), false) = (gateway, addresses.first(), no_network) {
        broken.extend(gateway_rule(*gateway, addresses, *first).map(|rule| (Field::Gateway, rule)));
    }
    broken
}

fn routes(port: &PortSpec) -> Vec<(Field, Rule)> {
    let mut broken = Vec::new();
    if port.routes.len() > MAX_ROUTES {
        broken.push((Field::Routes, Rule::TooMany { most: MAX_ROUTES }));
    }
    let rows = port.routes.iter().enumerate().map(|(i, route)| (i + 1, route)).collect::<Vec<_>>();
    broken.extend(routes_alone(&rows, port.ipv4.addresses()));
    broken
}

/// The rules of routes with their row numbers, on a port with these addresses. With DHCP nobody knows yet what is on the link.
pub fn routes_alone(rows: &[(usize, &StaticRoute)], own: &[Ipv4Net]) -> Vec<(Field, Rule)> {
    let service = service_net().trunc();
    let mut broken = Vec::new();
    for (i, (row, route)) in rows.iter().enumerate() {
        let field = |part| Field::Route(RouteField { row: *row, part });
        let network = route.destination.trunc();
        let rule = if network.prefix_len() == 0 {
            Some(Rule::RouteToEverywhere)
        } else if !is_host(network.network()) {
            Some(Rule::NotAHostAddress)
        } else if service.contains(&network) {
            Some(Rule::OverlapsService { network: service })
        } else if rows[..i].iter().any(|(_, before)| before.destination.trunc() == network) {
            Some(Rule::RouteTwice { network })
        } else {
            None
        };
        broken.extend(rule.map(|rule| (field(RoutePart::Destination), rule)));
        let Some(gateway) = route.gateway else { continue };
        let rule = match own.first() {
            _ if !is_host(gateway) => Some(Rule::NotAHostAddress),
            Some(first) => {
                let on_link = |r: &StaticRoute| r.gateway.is_none() && r.destination.prefix_len() > 0;
                let direct = rows.iter().any(|(_, r)| on_link(r) && r.destination.contains(&gateway));
                gateway_rule(gateway, own, *first).filter(|_| !direct)
            }
            None => None,
        };
        broken.extend(rule.map(|rule| (field(RoutePart::Gateway), rule)));
    }
    broken
}

fn mtu(port: &PortSpec) -> Option<(Field, Rule)> {
    // where IPv6 was asked for; where it is only usual, a small MTU goes without it
    let ipv6 = matches!(port.ipv6, Some(Ipv6Spec::Auto | Ipv6Spec::Static { .. }));
    let (least, most) = (if ipv6 { SMALLEST_IPV6_MTU } else { SMALLEST_MTU }, LARGEST_MTU);
    port.mtu.filter(|mtu| !(least..=most).contains(mtu)).map(|_| (Field::Mtu, Rule::MtuOutOfRange { least, most }))
}

fn dns(port: &PortSpec) -> Vec<(Field, Rule)> {
    let mut broken = Vec::new();
    if port.dns.len() > MAX_DNS {
        broken.push((Field::Dns1, Rule::TooMany { most: MAX_DNS }));
    }
    if port.search.len() > MAX_SEARCH {
        broken.push((Field::Search, Rule::TooMany { most: MAX_SEARCH }));
    }
    let fields = [Field::Dns1, Field::Dns2, Field::Dns2];
    let rules = port.dns.iter().zip(fields).filter_map(|(server, field)| Some((field, dns_server(*server, port)?)));
    broken.extend(rules);
    broken
}

/// What is wrong with a DNS server of a port with these addresses.
pub fn dns_server(server: IpAddr, own: &PortSpec) -> Option<Rule> {
    let unfit = match server {
        IpAddr::V4(ip) => (!is_host(ip) && !ip.is_loopback()).then_some(Rule::NotAHostAddress),
        IpAddr::V6(ip) => {
            (!is_ipv6_host(ip) && !ip.is_unicast_link_local() && !ip.is_loopback()).then_some(Rule::NotAnIpv6Host)
        }
    };
    let is_own = || server == SERVICE_ADDRESS || addresses(own).iter().any(|a| a.addr() == server);
    unfit.or_else(|| is_own().then_some(Rule::DnsIsOwnAddress))
}

/// Those of both versions that are typed or leased.
fn addresses(port: &PortSpec) -> Vec<IpNet> {
    let ipv4 = port.ipv4.addresses().iter().copied().map(IpNet::from);
    ipv4.chain(port.ipv6().addresses().iter().copied().map(IpNet::from)).collect()
}

fn gateway_rule(gateway: Ipv4Addr, addresses: &[Ipv4Net], first: Ipv4Net) -> Option<Rule> {
    if addresses.iter().any(|a| a.addr() == gateway) {
        return Some(Rule::GatewayIsOwnAddress);
    }
    let Some(net) = addresses.iter().find(|a| a.contains(&gateway)) else {
        let (low, high) = host_range(first);
        return Some(Rule::GatewayOutside { network: first.trunc(), first: low, last: high });
    };
    let network = net.trunc();
    if gateway == net.network() {
        Some(Rule::IsNetworkAddress { network: network.into() })
    } else if gateway == net.broadcast() {
        Some(Rule::IsBroadcastAddress { network })
    } else {
        None
    }
}

/// Whether the address may be a host's in this network; the field that is to blame and why, if not.
pub fn host_in_network(net: Ipv4Net) -> Option<(Field, Rule)> {
    let (address, network) = (net.addr(), net.trunc());
    if !is_host(address) {
        Some((Field::Address, Rule::NotAHostAddress))
    } else if !is_usable(net) {
        Some((Field::Mask, Rule::PrefixOutOfRange))
    } else if address == net.network() {
        Some((Field::Address, Rule::IsNetworkAddress { network: network.into() }))
    } else if address == net.broadcast() {
        Some((Field::Address, Rule::IsBroadcastAddress { network }))
    } else {
        None
    }
}

/// /0 is everything, and /31 and /32 leave no room for a host and its gateway.
fn is_usable(net: Ipv4Net) -> bool {
    (1..=30).contains(&net.prefix_len())
}

fn leaves_room(net: IpNet) -> bool {
    match net {
        IpNet::V4(net) => is_usable(net),
        IpNet::V6(net) => is_usable_ipv6(net),
    }
}

/// Not "this network" (0/8), loopback, link-local, multicast or reserved: RFC 6890, section 2.2.2.
/// Whether another host can have it; not 0.x, 127.x, 169.254.x, multicast or reserved.
pub fn is_host(address: Ipv4Addr) -> bool {
    let first = address.octets()[0];
    first != 0 && first < 224 && !address.is_loopback() && !address.is_link_local()
}

fn host_range(net: Ipv4Net) -> (Ipv4Addr, Ipv4Addr) {
    let low = u32::from(net.network()).saturating_add(1);
    let high = u32::from(net.broadcast()).saturating_sub(1);
    (Ipv4Addr::from(low), Ipv4Addr::from(high))
}

fn overlap(a: IpNet, b: IpNet) -> bool {
    a.contains(&b.network()) || b.contains(&a.network())
}

fn against_others(name: &PortName, port: &PortSpec, spec: &NetworkSpec) -> Vec<Issue> {
    let mut issues = Vec::new();
    let others = || spec.ports.iter().filter(|(other, _)| *other != name);
    let own = addresses(port);
    for (i, net) in own.iter().enumerate() {
        let field = if net.addr().is_ipv6() { Field::Ipv6Address } else { Field::Address };
        if own[..i].iter().any(|before| before.addr() == net.addr()) {
            issues.push(Issue::new(name, field, Rule::AddressTwice { port: name.clone() }));
        }
        // one complaint about the mask is enough
        let usable = leaves_room(*net);
        if usable && overlap(net.trunc(), service_net().trunc().into()) {
            issues.push(Issue::new(name, field, Rule::OverlapsService { network: service_net().trunc() }));
        }
        for (other, its) in others() {
            for theirs in addresses(its) {
                let rule = if theirs.addr() == net.addr() {
                    Rule::AddressTwice { port: other.clone() }
                } else if usable && leaves_room(theirs) && overlap(net.trunc(), theirs.trunc()) {
                    Rule::Overlaps { port: other.clone(), network: theirs.trunc() }
                } else {
                    continue;
                };
                issues.push(Issue::new(name, field, rule));
            }
        }
    }
    for (server, field) in port.dns.iter().zip([Field::Dns1, Field::Dns2, Field::Dns2]) {
        if others().any(|(_, its)| addresses(its).iter().any(|a| a.addr() == *server)) {
            issues.push(Issue::new(name, field, Rule::DnsIsOwnAddress));
        }
    }
    issues
}

fn order(spec: &NetworkSpec, board: &BoxFile) -> Vec<Issue> {
    let mut seen = BTreeSet::new();
    let blame = |name: &PortName, rule| Issue { port: Some(name.clone()), field: Field::UplinkOrder, rule };
    let mut issues = Vec::new();
    for name in &spec.uplink_order {
        if board.uplink(name).is_none() {
            issues.push(blame(name, Rule::NotAnUplink));
        } else if !seen.insert(name) {
            issues.push(blame(name, Rule::NamedTwice));
        }
    }
    issues
}
