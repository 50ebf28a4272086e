//! IPv6 of a port: what is usual, what is refused, what people type.

use domain::network::{
    effective::{Conditions, effective},
    form::PortForm,
    issue::{Field, Rule},
    kernel::{Autoconf, Object},
    spec::{Ipv4Spec, Ipv6Spec, NetworkSpec, PortSpec},
    validate::{MAX_ADDRESSES, validate},
    wanted::wanted,
};

use crate::support::{board, fixed, fixed_ipv6, name, spec_of};

fn found(spec: &NetworkSpec) -> Vec<(String, Rule)> {
    validate(spec, &board()).into_iter().map(|i| (i.path(), i.rule)).collect()
}

fn lan1(addresses: &[&str], gateway: Option<&str>) -> NetworkSpec {
    spec_of([("lan1", fixed_ipv6(fixed(&["10.20.0.15/24"], None, &[]), addresses, gateway))])
}

#[test]
fn a_file_that_does_not_say_means_automatic_where_there_is_ipv4() {
    for (text, ipv6) in [
        (r#"ipv4 = { method = "dhcp" }"#, Ipv6Spec::Auto),
        (r#"ipv4 = { method = "static", addresses = ["10.20.0.15/24"] }"#, Ipv6Spec::Auto),
        (r#"ipv4 = { method = "off" }"#, Ipv6Spec::Off),
        ("ipv4 = { method = \"dhcp\" }\nmtu = 1000", Ipv6Spec::Off),
        ("ipv4 = { method = \"dhcp\" }\nipv6 = { method = \"off\" }", Ipv6Spec::Off),
        ("ipv4 = { method = \"off\" }\nipv6 = { method = \"auto\" }", Ipv6Spec::Auto),
    ] {
        let port = toml::from_str::<PortSpec>(text).expect("a port");
        assert_eq!(port.ipv6(), ipv6, "{text}");
        assert_eq!(port.clone().normalised().ipv6(), ipv6, "{text}");
        assert_eq!(found(&spec_of([("lan1", port)])), [], "{text}");
    }
    assert_eq!(NetworkSpec::default().port(&name("lan1")).ipv6(), Ipv6Spec::Off, "a port that is not named");
}

#[test]
fn what_is_usual_is_not_saved() {
    let auto = PortSpec { ipv6: Some(Ipv6Spec::Auto), ..fixed(&["10.20.0.15/24"], None, &[]) };
    assert_eq!(auto.clone().normalised(), PortSpec { ipv6: None, ..auto });
    let off = PortSpec { ipv6: Some(Ipv6Spec::Off), ..PortSpec::default() };
    assert_eq!(spec_of([("lan1", off)]).normalised(), NetworkSpec::default());
}

/// A DHCP port without a lease goes on listening to routers.
#[test]
fn ipv6_does_not_wait_for_a_lease() {
    let dhcp = PortSpec { ipv4: Ipv4Spec::Dhcp, ..PortSpec::default() };
    let spec = effective(&spec_of([("lan1", dhcp)]), &Conditions::default());
    let listens = Object::Autoconf(Autoconf { port: name("lan1"), metric: Some(100) });
    assert!(wanted(&spec, &board()).objects.contains(&listens));
}

#[test]
fn each_rule_is_found_in_the_field_that_breaks_it() {
    let n64 = "2001:db8:20::/64".parse().expect("network");
    let nine = (1..=9).map(|n| format!("2001:db8:20::{n}/64")).collect::<Vec<_>>();
    let nine = nine.iter().map(String::as_str).collect::<Vec<_>>();
    let (address, gateway) = ("ports.lan1.ipv6_address", "ports.lan1.ipv6_gateway");
    let own = "2001:db8:20::15/64";
    for (spec, path, rule) in [
        (lan1(&[], None), address, Rule::Missing),
        (lan1(&nine, None), address, Rule::TooMany { most: MAX_ADDRESSES }),
        (lan1(&["::/64"], None), address, Rule::NotAnIpv6Host),
        (lan1(&["::1/64"], None), address, Rule::NotAnIpv6Host),
        (lan1(&["fe80::15/64"], None), address, Rule::NotAnIpv6Host),
        (lan1(&["fec0::15/64"], None), address, Rule::NotAnIpv6Host),
        (lan1(&["ff02::15/64"], None), address, Rule::NotAnIpv6Host),
        (lan1(&["::ffff:10.20.0.15/96"], None), address, Rule::NotAnIpv6Host),
        (lan1(&["::10.20.0.15/96"], None), address, Rule::NotAnIpv6Host),
        (lan1(&["2001:db8:20::15/15"], None), address, Rule::Ipv6PrefixOutOfRange),
        (lan1(&["2001:db8:20::15/128"], None), address, Rule::Ipv6PrefixOutOfRange),
        (lan1(&["2001:db8:20::/64"], None), address, Rule::IsNetworkAddress { network: n64 }),
        (lan1(&[own, own], None), address, Rule::AddressTwice { port: name("lan1") }),
        (lan1(&[own], Some("2001:db8:20::15")), gateway, Rule::GatewayIsOwnAddress),
        (lan1(&[own], Some("ff02::2")), gateway, Rule::NotAnIpv6Host),
        (
            lan1(&[own], Some("2001:db8:21::1")),
            gateway,
            Rule::Ipv6GatewayOutside { network: "2001:db8:20::/64".parse().expect("network") },
        ),
    ] {
        assert_eq!(found(&spec), [(path.to_owned(), rule)], "{spec:?}");
    }
    for good in [lan1(&[own], Some("2001:db8:20::1")), lan1(&[own], Some("fe80::1")), lan1(&["2001:db8::/127"], None)] {
        assert_eq!(found(&good), [], "{good:?}");
    }
}

#[test]
fn ports_and_servers_that_collide_are_told() {
    let port = |address: &str| fixed_ipv6(PortSpec::default(), &[address], None);
    let overlap = spec_of([("lan1", port("2001:db8:20::15/64")), ("lan2", port("2001:db8:20:0:8000::1/65"))]);
    let rules = found(&overlap).into_iter().map(|(path, rule)| (path, rule.name())).collect::<Vec<_>>();
    assert_eq!(rules, ["lan1", "lan2"].map(|port| (format!("ports.{port}.ipv6_address"), "overlaps")));
    let twice = spec_of([("lan1", port("2001:db8:20::15/64")), ("lan2", port("2001:db8:20::15/64"))]);
    assert!(found(&twice).iter().all(|(_, rule)| rule.name() == "address_twice"));

    for (server, rule) in [
        ("2001:db8:20::15", Some(Rule::DnsIsOwnAddress)),
        ("ff02::1", Some(Rule::NotAnIpv6Host)),
        ("::ffff:9.9.9.9", Some(Rule::NotAnIpv6Host)),
        ("fe80::1", None),
        ("::1", None),
        ("2001:db8::53", None),
    ] {
        let port = PortSpec { dns: vec![server.parse().expect("address")], ..port("2001:db8:20::15/64") };
        let expected = rule.map(|rule| ("ports.lan1.dns1".to_owned(), rule));
        assert_eq!(found(&spec_of([("lan1", port)])), expected.into_iter().collect::<Vec<_>>(), "{server}");
    }
}

#[test]
fn ipv6_that_is_asked_for_needs_a_packet_size_that_carries_it() {
    let port = |ipv6| PortSpec { ipv6, mtu: Some(1_279), ..fixed(&["10.20.0.15/24"], None, &[]) };
    let broken = found(&spec_of([("lan1", port(Some(Ipv6Spec::Auto)))]));
    assert!(matches!(&broken[..], [(path, Rule::MtuOutOfRange { least: 1_280, .. })] if path == "ports.lan1.mtu"));
    assert_eq!(found(&spec_of([("lan1", port(None))])), []);
    assert_eq!(found(&spec_of([("lan1", port(Some(Ipv6Spec::Off)))])), []);
}

#[test]
fn a_link_local_server_is_asked_over_its_port_and_the_box_never_asks_itself() {
    let lan1 = PortSpec { ipv4: Ipv4Spec::Dhcp, ..PortSpec::default() };
    let lan2 = fixed_ipv6(fixed(&["10.21.0.15/24"], None, &["9.9.9.9"]), &["2001:db8:21::15/64"], None);
    let heard = ["fe80::1", "2001:db8:21::15", "2001:db8::53"].map(|s| s.parse().expect("address"));
    let advertised = [(name("lan1"), heard.to_vec()), (name("lan2"), heard.to_vec())].into();
    let conditions = Conditions { advertised, ..Conditions::default() };
    let spec = effective(&spec_of([("lan1", lan1), ("lan2", lan2)]), &conditions);
    assert_eq!(found(&spec), []);
    let servers = wanted(&spec, &board()).dns.servers.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(servers, ["fe80::1%lan1", "2001:db8::53", "9.9.9.9"]);
}

fn form(address: &str, gateway: &str) -> PortForm {
    PortForm {
        method: "dhcp".into(),
        ipv6_method: "static".into(),
        ipv6_address: address.into(),
        ipv6_gateway: gateway.into(),
        ..PortForm::default()
    }
}

#[test]
fn reads_what_people_type_and_paste() {
    let wanted = fixed_ipv6(PortSpec::default(), &["2001:db8::15/64"], Some("fe80::1")).ipv6;
    for typed in [
        form("2001:db8::15/64", "fe80::1"),
        form(" 2001:DB8:0:0:0:0:0:15 / 64 ", "FE80::1"),
        form("2001：db8：：15／64", "fe80：：1"),
        form("２００１:db8::15/６４\u{200b}", "fe80::1\u{feff}"),
    ] {
        let read = typed.read(&name("lan1"), &PortSpec::default()).expect("a spec");
        assert_eq!((read.ipv4, read.ipv6), (Ipv4Spec::Dhcp, wanted.clone()), "{typed:?}");
    }
}

#[test]
fn names_the_field_and_the_rule() {
    for (typed, broken) in [
        (form("", ""), vec![(Field::Ipv6Address, Rule::Missing)]),
        (form("2001:db8::15", ""), vec![(Field::Ipv6Address, Rule::Ipv6PrefixMissing)]),
        (form("2001:db8::15/", ""), vec![(Field::Ipv6Address, Rule::Ipv6PrefixOutOfRange)]),
        (form("2001:db8::15/+64", ""), vec![(Field::Ipv6Address, Rule::Ipv6PrefixOutOfRange)]),
        (form("2001:db8::15/129", ""), vec![(Field::Ipv6Address, Rule::Ipv6PrefixOutOfRange)]),
        (form("10.20.0.15/24", ""), vec![(Field::Ipv6Address, Rule::NotAnIpv6Address)]),
        (form("fe80::1%lan1/64", ""), vec![(Field::Ipv6Address, Rule::NotAnIpv6Address)]),
        (form("$(reboot)/64", ""), vec![(Field::Ipv6Address, Rule::NotAnIpv6Address)]),
        (form("2001:db8::15/64", "2001:db8::15"), vec![(Field::Ipv6Gateway, Rule::GatewayIsOwnAddress)]),
        (
            form("2001:db8::15", "10.20.0.1"),
            vec![(Field::Ipv6Address, Rule::Ipv6PrefixMissing), (Field::Ipv6Gateway, Rule::NotAnIpv6Address)],
        ),
        (
            PortForm { ipv6_method: "sometimes".into(), method: "never".into(), ..PortForm::default() },
            vec![(Field::Method, Rule::NotAChoice), (Field::Ipv6Method, Rule::NotAChoice)],
        ),
    ] {
        let issues = typed.read(&name("lan1"), &PortSpec::default()).expect_err("issues");
        let issues = issues.into_iter().map(|i| (i.field, i.rule)).collect::<Vec<_>>();
        assert_eq!(issues, broken, "{typed:?}");
    }
}

#[test]
fn a_form_that_says_nothing_of_ipv6_changes_nothing_and_off_is_off() {
    let saved = fixed_ipv6(fixed(&["10.20.0.15/24"], None, &[]), &["2001:db8::15/64", "2001:db8::16/64"], None);
    let old = PortForm { ipv6_method: String::new(), ..PortForm::of(&saved) };
    assert_eq!(old.read(&name("lan1"), &saved).expect("a spec"), saved);
    // second addresses have no field, and stay
    assert_eq!(PortForm::of(&saved).read(&name("lan1"), &saved).expect("a spec"), saved);
    let off = PortForm { method: "off".into(), ..PortForm::of(&saved) };
    assert!(off.read(&name("lan1"), &saved).expect("a spec").is_off());
    let alone = PortForm { method: "ipv6".into(), own_dns1: "fe80::53".into(), ..PortForm::of(&saved) };
    let alone = alone.read(&name("lan1"), &saved).expect("a spec");
    assert_eq!(
        (alone.ipv4.clone(), alone.ipv6(), &alone.dns[..]),
        (Ipv4Spec::Off, saved.ipv6(), &["fe80::53".parse().expect("address")][..])
    );
    assert_eq!(PortForm::of(&alone).read(&name("lan1"), &alone).expect("a spec"), alone);
    assert_eq!(PortForm::of(&PortSpec::default()).ipv6_method, "auto", "who switches the port on gets what is usual");
}
