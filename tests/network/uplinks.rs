//! Several uplinks: one order, and what is usable of it.

use std::{
    net::{Ipv4Addr, SocketAddrV4, TcpStream},
    time::Duration,
};

use gatehouse::domain::network::{nameserver::Nameserver, spec::NetworkSpec, status::NetworkStatus};
use socket2::{Domain, Socket, Type};

use crate::lab::{Engine, Lab, PATIENCE, defaults, listener};

const GATEWAYS: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 20, 0, 1), Ipv4Addr::new(10, 21, 0, 1)];

fn two(order: [&str; 2], more: &str) -> NetworkSpec {
    let [first, second] = order;
    let text = format!(
        r#"
uplink_order = ["{first}", "{second}"]
[ports.lan1]
ipv4 = {{ method = "static", addresses = ["10.20.0.15/24"], gateway = "10.20.0.1" }}
dns = ["10.20.0.1"]
manage = true
[ports.lan2]
ipv4 = {{ method = "static", addresses = ["10.21.0.15/24"], gateway = "10.21.0.1" }}
dns = ["10.21.0.1"]
{more}
"#
    );
    toml::from_str(&text).expect("spec")
}

/// Both networks have their gateway.
fn site() -> Lab {
    let lab = Lab::new();
    lab.site.ip("addr add 10.21.0.1/24 dev site2").expect("ip");
    lab
}

async fn with_two(lab: &Lab) -> Engine {
    let engine = lab.engine().await;
    engine.open(&two(["lan1", "lan2"], "")).await;
    engine.keep().await;
    engine
}

fn used(status: &NetworkStatus) -> Option<&str> {
    status.uplink_in_use.as_ref().map(|u| u.port.as_str())
}

#[test]
fn s10_two_uplinks_swap_their_places() {
    site().run(|lab| async move {
        let engine = with_two(&lab).await;
        assert_eq!(defaults(&engine.status()), [(100, GATEWAYS[0]), (200, GATEWAYS[1])]);
        assert_eq!(engine.status().dns.servers, GATEWAYS.map(Nameserver::from));
        engine.open(&two(["lan2", "lan1"], "")).await;
        engine.keep().await;
        assert_eq!(defaults(&engine.status()), [(100, GATEWAYS[1]), (200, GATEWAYS[0])]);
        assert_eq!(engine.status().dns.servers, [GATEWAYS[1], GATEWAYS[0]].map(Nameserver::from));
        engine.until("used", |s| used(s) == Some("lan2")).await;
    });
}

/// Somebody far away, behind the second gateway, while the default route is the first one.
#[test]
fn s11_a_reply_leaves_by_the_uplink_that_the_request_came_in_by() {
    let lab = site();
    lab.site.ip("addr add 172.16.9.9/32 dev lo").expect("ip");
    // what comes back by the other wire is dropped
    for name in ["all", "site1", "site2"] {
        lab.site.sysctl(&format!("ipv4/conf/{name}/rp_filter"), "1").expect("sysctl");
    }
    lab.run(|lab| async move {
        let engine = with_two(&lab).await;
        assert_eq!(used(&engine.status()), Some("lan1"));
        let listener = listener();
        let port = listener.local_addr().expect("address").port();
        for to in [Ipv4Addr::new(10, 20, 0, 15), Ipv4Addr::new(10, 21, 0, 15)] {
            let connected = lab.site.run(|| connect_from(Ipv4Addr::new(172, 16, 9, 9), SocketAddrV4::new(to, port)));
            connected.expect("ns").unwrap_or_else(|error| panic!("{to}: {error}"));
        }
    });
}

fn connect_from(from: Ipv4Addr, to: SocketAddrV4) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddrV4::new(from, 0).into())?;
    socket.connect_timeout(&to.into(), Duration::from_secs(2))?;
    Ok(socket.into())
}

#[test]
fn s12_a_lost_link_moves_the_box_to_the_next_uplink() {
    site().run(|lab| async move {
        let engine = with_two(&lab).await;
        lab.site.ip("link set site1 down").expect("ip");
        engine.until("moved", |s| used(s) == Some("lan2")).await;
        engine.until("first in the kernel", |s| defaults(s).first() == Some(&(100, GATEWAYS[1]))).await;
        engine.until("its DNS first", |s| s.dns.servers == [GATEWAYS[1], GATEWAYS[0]].map(Nameserver::from)).await;
    });
}

#[test]
fn s12_a_silent_gateway_moves_it_too_and_the_first_uplink_has_to_recover() {
    site().run(|lab| async move {
        let engine = with_two(&lab).await;
        lab.site.ip("addr del 10.20.0.1/24 dev site1").expect("ip");
        engine.until("moved", |s| defaults(s) == [(100, GATEWAYS[1]), (200, GATEWAYS[0])]).await;
        let saved = engine.status().spec.clone();
        assert_eq!(saved, two(["lan1", "lan2"], ""), "what was saved stays as it is");
        assert!(engine.plan(&saved).await.is_empty(), "and is no change");
        lab.site.ip("addr add 10.20.0.1/24 dev site1").expect("ip");
        let began = std::time::Instant::now();
        engine.until("back", |s| defaults(s) == [(100, GATEWAYS[0]), (200, GATEWAYS[1])]).await;
        assert!(began.elapsed() >= Duration::from_secs(10) && began.elapsed() < PATIENCE);
    });
}

#[test]
fn a_port_that_may_not_be_the_default_route_is_never_used_as_one() {
    site().run(|lab| async move {
        let engine = lab.engine().await;
        engine.open(&two(["lan1", "lan2"], "default_route = false")).await;
        engine.keep().await;
        lab.site.ip("link set site1 down").expect("ip");
        engine.until("no uplink", |s| used(s).is_none()).await;
        assert_eq!(defaults(&engine.status()), [(100, GATEWAYS[0])]);
    });
}
