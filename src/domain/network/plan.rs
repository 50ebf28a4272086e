//! A plan: what will change, for people, and the steps, for the kernel.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
};

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

use super::{
    diff::{Step, diff},
    effective::{Conditions, effective},
    kernel::{KernelState, StateHash},
    nameserver::Nameserver,
    spec::{Ipv4Spec, Ipv6Spec, NetworkSpec},
    wanted::{self, management_addresses, overlap, uplinks_in_order, wanted},
};
use crate::{
    box_file::BoxFile,
    dhcp::discover::Offer,
    name::{DomainName, PortName},
};

/// What applying a spec would do, made from one observed kernel state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The state that the plan was made from; an apply names it.
    pub base: StateHash,
    /// For people, in the order in which a page lists them.
    pub changes: Vec<Change>,
    /// The first half: what an apply writes. The old state stays reachable until it is kept.
    pub apply: Vec<Step>,
    /// The second half: what keeping it removes.
    pub commit: Vec<Step>,
    /// Management addresses that go, and those that come, in the order of the uplinks.
    pub leaving: Vec<Ipv4Addr>,
    pub arriving: Vec<Ipv4Addr>,
    /// What DHCP servers would give on ports that change to DHCP; an empty list where nobody answered.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub offers: BTreeMap<PortName, Vec<Offer>>,
}

/// One line of "what will change".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub verb: Verb,
    pub what: Item,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    Adds,
    Removes,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "item", rename_all = "snake_case")]
pub enum Item {
    Address {
        port: PortName,
        net: IpNet,
    },
    /// A DHCP server decides address, gateway and, unless they are named here, DNS servers.
    Dhcp {
        port: PortName,
    },
    /// IPv6 addresses and DNS servers from router advertisements; `place` is that of the default route, if it may be one.
    Ipv6Auto {
        port: PortName,
        place: Option<usize>,
    },
    /// A default route; `place` is its place in the order of default routes, from 1.
    DefaultRoute {
        port: PortName,
        gateway: IpAddr,
        place: usize,
    },
    /// A gateway that serves only replies of its own port.
    PortGateway {
        port: PortName,
        gateway: IpAddr,
    },
    /// A way to a network behind the port; without a gateway it is on the link.
    Route {
        port: PortName,
        destination: Ipv4Net,
        gateway: Option<Ipv4Addr>,
    },
    /// The largest packet, bytes.
    Mtu {
        port: PortName,
        mtu: u16,
    },
    Dns {
        server: Nameserver,
    },
    /// A domain that completes short names.
    Search {
        domain: DomainName,
    },
    /// The order in which DNS servers are asked that were and are in use, first choice first.
    DnsOrder {
        servers: Vec<Nameserver>,
    },
    /// The management pages on this port.
    Management {
        port: PortName,
    },
    /// The order of the uplinks, first choice first.
    UplinkOrder {
        ports: Vec<PortName>,
    },
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.apply.is_empty() && self.commit.is_empty()
    }
}

/// The plan from the observed state and the saved spec to a new spec. The leases are those in hand and those offered: what a port
/// will get that has neither, nobody knows yet.
pub fn plan(
    now: &KernelState,
    saved: &NetworkSpec,
    new: &NetworkSpec,
    conditions: &Conditions,
    board: &BoxFile,
) -> Plan {
    let (was, will_be) = (effective(saved, conditions), effective(new, conditions));
    let then = wanted(&will_be, board);
    let between = overlap(now, &then);
    let (old_pages, new_pages) = (management_addresses(&was), management_addresses(&will_be));
    let without = |a: &[Ipv4Addr], b: &[Ipv4Addr]| a.iter().filter(|x| !b.contains(x)).copied().collect::<Vec<_>>();
    Plan {
        base: StateHash::of(now, saved),
        changes: changes(&Wish { spec: saved, effective: &was }, &Wish { spec: new, effective: &will_be }, board),
        apply: diff(now, &between),
        commit: diff(&between, &then),
        leaving: without(&old_pages, &new_pages),
        arriving: without(&new_pages, &old_pages),
        offers: BTreeMap::new(),
    }
}

/// What was asked for, and what came of it.
struct Wish<'a> {
    spec: &'a NetworkSpec,
    effective: &'a NetworkSpec,
}

/// The differences that a person would name, removals after additions.
fn changes(old: &Wish<'_>, new: &Wish<'_>, board: &BoxFile) -> Vec<Change> {
    let (before, after) = (items(old, board), items(new, board));
    // a default route that only changed its place is one line, not two
    let placeless = |item: &Item| match item.clone() {
        Item::DefaultRoute { port, gateway, .. } => Item::DefaultRoute { port, gateway, place: 0 },
        Item::Ipv6Auto { port, place } => Item::Ipv6Auto { port, place: place.map(|_| 0) },
        other => other,
    };
    let (was, is): (BTreeSet<_>, BTreeSet<_>) =
        (before.iter().map(placeless).collect(), after.iter().map(placeless).collect());
    let adds = after.iter().filter(|i| !was.contains(&placeless(i)));
    let removes = before.iter().filter(|i| !is.contains(&placeless(i)));
    let order = |wish: &Wish<'_>| uplinks_in_order(wish.spec, board);
    let reordered =
        (order(old) != order(new)).then(|| Change { verb: Verb::Adds, what: Item::UplinkOrder { ports: order(new) } });
    let (asked, asks) = (servers(old.effective, board), servers(new.effective, board));
    let kept = |servers: &[Nameserver], by: &[Nameserver]| {
        servers.iter().filter(|s| by.contains(s)).cloned().collect::<Vec<_>>()
    };
    let dns_order = (kept(&asked, &asks) != kept(&asks, &asked))
        .then(|| Change { verb: Verb::Adds, what: Item::DnsOrder { servers: asks.clone() } });
    let line = |verb| move |what: &Item| Change { verb, what: what.clone() };
    adds.map(line(Verb::Adds)).chain(reordered).chain(dns_order).chain(removes.map(line(Verb::Removes))).collect()
}

fn items(wish: &Wish<'_>, board: &BoxFile) -> Vec<Item> {
    let mut items = Vec::new();
    let (mut place, mut ipv6_place) = (0, 0);
    for port in uplinks_in_order(wish.spec, board) {
        let (asked, its) = (wish.spec.port(&port), wish.effective.port(&port));
        if asked.ipv4 == Ipv4Spec::Dhcp {
            items.push(Item::Dhcp { port: port.clone() });
        }
        items.extend(its.ipv4.addresses().iter().map(|net| Item::Address { port: port.clone(), net: (*net).into() }));
        if let Some(gateway) = its.ipv4.gateway() {
            items.push(gateway_item(&port, gateway.into(), its.default_route.then_some(&mut place)));
        }
        match asked.ipv6() {
            Ipv6Spec::Off => {}
            Ipv6Spec::Auto => {
                ipv6_place += usize::from(its.default_route);
                let place = its.default_route.then_some(ipv6_place);
                items.push(Item::Ipv6Auto { port: port.clone(), place });
            }
            Ipv6Spec::Static { addresses, gateway } => {
                items.extend(addresses.iter().map(|net| Item::Address { port: port.clone(), net: (*net).into() }));
                let place = its.default_route.then_some(&mut ipv6_place);
                items.extend(gateway.map(|gateway| gateway_item(&port, gateway.into(), place)));
            }
        }
        if !asked.is_off() {
            items.extend(its.routes.iter().map(|route| Item::Route {
                port: port.clone(),
                destination: route.destination.trunc(),
                gateway: route.gateway,
            }));
            items.extend(its.mtu.map(|mtu| Item::Mtu { port: port.clone(), mtu }));
        }
        if asked.manage && asked.ipv4 != Ipv4Spec::Off {
            items.push(Item::Management { port: port.clone() });
        }
    }
    items.extend(servers(wish.effective, board).into_iter().map(|server| Item::Dns { server }));
    let domains = wanted(wish.effective, board).dns.search;
    items.extend(domains.into_iter().map(|domain| Item::Search { domain }));
    items
}

/// With the count of default routes so far, if it may be one.
fn gateway_item(port: &PortName, gateway: IpAddr, count: Option<&mut usize>) -> Item {
    match count {
        Some(count) => {
            *count += 1;
            Item::DefaultRoute { port: port.clone(), gateway, place: *count }
        }
        None => Item::PortGateway { port: port.clone(), gateway },
    }
}

/// All DNS servers, first choice first.
fn servers(spec: &NetworkSpec, board: &BoxFile) -> Vec<Nameserver> {
    let mut servers = Vec::new();
    for port in uplinks_in_order(spec, board) {
        for server in wanted::servers(&port, &spec.port(&port)) {
            if !servers.contains(&server) {
                servers.push(server);
            }
        }
    }
    servers
}
