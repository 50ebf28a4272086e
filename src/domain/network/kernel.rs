//! The kernel's network state as a set of objects, as far as it is ours.
//!
//! Everything we add carries protocol number [`PROTOCOL`] (`ifa_proto`, `rtm_protocol`, `fra_protocol`); what carries another
//! is not in the set, and so can never be removed or changed by a plan.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{nameserver::Resolver, spec::NetworkSpec};
use crate::name::PortName;

/// Our protocol number for addresses, routes and rules (0x45, unassigned in `rt_protos`).
pub const PROTOCOL: u8 = 0x45;
/// Of Ethernet; what a port goes back to.
pub const DEFAULT_MTU: u32 = 1500;
/// `RT_TABLE_MAIN`.
pub const MAIN_TABLE: u32 = 254;

/// One thing in the kernel that we can add and remove.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Object {
    /// The link is administratively up (`IFF_UP`). Never taken away: carrier must stay visible.
    Up(PortName),
    /// The port's largest packet, where it is not [`DEFAULT_MTU`].
    Mtu(PortName, u32),
    /// The kernel makes addresses and routes of what routers advertise here. Those are its own; this switch is ours.
    Autoconf(Autoconf),
    Address(Address),
    Rule(SourceRule),
    Route(Route),
}

/// `accept_ra`, `autoconf`, `accept_ra_defrtr` and `ra_defrtr_metric` of one port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Autoconf {
    pub port: PortName,
    /// Of the default route by an advertised router; `None` where the port may not be the default route.
    pub metric: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address {
    pub port: PortName,
    pub net: IpNet,
}

impl Address {
    /// What the kernel takes for the identity of an address: for IPv4 the prefix belongs to it, for IPv6 it does not.
    pub fn key(&self) -> (&PortName, IpAddr, Option<u8>) {
        (&self.port, self.net.addr(), matches!(self.net, IpNet::V4(_)).then(|| self.net.prefix_len()))
    }
}

/// `from SOURCE lookup TABLE`: replies leave by the port that the request came in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceRule {
    pub priority: u32,
    pub source: IpAddr,
    pub table: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Route {
    pub table: u32,
    pub destination: IpNet,
    pub metric: u32,
    pub port: PortName,
    pub gateway: Option<IpAddr>,
}

impl Route {
    /// What the kernel takes for the identity of a route: a second one with the same key is refused or replaces it.
    pub fn key(&self) -> (u32, IpNet, u32) {
        (self.table, self.destination, self.metric)
    }

    pub fn is_default(&self) -> bool {
        self.destination.prefix_len() == 0
    }

    pub fn is_ipv6(&self) -> bool {
        matches!(self.destination, IpNet::V6(_))
    }
}

/// Our objects and the DNS servers in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KernelState {
    pub objects: BTreeSet<Object>,
    pub dns: Resolver,
}

/// Tells two states apart, so that a plan is applied only to the state that it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StateHash(u64);

impl StateHash {
    /// Of all that a plan is made from: `manage` and others leave no trace in the kernel.
    pub fn of(now: &KernelState, saved: &NetworkSpec) -> Self {
        let mut hasher = DefaultHasher::new();
        (now, saved).hash(&mut hasher);
        Self(hasher.finish() >> 11)
    }
}

impl KernelState {
    pub fn hash(&self) -> StateHash {
        let mut hasher = DefaultHasher::new();
        Hash::hash(self, &mut hasher);
        // 53 bits survive a trip through JavaScript
        StateHash(hasher.finish() >> 11)
    }

    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.objects.iter().filter_map(|o| match o {
            Object::Address(address) => Some(address),
            Object::Up(_) | Object::Mtu(..) | Object::Autoconf(_) | Object::Rule(_) | Object::Route(_) => None,
        })
    }

    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        self.objects.iter().filter_map(|o| match o {
            Object::Route(route) => Some(route),
            Object::Up(_) | Object::Mtu(..) | Object::Autoconf(_) | Object::Rule(_) | Object::Address(_) => None,
        })
    }

    pub fn rules(&self) -> impl Iterator<Item = &SourceRule> {
        self.objects.iter().filter_map(|o| match o {
            Object::Rule(rule) => Some(rule),
            Object::Up(_) | Object::Mtu(..) | Object::Autoconf(_) | Object::Route(_) | Object::Address(_) => None,
        })
    }

    /// The default routes of the main table, best first.
    pub fn default_routes(&self) -> Vec<&Route> {
        let mut routes = self.routes().filter(|r| r.table == MAIN_TABLE && r.is_default()).collect::<Vec<_>>();
        routes.sort_by_key(|r| r.metric);
        routes
    }

    pub fn has_address(&self, address: IpAddr) -> bool {
        self.addresses().any(|a| a.net.addr() == address)
    }
}
