//! The SIM slot as an uplink: what a connection gave goes into the kernel, takes its turn among the wired ports, and goes with it.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use boxes::Ns;
use gatehouse::{
    agent::network::Dialled,
    domain::{
        cellular::{
            bearer::{Link, link},
            modem::{Bearer, IpConfig, Method},
            spec::CellularSpec,
        },
        fault::Fault,
        network::{
            issue::Rule,
            spec::{Ipv4Spec, Ipv6Spec, PortSpec},
            status::NetworkStatus,
        },
    },
};

use crate::lab::{BOARD, Engine, Lab, defaults, has, lan1, moved};

const LAN1: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 1);
const OPERATOR: Ipv4Addr = Ipv4Addr::new(10, 64, 0, 1);

/// A modem's interface with an operator behind it.
struct Tower {
    lab: Lab,
    _operator: Ns,
}

fn tower() -> Tower {
    let (lab, operator) = (Lab::new(), Ns::new().expect("root"));
    lab.box_ns.veth("wwan0", &operator, "tower").expect("veth");
    operator.ip("addr add 10.64.0.1/24 dev tower").expect("ip");
    Tower { lab, _operator: operator }
}

/// Two wired uplinks and a slot.
async fn engine(lab: &Lab) -> Engine {
    let slot = "[[port]]\nname = \"sim\"\nlabel = \"SIM\"\nrole = \"sim\"\ndevice = { modem = \"any\" }\n[factory]";
    lab.engine_of(&BOARD.replace("[factory]", slot), None).await
}

fn given() -> PortSpec {
    PortSpec {
        ipv4: Ipv4Spec::Static { addresses: vec!["10.64.0.2/30".parse().expect("net")], gateway: Some(OPERATOR) },
        ipv6: Some(Ipv6Spec::Off),
        dns: vec![OPERATOR.into()],
        mtu: Some(1430),
        ..PortSpec::default()
    }
}

fn connected(port: PortSpec) -> Dialled {
    Dialled { interface: Some("wwan0".into()), port: Some(port) }
}

fn ended() -> Dialled {
    Dialled { interface: Some("wwan0".into()), port: None }
}

async fn dial(engine: &Engine, dialled: Dialled) -> Result<(), Vec<Rule>> {
    let told = engine.network.dial("sim".parse().expect("name"), dialled).await.expect("the task answers");
    told.map_err(|issues| issues.into_iter().map(|issue| issue.rule).collect())
}

fn used(status: &NetworkStatus) -> Option<&str> {
    status.uplink_in_use.as_ref().map(|u| u.port.as_str())
}

fn shown(lab: &Lab, args: &[&str]) -> String {
    String::from_utf8_lossy(&lab.box_ns.command("ip").args(args).output().expect("ip").stdout).into_owned()
}

#[test]
fn what_a_connection_gave_is_an_uplink_after_the_wired_ones_and_goes_with_it() {
    let Tower { lab, _operator } = tower();
    lab.run(|lab| async move {
        let engine = engine(&lab).await;
        engine.until("wired", |s| used(s) == Some("lan1")).await;
        let before = lab.kernel();
        dial(&engine, connected(given())).await.expect("fits");
        engine.until("there", |s| has(s, "sim", "10.64.0.2/30")).await;
        let status = engine.status();
        assert_eq!(defaults(&status), [(100, LAN1), (300, OPERATOR)], "behind both ports");
        assert_eq!(used(&status), Some("lan1"));
        assert!(shown(&lab, &["link", "show", "wwan0"]).contains("mtu 1430"));
        assert!(shown(&lab, &["rule"]).contains("from 10.64.0.2"), "its replies leave by it");
        let dns = status.dns.servers.iter().map(|s| s.address.to_string()).collect::<Vec<_>>();
        assert_eq!(dns, ["10.20.0.1", "10.64.0.1"]);
        // nothing is said twice
        dial(&engine, connected(given())).await.expect("fits");
        dial(&engine, ended()).await.expect("gone");
        engine.until("gone", |s| !has(s, "sim", "10.64.0.2/30")).await;
        assert_eq!(lab.kernel().replace("wwan0", ""), before.replace("wwan0", ""), "nothing is left of it");
        assert!(shown(&lab, &["link", "show", "wwan0"]).contains("mtu 1500"));
    });
}

#[test]
fn a_cable_that_is_pulled_out_makes_way_for_cellular_and_one_that_is_back_takes_over_again() {
    let Tower { lab, _operator } = tower();
    lab.run(|lab| async move {
        let engine = engine(&lab).await;
        dial(&engine, connected(given())).await.expect("fits");
        engine.until("wired", |s| used(s) == Some("lan1")).await;
        lab.site.ip("link set site1 down").expect("ip");
        let pulled = Instant::now();
        engine.until("cellular", |s| used(s) == Some("sim")).await;
        let over = pulled.elapsed();
        lab.site.ip("link set site1 up").expect("ip");
        let plugged = Instant::now();
        engine.until("wired again", |s| used(s) == Some("lan1")).await;
        let back = plugged.elapsed();
        eprintln!("to cellular after {} ms, and back after {} ms", over.as_millis(), back.as_millis());
        assert!(back >= Duration::from_secs(5), "a cable with a bad contact is not used at once: {back:?}");
        // the connection ends while nothing else is there
        lab.site.ip("link set site1 down").expect("ip");
        engine.until("cellular", |s| used(s) == Some("sim")).await;
        dial(&engine, ended()).await.expect("gone");
        engine.until("nothing", |s| used(s).is_none()).await;
    });
}

#[test]
fn a_modem_that_is_asked_by_dhcp_gives_its_addresses_so() {
    let Tower { lab, _operator: operator } = tower();
    let more = ["--dhcp-option=3,10.64.0.1", "--dhcp-option=6,10.64.0.1"];
    let _server = operator.dnsmasq("tower", "10.64.0.100,10.64.0.150", &more).expect("dnsmasq");
    lab.run(|lab| async move {
        let engine = engine(&lab).await;
        let port = PortSpec { ipv4: Ipv4Spec::Dhcp, ipv6: Some(Ipv6Spec::Off), ..PortSpec::default() };
        dial(&engine, connected(port)).await.expect("fits");
        engine.until("leased", |s| defaults(s).contains(&(300, OPERATOR))).await;
        dial(&engine, ended()).await.expect("gone");
        engine.until("given back", |s| !defaults(s).iter().any(|(_, gateway)| *gateway == OPERATOR)).await;
        assert!(!shown(&lab, &["addr", "show", "wwan0"]).contains("10.64.0."));
    });
}

#[test]
fn ipv6_of_the_mobile_network_is_used_beside_ipv4() {
    let Tower { lab, _operator } = tower();
    lab.run(|lab| async move {
        let engine = engine(&lab).await;
        let addresses = vec!["2001:db8:64::2/64".parse().expect("net")];
        let ipv6 = Some(Ipv6Spec::Static { addresses, gateway: Some("2001:db8:64::1".parse().expect("ip")) });
        dial(&engine, connected(PortSpec { ipv6, ..given() })).await.expect("fits");
        engine.until("there", |s| has(s, "sim", "2001:db8:64::2/64") && has(s, "sim", "10.64.0.2/30")).await;
        assert!(shown(&lab, &["-6", "route"]).contains("default via 2001:db8:64::1 dev wwan0"));
        dial(&engine, ended()).await.expect("gone");
        engine.until("gone", |s| !has(s, "sim", "2001:db8:64::2/64")).await;
    });
}

#[test]
fn addresses_of_the_boxs_own_networks_are_not_taken_from_a_mobile_network() {
    let Tower { lab, _operator } = tower();
    lab.run(|lab| async move {
        let engine = engine(&lab).await;
        let before = lab.kernel();
        for (net, gateway) in [("10.20.0.9/30", "10.20.0.10"), ("192.168.100.9/30", "192.168.100.10")] {
            let addresses = vec![net.parse().expect("net")];
            let ipv4 = Ipv4Spec::Static { addresses, gateway: Some(gateway.parse().expect("ip")) };
            let refused = dial(&engine, connected(PortSpec { ipv4, ..given() })).await;
            assert!(refused.as_ref().is_err_and(|rules| !rules.is_empty()), "{net}: {refused:?}");
            assert!(!lab.kernel().contains(net), "{net}");
        }
        dial(&engine, ended()).await.expect("gone");
        assert_eq!(lab.kernel().replace("wwan0", ""), before.replace("wwan0", ""));
    });
}

#[test]
fn a_wired_port_does_not_take_the_range_of_a_mobile_network_that_is_there() {
    let Tower { lab, _operator } = tower();
    lab.run(|lab| async move {
        let engine = engine(&lab).await;
        dial(&engine, connected(given())).await.expect("fits");
        engine.until("there", |s| has(s, "sim", "10.64.0.2/30")).await;
        let before = lab.kernel();
        let mut spec = lan1(&[]);
        let wired = spec.ports.get_mut("lan1").expect("lan1");
        let addresses = vec!["10.64.0.9/24".parse().expect("net")];
        wired.ipv4 = Ipv4Spec::Static { addresses, gateway: Some(Ipv4Addr::new(10, 64, 0, 254)) };
        let refused = engine.apply(&spec, 90_000).await;
        let Err(Fault::Invalid { issues }) = refused.map(|open| open.tx) else { panic!("two of one range") };
        assert!(issues.iter().any(|issue| matches!(issue.rule, Rule::Overlaps { .. })), "{issues:?}");
        assert_eq!(lab.kernel(), before);
    });
}

#[test]
fn several_dns_servers_are_each_asked_and_raw_ip_without_a_gateway_leads_out() {
    let Tower { lab, _operator } = tower();
    lab.run(|lab| async move {
        let engine = engine(&lab).await;
        let bearer = Bearer {
            number: 1,
            connected: true,
            interface: Some("wwan0".into()),
            ipv4: Some(config("10.64.0.2", 30, &["10.64.0.53", "10.64.0.54", "10.64.0.53", "127.0.0.1", "x"])),
            ipv6: Some(config("2001:db8:64::2", 64, &["2001:db8:64::53"])),
            ..Bearer::default()
        };
        let Link { interface, port } = link(&bearer, &CellularSpec::default()).expect("fits");
        dial(&engine, Dialled { interface: Some(interface), port: Some(port) }).await.expect("fits");
        engine.until("there", |s| has(s, "sim", "10.64.0.2/30") && has(s, "sim", "2001:db8:64::2/64")).await;
        let servers = engine.status().dns.servers.iter().map(|s| s.address.to_string()).collect::<Vec<_>>();
        assert_eq!(servers, ["10.20.0.1", "10.64.0.53", "10.64.0.54", "2001:db8:64::53"]);
        assert!(shown(&lab, &["-4", "route"]).contains("default via 10.64.0.1 dev wwan0"));
        assert!(shown(&lab, &["-6", "route"]).contains("default via fe80::1 dev wwan0"));
    });
}

fn config(address: &str, prefix: u32, dns: &[&str]) -> IpConfig {
    let dns = dns.iter().map(ToString::to_string).collect();
    IpConfig { method: Method::Static, address: Some(address.into()), prefix: Some(prefix), dns, ..IpConfig::default() }
}

#[test]
fn a_connection_may_come_back_on_another_interface() {
    let Tower { lab, _operator: operator } = tower();
    lab.box_ns.veth("wwan1", &operator, "tower1").expect("veth");
    lab.run(|lab| async move {
        let engine = engine(&lab).await;
        dial(&engine, connected(given())).await.expect("fits");
        engine.until("there", |s| has(s, "sim", "10.64.0.2/30")).await;
        for (now, before, told_between) in [("wwan1", "wwan0", true), ("wwan0", "wwan1", false)] {
            if told_between {
                dial(&engine, ended()).await.expect("gone");
            }
            dial(&engine, Dialled { interface: Some(now.into()), port: Some(given()) }).await.expect("fits");
            let is_at = |interface: &str| shown(&lab, &["addr", "show", interface]).contains("10.64.0.2/30");
            engine.until("there", |s| has(s, "sim", "10.64.0.2/30") && is_at(now) && !is_at(before)).await;
        }
    });
}

#[test]
fn after_a_crash_nothing_of_an_old_connection_stays() {
    let Tower { lab, _operator } = tower();
    lab.run(|lab| async move {
        let first = engine(&lab).await;
        dial(&first, connected(given())).await.expect("fits");
        first.until("there", |s| has(s, "sim", "10.64.0.2/30")).await;
        first.crash().await;
        let second = engine(&lab).await;
        assert!(shown(&lab, &["addr", "show", "wwan0"]).contains("10.64.0.2"), "nobody has said yet whose it is");
        dial(&second, ended()).await.expect("gone");
        second.until("gone", |s| !has(s, "sim", "10.64.0.2/30")).await;
        assert!(!shown(&lab, &["route", "show", "table", "all"]).contains("10.64.0."));
        assert!(!shown(&lab, &["rule"]).contains("10.64.0."));
    });
}

#[test]
fn a_change_of_a_wired_port_leaves_the_connection_alone() {
    let Tower { lab, _operator } = tower();
    lab.run(|lab| async move {
        let engine = engine(&lab).await;
        dial(&engine, connected(given())).await.expect("fits");
        engine.open(&moved()).await;
        assert!(has(&engine.status(), "sim", "10.64.0.2/30"));
        // and may end in the middle of it
        dial(&engine, ended()).await.expect("gone");
        engine.keep().await;
        engine.until("gone", |s| !has(s, "sim", "10.64.0.2/30")).await;
        dial(&engine, connected(given())).await.expect("fits");
        engine.until("there", |s| has(s, "sim", "10.64.0.2/30")).await;
    });
}

#[test]
fn a_person_decides_its_place_and_no_address() {
    let Tower { lab, _operator } = tower();
    lab.run(|lab| async move {
        let engine = engine(&lab).await;
        dial(&engine, connected(given())).await.expect("fits");
        let mut spec = lan1(&[]);
        spec.ports.insert("sim".parse().expect("name"), given());
        let refused = engine.apply(&spec, 90_000).await;
        let Err(Fault::Invalid { issues }) = refused.map(|open| open.tx) else { panic!("typed addresses") };
        assert!(issues.iter().any(|issue| issue.rule == Rule::ByMobileNetwork), "{issues:?}");
        let mut first = lan1(&[]);
        first.uplink_order = ["sim", "lan1", "lan2"].map(|name| name.parse().expect("name")).to_vec();
        engine.open(&first).await;
        engine.keep().await;
        engine.until("first of all", |s| defaults(s).first() == Some(&(100, OPERATOR))).await;
        engine.until("used", |s| used(s) == Some("sim")).await;
    });
}
