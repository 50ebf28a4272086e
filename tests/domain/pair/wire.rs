//! What goes over the wires, and what both boxes work out alone.

use domain::{
    box_file::BoxFile,
    cluster::names::{PairId, Serial},
    name::PortName,
    network::spec::NetworkSpec,
    pair::{
        Message, Stamp,
        beat::{About, Beat, LENGTH, MOST, SEALED, Told},
        keepalived::{Keepalived, Said},
        link::{virtual_router, ways},
        settings::{HeartbeatPort, Nearness, PairPorts, PairSettings, SettingsIssue, VirtualIp},
    },
};
use proptest::prelude::*;

fn parse<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("parses")
}

fn any_message() -> impl Strategy<Value = Option<Message>> {
    let stamp = || (any::<u64>(), any::<u64>()).prop_map(|(run, number)| Stamp { run, number });
    let epoch = || 0..=MOST;
    prop_oneof![
        Just(None),
        (stamp(), epoch()).prop_map(|(of, epoch)| Some(Message::Ask { of, epoch })),
        stamp().prop_map(|to| Some(Message::Promise { to })),
        (stamp(), epoch()).prop_map(|(of, epoch)| Some(Message::Released { of, epoch })),
    ]
}

fn any_about() -> impl Strategy<Value = About> {
    let role = prop_oneof![Just(Told::Standby), Just(Told::Acquiring), Just(Told::Active), Just(Told::Stopping)];
    let count = || 0..=MOST;
    let counts = (count(), any::<[u64; 3]>(), count(), count());
    let numbers = (counts, any::<Option<u32>>(), any::<[bool; 8]>());
    (role, numbers).prop_map(
        |(role, ((epoch, [version, settings, applications], revision, set_revision), synced, flags))| {
            let [fit, maintenance, carrier, registry, planned, drill, registry_here, fenced] = flags;
            About {
                role,
                epoch,
                fit,
                maintenance,
                carrier,
                registry,
                planned,
                drill,
                registry_here,
                fenced,
                version,
                settings,
                applications,
                revision,
                set_revision,
                synced,
            }
        },
    )
}

proptest! {
    #[test]
    fn a_beat_reads_back(run: u64, sequence: u64, message in any_message(), about in any_about()) {
        let beat = Beat { run, sequence, message, about };
        let bytes = beat.to_bytes();
        prop_assert_eq!(Beat::from_bytes(&bytes), Some(beat));
        // the seal has its place
        prop_assert!(bytes[SEALED..].iter().all(|byte| *byte == 0));
    }

    /// Nobody counts on from what no life of a box comes to.
    #[test]
    fn a_beat_with_a_number_that_nobody_comes_to_is_none(which in 0..4, number in MOST + 1..) {
        let mut beat = Beat { run: 1, sequence: 1, message: None, about: About::default() };
        match which {
            0 => beat.about.epoch = number,
            1 => beat.about.revision = number,
            2 => beat.about.set_revision = number,
            _ => beat.message = Some(Message::Ask { of: Stamp::default(), epoch: number }),
        }
        prop_assert_eq!(Beat::from_bytes(&beat.to_bytes()), None);
    }

    #[test]
    fn nonsense_is_no_beat_and_ends_nothing(bytes in prop::collection::vec(any::<u8>(), LENGTH)) {
        let bytes: [u8; LENGTH] = bytes.try_into().expect("as long");
        let read = Beat::from_bytes(&bytes);
        prop_assert!(read.is_none() || bytes.starts_with(b"GHB1"));
    }

    /// Each box has what the other one takes for its peer's, in two networks that do not overlap.
    #[test]
    fn both_boxes_work_out_the_same_ways(pair in "[a-z0-9]{8,32}") {
        let (a, b): (Serial, Serial) = (parse("7F3K-2219"), parse("7F3K-2220"));
        let pair: PairId = parse(&pair);
        let (lan4, lan1): (PortName, PortName) = (parse("lan4"), parse("lan1"));
        let of = |own, peer, heartbeat| ways(&pair, own, peer, heartbeat, Some(&lan1));
        let (of_a, of_b) = (of(&a, &b, Some(&lan4)), of(&b, &a, Some(&lan4)));
        // one that was told of no heartbeat port meets the other one all the same
        prop_assert_eq!(&of(&a, &b, None)[0], &of_a[1]);
        prop_assert_eq!(of(&a, &b, Some(&lan1)).len(), 1);
        prop_assert_eq!(of_a.len(), 2);
        for (mine, theirs) in of_a.iter().zip(&of_b) {
            prop_assert_eq!(&mine.port, &theirs.port);
            prop_assert_eq!((mine.own.addr(), mine.peer), (theirs.peer, theirs.own.addr()));
            prop_assert!(mine.own.addr().is_link_local() && mine.own.trunc() == theirs.own.trunc());
            let third = mine.own.addr().octets()[2];
            prop_assert!((1..=254).contains(&third), "RFC 3927 keeps the first and the last 256 for later");
        }
        prop_assert!(of_a[0].own.trunc() != of_a[1].own.trunc());
        prop_assert!(virtual_router(&pair) > 0);
    }
}

#[test]
fn keepalived_is_told_what_it_needs() {
    let (a, b): (Serial, Serial) = (parse("7F3K-2219"), parse("7F3K-2220"));
    let (pair, port): (PairId, PortName) = (parse("p-1"), parse("lan1"));
    let way = &ways(&pair, &a, &b, None, Some(&port))[0];
    let virtual_ip = &VirtualIp { address: parse("10.20.0.100/24"), port: port.clone() };
    let virtual_router = virtual_router(&pair);
    let told = Keepalived { virtual_ip, interface: "eth0", way, virtual_router, first: true, folder: "/run/gatehouse" };
    insta::assert_snapshot!(told.config());
    assert_eq!(Said::parse("INSTANCE \"pair\" MASTER 101"), Some(Said::Master));
    for nonsense in ["", "INSTANCE", "GROUP \"pair\" MASTER", "INSTANCE \"pair\" QUEEN 1"] {
        assert_eq!(Said::parse(nonsense), None, "{nonsense}");
    }
}

fn board() -> BoxFile {
    let text = r#"
model = "B-012"
serial = "7F3K-2219"
[[port]]
name = "lan1"
label = "LAN1"
role = "uplink"
device = { name = "eth0" }
[[port]]
name = "lan3"
label = "LAN3"
role = "service"
device = { name = "eth2" }
[[port]]
name = "lan4"
label = "LAN4"
role = "heartbeat"
device = { name = "eth3" }
"#;
    toml::from_str(text).expect("a box file")
}

fn issues(address: &str, port: &str, heartbeat: Option<&str>) -> Vec<SettingsIssue> {
    let spec: NetworkSpec = toml::from_str(
        "[ports.lan1]\nipv4 = { method = \"static\", addresses = [\"10.20.0.15/24\"], gateway = \"10.20.0.1\" }",
    )
    .expect("a spec");
    let virtual_ip = Some(VirtualIp { address: parse(address), port: parse(port) });
    let settings = PairSettings { virtual_ip, heartbeat: heartbeat.map(parse), registry: Nearness::Site, revision: 1 };
    settings.issues(&board(), &spec, &[])
}

#[test]
fn a_virtual_ip_is_a_free_host_of_its_ports_network() {
    assert_eq!(issues("10.20.0.100/24", "lan1", Some("lan4")), []);
    let port = || parse("lan1");
    let outside = |address: &str| SettingsIssue::OutsideNetwork {
        address: parse(address),
        port: port(),
        network: parse("10.20.0.0/24"),
    };
    for (address, issue) in [
        ("10.21.0.100/24", outside("10.21.0.100/24")),
        ("10.20.0.100/16", outside("10.20.0.100/16")),
        ("10.20.0.15/24", SettingsIssue::OwnAddress { address: parse("10.20.0.15/24") }),
        ("10.20.0.1/24", SettingsIssue::Gateway { address: parse("10.20.0.1/24") }),
        ("10.20.0.0/24", SettingsIssue::NotAHost { address: parse("10.20.0.0/24") }),
        ("10.20.0.255/24", SettingsIssue::NotAHost { address: parse("10.20.0.255/24") }),
        ("169.254.7.7/24", SettingsIssue::NotAHost { address: parse("169.254.7.7/24") }),
        ("224.0.0.1/24", SettingsIssue::NotAHost { address: parse("224.0.0.1/24") }),
    ] {
        assert_eq!(issues(address, "lan1", None), [issue], "{address}");
    }
    assert_eq!(issues("10.20.0.100/24", "lan3", None), [SettingsIssue::NoSuchPort { port: parse("lan3") }]);
    assert_eq!(issues("10.20.0.100/24", "lan9", None), [SettingsIssue::NoSuchPort { port: parse("lan9") }]);
    let heartbeat = SettingsIssue::NoHeartbeatPort { port: parse("lan1") };
    assert_eq!(issues("10.20.0.100/24", "lan1", Some("lan1")), [heartbeat]);
}

fn two_uplinks() -> BoxFile {
    let mut board = board();
    let lan1 = board.ports[0].clone();
    board.ports.insert(1, domain::box_file::Port { name: parse("lan2"), label: "LAN2".into(), ..lan1 });
    board
}

#[test]
fn what_the_wizard_was_told_of_ports_holds_until_somebody_decides() {
    let now = [(parse("lan1"), parse("10.20.0.15/24")), (parse("lan2"), parse("10.30.0.15/16"))];
    let first = |ports: &PairPorts, address: &str| {
        let told = PairSettings::first(&two_uplinks(), ports, Some(parse(address)), &now);
        let on = told.virtual_ip.map(|on| format!("{} {}", on.address, on.port)).unwrap_or_default();
        (on, told.heartbeat.map(|port| port.to_string()), told.revision)
    };
    let ports = |virtual_ip: Option<&str>, heartbeat| PairPorts { virtual_ip: virtual_ip.map(parse), heartbeat };
    let lan4 = || Some("lan4".to_owned());
    let automatic = PairPorts::default();
    assert_eq!(first(&automatic, "10.20.0.100"), ("10.20.0.100/24 lan1".into(), lan4(), 0));
    assert_eq!(first(&automatic, "10.30.7.100"), ("10.30.7.100/16 lan2".into(), lan4(), 0));
    assert_eq!(first(&automatic, "10.40.0.1"), (String::new(), lan4(), 0));
    let lan2 = ports(Some("lan2"), HeartbeatPort::None);
    assert_eq!(first(&lan2, "10.30.7.100"), ("10.30.7.100/16 lan2".into(), None, 0));
    assert_eq!(first(&lan2, "10.20.0.100"), (String::new(), None, 0), "the port that was meant, or none");

    let issues = |ports: &PairPorts, address: &str, now: &[_]| {
        let spec = NetworkSpec::default();
        PairSettings::first_issues(&two_uplinks(), ports, Some(parse(address)), &spec, now)
    };
    let outside = |address: &str, port: &str, network: &str| SettingsIssue::OutsideNetwork {
        address: parse(address),
        port: parse(port),
        network: parse(network),
    };
    assert_eq!(issues(&automatic, "10.20.0.100", &now), []);
    assert_eq!(issues(&automatic, "10.40.0.1", &now), [outside("10.40.0.1/24", "lan1", "10.20.0.0/24")]);
    assert_eq!(issues(&lan2, "10.20.0.100", &now), [outside("10.20.0.100/16", "lan2", "10.30.0.0/16")]);
    assert_eq!(issues(&automatic, "10.20.0.15", &now), [SettingsIssue::OwnAddress { address: parse("10.20.0.15/24") }]);
    assert_eq!(issues(&automatic, "10.40.0.1", &[]), [], "a box without network may be activated by hand");
    let service = ports(Some("lan3"), HeartbeatPort::Port(parse("lan1")));
    let wrong =
        [SettingsIssue::NoHeartbeatPort { port: parse("lan1") }, SettingsIssue::NoSuchPort { port: parse("lan3") }];
    assert_eq!(issues(&service, "10.20.0.100", &now), wrong);
}

#[test]
fn settings_are_the_same_whatever_their_revision() {
    let settings = |revision| PairSettings { revision, ..PairSettings::default() };
    assert_eq!(settings(1).digest(), settings(2).digest());
    assert_ne!(settings(1).digest(), PairSettings { heartbeat: Some(parse("lan4")), ..settings(1) }.digest());
    let other = |revision| PairSettings { heartbeat: Some(parse("lan4")), ..settings(revision) };
    assert!(settings(2).rank() > other(1).rank() && other(2).rank() > settings(1).rank(), "the later one");
    assert_ne!(settings(1).rank(), other(1).rank(), "of two made apart one holds");
    assert_eq!(settings(1).terms().ttl, 3_000);
    assert_eq!(PairSettings { registry: Nearness::Wan, ..settings(1) }.terms().ttl, 15_000);
}
