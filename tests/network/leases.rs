//! A lease in use: a person renews it and gives it back, and another device takes its address.

use std::net::Ipv4Addr;

use gatehouse::{
    agent::{
        arp::{from_frame, to_frame},
        network::LeaseWish,
    },
    domain::{
        box_file::Mac,
        dhcp::client::{Problem, StateName},
        fault::Fault,
        name::PortName,
        network::{acd::ArpPacket, status::NetworkStatus},
    },
};

use crate::{
    dhcp::{by_dhcp, state},
    dhcp_server::{Script, Server},
    lab::{Engine, Lab, PATIENCE, defaults, has},
};

fn port() -> PortName {
    "lan1".parse().expect("name")
}

async fn leased(lab: &Lab) -> Engine {
    let engine = lab.engine().await;
    engine.open(&by_dhcp()).await;
    engine.keep().await;
    engine.until("bound", |s| state(s) == Some(StateName::Bound)).await;
    engine
}

fn problem(status: &NetworkStatus) -> Option<Problem> {
    status.dhcp.get(&port()).and_then(|dhcp| dhcp.view.problem.clone())
}

#[test]
fn a_person_renews_a_lease_before_it_is_due() {
    let lab = Lab::new();
    let server = Server::start(&lab, Script::giving("10.20.0.77"));
    lab.run(|lab| async move {
        let engine = leased(&lab).await;
        let obtained = |s: &NetworkStatus| s.dhcp[&port()].view.lease.as_ref().map(|l| l.obtained);
        let before = obtained(&engine.status());
        // whoever asks right after the last question is not heard
        tokio::time::timeout(PATIENCE, async {
            while obtained(&engine.status()) == before {
                engine.network.lease(port(), LeaseWish::Renew).await.expect("renew");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        })
        .await
        .expect("renewed");
        assert_eq!((server.seen("discover"), server.seen("release")), (1, 0));
        assert!(has(&engine.status(), "lan1", "10.20.0.77/24"));
    });
}

#[test]
fn a_lease_that_is_given_back_stays_away_until_it_is_asked_for() {
    let lab = Lab::new();
    let server = Server::start(&lab, Script::giving("10.20.0.77"));
    lab.run(|lab| async move {
        let engine = leased(&lab).await;
        let by = Some([10, 20, 0, 77].into());
        let refused = engine.network.lease(port(), LeaseWish::Release { unless_at: by }).await;
        assert_eq!(refused, Err(Fault::CutsOff { address: [10, 20, 0, 77].into() }));
        let elsewhere = Some([192, 168, 100, 198].into());
        engine.network.lease(port(), LeaseWish::Release { unless_at: elsewhere }).await.expect("release");
        engine.until("released", |s| state(s) == Some(StateName::Released) && !has(s, "lan1", "10.20.0.77/24")).await;
        engine.until("told", |_| server.seen("release") == 1).await;
        assert!(defaults(&engine.status()).is_empty() && engine.status().dns.servers.is_empty());
        lab.site.ip("link set site1 down").expect("ip");
        engine.until("no link", |s| !s.ports[0].has_carrier()).await;
        assert_eq!(engine.network.lease(port(), LeaseWish::Renew).await, Err(Fault::NoLink));
        lab.site.ip("link set site1 up").expect("ip");
        engine.until("a link", |s| s.ports[0].has_carrier()).await;
        assert_eq!(state(&engine.status()), Some(StateName::Released), "a cable is no wish");
        engine.network.lease(port(), LeaseWish::Renew).await.expect("renew");
        engine.until("a lease", |s| has(s, "lan1", "10.20.0.77/24")).await;
        let typed = engine.network.lease("lan2".parse().expect("name"), LeaseWish::Renew).await;
        assert_eq!(typed, Err(Fault::NotByDhcp));
    });
}

#[test]
fn while_a_change_is_open_its_lease_stays() {
    let lab = Lab::new();
    let _server = Server::start(&lab, Script::giving("10.20.0.77"));
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        engine.open(&by_dhcp()).await;
        let refused = engine.network.lease(port(), LeaseWish::Release { unless_at: None }).await;
        assert!(matches!(refused, Err(Fault::Busy { .. })), "{refused:?}");
        assert!(has(&engine.status(), "lan1", "10.20.0.77/24"));
    });
}

/// RFC 5227, section 2.4, case b, and RFC 2131, section 4.4.1.
#[test]
fn a_leased_address_is_defended_once_and_declined_when_the_other_device_stays() {
    let lab = Lab::new();
    let server = Server::start(&lab, Script::giving("10.20.0.77"));
    lab.run(|lab| async move {
        let engine = leased(&lab).await;
        let wire = lab.arp_socket();
        let (stranger, address) = (Mac([2, 0, 0, 0, 9, 9]), Ipv4Addr::new(10, 20, 0, 77));
        let claim = to_frame(&ArpPacket::announcement(stranger, address));
        wire.send(&claim).expect("send");
        engine.until("seen", |s| !s.conflicts.is_empty()).await;
        assert_eq!(engine.status().conflicts[0].with, stranger);
        let ours = engine.status().ports[0].link.as_ref().and_then(|l| l.mac).expect("a hardware address");
        let defence = ArpPacket::announcement(ours, address);
        let mut buffer = [0; 64];
        loop {
            let length = wire.receive(&mut buffer).await.expect("receive");
            if from_frame(&buffer[..length]) == Ok(defence) {
                break;
            }
        }
        assert!(has(&engine.status(), "lan1", "10.20.0.77/24"), "once it is only defended");
        wire.send(&claim).expect("send");
        engine.until("given up", |s| !has(s, "lan1", "10.20.0.77/24") && problem(s).is_some()).await;
        assert_eq!(problem(&engine.status()), Some(Problem::Conflict { address, with: stranger }));
        assert_eq!(state(&engine.status()), Some(StateName::BackOff));
        server.script(Script::giving("10.20.0.78"));
        engine.until("another lease", |s| has(s, "lan1", "10.20.0.78/24")).await;
        assert_eq!(server.seen("decline"), 1, "its server knows");
        assert!(engine.status().conflicts.is_empty(), "over with the address");
    });
}
