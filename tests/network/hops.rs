//! The layered network test against real wires: each hop broken in turn, and nothing written.

use std::{
    net::{Ipv4Addr, SocketAddrV4, TcpListener},
    time::Instant,
};

use boxes::{Daemon, Ns};
use gatehouse::{
    agent::hops::{self, LONGEST},
    domain::network::hops::{Cause, Detail, Hop, Outcome, Report, Skip},
};

use crate::lab::{Engine, Lab, lan1};

const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 1);
const INTERNET: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);

/// A site whose gateway is the internet, too.
fn site() -> Lab {
    let lab = Lab::new();
    lab.site.ip(&format!("addr add {INTERNET}/32 dev lo")).expect("ip");
    lab
}

/// Serves names, too, and knows that there is no other one.
fn dns(lab: &Lab) -> Daemon {
    lab.site.dnsmasq("site1", "10.20.0.100,10.20.0.150", &["--local=/nowhere.test/"]).expect("dnsmasq")
}

fn serve(ns: &Ns, address: Ipv4Addr, port: u16) -> TcpListener {
    ns.run(move || TcpListener::bind(SocketAddrV4::new(address, port))).expect("namespace").expect("listen")
}

async fn test(engine: &Engine, host: &str) -> Report {
    let host = (!host.is_empty()).then(|| host.parse().expect("host"));
    let started = Instant::now();
    let report = hops::test(&engine.status(), host).await;
    assert!(started.elapsed() < LONGEST, "{:?}", started.elapsed());
    report
}

/// Until the server serves: it is started beside the test.
async fn well(engine: &Engine, host: &str) -> Report {
    for _ in 0..20 {
        let report = test(engine, host).await;
        if report.path.first_broken().is_none() {
            return report;
        }
    }
    panic!("{:#?}", test(engine, host).await)
}

#[track_caller]
fn breaks(report: &Report, at: Hop, cause: &Cause) {
    assert_eq!(report.path.first_broken(), Some((at, cause)), "{report:#?}");
    let behind = report.path.0.iter().filter(|tested| tested.hop > at);
    for tested in behind.filter(|tested| !matches!(tested.hop, Hop::Clock | Hop::Proxy)) {
        assert_eq!(tested.outcome, Outcome::Skipped { why: Skip::BrokenBefore { hop: at } }, "{report:#?}");
    }
}

#[test]
fn a_way_that_works_is_told_hop_by_hop_and_nothing_is_written() {
    site().run(|lab| async move {
        let (_dns, _host) = (dns(&lab), serve(&lab.site, INTERNET, 443));
        let engine = lab.engine().await;
        engine.until("used", |s| s.uplink_in_use.is_some()).await;
        let before = lab.kernel();
        let report = well(&engine, "Internet.Test.").await;
        assert_eq!(lab.kernel(), before);
        assert_eq!(report.uplink, Some("lan1".parse().expect("port")));
        let found = |hop| match report.path.hop(hop) {
            Some(Outcome::Ok { detail }) => Some(detail.clone()),
            _ => None,
        };
        assert_eq!(found(Hop::Address), Some(Detail::Address { net: "10.20.0.15/24".parse().expect("net") }));
        assert!(
            matches!(found(Hop::Gateway), Some(Detail::Gateway { gateway: GATEWAY, millis: 0..500 })),
            "{report:?}"
        );
        assert!(matches!(found(Hop::Dns), Some(Detail::Dns { server: GATEWAY, .. })), "{report:?}");
        assert!(matches!(found(Hop::Host), Some(Detail::Host { millis: 0..500 })), "{report:?}");
        for hop in [Hop::Clock, Hop::Proxy] {
            assert_eq!(report.path.hop(hop), Some(&Outcome::Skipped { why: Skip::NotConfigured }));
        }
        // an address needs no DNS; without a host any answer of the server will do
        let report = test(&engine, "203.0.113.1:443").await;
        assert_eq!(report.path.first_broken(), None);
        assert_eq!(report.path.hop(Hop::Dns), Some(&Outcome::Skipped { why: Skip::NotConfigured }));
        breaks(&test(&engine, "203.0.113.1:444").await, Hop::Host, &Cause::HostRefused);
        breaks(&test(&engine, "internet.test:444").await, Hop::Host, &Cause::HostRefused);
    });
}

#[test]
fn a_silent_gateway() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        engine.until("used", |s| s.uplink_in_use.is_some()).await;
        lab.site.ip("addr del 10.20.0.1/24 dev site1").expect("ip");
        breaks(&test(&engine, "").await, Hop::Gateway, &Cause::GatewaySilent { gateway: GATEWAY });
    });
}

#[test]
fn a_silent_dns_server() {
    let lab = Lab::new();
    // a host that swallows the questions
    lab.site.ip("addr add 10.20.0.53/24 dev site1").expect("ip");
    lab.run(|lab| async move {
        let _mute = lab.site.run(|| std::net::UdpSocket::bind("10.20.0.53:53")).expect("ns").expect("bind");
        let engine = lab.engine().await;
        engine.open(&lan1(&[r#"dns = ["10.20.0.53"]"#])).await;
        engine.keep().await;
        let server = Ipv4Addr::new(10, 20, 0, 53);
        breaks(&test(&engine, "internet.test").await, Hop::Dns, &Cause::DnsTimeout { server });
        breaks(&test(&engine, "").await, Hop::Dns, &Cause::DnsTimeout { server });
    });
}

#[test]
fn a_name_that_nobody_knows() {
    site().run(|lab| async move {
        let (_dns, _host) = (dns(&lab), serve(&lab.site, INTERNET, 443));
        let engine = lab.engine().await;
        engine.until("used", |s| s.uplink_in_use.is_some()).await;
        well(&engine, "internet.test").await;
        let name = "www.nowhere.test".to_owned();
        breaks(&test(&engine, &name).await, Hop::Dns, &Cause::NameUnknown { name });
        let refused = Cause::DnsRefused { server: GATEWAY, rcode: 5 };
        breaks(&test(&engine, "elsewhere.example").await, Hop::Dns, &refused);
    });
}

#[test]
fn no_cable() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        lab.site.ip("link set site1 down").expect("ip");
        engine.until("unplugged", |s| s.uplink_in_use.is_none() && !s.ports[0].has_carrier()).await;
        let report = test(&engine, "internet.test").await;
        breaks(&report, Hop::Link, &Cause::NoCarrier);
        assert_eq!(report.uplink, Some("lan1".parse().expect("port")), "the one that is meant to be the way out");
    });
}

#[test]
fn another_device_has_the_address() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        engine.until("used", |s| s.uplink_in_use.is_some()).await;
        lab.site.ip("addr add 10.20.0.15/24 dev site1").expect("ip");
        let report = test(&engine, "").await;
        let cause = report.path.first_broken().map(|(_, cause)| cause);
        let Some(Cause::AddressConflict { address, .. }) = cause else { panic!("{report:?}") };
        assert_eq!(*address, Ipv4Addr::new(10, 20, 0, 15));
    });
}

/// Two servers, the first of which is not there: each lookup waits for it.
#[test]
fn a_second_dns_server_helps_and_the_first_one_is_named() {
    site().run(|lab| async move {
        let _dns = dns(&lab);
        let engine = lab.engine().await;
        engine.open(&lan1(&[r#"dns = ["10.20.0.99", "10.20.0.1"]"#])).await;
        engine.keep().await;
        let _host = serve(&lab.site, INTERNET, 443);
        let report = well(&engine, "internet.test").await;
        let Some(Outcome::Ok { detail: Detail::Dns { server, failing, .. } }) = report.path.hop(Hop::Dns) else {
            panic!("{report:?}")
        };
        assert_eq!((*server, failing.as_slice()), (GATEWAY, &[Ipv4Addr::new(10, 20, 0, 99)][..]));
    });
}
