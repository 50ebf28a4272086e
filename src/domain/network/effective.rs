//! What a spec means at this moment: DHCP servers decide a part of it, and the gateways another.
//!
//! Everything after this point (validation across ports, kernel objects, plans) sees addresses and an order only, wherever they
//! come from.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use super::{
    spec::{Ipv4Spec, Ipv6Spec, NetworkSpec, PortSpec, StaticRoute},
    validate::MAX_DNS,
};
use crate::{dhcp::lease::Lease, name::PortName};

/// The leases in hand; none that is over.
pub type Leases = BTreeMap<PortName, Lease>;

/// What the spec does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    pub leases: Leases,
    /// What the mobile network gave, by SIM slot: see [`crate::cellular::bearer`].
    pub bearers: BTreeMap<PortName, PortSpec>,
    /// DNS servers that routers advertise: see [`super::rdnss`].
    pub advertised: BTreeMap<PortName, Vec<IpAddr>>,
    /// The uplink that is used now, because one before it in the order is not usable: see [`super::failover`].
    pub uplink: Option<PortName>,
}

impl From<Leases> for Conditions {
    fn from(leases: Leases) -> Self {
        Self { leases, ..Self::default() }
    }
}

/// The spec as if somebody had typed what the leases say, with the uplink in use at the head of the order. A DHCP port without a
/// lease has no address.
pub fn effective(spec: &NetworkSpec, conditions: &Conditions) -> NetworkSpec {
    let mut spec = dialled(spec, &conditions.bearers);
    let own = own_addresses(&spec);
    for (name, port) in &mut spec.ports {
        let named = (port.dns.is_empty() && port.ipv6() == Ipv6Spec::Auto).then(|| conditions.advertised.get(name));
        if port.ipv4 == Ipv4Spec::Dhcp {
            let lease = conditions.leases.get(name);
            *port = lease.map_or_else(|| without_lease(port), |lease| with_lease(port, lease));
        }
        port.dns.extend(named.flatten().into_iter().flatten().filter(|server| !own.contains(server)));
        port.dns.truncate(MAX_DNS);
    }
    if let Some(uplink) = &conditions.uplink {
        spec.uplink_order.retain(|name| name != uplink);
        spec.uplink_order.insert(0, uplink.clone());
    }
    spec
}

/// The spec with what the mobile network gave. What a person decides of a SIM slot stays: its place in the order, whether it may be the
/// default route, its DNS servers and search domains.
pub fn dialled(spec: &NetworkSpec, bearers: &BTreeMap<PortName, PortSpec>) -> NetworkSpec {
    let mut spec = spec.clone();
    for (name, bearer) in bearers {
        let port = spec.ports.entry(name.clone()).or_default();
        let dns = if port.dns.is_empty() { bearer.dns.clone() } else { port.dns.clone() };
        *port = PortSpec {
            dns,
            search: port.search.clone(),
            default_route: port.default_route,
            manage: port.manage,
            ..bearer.clone()
        };
    }
    spec
}

fn with_lease(port: &PortSpec, lease: &Lease) -> PortSpec {
    let ipv4 = Ipv4Spec::Static { addresses: vec![lease.address], gateway: lease.gateway };
    let given = lease.dns.iter().copied().map(IpAddr::from);
    let dns = if port.dns.is_empty() { given.collect() } else { port.dns.clone() };
    let given = lease.routes.iter().map(|r| StaticRoute { destination: r.destination, gateway: r.gateway });
    let typed = |route: &StaticRoute| port.routes.iter().any(|t| t.destination.trunc() == route.destination);
    let routes = port.routes.iter().cloned().chain(given.filter(|route| !typed(route))).collect();
    let given = lease.search.iter().filter_map(|domain| domain.parse().ok());
    let search = if port.search.is_empty() { given.collect() } else { port.search.clone() };
    PortSpec { ipv4, dns, search, routes, mtu: port.mtu.or(lease.mtu), ..port.clone() }
}

fn without_lease(port: &PortSpec) -> PortSpec {
    // IPv6 stays what it is with DHCP
    PortSpec { ipv4: Ipv4Spec::Off, ipv6: Some(port.ipv6()), ..port.clone() }
}

/// A router that names the box itself as a DNS server is not listened to.
fn own_addresses(spec: &NetworkSpec) -> BTreeSet<IpAddr> {
    spec.ports.values().flat_map(|port| port.ipv6().addresses().to_vec()).map(|net| net.addr().into()).collect()
}

/// The ports that ask a DHCP server.
pub fn dhcp_ports(spec: &NetworkSpec) -> BTreeSet<PortName> {
    spec.ports.iter().filter(|(_, port)| port.ipv4 == Ipv4Spec::Dhcp).map(|(name, _)| name.clone()).collect()
}
