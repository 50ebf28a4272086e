//! IPv6: typed addresses, what routers say, and what becomes of both.

use std::{
    net::{Ipv6Addr, SocketAddrV6, TcpListener, TcpStream},
    time::Instant,
};

use gatehouse::{
    agent::network::Origin as Asked,
    domain::network::{
        plan::{Item, Verb},
        status::{Detection, NetworkStatus, Origin},
        transaction::{Actor, Duplicate, Outcome, Why},
    },
};
use socket2::{Domain, Protocol, Socket, Type};

use crate::lab::{Lab, PATIENCE, awaiting, has, lan1, listener, read};

const FIXED: &str = r#"ipv6 = { method = "static", addresses = ["2001:db8:20::15/64"], gateway = "2001:db8:20::1" }"#;
const OFF: &str = r#"ipv6 = { method = "off" }"#;

/// The address that a router's word made on lan1.
fn from_router(status: &NetworkStatus) -> Option<String> {
    let found = status.ports[0].addresses.iter().find(|a| a.origin == Origin::Router);
    found.map(|a| a.net.to_string())
}

/// Metric and gateway of the IPv6 default routes of the main table.
fn defaults(status: &NetworkStatus) -> Vec<(u32, Origin)> {
    let routes = status.ports.iter().flat_map(|p| &p.routes);
    let ipv6 = routes.filter(|r| r.table == 254 && r.destination.to_string() == "::/0");
    ipv6.map(|r| (r.metric, r.origin)).collect()
}

#[test]
fn s13_a_v6_address_that_another_device_has_rolls_back() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let before = lab.ipv6();
        lab.site.ip("addr add 2001:db8:20::15/64 dev site1 nodad").expect("ip");
        let open = engine.apply(&lan1(&[FIXED]), 90_000).await.expect("accepted");
        let taken =
            Duplicate { port: "lan1".parse().expect("port"), address: "2001:db8:20::15".parse().expect("address") };
        let reason = Why::Duplicate(taken);
        assert_eq!(engine.ended(open.tx).await, Outcome::RolledBack { tx: open.tx, reason });
        assert_eq!(lab.ipv6(), before);
    });
}

#[test]
fn a_typed_v6_address_comes_with_its_gateway_and_goes_without_a_trace() {
    Lab::new().run(|lab| async move {
        lab.site.ip("addr add 2001:db8:20::1/64 dev site1 nodad").expect("ip");
        let engine = lab.engine().await;
        let (before, ipv4) = (lab.ipv6(), lab.kernel());
        let plan = engine.plan(&lan1(&[FIXED])).await;
        let adds = plan.changes.iter().filter(|c| c.verb == Verb::Adds).map(|c| c.what.clone()).collect::<Vec<_>>();
        assert!(matches!(&adds[..], [Item::Address { .. }, Item::DefaultRoute { place: 1, .. }]), "{adds:?}");
        engine.open(&lan1(&[FIXED])).await;
        let status = engine.status();
        assert!(has(&status, "lan1", "2001:db8:20::15/64"));
        // the kernel's word that nobody else has it comes as an event
        engine.until("unique", |s| s.ports[0].addresses.iter().all(|a| a.duplicates == Detection::Unique)).await;
        assert!(lab.ipv6().contains("from 2001:db8:20::15 lookup 17664 proto 69"), "{}", lab.ipv6());
        assert!(lab.ipv6().contains("default via 2001:db8:20::1 dev lan1 proto 69 metric 100"), "{}", lab.ipv6());
        engine.keep().await;
        assert_eq!(lab.kernel(), ipv4, "IPv4 is not touched");
        let pages = TcpListener::bind("[2001:db8:20::15]:0").expect("bind");
        let address = pages.local_addr().expect("address");
        lab.site.run(|| TcpStream::connect_timeout(&address, PATIENCE)).expect("ns").expect("answers");
        engine.open(&lan1(&[])).await;
        engine.keep().await;
        assert_eq!(lab.ipv6(), before);
        assert_eq!(engine.status().drift, 0);
    });
}

/// The kernel has an IPv6 address once: another prefix takes the place of the old one.
#[test]
fn a_new_prefix_of_the_same_v6_address_and_back() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        engine.open(&lan1(&[FIXED])).await;
        engine.keep().await;
        let before = lab.ipv6();
        let wider = lan1(&[
            r#"ipv6 = { method = "static", addresses = ["2001:db8:20::15/48"], gateway = "2001:db8:20:1::1" }"#,
        ]);
        let open = engine.open(&wider).await;
        assert!(
            has(&engine.status(), "lan1", "2001:db8:20::15/48") && !has(&engine.status(), "lan1", "2001:db8:20::15/64")
        );
        let by = Actor::Console;
        let outcome = engine.network.go_back(by.clone()).await.expect("back");
        assert_eq!(outcome, Outcome::RolledBack { tx: open.tx, reason: Why::Asked { by } });
        assert_eq!(lab.ipv6(), before);
        engine.open(&wider).await;
        engine.keep().await;
        assert!(lab.ipv6().contains("default via 2001:db8:20:1::1 dev lan1 proto 69 metric 100"), "{}", lab.ipv6());
        assert_eq!(engine.status().drift, 0);
    });
}

/// The pages answer over IPv4 only; a change of IPv6 alone is kept over them all the same.
#[test]
fn a_change_of_v6_alone_is_kept_over_a_new_connection() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let open = engine.open(&lan1(&[FIXED])).await;
        let kept = lab.connect(&listener(), [10, 20, 0, 15]);
        let outcome = engine.confirm(&open.token, Asked::Browser(kept.connection)).await;
        assert_eq!(outcome, Ok(Outcome::Committed { tx: open.tx }));
        assert!(read(&lab.file("network.toml")).contains("2001:db8:20::15/64"));
    });
}

#[test]
fn a_router_gives_an_address_a_default_route_and_a_dns_server_until_v6_is_off() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let _router = lab.ipv6_router();
        engine.open(&lan1(&["dns = []"])).await;
        engine.keep().await;
        engine.until("an address", |s| from_router(s).is_some_and(|net| net.starts_with("2001:db8:20:"))).await;
        // the place in the order of the uplinks is the router's, too
        engine.until("a default route", |s| defaults(s) == [(100, Origin::Router)]).await;
        engine.until("a DNS server", |s| s.dns.servers.iter().any(|d| d.to_string() == "2001:db8:20::53")).await;
        assert!(read(&lab.file("resolv.conf")).ends_with("nameserver 2001:db8:20::53\n"));
        assert_eq!(engine.status().drift, 0);

        // what a person typed counts more
        engine.open(&lan1(&[])).await;
        engine.keep().await;
        assert!(read(&lab.file("resolv.conf")).ends_with("nameserver 10.20.0.1\n"));

        let open = engine.open(&lan1(&["dns = []", OFF])).await;
        assert!(from_router(&engine.status()).is_some(), "what routers gave stays until the change is kept");
        engine.network.go_back(Actor::Console).await.expect("back");
        assert!(matches!(engine.ended(open.tx).await, Outcome::RolledBack { .. }));
        engine.until("the default route again", |s| defaults(s) == [(100, Origin::Router)]).await;

        engine.open(&lan1(&["dns = []", OFF])).await;
        engine.keep().await;
        engine.until("no address", |s| from_router(s).is_none() && defaults(s).is_empty()).await;
        assert!(!read(&lab.file("resolv.conf")).contains("nameserver"));
        advertise(&lab, &[0x53], 600);
        assert!(!lab.ipv6().contains("2001:db8"), "{}", lab.ipv6());
    });
}

#[test]
fn a_port_that_may_not_be_the_default_route_takes_none_from_a_router() {
    Lab::new().run(|lab| async move {
        let _router = lab.ipv6_router();
        let engine = lab.engine().await;
        engine.until("a default route", |s| !defaults(s).is_empty()).await;
        engine.open(&lan1(&["default_route = false"])).await;
        engine.keep().await;
        engine.until("none", |s| defaults(s).is_empty()).await;
        assert!(from_router(&engine.status()).is_some());
        engine.open(&lan1(&[])).await;
        engine.keep().await;
        engine.until("one again", |s| defaults(s) == [(100, Origin::Router)]).await;
    });
}

/// Also after the agent was started anew: the kernel remembers addresses and routes, but no DNS servers.
#[test]
fn a_restarted_agent_asks_the_routers_for_dns_servers() {
    Lab::new().run(|lab| async move {
        let _router = lab.ipv6_router();
        let named = |s: &NetworkStatus| s.dns.servers.iter().any(|d| d.to_string() == "2001:db8:20::53");
        let engine = lab.engine().await;
        engine.open(&lan1(&["dns = []"])).await;
        engine.keep().await;
        engine.until("a DNS server", named).await;
        engine.crash().await;
        let engine = lab.engine().await;
        engine.until("the DNS server again", named).await;
    });
}

#[test]
fn a_dns_server_is_asked_for_as_long_as_a_router_said_and_over_its_port_if_it_is_link_local() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        engine.open(&lan1(&["dns = []"])).await;
        engine.keep().await;
        let servers = |s: &NetworkStatus| s.dns.servers.iter().map(ToString::to_string).collect::<Vec<_>>();
        advertise(&lab, &[0x53, 0x54], 600);
        engine.until("both", |s| servers(s) == ["2001:db8:20::53", "2001:db8:20::54"]).await;
        advertise(&lab, &[0x54], 0);
        engine.until("one was taken back", |s| servers(s) == ["2001:db8:20::53"]).await;
        advertise_servers(
            &lab,
            &["fe80::53", "ff02::1", "::1", "::ffff:10.20.0.1"].map(|s| s.parse().expect("address")),
            1,
        );
        engine.until("the one that can be asked", |s| servers(s) == ["2001:db8:20::53", "fe80::53%lan1"]).await;
        assert!(read(&lab.file("resolv.conf")).contains("nameserver fe80::53%lan1\n"));
        engine.until("its second is over", |s| servers(s) == ["2001:db8:20::53"]).await;
    });
}

/// In the window of a change, too, and without taking it back.
#[test]
fn a_router_that_speaks_in_the_window_is_heard() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        engine.open(&lan1(&["dns = []"])).await;
        advertise(&lab, &[0x53], 600);
        engine.until("a DNS server", |s| s.dns.servers.len() == 1).await;
        assert!(awaiting(&engine.status()).is_some());
        engine.keep().await;
        assert_eq!(engine.status().dns.servers.len(), 1);
    });
}

#[test]
fn s42_a_port_that_somebody_took_down_is_up_again_with_its_v6() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        engine.open(&lan1(&[FIXED])).await;
        engine.keep().await;
        let kernel = lab.ipv6();
        lab.box_ns.ip("link set lan1 down").expect("ip");
        assert!(lab.ipv6().contains("2001:db8:20::15/64"), "keep_addr_on_down: {}", lab.ipv6());
        engine.until("all as it was", |_| lab.ipv6() == kernel).await;
        assert_eq!(engine.status().drift, 0);
    });
}

/// One router advertisement on the site's side of lan1 that names DNS servers `2001:db8:20::XX`.
fn advertise(lab: &Lab, last: &[u16], lifetime: u32) {
    let servers = last.iter().map(|last| Ipv6Addr::new(0x2001, 0xdb8, 0x20, 0, 0, 0, 0, *last)).collect::<Vec<_>>();
    advertise_servers(lab, &servers, lifetime);
}

fn advertise_servers(lab: &Lab, servers: &[Ipv6Addr], lifetime: u32) {
    // RFC 4861, section 4.2: no router for the default route, only its options
    let mut packet = vec![134, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    packet.extend([25, u8::try_from(1 + 2 * servers.len()).expect("length"), 0, 0]);
    packet.extend(lifetime.to_be_bytes());
    packet.extend(servers.iter().flat_map(Ipv6Addr::octets));
    let send = || -> std::io::Result<()> {
        let socket = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6))?;
        socket.bind_device(Some(b"site1"))?;
        socket.set_multicast_hops_v6(255)?;
        let everybody = SocketAddrV6::new(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1), 0, 0, 0);
        socket.send_to(&packet, &everybody.into()).map(drop)
    };
    // its own address may still be checked for duplicates
    let end = Instant::now() + PATIENCE;
    while let Err(error) = lab.site.run(send).expect("ns") {
        assert!(Instant::now() < end, "{error}");
        std::thread::yield_now();
    }
}
