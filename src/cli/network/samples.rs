//! A box in the middle of a change, for the tests of what commands say.

use crate::domain::{
    box_file::Role,
    network::{
        spec::NetworkSpec,
        status::{
            AddressStatus, Counters, DnsStatus, LinkStatus, NetworkStatus, Origin, PortStatus, RouteStatus, UplinkInUse,
        },
        transaction::{Actor, ChecksView, GatewayCheck, OpenView, PhaseView, TransactionView, TxId},
    },
};

fn port(name: &str, label: &str, role: Role, address: Option<&str>, link: Option<LinkStatus>) -> PortStatus {
    let addresses = address.map(|net| AddressStatus::of(net.parse().expect("net"), Origin::Gatehouse));
    PortStatus {
        name: name.parse().expect("name"),
        label: label.into(),
        role,
        link,
        addresses: addresses.into_iter().collect(),
        routes: Vec::new(),
    }
}

fn link(carrier: bool) -> LinkStatus {
    LinkStatus {
        interface: "eth0".into(),
        index: 2,
        mac: None,
        up: true,
        carrier,
        speed: carrier.then_some(1000),
        full_duplex: None,
        driver: None,
        mtu: 1500,
        counters: Counters::default(),
    }
}

pub(in crate::cli) fn status() -> NetworkStatus {
    let mut lan1 = port("lan1", "LAN 1", Role::Uplink, Some("10.20.0.15/24"), Some(link(true)));
    let route = |destination: &str, gateway: Option<[u8; 4]>, table, metric, ours| RouteStatus {
        table,
        destination: destination.parse().expect("net"),
        gateway: gateway.map(std::net::IpAddr::from),
        metric,
        ours,
        origin: if ours { Origin::Gatehouse } else { Origin::Other },
    };
    lan1.routes = vec![
        route("0.0.0.0/0", Some([10, 20, 0, 1]), 254, 100, true),
        route("10.20.0.0/24", None, 254, 0, false),
        route("10.20.0.0/24", None, 17665, 0, true),
    ];
    let gateway = GatewayCheck { port: lan1.name.clone(), gateway: [10, 30, 0, 1].into(), answers: false };
    let checks = ChecksView { gateways: vec![gateway], ..ChecksView::default() };
    let open = OpenView {
        tx: TxId(7),
        by: Actor::Console,
        phase: PhaseView::AwaitingConfirm { left: 86_500, window: 90_000, checks },
        new_spec: NetworkSpec::default(),
        old_pages: vec![[10, 20, 0, 15].into()],
        new_pages: vec![[10, 30, 0, 15].into()],
    };
    NetworkStatus {
        uplink_in_use: Some(UplinkInUse { port: lan1.name.clone(), gateway: [10, 20, 0, 1].into(), address: None }),
        ports: vec![
            port("service", "MGMT", Role::Service, Some("192.168.100.198/24"), Some(link(false))),
            lan1,
            port("lan2", "LAN 2", Role::Uplink, None, None),
        ],
        dns: DnsStatus {
            servers: ["10.20.0.1", "9.9.9.9"].map(|s| s.parse().expect("server")).into(),
            search: Vec::new(),
            foreign: None,
        },
        transaction: TransactionView { open: Some(open), ..TransactionView::default() },
        ..NetworkStatus::default()
    }
}
