//! What the box knows of the path without asking anybody: which uplink it is about, its link and its address.

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};

use super::{AddressFinding, LinkFinding};
use crate::{
    dhcp::client::Problem,
    network::{
        spec::Ipv4Spec,
        status::{DhcpStatus, NetworkStatus, PortStatus},
    },
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen<'a> {
    /// The uplink in use; where none is, the one that is nearest to it. `None` on a box without uplinks.
    pub uplink: Option<&'a PortStatus>,
    pub link: LinkFinding,
    pub address: AddressFinding,
    pub gateway: Option<Ipv4Addr>,
}

impl<'a> Seen<'a> {
    pub fn of(status: &'a NetworkStatus) -> Self {
        let Some(port) = uplink(status) else {
            let (link, address) = (LinkFinding::NoInterface, AddressFinding::None);
            return Self { uplink: None, link, address, gateway: None };
        };
        let used = status.uplink_in_use.as_ref().filter(|used| used.port == port.name);
        let gateway = used.map(|used| used.gateway).or_else(|| status.effective.port(&port.name).ipv4.gateway());
        let link = match &port.link {
            None => LinkFinding::NoInterface,
            Some(link) if !link.carrier => LinkFinding::Down,
            Some(link) => LinkFinding::Up { speed: link.speed },
        };
        let taken = status.conflicts.iter().find(|conflict| conflict.port == port.name);
        let address = match (taken, own_net(port, gateway)) {
            (Some(taken), _) => AddressFinding::Conflict { address: taken.address, mac: taken.with },
            (None, Some(net)) => AddressFinding::Has(net),
            (None, None) => status.dhcp.get(&port.name).map_or(AddressFinding::None, without_address),
        };
        Self { uplink: Some(port), link, address, gateway }
    }

    /// The address from which the gateway can be asked.
    pub fn beside_gateway(&self) -> Option<Ipv4Addr> {
        match self.address {
            AddressFinding::Has(net) => self.gateway.filter(|gateway| net.contains(gateway)).map(|_| net.addr()),
            AddressFinding::None
            | AddressFinding::DhcpSilent
            | AddressFinding::DhcpRefused
            | AddressFinding::Conflict { .. } => None,
        }
    }
}

/// Of several that are not in use: one that is meant to be the way out, then one that is set up, then the one that has
/// come furthest; the first in the order where they are equal.
fn uplink(status: &NetworkStatus) -> Option<&PortStatus> {
    if let Some(used) = &status.uplink_in_use {
        return status.port(&used.port);
    }
    let order = &status.spec.uplink_order;
    let mut uplinks = status.ports.iter().filter(|p| p.role.is_uplink()).collect::<Vec<_>>();
    uplinks.sort_by_key(|port| order.iter().position(|name| *name == port.name).unwrap_or(usize::MAX));
    let rank = |port: &&PortStatus| {
        let spec = status.spec.port(&port.name);
        let set_up = spec.ipv4 != Ipv4Spec::Off;
        (set_up && spec.default_route, set_up, port.has_carrier(), port.ipv4().is_some())
    };
    uplinks.into_iter().rev().max_by_key(rank)
}

/// The gateway's network where the port is in several.
fn own_net(port: &PortStatus, gateway: Option<Ipv4Addr>) -> Option<Ipv4Net> {
    let mut nets = port.addresses.iter().filter_map(|address| match address.net {
        IpNet::V4(net) => Some(net),
        IpNet::V6(_) => None,
    });
    let beside = gateway.and_then(|gateway| nets.clone().find(|net| net.contains(&gateway)));
    beside.or_else(|| nets.next())
}

fn without_address(dhcp: &DhcpStatus) -> AddressFinding {
    match &dhcp.view.problem {
        Some(Problem::Conflict { address, with }) => AddressFinding::Conflict { address: *address, mac: *with },
        Some(Problem::Nak { .. } | Problem::Refused { .. }) => AddressFinding::DhcpRefused,
        _ if !dhcp.unfit.is_empty() => AddressFinding::DhcpRefused,
        Some(Problem::NoAnswer { .. } | Problem::Expired { .. }) | None => AddressFinding::DhcpSilent,
    }
}
