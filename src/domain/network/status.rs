//! What the kernel says now.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

use super::{
    failover::FailoverView,
    issue::Issue,
    nameserver::Nameserver,
    spec::NetworkSpec,
    transaction::{AddressConflict, TransactionView},
};
use crate::{
    box_file::{Mac, Role},
    dhcp::client::ClientView,
    name::{DomainName, PortName},
    time::BootMillis,
};

/// The whole network at one moment. `serial` grows with every change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkStatus {
    pub serial: u64,
    /// When this was told; leases end at points of the same clock.
    #[serde(default)]
    pub at: BootMillis,
    /// In the order of the chassis.
    pub ports: Vec<PortStatus>,
    /// The uplink whose default route is used now.
    pub uplink_in_use: Option<UplinkInUse>,
    /// Why it is that one, and why not the others.
    #[serde(default)]
    pub failover: FailoverView,
    /// Other devices that use addresses of this box now.
    #[serde(default)]
    pub conflicts: Vec<AddressConflict>,
    /// Ports that ask a DHCP server.
    #[serde(default)]
    pub dhcp: BTreeMap<PortName, DhcpStatus>,
    pub dns: DnsStatus,
    /// The spec that is saved.
    pub spec: NetworkSpec,
    /// The same with what the leases give.
    #[serde(default)]
    pub effective: NetworkSpec,
    /// Steps that the last repair of our objects could not do.
    pub drift: usize,
    pub transaction: TransactionView,
    /// Why the saved spec could not be read and another one is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec_problem: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortStatus {
    pub name: PortName,
    pub label: String,
    pub role: Role,
    /// `None` while the kernel has no interface for this port.
    pub link: Option<LinkStatus>,
    pub addresses: Vec<AddressStatus>,
    pub routes: Vec<RouteStatus>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkStatus {
    /// The kernel's name and number.
    pub interface: String,
    pub index: u32,
    pub mac: Option<Mac>,
    /// `IFF_UP`.
    pub up: bool,
    /// `IFF_LOWER_UP`: a cable with somebody at the other end.
    pub carrier: bool,
    /// Mbit/s, where the driver knows.
    pub speed: Option<u32>,
    pub full_duplex: Option<bool>,
    pub driver: Option<String>,
    pub mtu: u32,
    pub counters: Counters,
}

/// `struct rtnl_link_stats64`, since the interface was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    pub rx_bytes: u64,
    pub tx_bytes: u64,
    pub rx_errors: u64,
    pub tx_errors: u64,
    pub rx_dropped: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressStatus {
    /// With prefix; IPv6 too: `10.20.0.15/24`, `fe80::1/64`.
    pub net: IpNet,
    /// Whether it carries our protocol number.
    pub ours: bool,
    #[serde(default)]
    pub origin: Origin,
    #[serde(default)]
    pub duplicates: Detection,
}

impl AddressStatus {
    pub fn of(net: IpNet, origin: Origin) -> Self {
        Self { net, ours: origin == Origin::Gatehouse, origin, duplicates: Detection::Unique }
    }
}

/// Who put an address or a route into the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// This box, because of its settings or of a lease.
    Gatehouse,
    /// The kernel, because of a router's advertisement.
    Router,
    /// The kernel, for each port: it counts on its link only.
    LinkLocal,
    #[default]
    Other,
}

/// How far duplicate address detection is (RFC 4862, section 5.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detection {
    /// Nobody else has it, or nobody asks: IPv4.
    #[default]
    Unique,
    /// The neighbours are being asked; it is not used yet.
    Tentative,
    /// Another device has it; it is not used.
    Duplicate,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteStatus {
    pub table: u32,
    pub destination: IpNet,
    pub gateway: Option<IpAddr>,
    pub metric: u32,
    pub ours: bool,
    #[serde(default)]
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UplinkInUse {
    pub port: PortName,
    pub gateway: Ipv4Addr,
    pub address: Option<Ipv4Net>,
}

/// How a port's DHCP client is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DhcpStatus {
    #[serde(flatten)]
    pub view: ClientView,
    /// Why the lease in hand is not used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unfit: Vec<Issue>,
}

impl DhcpStatus {
    pub fn new(view: &ClientView, unfit: &[Issue]) -> Self {
        Self { view: view.clone(), unfit: unfit.to_vec() }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsStatus {
    /// In our file, first choice first.
    pub servers: Vec<Nameserver>,
    /// Domains that complete short names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub search: Vec<DomainName>,
    /// Where `/etc/resolv.conf` leads if it is not our file: somebody else decides there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<String>,
}

impl NetworkStatus {
    pub fn port(&self, name: &PortName) -> Option<&PortStatus> {
        self.ports.iter().find(|p| p.name == *name)
    }
}

impl PortStatus {
    pub fn has_carrier(&self) -> bool {
        self.link.as_ref().is_some_and(|l| l.carrier)
    }

    /// The first IPv4 address, for the faceplate.
    pub fn ipv4(&self) -> Option<Ipv4Net> {
        self.addresses.iter().find_map(|a| match a.net {
            IpNet::V4(net) => Some(net),
            IpNet::V6(_) => None,
        })
    }
}
