//! Boxes in fixed states, to render pages from.

use gatehouse::domain::{
    activation::api::Activation,
    api::Overview,
    box_file::{Mac, Role},
    certificate::CertificateStatus,
    load::Load,
    name::PortName,
    network::{
        spec::{Ipv4Spec, Ipv6Spec, NetworkSpec, PortSpec},
        status::{
            AddressStatus, Counters, Detection, DnsStatus, LinkStatus, NetworkStatus, Origin, PortStatus, RouteStatus,
            UplinkInUse,
        },
        transaction::{Actor, ChecksView, GatewayCheck, OpenView, Outcome, PhaseView, TransactionView, TxId, Why},
    },
    power::PowerStatus,
    seed::SeedStatus,
    service_port::ServicePortStatus,
    settings::{
        SettingsStatus,
        clock::{ClockStatus, Keeper, Measured, ServersFrom},
        proxy::ProxyView,
    },
    system::SystemStatus,
    time::{BootMillis, UnixSeconds},
};

pub fn name(text: &str) -> PortName {
    text.parse().expect("name")
}

pub fn port_spec(address: &str, gateway: &str) -> PortSpec {
    PortSpec {
        ipv4: Ipv4Spec::Static {
            addresses: vec![address.parse().expect("address")],
            gateway: Some(gateway.parse().expect("gateway")),
        },
        dns: vec!["10.20.0.1".parse().expect("dns"), "223.5.5.5".parse().expect("dns")],
        manage: true,
        ..PortSpec::default()
    }
}

fn port(n: u8, label: &str, role: Role, carrier: bool, address: Option<&str>) -> PortStatus {
    PortStatus {
        name: name(&format!("lan{n}")),
        label: label.to_owned(),
        role,
        link: Some(LinkStatus {
            interface: format!("enp{n}s0"),
            index: u32::from(n) + 1,
            mac: Some(Mac([0x52, 0x54, 0, 0x6a, 0x10, n])),
            up: true,
            carrier,
            speed: carrier.then_some(if n == 1 { 2500 } else { 1000 }),
            full_duplex: carrier.then_some(true),
            driver: Some("igc".to_owned()),
            mtu: 1500,
            counters: Counters {
                rx_bytes: 5_204_113_408,
                tx_bytes: 98_304,
                rx_errors: 3,
                tx_errors: 0,
                rx_dropped: 12_345,
            },
        }),
        addresses: address
            .map(|net| AddressStatus::of(net.parse().expect("address"), Origin::Gatehouse))
            .into_iter()
            .collect(),
        routes: Vec::new(),
    }
}

/// Never configured: no uplink has an address.
pub fn new_box() -> Overview {
    Overview {
        activation: Activation::default(),
        cellular: gatehouse::domain::cellular::api::CellularBrief::default(),
        pair: gatehouse::domain::pair::api::PairStatus::default(),
        model: "B-012".to_owned(),
        serial: "7F3K-2219".to_owned(),
        host_name: "box-b6".to_owned(),
        support: Some("400-810-0000".to_owned()),
        version: "0.1.0".to_owned(),
        network: NetworkStatus {
            serial: 1,
            ports: vec![
                port(1, "1", Role::Uplink, true, None),
                port(2, "2", Role::Uplink, false, None),
                port(3, "LAN3", Role::Service, true, Some("192.168.100.198/24")),
            ],
            ..NetworkStatus::default()
        },
        load: Load {
            cpu_percent: 7,
            memory_used: 3 << 30,
            memory_total: 16 << 30,
            storage_used: 118 << 30,
            storage_total: 128 << 30,
            uptime: 273_900,
        },
        service_port: ServicePortStatus::Serving { since: BootMillis(0) },
        system: SystemStatus::default(),
        settings: SettingsStatus {
            clock: ClockStatus { zone: "Asia/Shanghai".to_owned(), offset: 28_800, ..ClockStatus::default() },
            ..SettingsStatus::default()
        },
        power: PowerStatus::default(),
        seed: SeedStatus::default(),
        certificate: CertificateStatus::default(),
        now: UnixSeconds(1_795_608_000),
    }
}

/// Port 1 is the way out, port 2 is set up and has no cable.
pub fn working_box() -> Overview {
    let mut it = new_box();
    let network = &mut it.network;
    network.ports[0] = port(1, "1", Role::Uplink, true, Some("10.20.0.15/24"));
    network.ports[0].routes.push(RouteStatus {
        table: 254,
        destination: "0.0.0.0/0".parse().expect("net"),
        gateway: Some("10.20.0.1".parse().expect("gateway")),
        metric: 100,
        ours: true,
        origin: Origin::Gatehouse,
    });
    network.ports[1] = port(2, "2", Role::Uplink, false, Some("10.21.0.15/24"));
    network.spec = NetworkSpec::default()
        .with_port(name("lan1"), port_spec("10.20.0.15/24", "10.20.0.1"))
        .with_port(name("lan2"), port_spec("10.21.0.15/24", "10.21.0.1"));
    network.effective = network.spec.clone();
    network.uplink_in_use = Some(UplinkInUse {
        port: name("lan1"),
        gateway: "10.20.0.1".parse().expect("gateway"),
        address: Some("10.20.0.15/24".parse().expect("net")),
    });
    network.dns = DnsStatus {
        servers: vec!["10.20.0.1".parse().expect("dns"), "223.5.5.5".parse().expect("dns")],
        search: Vec::new(),
        foreign: None,
    };
    it
}

/// Port 1 has IPv6 beside it: what a router gave, what every port has, and a typed address that another device has.
pub fn ipv6_box() -> Overview {
    let mut it = working_box();
    let network = &mut it.network;
    let addresses = [
        ("2001:db8:20::15/64", Origin::Gatehouse, Detection::Duplicate),
        ("2001:db8:20:0:5054:ff:fe6a:1001/64", Origin::Router, Detection::Unique),
        ("2001:db8:21:0:5054:ff:fe6a:1001/64", Origin::Router, Detection::Tentative),
        ("fe80::5054:ff:fe6a:1001/64", Origin::LinkLocal, Detection::Unique),
    ];
    network.ports[0].addresses.extend(addresses.map(|(net, origin, duplicates)| AddressStatus {
        duplicates,
        ..AddressStatus::of(net.parse().expect("net"), origin)
    }));
    network.ports[0].routes.push(RouteStatus {
        table: 254,
        destination: "::/0".parse().expect("net"),
        gateway: Some("fe80::1".parse().expect("gateway")),
        metric: 100,
        ours: false,
        origin: Origin::Router,
    });
    let addresses = vec!["2001:db8:20::15/64".parse().expect("net")];
    let ipv6 = Some(Ipv6Spec::Static { addresses, gateway: Some("fe80::1".parse().expect("gateway")) });
    network.spec = network.spec.with_port(name("lan1"), PortSpec { ipv6, ..port_spec("10.20.0.15/24", "10.20.0.1") });
    it
}

/// Everything that can need attention does.
pub fn troubled_box() -> Overview {
    let mut it = working_box();
    let network = &mut it.network;
    network.uplink_in_use = None;
    network.ports[1].link = None;
    network.drift = 2;
    network.dns.foreign = Some("/run/systemd/resolve/stub-resolv.conf".to_owned());
    network.spec_problem = Some("network.toml: line 3: unknown field".to_owned());
    network.transaction = TransactionView {
        open: None,
        last: Some(Outcome::RolledBack { tx: TxId(41), reason: Why::NotConfirmed }),
        degraded: 1,
    };
    it.service_port =
        ServicePortStatus::Silent { other: Some("10.20.0.1".parse().expect("server")), since: BootMillis(0) };
    it.load.cpu_percent = 97;
    it
}

/// A change of port 1 to 10.30.0.15 is open.
pub fn changing_box(phase: PhaseView) -> Overview {
    let mut it = working_box();
    let new_spec = it.network.spec.with_port(name("lan1"), port_spec("10.30.0.15/24", "10.30.0.1"));
    let ip = |text: &str| text.parse().expect("address");
    it.network.transaction.open = Some(OpenView {
        tx: TxId(42),
        by: Actor::Session { from: "10.20.0.77".to_owned() },
        phase,
        new_spec,
        old_pages: vec![ip("10.20.0.15"), ip("192.168.100.198")],
        new_pages: vec![ip("10.30.0.15"), ip("192.168.100.198")],
    });
    it
}

pub fn awaiting(answers: bool) -> PhaseView {
    let gateway = |port: &str, gateway: &str, answers| GatewayCheck {
        port: name(port),
        gateway: gateway.parse().expect("gateway"),
        answers,
    };
    PhaseView::AwaitingConfirm {
        left: 74_000,
        window: 90_000,
        checks: ChecksView {
            no_carrier: if answers { Vec::new() } else { vec![name("lan2")] },
            gateways: vec![gateway("lan1", "10.30.0.1", answers)],
            all_well: answers,
            proven: answers,
        },
    }
}

/// Synchronised, and behind a proxy.
pub fn set_box() -> Overview {
    let mut it = working_box();
    let server = "ntp.example".parse().expect("server");
    let clock = &mut it.settings.clock;
    clock.measured = Some(Measured { server, ahead: 3, stratum: 2, at: BootMillis(0) });
    clock.servers = vec!["ntp.example".parse().expect("server"), "10.20.0.1".parse().expect("server")];
    (clock.from, clock.keeper) = (ServersFrom::Settings, Some(Keeper::Timesyncd));
    it.settings.time_servers = it.settings.clock.servers.clone();
    it.settings.proxy = Some(ProxyView {
        url: "http://proxy.example:3128".parse().expect("URL"),
        user: Some("box".to_owned()),
        password: true,
        ca: None,
    });
    it
}

/// Two hours behind its time server.
pub fn late_box() -> Overview {
    let mut it = set_box();
    if let Some(measured) = &mut it.settings.clock.measured {
        measured.ahead = -7_200_000;
    }
    it
}
