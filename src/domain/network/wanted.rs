//! From spec to kernel objects, and the state in between two specs that keeps both reachable.

use std::{collections::BTreeSet, net::Ipv4Addr};

use ipnet::Ipv4Net;

use super::{
    kernel::{Address, DEFAULT_MTU, KernelState, MAIN_TABLE, Object, Route, SourceRule},
    spec::{Ipv4Spec, NetworkSpec, PortSpec, StaticRoute},
};
use crate::domain::{
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

const EVERYWHERE: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0);

/// The objects that make the spec true on this box.
pub fn wanted(spec: &NetworkSpec, board: &BoxFile) -> KernelState {
    let mut state = KernelState::default();
    for (port, table) in board.ports.iter().zip(TABLE_BASE..) {
        state.objects.insert(Object::Up(port.name.clone()));
        if port.role == Role::Service {
            reach(&mut state, &port.name, table, &[service_net()]);
        }
    }
    for (name, metric) in uplinks_in_order(spec, board).iter().zip((1..).map(|n| n * METRIC_STEP)) {
        let port = spec.port(name);
        let table = TABLE_BASE + board.index(name).unwrap_or_default();
        reach(&mut state, name, table, port.ipv4.addresses());
        let via = |table, metric, destination, gateway| {
            Object::Route(Route { table, destination, metric, port: name.clone(), gateway })
        };
        if let gateway @ Some(_) = port.ipv4.gateway() {
            state.objects.insert(via(table, 0, EVERYWHERE, gateway));
            if port.default_route {
                state.objects.insert(via(MAIN_TABLE, metric, EVERYWHERE, gateway));
            }
        }
        for route in port.routes.iter().filter(|route| reachable(route, &port)) {
            let destination = route.destination.trunc();
            state.objects.insert(via(table, 0, destination, route.gateway));
            state.objects.insert(via(MAIN_TABLE, metric, destination, route.gateway));
        }
        if let Some(mtu) = port.mtu.map(u32::from).filter(|mtu| *mtu != DEFAULT_MTU && port.ipv4 != Ipv4Spec::Off) {
            state.objects.insert(Object::Mtu(name.clone(), mtu));
        }
        for server in port.servers() {
            if !state.dns.contains(server) {
                state.dns.push(*server);
            }
        }
    }
    state
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
fn reach(state: &mut KernelState, port: &PortName, table: u32, addresses: &[Ipv4Net]) {
    for net in addresses {
        state.objects.insert(Object::Address(Address { port: port.clone(), net: *net }));
        state.objects.insert(Object::Rule(SourceRule { priority: RULE_PRIORITY, source: net.addr(), table }));
        state.objects.insert(Object::Route(Route {
            table,
            destination: net.trunc(),
            metric: 0,
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
    for object in &old.objects {
        match object {
            Object::Up(_) | Object::Address(_) => {
                state.objects.insert(object.clone());
            }
            Object::Rule(rule) if !new_sources.contains(&rule.source) => {
                let table = rule.table + TABLE_OVERLAP;
                state.objects.insert(Object::Rule(SourceRule { table, ..*rule }));
                let copies = old.routes().filter(|r| r.table == rule.table);
                state.objects.extend(copies.map(|r| Object::Route(Route { table, ..r.clone() })));
            }
            Object::Route(route) if route.table == MAIN_TABLE => {
                if !new.objects.contains(object) {
                    let metric = route.metric + METRIC_OVERLAP;
                    state.objects.insert(Object::Route(Route { metric, ..route.clone() }));
                }
            }
            // the old size stays only where the new state has none
            Object::Mtu(port, _) => {
                if !new.objects.iter().any(|o| matches!(o, Object::Mtu(at, _) if at == port)) {
                    state.objects.insert(object.clone());
                }
            }
            // the rule is the new state's; the ports' own tables were copied with their rules
            Object::Rule(_) | Object::Route(_) => {}
        }
    }
    state
}

/// The addresses at which the management pages answer under this spec, the service port's last.
pub fn management_addresses(spec: &NetworkSpec) -> Vec<Ipv4Addr> {
    let uplinks = spec.ports.values().filter(|p| p.manage).flat_map(|p| p.ipv4.addresses().iter().map(Ipv4Net::addr));
    uplinks.chain([SERVICE_ADDRESS]).collect()
}
