//! The network test begins at one uplink: which, and what is known of it already.

use domain::{
    box_file::{Mac, Role},
    dhcp::client::Problem,
    network::{
        hops::{AddressFinding, LinkFinding, Seen},
        spec::{Ipv4Spec, PortSpec},
        status::{AddressStatus, Counters, DhcpStatus, LinkStatus, NetworkStatus, Origin, PortStatus, UplinkInUse},
        transaction::AddressConflict,
    },
};

use crate::support::{ip, name, net};

fn port(named: &str, carrier: Option<bool>, addresses: &[&str]) -> PortStatus {
    let link = |carrier: bool| LinkStatus {
        interface: named.to_owned(),
        index: 2,
        mac: Some(Mac([2, 0, 0, 0, 0, 1])),
        up: true,
        carrier,
        speed: Some(1_000),
        full_duplex: None,
        driver: None,
        mtu: 1500,
        counters: Counters::default(),
    };
    let addresses = addresses.iter().map(|net| AddressStatus::of(net.parse().expect("net"), Origin::Gatehouse));
    PortStatus {
        name: name(named),
        label: named.to_owned(),
        role: if named == "lan3" { Role::Service } else { Role::Uplink },
        link: carrier.map(link),
        addresses: addresses.collect(),
        routes: Vec::new(),
    }
}

fn typed(address: &str, gateway: &str, default_route: bool) -> PortSpec {
    let ipv4 = Ipv4Spec::Static { addresses: vec![net(address)], gateway: Some(ip(gateway)) };
    PortSpec { ipv4, default_route, ..PortSpec::default() }
}

fn a_box(ports: Vec<PortStatus>, specs: &[(&str, PortSpec)]) -> NetworkStatus {
    let mut status = NetworkStatus { ports, ..NetworkStatus::default() };
    for (port, spec) in specs {
        status.spec = status.spec.with_port(name(port), spec.clone());
    }
    status.effective = status.spec.clone();
    status
}

fn begins(status: &NetworkStatus) -> &str {
    Seen::of(status).uplink.map_or("", |port| port.name.as_str())
}

#[test]
fn at_the_uplink_in_use_and_else_at_the_one_that_is_nearest_to_it() {
    let two =
        || [("lan1", typed("10.20.0.15/24", "10.20.0.1", true)), ("lan2", typed("10.21.0.15/24", "10.21.0.1", true))];
    let lan = |lan1, lan2| {
        vec![port("lan3", Some(true), &["192.168.100.198/24"]), port("lan1", lan1, &[]), port("lan2", lan2, &[])]
    };
    let mut status = a_box(lan(Some(true), Some(true)), &two());
    status.uplink_in_use = Some(UplinkInUse { port: name("lan2"), gateway: ip("10.21.0.1"), address: None });
    assert_eq!(begins(&status), "lan2");
    for (lan1, lan2, expected) in [
        (Some(true), Some(true), "lan1"),
        (Some(false), Some(true), "lan2"),
        (Some(false), Some(false), "lan1"),
        (None, None, "lan1"),
    ] {
        assert_eq!(begins(&a_box(lan(lan1, lan2), &two())), expected);
    }
    let mut turned = a_box(lan(Some(true), Some(true)), &two());
    turned.spec.uplink_order = vec![name("lan2")];
    assert_eq!(begins(&turned), "lan2");
    // meant to be the way out, although the other one has a cable
    let mut other = two();
    other[1].1.default_route = false;
    assert_eq!(begins(&a_box(lan(Some(false), Some(true)), &other)), "lan1");
    assert_eq!(begins(&a_box(lan(Some(false), Some(true)), &[])), "lan2", "nothing is set up");
    assert_eq!(begins(&a_box(vec![port("lan3", Some(true), &["192.168.100.198/24"])], &[])), "");
}

#[test]
fn link_address_and_gateway_as_they_are_now() {
    let spec = [("lan1", typed("10.20.0.15/24", "10.20.0.1", true))];
    let status = a_box(vec![port("lan1", Some(true), &["fe80::1/64", "10.30.0.15/24", "10.20.0.15/24"])], &spec);
    let seen = Seen::of(&status);
    assert_eq!(seen.link, LinkFinding::Up { speed: Some(1_000) });
    assert_eq!(seen.address, AddressFinding::Has(net("10.20.0.15/24")), "the one beside the gateway");
    assert_eq!((seen.gateway, seen.beside_gateway()), (Some(ip("10.20.0.1")), Some(ip("10.20.0.15"))));
    let off = a_box(vec![port("lan1", Some(true), &["10.30.0.15/24"])], &spec);
    assert_eq!(Seen::of(&off).beside_gateway(), None);
    let mut taken = status.clone();
    let (address, with) = (ip("10.20.0.15"), Mac([2, 0, 0, 0, 0, 9]));
    taken.conflicts = vec![AddressConflict { port: name("lan1"), address, with }];
    assert_eq!(Seen::of(&taken).address, AddressFinding::Conflict { address, mac: with });
    let absent = a_box(vec![port("lan1", None, &[])], &spec);
    assert_eq!((Seen::of(&absent).link, Seen::of(&absent).address), (LinkFinding::NoInterface, AddressFinding::None));
}

#[test]
fn without_an_address_the_dhcp_client_says_why() {
    let (address, with) = (ip("10.20.0.100"), Mac([2, 0, 0, 0, 0, 9]));
    for (problem, expected) in [
        (None, AddressFinding::DhcpSilent),
        (Some(Problem::NoAnswer { tries: 3 }), AddressFinding::DhcpSilent),
        (Some(Problem::Expired { address }), AddressFinding::DhcpSilent),
        (Some(Problem::Nak { server: ip("10.20.0.1"), text: String::new() }), AddressFinding::DhcpRefused),
        (Some(Problem::Conflict { address, with }), AddressFinding::Conflict { address, mac: with }),
    ] {
        let mut status = a_box(vec![port("lan1", Some(true), &[])], &[]);
        let mut dhcp = DhcpStatus::default();
        dhcp.view.problem = problem;
        status.dhcp.insert(name("lan1"), dhcp);
        assert_eq!(Seen::of(&status).address, expected);
    }
}
