//! Boxes, specs and transactions to test with, and how to make random ones.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use domain::{
    box_file::{BoxFile, Device, Port, Role},
    name::PortName,
    network::{
        diff::diff,
        spec::{Ipv4Spec, Ipv6Spec, NetworkSpec, PortSpec, StaticRoute},
        transaction::{Actor, Digest, Leased, Transaction, TxId},
        validate::validate,
        wanted::{overlap, wanted},
    },
};
use ipnet::{Ipv4Net, Ipv6Net};
use proptest::{collection::btree_set, option, prelude::*, sample};

pub fn name(text: &str) -> PortName {
    text.parse().expect("port name")
}

pub fn net(text: &str) -> Ipv4Net {
    text.parse().expect("network")
}

pub fn ip(text: &str) -> Ipv4Addr {
    text.parse().expect("address")
}

/// A box with a service port, the given uplinks and a heartbeat.
pub fn board_of(uplinks: &[&str]) -> BoxFile {
    let port = |name: &str, role| Port {
        name: self::name(name),
        label: name.to_uppercase(),
        role,
        device: Device::Name(format!("dev-{name}")),
    };
    let mut ports = vec![port("service", Role::Service)];
    ports.extend(uplinks.iter().map(|n| port(n, Role::Uplink)));
    ports.push(port("peer", Role::Heartbeat));
    BoxFile {
        model: "M1".into(),
        serial: "S1".into(),
        ports,
        support: None,
        registry: None,
        factory: NetworkSpec::default(),
    }
}

pub fn board() -> BoxFile {
    board_of(&["lan1", "lan2"])
}

pub fn fixed(addresses: &[&str], gateway: Option<&str>, dns: &[&str]) -> PortSpec {
    PortSpec {
        ipv4: Ipv4Spec::Static { addresses: addresses.iter().map(|a| net(a)).collect(), gateway: gateway.map(ip) },
        dns: dns.iter().map(|d| ip(d).into()).collect(),
        manage: true,
        ..PortSpec::default()
    }
}

/// The same port with typed IPv6 addresses.
pub fn fixed_ipv6(port: PortSpec, addresses: &[&str], gateway: Option<&str>) -> PortSpec {
    let addresses = addresses.iter().map(|a| a.parse().expect("network")).collect();
    let gateway = gateway.map(|g| g.parse().expect("address"));
    PortSpec { ipv6: Some(Ipv6Spec::Static { addresses, gateway }), ..port }
}

pub fn spec_of<const N: usize>(ports: [(&str, PortSpec); N]) -> NetworkSpec {
    NetworkSpec { uplink_order: Vec::new(), ports: ports.map(|(n, p)| (name(n), p)).into() }
}

/// The change from one spec to another on a box whose kernel is as the old one wants it.
pub fn transaction(id: u64, old: NetworkSpec, new: NetworkSpec, board: &BoxFile) -> Transaction {
    let (before, after) = (wanted(&old, board), wanted(&new, board));
    let between = overlap(&before, &after);
    Transaction {
        id: TxId(id),
        by: Actor::Session { from: "10.20.0.200".into() },
        session: None,
        base: before.hash(),
        old_effective: old.clone(),
        new_effective: new.clone(),
        leasing: BTreeSet::new(),
        probing: Vec::new(),
        old_spec: old,
        new_spec: new,
        steps: diff(&before, &between),
        before,
        between,
        after,
        confirm: Digest(format!("{id:063}c")),
        handoff: Digest(format!("{id:063}d")),
        window: 90_000,
    }
}

/// Lan1 moves from 10.20.0.15 to 10.30.0.15.
pub fn moving(id: u64) -> Transaction {
    let old = spec_of([("lan1", fixed(&["10.20.0.15/24"], Some("10.20.0.1"), &["10.20.0.1"]))]);
    let new = spec_of([("lan1", fixed(&["10.30.0.15/24"], Some("10.30.0.1"), &["10.30.0.1"]))]);
    transaction(id, old, new, &board())
}

/// The same, where a DHCP server must be asked first.
pub fn asking(id: u64) -> Transaction {
    Transaction { leasing: [name("lan1")].into(), ..moving(id) }
}

/// What the servers and the neighbours said: nothing that the transaction does not say already.
pub fn leased(tx: &Transaction) -> Leased {
    let Transaction { new_effective, between, after, steps, .. } = tx.clone();
    Leased { new_effective, between, after, steps }
}

const UPLINKS: [&str; 3] = ["lan1", "lan2", "wan"];

pub fn any_board() -> impl Strategy<Value = BoxFile> {
    (1..=UPLINKS.len(), any::<usize>()).prop_map(|(count, turn)| {
        let mut board = board_of(&UPLINKS[..count]);
        let turn = turn % board.ports.len();
        board.ports.rotate_left(turn);
        board
    })
}

/// To one of two networks that several ports may lead to; without a gateway it is on the link.
fn any_route(site: u8, far: bool, gateway: Option<u8>) -> StaticRoute {
    let destination = net(if far { "172.16.0.0/12" } else { "172.16.5.0/24" });
    StaticRoute { destination, gateway: gateway.map(|g| [10, site, 0, g].into()) }
}

/// In `2001:db8:SITE::/48`: prefixes and gateways of which two specs often share an address.
fn any_ipv6(site: u8) -> impl Strategy<Value = Option<Ipv6Spec>> {
    let at = move |host: u8| Ipv6Addr::new(0x2001, 0xdb8, u16::from(site), 0, 0, 0, 0, u16::from(host));
    let gateways = vec![at(1), at(100), Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1)];
    let fixed = (sample::select(vec![48, 64]), btree_set(2..5_u8, 1..3), option::of(sample::select(gateways)));
    let fixed = fixed.prop_map(move |(prefix, hosts, gateway)| Ipv6Spec::Static {
        addresses: hosts.iter().map(|h| Ipv6Net::new_assert(at(*h), prefix)).collect(),
        gateway,
    });
    prop_oneof![
        2 => Just(None),
        1 => Just(Some(Ipv6Spec::Off)),
        2 => Just(Some(Ipv6Spec::Auto)),
        4 => fixed.prop_map(Some),
    ]
}

/// A port somewhere in `10.SITE.0.0/16`: few figures, so that two specs often share an address, a network or a gateway.
fn any_port(site: u8) -> impl Strategy<Value = PortSpec> {
    let prefix = sample::select(vec![16, 24, 25]);
    let hosts = btree_set(2..6_u8, 1..4);
    let dns = proptest::collection::vec(
        sample::select(vec![
            IpAddr::V4(ip("9.9.9.9")),
            IpAddr::V4(ip("1.1.1.1")),
            "2001:db8:53::1".parse().expect("address"),
        ]),
        0..3,
    );
    let fixed = (
        (prefix, hosts, option::of(sample::select(vec![1, 100_u8])), dns, any::<[bool; 2]>()),
        (option::of(any::<bool>()), option::of(sample::select(vec![1400, 9000_u16])), any_ipv6(site)),
    );
    let fixed =
        fixed.prop_map(move |((prefix, hosts, gateway, dns, [default_route, manage]), (behind, mtu, ipv6))| PortSpec {
            ipv4: Ipv4Spec::Static {
                addresses: hosts.iter().map(|h| Ipv4Net::new_assert([10, site, 0, *h].into(), prefix)).collect(),
                gateway: gateway.map(|g| [10, site, 0, g].into()),
            },
            ipv6,
            dns,
            search: behind.map(|_| "site.example".parse().expect("domain")).into_iter().collect(),
            routes: behind.map(|far| any_route(site, far, gateway)).into_iter().collect(),
            mtu,
            default_route,
            manage,
        });
    let without_ipv4 = (any::<[bool; 2]>(), any_ipv6(site));
    let without_ipv4 = without_ipv4.prop_map(|([default_route, manage], ipv6)| PortSpec {
        default_route,
        manage,
        ipv6,
        ..PortSpec::default()
    });
    prop_oneof![1 => without_ipv4, 5 => fixed]
}

/// A valid spec: each port in a network of its own, and networks wander between ports from one spec to the next.
pub fn any_spec(board: &BoxFile) -> impl Strategy<Value = NetworkSpec> + use<> {
    let uplinks = board.uplinks().map(|p| p.name.clone()).collect::<Vec<_>>();
    let (board, count) = (board.clone(), uplinks.len());
    let sites = Just((1..=4_u8).collect::<Vec<_>>()).prop_shuffle();
    let order = sample::subsequence(uplinks.clone(), 0..=count).prop_shuffle();
    sites
        .prop_flat_map(move |sites| {
            let ports = sites.into_iter().take(count).map(|s| option::weighted(0.8, any_port(s)));
            (ports.collect::<Vec<_>>(), order.clone())
        })
        .prop_map(move |(ports, uplink_order)| {
            let ports = uplinks.iter().cloned().zip(ports).filter_map(|(n, p)| Some((n, p?)));
            NetworkSpec { uplink_order, ports: ports.collect::<BTreeMap<_, _>>() }
        })
        .prop_filter("valid", move |spec| validate(spec, &board).is_empty())
}

/// A box and two specs for it: any two, or two that differ in little.
pub fn any_change() -> impl Strategy<Value = (BoxFile, NetworkSpec, NetworkSpec)> {
    let two = any_board().prop_flat_map(|board| {
        let (old, new) = (any_spec(&board), any_spec(&board));
        (Just(board), old, new)
    });
    (two, 0..8_u8).prop_map(|((board, old, new), little)| {
        let mut near = old.clone();
        let each = near.ports.values_mut();
        match little {
            0 => each.for_each(|p| p.dns.reverse()),
            1 => near.uplink_order = board.uplinks().map(|p| p.name.clone()).collect(),
            2 => each.for_each(|p| p.default_route ^= true),
            3 => each.for_each(|p| {
                if let Ipv4Spec::Static { addresses, .. } = &mut p.ipv4 {
                    addresses.truncate(1);
                }
            }),
            _ => near = new,
        }
        (board, old, near)
    })
}
