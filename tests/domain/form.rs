//! The port form: what people type and paste, and what it becomes.

use std::{collections::BTreeMap, net::Ipv4Addr};

use domain::network::{
    form::{PortForm, RouteRow, RouteRows, address_and_mask, plain},
    issue::{Field, RouteField, RoutePart, Rule},
    spec::{Ipv4Spec, PortSpec, StaticRoute},
    validate::MAX_ROUTES,
};
use proptest::prelude::*;

use crate::support::{any_board, any_spec, fixed, ip, name, net};

fn form(address: &str, mask: &str, gateway: &str, dns1: &str, dns2: &str) -> PortForm {
    let [address, mask, gateway, dns1, dns2] = [address, mask, gateway, dns1, dns2].map(str::to_owned);
    let on = Some("on".to_owned());
    PortForm {
        method: "static".into(),
        address,
        mask,
        gateway,
        dns1,
        dns2,
        default_route: on.clone(),
        manage: on,
        ..PortForm::default()
    }
}

fn issues(form: &PortForm) -> Vec<(Field, Rule)> {
    let issues = form.read(&name("lan1"), &PortSpec::default()).expect_err("issues");
    assert!(issues.iter().all(|i| i.port == Some(name("lan1"))));
    issues.into_iter().map(|i| (i.field, i.rule)).collect()
}

#[test]
fn reads_what_people_type_and_paste() {
    let wanted = Ok(fixed(&["10.20.0.15/24"], Some("10.20.0.1"), &["9.9.9.9"]));
    for typed in [
        form("10.20.0.15", "255.255.255.0", "10.20.0.1", "9.9.9.9", ""),
        form("10.20.0.15", "24", "10.20.0.1", "9.9.9.9", ""),
        form("10.20.0.15", "/24", "10.20.0.1", "", "9.9.9.9"),
        form("10.20.0.15/24", "", "10.20.0.1", "9.9.9.9", ""),
        form("10.20.0.15/24", "255.255.255.0", "10.20.0.1", "9.9.9.9", ""),
        form("10.20.0.15/255.255.255.0", "", "10.20.0.1", "9.9.9.9", ""),
        form("10.20.0.15/255.255.255.0", "24", "10.20.0.1", "9.9.9.9", ""),
        form(" 10.20. 0.15\t", " 24 ", "\u{feff}10.20.0.1", "9.9.9.9\n", "  "),
        form("10.20.0.15", "2 4", "10.20.0.1", "9.9.9.9", ""),
        form("10。20。0。15", "/24", "10．20．0．1", "9｡9｡9｡9", ""),
        form("\u{202d}10.20.0.15\u{202c}", "\u{200e}24", "10.20.0.1\u{200d}", "\u{2060}9.9.9.9", ""),
    ] {
        assert_eq!(typed.read(&name("lan1"), &PortSpec::default()), wanted, "{typed:?}");
    }
}

#[test]
fn names_the_field_and_the_rule() {
    let net24 = net("10.20.0.0/24");
    let outside = Rule::GatewayOutside { network: net24, first: ip("10.20.0.1"), last: ip("10.20.0.254") };
    let good = ("10.20.0.15", "24", "", "", "");
    for ((address, mask, gateway, dns1, dns2), field, rule) in [
        (("", "24", "", "", ""), Field::Address, Rule::Missing),
        (("10.20.0.15", "", "", "", ""), Field::Mask, Rule::Missing),
        (("10.20.0", "24", "", "", ""), Field::Address, Rule::NotAnAddress),
        (("10.20.0.256", "24", "", "", ""), Field::Address, Rule::NotAnAddress),
        (("010.20.0.15", "24", "", "", ""), Field::Address, Rule::NotAnAddress),
        (("fe80::1", "24", "", "", ""), Field::Address, Rule::NotAnAddress),
        (("10.20.0.15", "33", "", "", ""), Field::Mask, Rule::NotAMask),
        (("10.20.0.15", "+24", "", "", ""), Field::Mask, Rule::NotAMask),
        (("10.20.0.15", "//24", "", "", ""), Field::Mask, Rule::NotAMask),
        (("10.20.0.15", "0.0.0.255", "", "", ""), Field::Mask, Rule::NotAMask),
        (("10.20.0.15", "255.0.255.0", "", "", ""), Field::Mask, Rule::NotAMask),
        (("10.20.0.15/", "", "", "", ""), Field::Mask, Rule::NotAMask),
        (("10.20.0.15/24", "16", "", "", ""), Field::Mask, Rule::NotAMask),
        (("10.20.0.15", "0", "", "", ""), Field::Mask, Rule::PrefixOutOfRange),
        (("10.20.0.15", "255.255.255.255", "", "", ""), Field::Mask, Rule::PrefixOutOfRange),
        (("10.20.0.0", "24", "", "", ""), Field::Address, Rule::IsNetworkAddress { network: net24.into() }),
        (("10.20.0.255", "24", "", "", ""), Field::Address, Rule::IsBroadcastAddress { network: net24 }),
        (("169.254.1.1", "16", "", "", ""), Field::Address, Rule::NotAHostAddress),
        ((good.0, good.1, "10.21.0.1", "", ""), Field::Gateway, outside),
        ((good.0, good.1, "gateway", "", ""), Field::Gateway, Rule::NotAnAddress),
        ((good.0, good.1, "", "dns", ""), Field::Dns1, Rule::NotAnIpAddress),
        ((good.0, good.1, "", "224.0.0.1", ""), Field::Dns1, Rule::NotAHostAddress),
        ((good.0, good.1, "", "9.9.9.9", "0.0.0.0"), Field::Dns2, Rule::NotAHostAddress),
        ((good.0, good.1, "", "", "10.20.0.15"), Field::Dns2, Rule::DnsIsOwnAddress),
    ] {
        let typed = form(address, mask, gateway, dns1, dns2);
        assert_eq!(issues(&typed), [(field, rule)], "{typed:?}");
    }
}

#[test]
fn tells_every_issue_at_once() {
    let found = issues(&form("10.20.0", "abc", "x", "y", "z"));
    assert_eq!(
        found.into_iter().map(|i| i.0).collect::<Vec<_>>(),
        [Field::Address, Field::Mask, Field::Gateway, Field::Dns1, Field::Dns2]
    );
    let found = issues(&form("10.20.0", "24", "224.0.0.5", "y", "10.0.0.300"));
    assert_eq!(found.into_iter().map(|i| i.0).collect::<Vec<_>>(), [Field::Address, Field::Dns1, Field::Dns2]);
    let found = issues(&form("", "24", "", "bad", "0.0.0.0"));
    let expected =
        [(Field::Address, Rule::Missing), (Field::Dns1, Rule::NotAnIpAddress), (Field::Dns2, Rule::NotAHostAddress)];
    assert_eq!(found, expected, "a bad address hides nothing of the other fields");
}

#[test]
fn keeps_what_has_no_field_and_drops_nothing_else() {
    let mut saved = fixed(&["10.20.0.15/24", "10.20.1.15/24"], None, &["9.9.9.9", "1.1.1.1", "8.8.8.8"]);
    saved.default_route = false;
    let mut typed = PortForm::of(&saved);
    typed.address = "10.20.0.16".into();
    typed.dns1 = String::new();
    let read = typed.read(&name("lan1"), &saved).expect("valid");
    assert_eq!(read.ipv4.addresses(), [net("10.20.0.16/24"), net("10.20.1.15/24")]);
    assert_eq!(read.dns, [ip("1.1.1.1"), ip("8.8.8.8")]);
    assert!(!read.default_route && read.manage);
}

#[test]
fn off_needs_nothing_else_and_other_methods_do_not_exist() {
    let off = PortForm { method: "off".into(), address: "rubbish".into(), ..PortForm::default() };
    assert_eq!(off.read(&name("lan1"), &PortSpec::default()).map(|s| s.ipv4), Ok(Ipv4Spec::Off));
    assert_eq!(issues(&PortForm::default()), [(Field::Method, Rule::NotAChoice)]);
}

fn with_routes(rows: &[(&str, &str, &str)]) -> PortForm {
    let row = |(destination, mask, gateway): &(&str, &str, &str)| RouteRow {
        destination: (*destination).to_owned(),
        mask: (*mask).to_owned(),
        gateway: (*gateway).to_owned(),
    };
    PortForm { routes: RouteRows(rows.iter().map(row).collect()), ..form("10.20.0.15", "24", "", "", "") }
}

fn at(row: usize, part: RoutePart) -> Field {
    Field::Route(RouteField { row, part })
}

#[test]
fn routes_are_rows_and_an_empty_row_is_none() {
    let typed =
        with_routes(&[("172.16.0.0", "255.240.0.0", "10.20.0.1"), ("", " ", ""), ("１０．９．０．０／１６", "", "")]);
    let read = typed.read(&name("lan1"), &PortSpec::default()).expect("valid");
    let route =
        |destination, gateway: Option<&str>| StaticRoute { destination: net(destination), gateway: gateway.map(ip) };
    assert_eq!(read.routes, [route("172.16.0.0/12", Some("10.20.0.1")), route("10.9.0.0/16", None)]);
    assert_eq!(typed.routes.tidy().0.len(), 2);
}

#[test]
fn each_issue_of_a_route_stands_at_its_own_field() {
    let outside =
        Rule::GatewayOutside { network: net("10.20.0.0/24"), first: ip("10.20.0.1"), last: ip("10.20.0.254") };
    let service = Rule::OverlapsService { network: net("192.168.100.0/24") };
    let typed = with_routes(&[
        ("", "24", ""),
        ("172.16.0.0", "", "x"),
        ("0.0.0.0", "0", ""),
        ("172.17.0.0", "16", "10.99.0.1"),
        ("172.17.0.9", "/16", ""),
        ("192.168.100.0", "25", ""),
        ("224.0.0.0", "4", "10.20.0.15"),
        ("172.18.0.0", "16", "127.0.0.1"),
    ]);
    let expected = [
        (at(1, RoutePart::Destination), Rule::Missing),
        (at(2, RoutePart::Mask), Rule::Missing),
        (at(2, RoutePart::Gateway), Rule::NotAnAddress),
        (at(3, RoutePart::Destination), Rule::RouteToEverywhere),
        (at(4, RoutePart::Gateway), outside),
        (at(5, RoutePart::Destination), Rule::RouteTwice { network: net("172.17.0.0/16") }),
        (at(6, RoutePart::Destination), service),
        (at(7, RoutePart::Destination), Rule::NotAHostAddress),
        (at(7, RoutePart::Gateway), Rule::GatewayIsOwnAddress),
        (at(8, RoutePart::Gateway), Rule::NotAHostAddress),
    ];
    assert_eq!(issues(&typed), expected);
    let path = typed.read(&name("lan1"), &PortSpec::default()).unwrap_err()[2].path();
    assert_eq!(path, "ports.lan1.routes.2.gateway");
}

#[test]
fn the_packet_size_is_a_number_in_its_range_or_nothing() {
    let read = |mtu: &str| {
        let typed = PortForm { mtu: mtu.to_owned(), ..form("10.20.0.15", "24", "", "", "") };
        typed.read(&name("lan1"), &PortSpec::default()).map(|spec| spec.mtu).map_err(|issues| issues[0].field)
    };
    assert_eq!((read(""), read(" 1400 "), read("９２１６")), (Ok(None), Ok(Some(1400)), Ok(Some(9216))));
    for wrong in ["575", "9217", "70000", "-1", "+1400", "1400.5", "jumbo"] {
        assert_eq!(read(wrong), Err(Field::Mtu), "{wrong}");
    }
}

#[test]
fn rows_come_back_from_the_fields_of_a_form() {
    let typed = with_routes(&[("172.16.0.0", "12", ""), ("", "", ""), ("10.9.0.0", "16", "10.20.0.1")]);
    let json = serde_json::to_value(&typed).unwrap();
    assert_eq!(json["route3_gateway"], "10.20.0.1");
    assert_eq!(serde_json::from_value::<PortForm>(json).unwrap(), typed);
    let many = (1..40).map(|row| (format!("route{row}_mask"), "24")).collect::<BTreeMap<_, _>>();
    let read = serde_json::from_value::<PortForm>(serde_json::to_value(many).unwrap()).unwrap();
    assert_eq!(read.routes.0.len(), MAX_ROUTES, "as many rows as a port may have");
}

/// Text as forms get it: plain figures, full-width ones, and anything at all.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<Ipv4Addr>().prop_map(|a| a.to_string()),
        (any::<Ipv4Addr>(), 0..40_u8).prop_map(|(a, p)| format!("{a}/{p}")),
        "[0-9./０-９．。／ ]{0,18}",
        any::<String>(),
        Just(String::new()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_text_reads_or_gives_issues_of_fields_that_are_to_blame(
        method in prop_oneof![8 => Just("static".to_owned()), 1 => Just("off".to_owned()), 1 => any::<String>()],
        [address, mask, gateway, dns1, dns2] in [text(), text(), text(), text(), text()],
        saved in prop_oneof![Just(PortSpec::default()), Just(fixed(&["10.20.0.15/24", "10.20.1.15/24"], None, &[]))],
    ) {
        let form = PortForm { method, address, mask, gateway, dns1, dns2, ..PortForm::default() };
        if let Err(issues) = form.read(&name("lan1"), &saved) {
            prop_assert!(!issues.is_empty());
            for issue in issues {
                let typed = match issue.field {
                    Field::Gateway => &form.gateway,
                    Field::Dns1 => &form.dns1,
                    Field::Dns2 => &form.dns2,
                    Field::Method => { prop_assert!(form.method != "static" && form.method != "off"); continue },
                    Field::Address | Field::Mask => continue,
                    Field::Mtu => &form.mtu,
                    _ => return Err(TestCaseError::fail("no field of this form")),
                };
                prop_assert!(!plain(typed).is_empty(), "an empty {:?} is to blame for nothing", issue.field);
            }
        }
    }

    #[test]
    fn a_saved_spec_read_from_its_own_form_is_the_same(
        spec in any_board().prop_flat_map(|b| any_spec(&b)),
    ) {
        for (port, saved) in spec.ports {
            prop_assert_eq!(PortForm::of(&saved).read(&port, &saved), Ok(saved.normalised()));
        }
    }

    #[test]
    fn address_and_mask_read_back_what_they_print(address in any::<Ipv4Addr>(), prefix in 0..=32_u8) {
        let wanted = Ok(ipnet::Ipv4Net::new_assert(address, prefix));
        let mask = ipnet::Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, prefix).netmask().to_string();
        let wide = |t: &str| t.chars().map(|c| char::from_u32(c as u32 + 0xfee0).unwrap_or(c)).collect::<String>();
        prop_assert_eq!(address_and_mask(&format!("{address}/{prefix}"), ""), wanted.clone());
        prop_assert_eq!(address_and_mask(&address.to_string(), &mask), wanted.clone());
        prop_assert_eq!(address_and_mask(&wide(&address.to_string()), &wide(&mask)), wanted);
    }
}
