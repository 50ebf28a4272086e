//! From spec to kernel objects, and the state in between two specs that keeps both reachable.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{
    kernel::{Address, Autoconf, DEFAULT_MTU, KernelState, MAIN_TABLE, Object, Route, SourceRule},
    nameserver::Nameserver,
    spec::{Ipv6Spec, NetworkSpec, PortSpec, SMALLEST_IPV6_MTU, StaticRoute},
    validate::MAX_SEARCH,
};
use crate::{
    box_file::{BoxFile, Role, SERVICE_ADDRESS, service_net},
    name::PortName,
};

/// Routing tables of the ports: this plus the port's place on the chassis.
const TABLE_BASE: u32 = 0x4500;
/// During a change the old state's port tables move this much further.
const TABLE_OVERLAP: u32 = 0x100;
/// Before `main` (32766), so that a reply never takes another port's default route.
const RULE_PRIORITY: u32 = 0x4500;
/// Metric of the n-th uplink is n times this, so that there is room between two.
const METRIC_STEP: u32 = 100;
/// What the old default routes' metric grows by during a change.
const METRIC_OVERLAP: u32 = 10_000;

/// What the kernel takes where 0 is asked for in IPv6 (`IP6_RT_PRIO_USER`).
const IPV6_METRIC: u32 = 1024;

const EVERYWHERE: IpNet = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0));
const EVERYWHERE_IPV6: IpNet = IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0));
const LINK_LOCAL: IpNet = IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 64));

/// The objects that make the spec true on this box.
pub fn wanted(spec: &NetworkSpec, board: &BoxFile) -> KernelState {
    let mut state = KernelState::default();
    for (port, table) in board.ports.iter().zip(TABLE_BASE..) {
        state.objects.insert(Object::Up(port.name.clone()));
        if port.role == Role::Service {
            reach(&mut state, &port.name, table, [service_net().into()]);
        }
    }
    for (name, metric) in uplinks_in_order(spec, board).iter().zip((1..).map(|n| n * METRIC_STEP)) {
        let port = spec.port(name);
        let table = TABLE_BASE + board.index(name).unwrap_or_default();
        reach(&mut state, name, table, port.ipv4.addresses().iter().copied().map(IpNet::from));
        let via = |table, metric, destination, gateway| {
            Object::Route(Route { table, destination, metric, port: name.clone(), gateway })
        };
        if let gateway @ Some(_) = port.ipv4.gateway().map(IpAddr::from) {
            state.objects.insert(via(table, 0, EVERYWHERE, gateway));
            if port.default_route {
                state.objects.insert(via(MAIN_TABLE, metric, EVERYWHERE, gateway));
            }
        }
        state.objects.extend(ipv6(&port, name, table, metric));
        for route in port.routes.iter().filter(|route| reachable(route, &port)) {
            let (destination, gateway) = (route.destination.trunc().into(), route.gateway.map(IpAddr::from));
            state.objects.insert(via(table, 0, destination, gateway));
            state.objects.insert(via(MAIN_TABLE, metric, destination, gateway));
        }
        if let Some(mtu) = port.mtu.map(u32::from).filter(|mtu| *mtu != DEFAULT_MTU && !port.is_off()) {
            state.objects.insert(Object::Mtu(name.clone(), mtu));
        }
        for server in servers(name, &port) {
            if !state.dns.servers.contains(&server) {
                state.dns.servers.push(server);
            }
        }
        for domain in port.domains() {
            if !state.dns.search.contains(domain) && state.dns.search.len() < MAX_SEARCH {
                state.dns.search.push(domain.clone());
            }
        }
    }
    state
}

/// A port's DNS servers, first choice first.
pub fn servers(name: &PortName, port: &PortSpec) -> Vec<Nameserver> {
    port.servers().iter().map(|server| Nameserver::on(name, *server)).collect()
}

/// The IPv6 part of a port. A lease may have given it an MTU too small for any.
fn ipv6(port: &PortSpec, name: &PortName, table: u32, metric: u32) -> BTreeSet<Object> {
    let mut state = KernelState::default();
    let too_small = port.mtu.is_some_and(|mtu| mtu < SMALLEST_IPV6_MTU);
    match if too_small { Ipv6Spec::Off } else { port.ipv6() } {
        Ipv6Spec::Off => {}
        Ipv6Spec::Auto => {
            let metric = port.default_route.then_some(metric);
            state.objects.insert(Object::Autoconf(Autoconf { port: name.clone(), metric }));
        }
        Ipv6Spec::Static { addresses, gateway } => {
            reach(&mut state, name, table, addresses.into_iter().map(IpNet::from));
            let mut route = |table, metric, destination, gateway| {
                state.objects.insert(Object::Route(Route { table, destination, metric, port: name.clone(), gateway }));
            };
            // a neighbour that speaks from its link-local address gets its reply on the link, not by the gateway
            route(table, IPV6_METRIC, LINK_LOCAL, None);
            if let gateway @ Some(_) = gateway.map(IpAddr::from) {
                route(table, IPV6_METRIC, EVERYWHERE_IPV6, gateway);
                if port.default_route {
                    route(MAIN_TABLE, metric, EVERYWHERE_IPV6, gateway);
                }
            }
        }
    }
    state.objects
}

/// The kernel takes no gateway that is not on the link; what was typed for another lease waits.
fn reachable(route: &StaticRoute, port: &PortSpec) -> bool {
    let on_link = |gateway: &Ipv4Addr| {
        port.ipv4.addresses().iter().any(|net| net.contains(gateway))
            || port.routes.iter().any(|other| other.gateway.is_none() && other.destination.contains(gateway))
    };
    !port.ipv4.addresses().is_empty() && route.gateway.as_ref().is_none_or(on_link)
}

/// All uplinks of the box: those that the spec orders first, then the others as on the chassis.
pub fn uplinks_in_order(spec: &NetworkSpec, board: &BoxFile) -> Vec<PortName> {
    let named = spec.uplink_order.iter().filter(|n| board.uplink(n).is_some());
    let others = board.uplinks().map(|p| &p.name).filter(|n| !spec.uplink_order.contains(n));
    let mut order: Vec<PortName> = Vec::new();
    for name in named.chain(others) {
        if !order.contains(name) {
            order.push(name.clone());
        }
    }
    order
}

/// Addresses, and for each a rule that sends its replies through the port's own table.
fn reach(state: &mut KernelState, port: &PortName, table: u32, addresses: impl IntoIterator<Item = IpNet>) {
    for net in addresses {
        state.objects.insert(Object::Address(Address { port: port.clone(), net }));
        state.objects.insert(Object::Rule(SourceRule { priority: RULE_PRIORITY, source: net.addr(), table }));
        state.objects.insert(Object::Route(Route {
            table,
            destination: net.trunc(),
            metric: if net.addr().is_ipv6() { IPV6_METRIC } else { 0 },
            port: port.clone(),
            gateway: None,
        }));
    }
}

/// The state during a change: all of the new one, and of the old one what does not contradict it.
///
/// The old addresses stay and answer. Old default routes stay behind the new ones. Where a port's own table changes, the old
/// addresses' rules point to a copy of the old table, so that their replies go on leaving by the old gateway.
pub fn overlap(old: &KernelState, new: &KernelState) -> KernelState {
    let mut state = new.clone();
    let new_sources = new.rules().map(|r| r.source).collect::<BTreeSet<_>>();
    for object in old.objects.iter().filter(|object| !is_lost(object, old, new)) {
        match object {
            Object::Up(_) => {
                state.objects.insert(object.clone());
            }
            // the kernel has an IPv6 address once, with one prefix
            Object::Address(address) => {
                if !new.addresses().any(|a| a.key() == address.key()) {
                    state.objects.insert(object.clone());
                }
            }
            Object::Rule(rule) if !new_sources.contains(&rule.source) => {
                let table = rule.table + TABLE_OVERLAP;
                state.objects.insert(Object::Rule(SourceRule { table, ..*rule }));
                let copies = old.routes().filter(|r| r.table == rule.table && r.is_ipv6() == rule.source.is_ipv6());
                state.objects.extend(copies.map(|r| Object::Route(Route { table, ..r.clone() })));
            }
            Object::Route(route) if route.table == MAIN_TABLE => {
                if !new.objects.contains(object) {
                    let metric = route.metric + METRIC_OVERLAP;
                    state.objects.insert(Object::Route(Route { metric, ..route.clone() }));
                }
            }
            // the old size stays only where the new state has none, and as far as IPv6 can live with it
            Object::Mtu(port, mtu) => {
                if !new.objects.iter().any(|o| matches!(o, Object::Mtu(at, _) if at == port)) {
                    let least =
                        if new.objects.iter().any(|o| is_ipv6_at(o, port)) { SMALLEST_IPV6_MTU.into() } else { 0 };
                    state.objects.insert(Object::Mtu(port.clone(), least.max(*mtu)));
                }
            }
            // what routers gave stays, behind the new state
            Object::Autoconf(Autoconf { port, metric }) => {
                if !new.objects.iter().any(|o| matches!(o, Object::Autoconf(at) if at.port == *port)) {
                    let metric = metric.map(|metric| metric + METRIC_OVERLAP);
                    state.objects.insert(Object::Autoconf(Autoconf { port: port.clone(), metric }));
                }
            }
            // the rule is the new state's; the ports' own tables were copied with their rules
            Object::Rule(_) | Object::Route(_) => {}
        }
    }
    state
}

/// The kernel takes all of IPv6 from a port whose packet size becomes too small for it.
fn is_lost(object: &Object, old: &KernelState, new: &KernelState) -> bool {
    let small = |port: &PortName| {
        new.objects.iter().any(|o| matches!(o, Object::Mtu(at, mtu) if at == port && *mtu < SMALLEST_IPV6_MTU.into()))
    };
    match object {
        Object::Up(_) | Object::Mtu(..) => false,
        Object::Autoconf(autoconf) => small(&autoconf.port),
        Object::Address(address) => address.net.addr().is_ipv6() && small(&address.port),
        Object::Route(route) => route.is_ipv6() && small(&route.port),
        Object::Rule(rule) => {
            rule.source.is_ipv6() && old.addresses().any(|a| a.net.addr() == rule.source && small(&a.port))
        }
    }
}

fn is_ipv6_at(object: &Object, port: &PortName) -> bool {
    match object {
        Object::Autoconf(autoconf) => autoconf.port == *port,
        Object::Address(address) => address.port == *port && address.net.addr().is_ipv6(),
        Object::Up(_) | Object::Mtu(..) | Object::Rule(_) | Object::Route(_) => false,
    }
}

/// The addresses at which the management pages answer under this spec, the service port's last.
pub fn management_addresses(spec: &NetworkSpec) -> Vec<Ipv4Addr> {
    let uplinks = spec.ports.values().filter(|p| p.manage).flat_map(|p| p.ipv4.addresses().iter().map(Ipv4Net::addr));
    uplinks.chain([SERVICE_ADDRESS]).collect()
}
