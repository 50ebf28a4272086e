//! A spec and every rule that it can break.

use domain::network::{
    issue::{Field, Issue, Rule},
    spec::{NetworkSpec, PortSpec},
    validate::{MAX_ADDRESSES, MAX_DNS, host_in_network, validate},
};

use crate::support::{board, fixed, ip, name, net, spec_of};

fn found(spec: &NetworkSpec) -> Vec<(String, Rule)> {
    validate(spec, &board()).into_iter().map(|i| (i.path(), i.rule)).collect()
}

fn lan1(addresses: &[&str], gateway: Option<&str>, dns: &[&str]) -> NetworkSpec {
    spec_of([("lan1", fixed(addresses, gateway, dns))])
}

#[test]
fn each_rule_is_found_in_the_field_that_breaks_it() {
    let n24 = net("10.20.0.0/24");
    let outside = Rule::GatewayOutside { network: n24, first: ip("10.20.0.1"), last: ip("10.20.0.254") };
    let twice = |port| Rule::AddressTwice { port: name(port) };
    let nine = (1..=9).map(|n| format!("10.20.0.{n}/24")).collect::<Vec<_>>();
    let nine = nine.iter().map(String::as_str).collect::<Vec<_>>();
    for (spec, path, rule) in [
        (lan1(&[], None, &[]), "ports.lan1.address", Rule::Missing),
        (lan1(&nine, None, &[]), "ports.lan1.address", Rule::TooMany { most: MAX_ADDRESSES }),
        (lan1(&["0.1.2.3/24"], None, &[]), "ports.lan1.address", Rule::NotAHostAddress),
        (lan1(&["127.0.0.5/24"], None, &[]), "ports.lan1.address", Rule::NotAHostAddress),
        (lan1(&["169.254.7.7/16"], None, &[]), "ports.lan1.address", Rule::NotAHostAddress),
        (lan1(&["224.0.0.5/24"], None, &[]), "ports.lan1.address", Rule::NotAHostAddress),
        (lan1(&["255.255.255.255/24"], None, &[]), "ports.lan1.address", Rule::NotAHostAddress),
        (lan1(&["10.20.0.5/0"], None, &[]), "ports.lan1.mask", Rule::PrefixOutOfRange),
        (lan1(&["10.20.0.5/31"], None, &[]), "ports.lan1.mask", Rule::PrefixOutOfRange),
        (lan1(&["10.20.0.5/32"], None, &[]), "ports.lan1.mask", Rule::PrefixOutOfRange),
        (lan1(&["10.20.0.0/24"], None, &[]), "ports.lan1.address", Rule::IsNetworkAddress { network: n24.into() }),
        (lan1(&["10.20.0.255/24"], None, &[]), "ports.lan1.address", Rule::IsBroadcastAddress { network: n24 }),
        (lan1(&["10.20.0.5/24", "10.20.0.5/24"], None, &[]), "ports.lan1.address", twice("lan1")),
        (lan1(&["10.20.0.5/24", "10.20.0.5/16"], None, &[]), "ports.lan1.address", twice("lan1")),
        (lan1(&["10.20.0.5/24"], Some("10.20.1.1"), &[]), "ports.lan1.gateway", outside),
        (lan1(&["10.20.0.5/24"], Some("10.20.0.5"), &[]), "ports.lan1.gateway", Rule::GatewayIsOwnAddress),
        (
            lan1(&["10.20.0.5/24"], Some("10.20.0.0"), &[]),
            "ports.lan1.gateway",
            Rule::IsNetworkAddress { network: n24.into() },
        ),
        (
            lan1(&["10.20.0.5/24"], Some("10.20.0.255"), &[]),
            "ports.lan1.gateway",
            Rule::IsBroadcastAddress { network: n24 },
        ),
        (
            lan1(&["10.20.0.5/24"], None, &["1.1.1.1", "1.0.0.1", "9.9.9.9", "8.8.8.8"]),
            "ports.lan1.dns1",
            Rule::TooMany { most: MAX_DNS },
        ),
        (lan1(&["10.20.0.5/24"], None, &["0.0.0.0"]), "ports.lan1.dns1", Rule::NotAHostAddress),
        (lan1(&["10.20.0.5/24"], None, &["9.9.9.9", "240.0.0.1"]), "ports.lan1.dns2", Rule::NotAHostAddress),
        (lan1(&["10.20.0.5/24"], None, &["10.20.0.5"]), "ports.lan1.dns1", Rule::DnsIsOwnAddress),
        (lan1(&["10.20.0.5/24"], None, &["192.168.100.198"]), "ports.lan1.dns1", Rule::DnsIsOwnAddress),
        (
            NetworkSpec { uplink_order: vec![name("service")], ..NetworkSpec::default() },
            "uplink_order",
            Rule::NotAnUplink,
        ),
        (
            NetworkSpec { uplink_order: vec![name("lan1"), name("lan1")], ..NetworkSpec::default() },
            "uplink_order",
            Rule::NamedTwice,
        ),
        (spec_of([("lan9", PortSpec::default())]), "ports.lan9", Rule::NotAnUplink),
        (spec_of([("peer", PortSpec::default())]), "ports.peer", Rule::NotAnUplink),
    ] {
        assert_eq!(found(&spec), [(path.to_owned(), rule)], "{spec:?}");
    }
}

#[test]
fn what_is_usual_is_taken() {
    for spec in [
        NetworkSpec::default(),
        lan1(&["10.20.0.5/30"], Some("10.20.0.6"), &["127.0.0.1", "10.20.0.6"]),
        lan1(&["10.20.0.5/1"], None, &[]),
        lan1(&["10.20.0.5/24", "10.20.0.6/24"], Some("10.20.0.1"), &[]),
        lan1(&["10.20.0.5/24", "10.30.0.6/24"], Some("10.30.0.1"), &[]),
        spec_of([("lan1", fixed(&["10.20.0.5/25"], None, &[])), ("lan2", fixed(&["10.20.0.130/25"], None, &[]))]),
    ] {
        assert_eq!(found(&spec), []);
    }
}

/// luci#7273: two ports in one network, and nobody said a word.
#[test]
fn networks_that_overlap_are_named_on_both_ports() {
    for (one, two) in
        [("10.20.0.5/24", "10.20.0.6/24"), ("10.20.0.5/16", "10.20.9.6/24"), ("10.20.9.6/30", "10.20.0.5/8")]
    {
        let spec = spec_of([("lan1", fixed(&[one], None, &[])), ("lan2", fixed(&[two], None, &[]))]);
        let overlaps = |port, with: &str| Rule::Overlaps { port: name(port), network: net(with).trunc().into() };
        assert_eq!(
            found(&spec),
            [
                ("ports.lan1.address".to_owned(), overlaps("lan2", two)),
                ("ports.lan2.address".to_owned(), overlaps("lan1", one)),
            ]
        );
    }
    let spec = spec_of([("lan1", fixed(&["10.20.0.5/24"], None, &[])), ("lan2", fixed(&["10.20.0.5/24"], None, &[]))]);
    let twice = |port| Rule::AddressTwice { port: name(port) };
    assert_eq!(
        found(&spec),
        [("ports.lan1.address".to_owned(), twice("lan2")), ("ports.lan2.address".to_owned(), twice("lan1"))]
    );
}

#[test]
fn the_service_ports_network_is_taken_on_every_box() {
    for address in ["192.168.100.5/24", "192.168.100.198/24", "192.168.1.5/16", "192.168.100.202/29"] {
        let rule = Rule::OverlapsService { network: net("192.168.100.0/24") };
        assert_eq!(found(&lan1(&[address], None, &[])), [("ports.lan1.address".to_owned(), rule)], "{address}");
    }
    assert_eq!(found(&lan1(&["192.168.101.5/24"], None, &[])), []);
}

#[test]
fn a_dns_server_on_another_port_of_this_box_is_this_box() {
    let spec = spec_of([
        ("lan1", fixed(&["10.20.0.5/24"], None, &[])),
        ("lan2", fixed(&["10.30.0.5/24"], None, &["10.20.0.5"])),
    ]);
    assert_eq!(found(&spec), [("ports.lan2.dns1".to_owned(), Rule::DnsIsOwnAddress)]);
}

#[test]
fn a_mask_that_leaves_no_network_is_the_only_complaint() {
    for prefix in ["0", "31", "32"] {
        let address = format!("10.20.0.5/{prefix}");
        let spec = lan1(&[&address], Some("10.20.0.1"), &[]);
        assert_eq!(found(&spec), [("ports.lan1.mask".to_owned(), Rule::PrefixOutOfRange)], "{address}");
    }
    assert_eq!(host_in_network(net("0.0.0.0/0")), Some((Field::Address, Rule::NotAHostAddress)));
}

#[test]
fn a_resolver_reads_six_domains_and_the_file_says_so_before() {
    let domains = |count: usize| (0..count).map(|n| format!("d{n}.example").parse().expect("domain")).collect();
    let port = |count| PortSpec { search: domains(count), ..fixed(&["10.20.0.15/24"], None, &[]) };
    assert!(validate(&spec_of([("lan1", port(6))]), &board()).is_empty());
    let issues = validate(&spec_of([("lan1", port(7))]), &board());
    assert_eq!((issues[0].path().as_str(), &issues[0].rule), ("ports.lan1.search", &Rule::TooMany { most: 6 }));
    for bad in ["a b", "-a.example", "a..b", "a\nnameserver 6.6.6.6", ""] {
        assert!(bad.parse::<domain::name::DomainName>().is_err(), "{bad:?}");
    }
}

#[test]
fn the_dns_servers_of_a_port_that_is_off_are_checked_too() {
    let off = PortSpec { dns: vec![ip("0.0.0.0").into()], ..PortSpec::default() };
    assert_eq!(found(&spec_of([("lan1", off)])), [("ports.lan1.dns1".to_owned(), Rule::NotAHostAddress)]);
}

#[test]
fn all_issues_come_at_once() {
    let mut spec = spec_of([
        ("lan1", fixed(&["10.20.0.0/24"], Some("10.9.0.1"), &["0.0.0.0"])),
        ("lan2", fixed(&["10.20.0.7/24"], None, &[])),
        ("lan9", fixed(&[], None, &[])),
    ]);
    spec.uplink_order = vec![name("lan9")];
    let paths = found(&spec).into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    assert_eq!(
        paths,
        [
            "ports.lan1.address",
            "ports.lan1.gateway",
            "ports.lan1.dns1",
            "ports.lan1.address",
            "ports.lan2.address",
            "ports.lan9",
            "ports.lan9.address",
            "uplink_order",
        ]
    );
}

#[test]
fn issues_read_as_sentences() {
    let issue = Issue::new(&name("lan1"), Field::Gateway, Rule::GatewayIsOwnAddress);
    assert_eq!(issue.to_string(), "ports.lan1.gateway: is the port's own address");
    let order = Issue::new(&name("lan9"), Field::UplinkOrder, Rule::NotAnUplink);
    assert_eq!(order.to_string(), "uplink_order, lan9: is not an uplink port of this box");
}
