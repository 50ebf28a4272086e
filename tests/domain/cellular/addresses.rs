//! What the mobile network gives is checked, or it does not get through.

use std::net::IpAddr;

use domain::{
    cellular::{
        bearer::{Link, is_interface, link},
        cause::Cause,
        modem::{Bearer, IpConfig, Method},
        spec::CellularSpec,
    },
    name::PortName,
    network::{
        spec::{Ipv4Spec, Ipv6Spec},
        validate::port_alone,
    },
};
use proptest::{collection::vec, option, prelude::*};

use super::world::{bearer, spec};

fn ipv4(address: &str, prefix: u32, gateway: &str) -> Bearer {
    let mut bearer = bearer(1);
    let gateway = Some(gateway.to_owned()).filter(|gateway| !gateway.is_empty());
    bearer.ipv4 = Some(IpConfig {
        method: Method::Static,
        address: Some(address.to_owned()),
        prefix: Some(prefix),
        gateway,
        ..IpConfig::default()
    });
    bearer
}

fn addressed(bearer: &Bearer) -> Option<(String, String)> {
    match link(bearer, &spec()).ok()?.port.ipv4 {
        Ipv4Spec::Static { addresses, gateway: Some(gateway) } => Some((addresses[0].to_string(), gateway.to_string())),
        Ipv4Spec::Static { .. } | Ipv4Spec::Dhcp | Ipv4Spec::Off => None,
    }
}

#[test]
fn a_static_bearer_is_a_port_with_a_gateway() {
    let Link { interface, port } = link(&bearer(1), &spec()).expect("fit");
    assert_eq!(interface, "wwan0");
    assert_eq!(addressed(&bearer(1)), Some(("10.64.12.34/30".to_owned(), "10.64.12.33".to_owned())));
    assert_eq!(port.dns, ["10.64.12.33", "223.5.5.5"].map(|ip| ip.parse::<IpAddr>().expect("address")));
    assert_eq!((port.mtu, port.manage, port.default_route), (Some(1400), false, true));
    let own = CellularSpec { mtu: Some(1300), ..spec() };
    assert_eq!(link(&bearer(1), &own).expect("fit").port.mtu, Some(1300));
}

#[test]
fn the_network_is_no_wider_than_the_two_of_us() {
    for (address, prefix, gateway, expected) in [
        ("10.1.2.3", 8, "10.1.2.1", Some(("10.1.2.3/29", "10.1.2.1"))),
        ("10.1.2.3", 8, "10.1.2.4", Some(("10.1.2.3/29", "10.1.2.4"))),
        ("10.1.2.3", 30, "10.1.2.3", Some(("10.1.2.3/29", "10.1.2.2"))),
        // raw IP: no gateway, and a /32
        ("100.70.1.2", 32, "", Some(("100.70.1.2/30", "100.70.1.1"))),
        ("100.70.1.0", 32, "0.0.0.0", Some(("100.70.1.0/23", "100.70.0.255"))),
        // one that is nowhere near
        ("10.1.2.3", 24, "192.0.2.1", Some(("10.1.2.3/29", "10.1.2.2"))),
        ("127.0.0.1", 8, "", None),
        ("169.254.3.4", 16, "", None),
        ("224.0.0.5", 24, "", None),
        ("0.0.0.0", 0, "", None),
        ("10.1.2", 24, "", None),
    ] {
        let found = addressed(&ipv4(address, prefix, gateway));
        let found = found.as_ref().map(|(net, gateway)| (net.as_str(), gateway.as_str()));
        assert_eq!(found, expected, "{address}/{prefix} by {gateway:?}");
    }
}

#[test]
fn dhcp_ppp_and_ipv6() {
    let with = |ipv4: Option<IpConfig>, ipv6: Option<IpConfig>| link(&Bearer { ipv4, ipv6, ..bearer(1) }, &spec());
    let method = |method| Some(IpConfig { method, ..IpConfig::default() });
    assert_eq!(with(method(Method::Dhcp), None).expect("fit").port.ipv4, Ipv4Spec::Dhcp);
    assert_eq!(with(method(Method::Ppp), None), Err(Cause::NeedsPpp));
    assert_eq!(with(None, None), Err(Cause::NoAddress));
    let ipv6 = |address: &str, gateway: &str| {
        let mut config = method(Method::Static).expect("some");
        (config.address, config.prefix, config.gateway) =
            (Some(address.to_owned()), Some(64), Some(gateway.to_owned()));
        with(None, Some(config)).map(|link| link.port.ipv6())
    };
    assert_eq!(ipv6("fe80::1", ""), Ok(Ipv6Spec::Auto));
    let Ok(Ipv6Spec::Static { addresses, gateway }) = ipv6("2001:db8::2", "fe80::1") else { panic!() };
    assert_eq!((addresses.len(), gateway), (1, "fe80::1".parse().ok()));
    assert_eq!(ipv6("ff02::1", ""), Err(Cause::NoAddress));
    // raw IP has no neighbours, and so no gateway that is told; there is a way out all the same
    for gateway in ["", "2001:db8:1::1", "ff02::2", "2001:db8::2", "x"] {
        let Ok(Ipv6Spec::Static { gateway: found, .. }) = ipv6("2001:db8::2", gateway) else { panic!("{gateway}") };
        assert_eq!(found, "fe80::1".parse().ok(), "{gateway}");
    }
}

#[test]
fn an_interface_has_a_name_that_the_kernel_could_have_given() {
    for (name, fits) in [
        ("wwan0", true),
        ("qmapmux0.0", true),
        ("", false),
        ("lo", false),
        ("..", false),
        ("../../etc", false),
        ("a b", false),
        ("a:b", false),
        ("sixteen-letters-", false),
    ] {
        assert_eq!(is_interface(name), fits, "{name:?}");
    }
}

fn config() -> impl Strategy<Value = IpConfig> {
    let method = prop_oneof![Just(Method::Static), Just(Method::Dhcp), Just(Method::Unknown)];
    let address = || {
        prop_oneof![
            any::<[u8; 4]>().prop_map(|o| std::net::Ipv4Addr::from(o).to_string()),
            any::<[u16; 8]>().prop_map(|o| std::net::Ipv6Addr::from(o).to_string()),
            ".{0,12}"
        ]
    };
    (
        method,
        option::of(address()),
        option::of(0..200_u32),
        option::of(address()),
        vec(address(), 0..6),
        option::of(any::<u32>()),
    )
        .prop_map(|(method, address, prefix, gateway, dns, mtu)| IpConfig {
            method,
            address,
            prefix,
            gateway,
            dns,
            mtu,
        })
}

proptest! {
    /// Whatever a network says, what gets through is a port that a person could have typed.
    #[test]
    fn what_gets_through_is_valid(v4 in option::of(config()), v6 in option::of(config()), name in ".{0,18}", small in any::<bool>()) {
        let bearer = Bearer { ipv4: v4, ipv6: v6, interface: Some(name), ..bearer(1) };
        let wanted = CellularSpec { mtu: small.then_some(600), ..spec() };
        if let Ok(Link { interface, port }) = link(&bearer, &wanted) {
            prop_assert!(is_interface(&interface));
            let issues = port_alone(&"sim".parse::<PortName>().expect("name"), &port);
            prop_assert_eq!(issues, vec![]);
        }
    }
}
