//! Cables, cards and administrators, in and outside of a change.

use std::net::{Ipv4Addr, UdpSocket};

use gatehouse::{
    agent::{
        network::Origin,
        packet::{EtherType, PacketSocket},
    },
    domain::network::transaction::{Outcome, Why},
};

use crate::lab::{Lab, awaiting, defaults, has, moved};

#[test]
fn s31_a_link_that_flaps_in_the_window_changes_nothing() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let open = engine.open(&moved()).await;
        let kernel = lab.kernel();
        lab.site.ip("link set site1 down").expect("ip");
        engine.until("no link", |s| !s.ports[0].has_carrier()).await;
        assert!(awaiting(&engine.status()).is_some());
        lab.site.ip("link set site1 up").expect("ip");
        engine.until("a link", |s| s.ports[0].has_carrier()).await;
        assert_eq!(lab.kernel(), kernel);
        assert!(engine.confirm(&open.token, Origin::Console).await.is_ok());
        assert!(has(&engine.status(), "lan1", "10.30.0.15/24"));
    });
}

#[test]
fn s32_a_card_that_comes_back_under_another_number_is_set_up_again() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let index = engine.status().ports[0].link.as_ref().expect("link").index;
        let kernel = lab.kernel();
        lab.box_ns.ip("link del lan1").expect("ip");
        engine.until("gone", |s| s.ports[0].link.is_none()).await;
        lab.wire_lan1();
        engine.until("back", |s| has(s, "lan1", "10.20.0.15/24") && !defaults(s).is_empty()).await;
        assert_ne!(engine.status().ports[0].link.as_ref().expect("link").index, index);
        assert_eq!(lab.kernel(), kernel);
    });
}

#[test]
fn s32_also_in_the_window_of_a_change() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let before = lab.kernel();
        let open = engine.open(&moved()).await;
        lab.box_ns.ip("link del lan1").expect("ip");
        engine.until("gone", |s| s.ports[0].link.is_none()).await;
        lab.wire_lan1();
        engine.until("both are back", |s| has(s, "lan1", "10.20.0.15/24") && has(s, "lan1", "10.30.0.15/24")).await;
        let by = gatehouse::domain::network::transaction::Actor::Console;
        engine.network.go_back(by).await.expect("back");
        assert!(matches!(engine.ended(open.tx).await, Outcome::RolledBack { .. }));
        assert_eq!(lab.kernel(), before);
    });
}

#[test]
fn s42_a_port_that_somebody_took_down_is_up_again_with_all_that_was_on_it() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let kernel = lab.kernel();
        lab.box_ns.ip("link set lan1 down").expect("ip");
        engine.until("all as it was", |_| lab.kernel() == kernel).await;
    });
}

/// Another device on the same wire, which takes an address without asking.
fn thief(lab: &Lab, address: &str) -> PacketSocket {
    lab.site.veth("thief", &lab.laptop, "thiefs").expect("veth");
    for line in [
        "link add name wire type bridge",
        "link set wire up",
        "link set site1 master wire",
        "link set thief master wire",
    ] {
        lab.site.ip(line).expect("ip");
    }
    lab.laptop.ip(&format!("addr add {address} dev thiefs")).expect("ip");
    let runtime = tokio::runtime::Handle::current();
    let socket = lab.laptop.run(move || {
        let _context = runtime.enter();
        let index = rustix::net::netdevice::name_to_index(&UdpSocket::bind("0.0.0.0:0")?, "thiefs")?;
        PacketSocket::open(index, EtherType::Arp, &[])
    });
    socket.expect("ns").expect("packet socket")
}

#[test]
fn s15_a_device_that_takes_our_address_later_is_seen_and_answered() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let mac = engine.status().ports[0].link.as_ref().and_then(|l| l.mac).expect("a hardware address");
        let ears = thief(&lab, "10.20.0.15/24");
        // it asks for somebody, and says who asks
        lab.laptop.run(|| UdpSocket::bind("10.20.0.15:0")?.send_to(b"x", "10.20.0.123:9")).expect("ns").expect("send");
        engine.until("seen", |s| !s.conflicts.is_empty()).await;
        let conflict = engine.status().conflicts[0].clone();
        assert_eq!((conflict.address, conflict.port.as_str()), (Ipv4Addr::new(10, 20, 0, 15), "lan1"));
        assert!(has(&engine.status(), "lan1", "10.20.0.15/24"), "a typed address is kept");
        let mut buffer = [0; 64];
        loop {
            ears.receive(&mut buffer).await.expect("receive");
            // sender hardware address and sender address (RFC 826): an announcement that defends it
            if buffer[22..28] == mac.0 && buffer[28..32] == [10, 20, 0, 15] && buffer[38..42] == [10, 20, 0, 15] {
                break;
            }
        }
        lab.laptop.ip("link set thiefs down").expect("ip");
        assert!(lab.kernel().contains("10.20.0.15"));
    });
}

/// Bridges are no part of the settings. Whoever makes one of the management port takes the box off that network, and the change that is
/// open then is not kept, because nobody reaches the new address.
#[test]
fn s45_a_bridge_that_takes_the_management_port_in_the_window_ends_in_the_old_state() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let before = lab.kernel();
        let open = engine.apply(&moved(), 2_000).await.expect("apply");
        engine.until("awaiting", |s| awaiting(s).is_some()).await;
        for line in ["link add name br0 type bridge", "link set br0 up", "link set lan1 master br0"] {
            lab.box_ns.ip(line).expect("ip");
        }
        let reason = match engine.ended(open.tx).await {
            Outcome::RolledBack { reason, .. } => reason,
            kept @ Outcome::Committed { .. } => panic!("{kept:?}"),
        };
        assert_eq!(reason, Why::NotConfirmed);
        let ours =
            |kernel: String| kernel.lines().filter(|l| !l.contains("br0")).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(ours(lab.kernel()), ours(before.clone()), "all that is ours is as it was");
        let bridge = lab.box_ns.command("ip").args(["-br", "link", "show", "master", "br0"]).output().expect("ip");
        assert!(String::from_utf8_lossy(&bridge.stdout).contains("lan1"), "another's bridge is not touched");
        // its owner takes it away, and the box is where it was
        lab.box_ns.ip("link del br0").expect("ip");
        let listener = crate::lab::listener();
        let _reached = lab.connect(&listener, [10, 20, 0, 15]);
        engine.until("as it was", |_| lab.kernel() == before).await;
    });
}
