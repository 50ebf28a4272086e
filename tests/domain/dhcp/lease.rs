//! What of a hostile answer becomes a lease.

use domain::{
    dhcp::{
        anomaly::{Anomaly, Refusal},
        lease::{LONGEST_LEASE, Lease, LeaseRoute, Lifetimes},
        message::{ClasslessRoute, Kind, Message, Options, code},
    },
    time::BootMillis,
};

use super::support::{ADDRESS, OWN, ip, net, options, reply, settings};

fn read(message: &Message) -> Result<(Lease, Vec<Anomaly>), Refusal> {
    Lease::from_ack(message, BootMillis(5_000), &settings().forbidden)
}

#[track_caller]
fn taken(options: Options) -> (Lease, Vec<Anomaly>) {
    read(&reply(Kind::Ack, 1, options)).expect("a lease")
}

#[track_caller]
fn refused(options: Options) -> Refusal {
    read(&reply(Kind::Ack, 1, options)).expect_err("no lease")
}

fn route(destination: &str, gateway: &str) -> ClasslessRoute {
    ClasslessRoute { destination: net(destination), gateway: ip(gateway) }
}

#[test]
fn takes_what_a_good_server_gives() {
    let given = Options {
        t1: Some(1_000),
        t2: Some(2_000),
        mtu: Some(1_400),
        ntp: vec![ip("10.20.0.3")],
        domain_name: Some("Site.Example.".to_owned()),
        host_name: Some("box-7".to_owned()),
        ..options()
    };
    let (lease, notes) = taken(given);
    assert_eq!(notes, []);
    assert_eq!((lease.address, lease.gateway, lease.server), (net("10.20.0.15/24"), Some(OWN), OWN));
    assert_eq!((lease.dns, lease.ntp, lease.mtu), (vec![ip("10.20.0.2")], vec![ip("10.20.0.3")], Some(1_400)));
    assert_eq!((lease.search, lease.host_name), (vec!["site.example".to_owned()], Some("box-7".to_owned())));
    assert_eq!(lease.lifetimes, Lifetimes::Finite { t1: 1_000, t2: 2_000, lease: 3_600 });
}

#[test]
fn refuses_addresses_that_no_host_can_have() {
    for (address, mask) in [
        ("0.0.0.0", "255.255.255.0"),
        ("0.1.2.3", "255.255.255.0"),
        ("127.0.0.1", "255.0.0.0"),
        ("169.254.3.4", "255.255.0.0"),
        ("224.0.0.1", "255.255.255.0"),
        ("240.0.0.1", "255.255.255.0"),
        ("255.255.255.255", "255.255.255.0"),
        ("10.20.0.0", "255.255.255.0"),
        ("10.20.0.255", "255.255.255.0"),
        ("10.20.0.3", "255.255.255.252"),
    ] {
        let mut message = reply(Kind::Ack, 1, Options { subnet_mask: Some(ip(mask)), ..options() });
        message.yiaddr = ip(address);
        assert_eq!(read(&message).unwrap_err(), Refusal::BadAddress { address: ip(address) }, "{address} {mask}");
    }
}

#[test]
fn takes_the_narrowest_networks() {
    for (address, mask) in [("10.20.0.14", "255.255.255.254"), ("10.20.0.255", "255.255.255.255")] {
        let mut message = reply(Kind::Ack, 1, Options { subnet_mask: Some(ip(mask)), ..options() });
        message.yiaddr = ip(address);
        assert!(read(&message).is_ok(), "{address} {mask}");
    }
}

#[test]
fn refuses_the_service_ports_network_and_notes_what_covers_it() {
    let mut message = reply(Kind::Ack, 1, options());
    message.yiaddr = ip("192.168.100.77");
    let net = net("192.168.100.0/24");
    assert_eq!(read(&message).unwrap_err(), Refusal::Forbidden { address: message.yiaddr, net });

    message.yiaddr = ip("192.168.3.4");
    message.options = Options { subnet_mask: Some(ip("255.255.0.0")), routers: vec![ip("192.168.100.1")], ..options() };
    let (lease, notes) = read(&message).unwrap();
    let router = Anomaly::BadAddress { option: code::ROUTER, address: ip("192.168.100.1") };
    assert_eq!((lease.gateway, notes), (None, vec![Anomaly::Overlaps { net }, router]));
}

#[test]
fn never_guesses_a_mask() {
    assert_eq!(refused(Options { subnet_mask: None, ..options() }), Refusal::NoMask);
    for mask in ["255.0.255.0", "0.255.255.255", "255.255.255.1", "0.0.0.0", "254.0.0.0"] {
        assert_eq!(refused(Options { subnet_mask: Some(ip(mask)), ..options() }), Refusal::BadMask { mask: ip(mask) });
    }
}

#[test]
fn refuses_a_server_that_cannot_be_one() {
    assert_eq!(refused(Options { server_id: None, ..options() }), Refusal::NoServer);
    for server in [ip("0.0.0.0"), ip("255.255.255.255"), ip("224.0.0.1"), ip("127.0.0.1"), ADDRESS] {
        assert_eq!(refused(Options { server_id: Some(server), ..options() }), Refusal::BadServer { server });
    }
}

#[test]
fn lifetimes() {
    let finite = |t1, t2, lease| Lifetimes::Finite { t1, t2, lease };
    let odd = |t1, t2| vec![Anomaly::BadTimers { t1, t2 }];
    for (lease, t1, t2, expected, notes) in [
        (3_600, None, None, finite(1_800, 3_150, 3_600), vec![]),
        (10, None, None, finite(5, 8, 10), vec![]),
        (3_600, Some(60), Some(61), finite(60, 61, 3_600), vec![]),
        (3_600, Some(59), Some(61), finite(1_800, 3_150, 3_600), odd(59, 61)),
        (3_600, Some(0), Some(0), finite(1_800, 3_150, 3_600), odd(0, 0)),
        (3_600, Some(2_000), Some(2_000), finite(1_800, 3_150, 3_600), odd(2_000, 2_000)),
        (3_600, Some(1_800), Some(3_600), finite(1_800, 3_150, 3_600), odd(1_800, 3_600)),
        (3_600, Some(u32::MAX), Some(u32::MAX), finite(1_800, 3_150, 3_600), odd(u32::MAX, u32::MAX)),
        (3_600, Some(3_200), None, finite(1_800, 3_150, 3_600), odd(3_200, 3_150)),
        (20, Some(10), Some(15), finite(10, 15, 20), vec![]),
        (u32::MAX, Some(1), Some(0), Lifetimes::Infinite, vec![]),
        (
            u32::MAX - 1,
            None,
            None,
            finite(LONGEST_LEASE / 2, LONGEST_LEASE / 8 * 7, LONGEST_LEASE),
            vec![Anomaly::LongLease { seconds: u32::MAX - 1 }],
        ),
    ] {
        let (read, found) = taken(Options { lease_time: Some(lease), t1, t2, ..options() });
        assert_eq!((read.lifetimes, found), (expected, notes), "{lease} {t1:?} {t2:?}");
    }
    assert_eq!(refused(Options { lease_time: None, ..options() }), Refusal::NoLeaseTime);
    for seconds in [0, 1, 9] {
        assert_eq!(refused(Options { lease_time: Some(seconds), ..options() }), Refusal::TooShort { seconds });
    }
}

#[test]
fn times_count_from_the_question() {
    let (lease, _) = taken(options());
    assert_eq!(lease.renew_at(), Some(BootMillis(1_805_000)));
    assert_eq!(lease.rebind_at(), Some(BootMillis(3_155_000)));
    assert_eq!(lease.expires(), Some(BootMillis(3_605_000)));
    assert!(!lease.has_expired(BootMillis(3_604_999)) && lease.has_expired(BootMillis(3_605_000)));
}

#[test]
fn an_mtu_must_fit_ip_and_ethernet() {
    for (mtu, kept) in
        [(0, false), (68, false), (575, false), (576, true), (1_500, true), (9_216, true), (9_217, false)]
    {
        let (lease, notes) = taken(Options { mtu: Some(mtu), ..options() });
        assert_eq!((lease.mtu, notes), if kept { (Some(mtu), vec![]) } else { (None, vec![Anomaly::BadMtu { mtu }]) });
    }
}

#[test]
fn names_that_are_none_are_left_out() {
    let (lease, notes) =
        taken(Options { host_name: Some("box\nroot".to_owned()), domain_name: Some("a b".to_owned()), ..options() });
    assert_eq!((lease.host_name, lease.search), (None, vec![]));
    assert_eq!(notes, [Anomaly::BadName { option: code::DOMAIN_NAME }, Anomaly::BadName { option: code::HOST_NAME }]);

    let search = ["one.example", "two\u{1b}", "three.example"].map(str::to_owned).to_vec();
    let (lease, notes) = taken(Options { domain_search: search, domain_name: Some("x".to_owned()), ..options() });
    assert_eq!(
        (lease.search, notes),
        (
            vec!["one.example".to_owned(), "three.example".to_owned()],
            vec![Anomaly::BadName { option: code::DOMAIN_SEARCH }],
        )
    );
}

#[test]
fn lists_are_cut() {
    let hosts = (10..30).map(|n| std::net::Ipv4Addr::new(10, 20, 0, n)).collect::<Vec<_>>();
    let (lease, notes) = taken(Options {
        dns: hosts.clone(),
        ntp: hosts,
        domain_search: (0..9).map(|n| format!("d{n}")).collect(),
        classless_routes: (0..30).map(|n| route(&format!("172.16.{n}.0/24"), "10.20.0.1")).collect(),
        ..options()
    });
    assert_eq!((lease.dns.len(), lease.ntp.len(), lease.search.len(), lease.routes.len()), (3, 4, 6, 16));
    for option in [code::DNS, code::NTP, code::DOMAIN_SEARCH, code::CLASSLESS_ROUTES] {
        assert_eq!(notes.iter().filter(|note| **note == Anomaly::TooMany { option }).count(), 1, "{option}");
    }
}

#[test]
fn servers_that_are_no_hosts_are_left_out() {
    let bad = ["0.0.0.0", "127.0.0.1", "224.0.1.1", "255.255.255.255", "192.168.100.198", "10.20.0.15"].map(ip);
    let (lease, notes) = taken(Options { dns: bad.to_vec(), ..options() });
    assert!(lease.dns.is_empty());
    assert_eq!(notes, bad.map(|address| Anomaly::BadAddress { option: code::DNS, address }));
}

#[test]
fn a_gateway_is_on_the_link() {
    let (lease, notes) = taken(Options { routers: vec![ip("10.21.0.1"), ip("10.20.0.255"), OWN], ..options() });
    assert_eq!(lease.gateway, Some(OWN));
    assert_eq!(notes, ["10.21.0.1", "10.20.0.255"].map(|gateway| Anomaly::GatewayOffLink { gateway: ip(gateway) }));
}

#[test]
fn option_121_is_used_instead_of_option_3() {
    let (lease, notes) = taken(Options {
        classless_routes: vec![route("0.0.0.0/0", "10.20.0.9"), route("172.16.5.77/16", "10.20.0.8")],
        ..options()
    });
    assert_eq!((lease.gateway, notes), (Some(ip("10.20.0.9")), vec![]));
    assert_eq!(lease.routes, [LeaseRoute { destination: net("172.16.0.0/16"), gateway: Some(ip("10.20.0.8")) }]);

    let (lease, _) = taken(Options { classless_routes: vec![route("172.16.0.0/16", "10.20.0.8")], ..options() });
    assert_eq!(lease.gateway, None, "RFC 3442: the router option is not looked at");
}

#[test]
fn option_121_may_put_the_gateway_on_the_link() {
    let (lease, notes) = taken(Options {
        subnet_mask: Some(ip("255.255.255.255")),
        classless_routes: vec![route("0.0.0.0/0", "10.99.0.1"), route("10.99.0.1/32", "0.0.0.0")],
        ..options()
    });
    assert_eq!((lease.gateway, notes), (Some(ip("10.99.0.1")), vec![]));
    assert_eq!(lease.routes, [LeaseRoute { destination: net("10.99.0.1/32"), gateway: None }]);
}

#[test]
fn routes_that_lead_astray_are_left_out() {
    let bad = [
        route("0.0.0.0/0", "0.0.0.0"),
        route("192.168.100.0/25", "10.20.0.1"),
        route("192.168.100.0/24", "10.20.0.1"),
        route("127.0.0.0/8", "10.20.0.1"),
        route("224.0.0.0/4", "10.20.0.1"),
        route("169.254.0.0/16", "10.20.0.1"),
        route("172.16.0.0/12", "10.77.0.1"),
        route("172.16.0.0/12", "10.20.0.15"),
        route("172.16.0.0/12", "192.168.100.1"),
    ];
    let (lease, notes) = taken(Options { classless_routes: bad.to_vec(), ..options() });
    assert_eq!((lease.gateway, lease.routes), (None, vec![]));
    assert_eq!(notes.len(), bad.len(), "{notes:?}");
    let (lease, notes) = taken(Options { classless_routes: vec![route("192.168.0.0/16", "10.20.0.1")], ..options() });
    assert_eq!((lease.routes.len(), notes), (1, vec![]), "the narrower route to the service port wins");
}

#[test]
fn a_lease_comes_back_from_its_text() {
    let (lease, _) = taken(options());
    let text = serde_json::to_string(&lease).unwrap();
    assert_eq!(serde_json::from_str::<Lease>(&text).unwrap(), lease);
}
