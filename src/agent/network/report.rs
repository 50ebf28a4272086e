//! From what the kernel shows to what a plan compares and what a page tells.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;

use super::task::Dialled;
use crate::kernel::{Interfaces, Link, Observed, ObservedRoute, sysctl};
use domain::{
    api::Listen,
    box_file::{BoxFile, Device, Port, Role, SERVICE_ADDRESS},
    name::PortName,
    network::{
        kernel::{Address, Autoconf, DEFAULT_MTU, KernelState, MAIN_TABLE, Object, Route},
        nameserver::{Nameserver, Resolver, is_link_local},
        status::{AddressStatus, NetworkStatus, Origin, PortStatus, RouteStatus, UplinkInUse},
        transaction::PhaseView,
    },
    time::BootMillis,
};

/// The newest status, and what is needed to bring it up to the minute.
#[derive(Clone, Debug, Default)]
pub struct Published {
    pub status: NetworkStatus,
    /// The open transaction's deadline.
    pub deadline: Option<BootMillis>,
    pub listen: Vec<Listen>,
    /// Grows when connections accepted before must be closed.
    pub cut: u64,
    /// How often events were lost and everything was read again.
    pub overruns: u64,
}

impl Published {
    /// The status with its countdown as of `now`.
    pub fn at(&self, now: BootMillis) -> NetworkStatus {
        let mut status = NetworkStatus { at: now, ..self.status.clone() };
        if let Some(open) = &mut status.transaction.open
            && let (PhaseView::AwaitingConfirm { left, .. }, Some(deadline)) = (&mut open.phase, self.deadline)
        {
            *left = deadline.left(now);
        }
        status
    }
}

/// What the modem's task told of each SIM slot.
type Slots = BTreeMap<PortName, Dialled>;

/// The interface of each port that is there.
pub fn interfaces(observed: &Observed, board: &BoxFile, slots: &Slots) -> Interfaces {
    board.ports.iter().filter_map(|p| Some((p.name.clone(), link_of(p, observed, slots)?.status.index))).collect()
}

fn link_of<'a>(port: &Port, observed: &'a Observed, slots: &Slots) -> Option<&'a Link> {
    observed.links.iter().find(|link| match &port.device {
        Device::Mac(mac) => link.permanent_mac.or(link.status.mac) == Some(*mac),
        Device::Name(name) => link.status.interface == *name,
        Device::Modem(_) => slots.get(&port.name).and_then(|d| d.interface.as_ref()) == Some(&link.status.interface),
        Device::Path(path) => {
            let device = std::fs::canonicalize(format!("/sys/class/net/{}/device", link.status.interface));
            device.is_ok_and(|d| d.ends_with(path))
        }
    })
}

fn port_of(interfaces: &Interfaces, index: u32) -> Option<&PortName> {
    interfaces.iter().find(|(_, i)| **i == index).map(|(name, _)| name)
}

/// What in the kernel is ours.
pub fn kernel_state(observed: &Observed, interfaces: &Interfaces, dns: Resolver) -> KernelState {
    let mut state = KernelState { dns, ..KernelState::default() };
    for link in observed.links.iter().filter(|l| l.status.up) {
        let Some(port) = port_of(interfaces, link.status.index) else { continue };
        state.objects.insert(Object::Up(port.clone()));
        if link.status.mtu != DEFAULT_MTU {
            state.objects.insert(Object::Mtu(port.clone(), link.status.mtu));
        }
    }
    for link in &observed.links {
        if let (Some(sysctl::Listens { metric }), Some(port)) = (link.autoconf, port_of(interfaces, link.status.index))
        {
            state.objects.insert(Object::Autoconf(Autoconf { port: port.clone(), metric }));
        }
    }
    for address in observed.addresses.iter().filter(|a| a.ours) {
        if let Some(port) = port_of(interfaces, address.index) {
            state.objects.insert(Object::Address(Address { port: port.clone(), net: address.net }));
        }
    }
    for route in observed.routes.iter().filter(|r| r.ours) {
        if let Some(port) = port_of(interfaces, route.index) {
            state.objects.insert(Object::Route(Route {
                table: route.table,
                destination: route.destination,
                metric: route.metric,
                port: port.clone(),
                gateway: route.gateway,
            }));
        }
    }
    state.objects.extend(observed.rules.iter().map(|r| Object::Rule(*r)));
    state
}

/// The part of a state that can be had while some ports are not there, or by a kernel without IPv6.
pub fn attainable(state: &KernelState, interfaces: &Interfaces) -> KernelState {
    let there = |object: &&Object| match object {
        Object::Up(port) | Object::Mtu(port, _) => interfaces.contains_key(port),
        Object::Autoconf(autoconf) => interfaces.contains_key(&autoconf.port) && sysctl::has_ipv6(),
        Object::Address(address) => interfaces.contains_key(&address.port),
        Object::Route(route) => interfaces.contains_key(&route.port),
        Object::Rule(_) => true,
    };
    let heard = |server: &&Nameserver| server.port.as_ref().is_none_or(|port| interfaces.contains_key(port));
    KernelState {
        objects: state.objects.iter().filter(there).cloned().collect(),
        dns: Resolver { servers: state.dns.servers.iter().filter(heard).cloned().collect(), ..state.dns.clone() },
    }
}

pub fn ports(observed: &Observed, board: &BoxFile, slots: &Slots) -> Vec<PortStatus> {
    board
        .ports
        .iter()
        .map(|port| {
            let link = link_of(port, observed, slots);
            let index = link.map(|l| l.status.index);
            let here = |i: u32| Some(i) == index;
            PortStatus {
                name: port.name.clone(),
                label: port.label.clone(),
                role: port.role,
                link: link.map(|l| l.status.clone()),
                addresses: observed
                    .addresses
                    .iter()
                    .filter(|a| here(a.index))
                    .map(|a| AddressStatus { duplicates: a.detection, ..AddressStatus::of(a.net, a.origin) })
                    .collect(),
                routes: observed
                    .routes
                    .iter()
                    .filter(|r| here(r.index) && !everywhere_the_same(r))
                    .map(|r| RouteStatus {
                        table: r.table,
                        destination: r.destination,
                        gateway: r.gateway,
                        metric: r.metric,
                        ours: r.ours,
                        origin: r.origin,
                    })
                    .collect(),
            }
        })
        .collect()
}

/// The kernel has the link-local network on each port.
fn everywhere_the_same(route: &ObservedRoute) -> bool {
    route.origin == Origin::Other && is_link_local(route.destination.addr())
}

/// The uplink whose IPv4 default route the kernel prefers now, among those with carrier.
pub fn uplink_in_use(ports: &[PortStatus]) -> Option<UplinkInUse> {
    let with_carrier = ports.iter().filter(|p| p.role.is_uplink() && p.has_carrier());
    let defaults = with_carrier.flat_map(|p| {
        let main = p.routes.iter().filter(|r| r.table == MAIN_TABLE && r.destination.prefix_len() == 0);
        main.filter_map(move |r| match r.gateway? {
            IpAddr::V4(gateway) => Some((r.metric, p, gateway)),
            IpAddr::V6(_) => None,
        })
    });
    let (_, port, gateway) = defaults.min_by_key(|(metric, _, _)| *metric)?;
    // during a change the port has two addresses: the one that goes with the gateway counts
    let beside = port.addresses.iter().find_map(|a| match a.net {
        IpNet::V4(net) => net.contains(&gateway).then_some(net),
        IpNet::V6(_) => None,
    });
    Some(UplinkInUse { port: port.name.clone(), gateway, address: beside.or_else(|| port.ipv4()) })
}

/// Where the pages are to be served: the service port, and the uplinks that the saved or the coming spec switches on.
pub fn listen(status: &NetworkStatus) -> Vec<Listen> {
    let coming = status.transaction.open.as_ref().map(|o| &o.new_spec);
    let managed = |port: &PortName| {
        [Some(&status.spec), coming].into_iter().flatten().any(|spec| spec.ports.get(port).is_some_and(|p| p.manage))
    };
    let entry = |port: &PortStatus| {
        let service = port.role == Role::Service;
        let link = port.link.as_ref().filter(|_| service || managed(&port.name))?;
        let ours = port.addresses.iter().filter(|a| a.ours);
        let mut addresses = ours
            .filter_map(|a| match a.net {
                IpNet::V4(net) => Some(net.addr()),
                IpNet::V6(_) => None,
            })
            .collect::<Vec<_>>();
        if service && !addresses.contains(&SERVICE_ADDRESS) {
            addresses.push(SERVICE_ADDRESS);
        }
        addresses.sort_unstable();
        Some(Listen {
            interface: link.interface.clone(),
            index: link.index,
            port: port.name.clone(),
            service,
            addresses,
        })
    };
    status.ports.iter().filter_map(entry).collect()
}
