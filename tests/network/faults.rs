//! The kernel refuses, cards vanish, events are lost, others meddle.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use gatehouse::{
    agent::network::BeforeWrite,
    domain::network::{
        diff::Step,
        kernel::{Address, Object},
        transaction::{Actor, Outcome, Why},
    },
};

use crate::lab::{Lab, has, lan1, moved};

fn adds_address(step: &Step) -> bool {
    matches!(step, Step::Add(Object::Address(Address { .. })))
}

async fn failed_step(lab: &Lab, hook: BeforeWrite) -> String {
    let engine = lab.engine_with(Some(hook)).await;
    let open = engine.apply(&moved(), 90_000).await.expect("accepted");
    match engine.ended(open.tx).await {
        Outcome::RolledBack { reason: Why::StepFailed { error, .. }, .. } => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn s29_eexist_in_the_middle_rolls_back() {
    Lab::new().run(|lab| async move {
        let before = {
            let engine = lab.engine().await;
            let kernel = lab.kernel();
            engine.crash().await;
            kernel
        };
        let ns = lab.box_ns.clone();
        let foreign: BeforeWrite = Arc::new(move |_, step| {
            if adds_address(step) {
                ns.ip("addr add 10.30.0.15/24 dev lan1").expect("ip");
            }
        });
        let error = failed_step(&lab, foreign).await;
        assert!(error.contains("exists"), "{error}");
        // the address that somebody else set stays; all of ours is back
        lab.box_ns.ip("addr del 10.30.0.15/24 dev lan1").expect("still there");
        assert_eq!(lab.kernel(), before);
    });
}

#[test]
fn s29_enodev_in_the_middle_rolls_back() {
    Lab::new().run(|lab| async move {
        let ns = lab.box_ns.clone();
        let unplug: BeforeWrite = Arc::new(move |_, step| {
            if adds_address(step) {
                ns.ip("link del lan1").expect("ip");
            }
        });
        let error = failed_step(&lab, unplug).await;
        assert!(error.contains("No such device"), "{error}");
    });
}

#[test]
fn s29_eperm_in_the_middle_rolls_back() {
    Lab::new().run(|lab| async move {
        let denied = Arc::new(AtomicBool::new(false));
        let before = {
            let engine = lab.engine().await;
            let kernel = lab.kernel();
            engine.crash().await;
            kernel
        };
        // CAP_NET_ADMIN is taken from this thread for one step and then given back
        let flag = denied.clone();
        let hook: BeforeWrite = Arc::new(move |_, step| {
            if adds_address(step) && !flag.swap(true, Ordering::SeqCst) {
                crate::faults::net_admin(false);
            }
        });
        let engine = lab.engine_with(Some(hook)).await;
        let open = engine.apply(&moved(), 90_000).await.expect("accepted");
        engine
            .until("refused", |s| {
                s.transaction.last.is_some() || s.transaction.degraded > 0 || denied.load(Ordering::SeqCst)
            })
            .await;
        net_admin(true);
        let Outcome::RolledBack { reason: Why::StepFailed { error, .. }, .. } = engine.ended(open.tx).await else {
            panic!("kept");
        };
        assert!(error.contains("not permitted"), "{error}");
        engine.until("repaired", |s| s.transaction.degraded == 0 && s.drift == 0).await;
        assert_eq!(lab.kernel(), before);
    });
}

/// Effective `CAP_NET_ADMIN` of the calling thread; it stays permitted, so that it can come back.
fn net_admin(on: bool) {
    use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
    let mut sets = capabilities(None).expect("capget");
    sets.effective.set(CapabilitySet::NET_ADMIN, on);
    set_capabilities(None, sets).expect("capset");
}

#[test]
fn s30_a_rollback_that_fails_is_degraded_visible_and_mended_later() {
    Lab::new().run(|lab| async move {
        let ns = lab.box_ns.clone();
        let unplug: BeforeWrite = Arc::new(move |_, step| {
            if adds_address(step) {
                ns.ip("link del lan1").expect("ip");
            }
        });
        let engine = lab.engine_with(Some(unplug)).await;
        let open = engine.apply(&moved(), 90_000).await.expect("accepted");
        engine.ended(open.tx).await;
        let status = engine.status();
        assert!(status.transaction.degraded > 0, "{:?}", status.transaction);
        assert!(has(&status, "lan3", "192.168.100.198/24"), "the service port stays up");
        lab.laptop
            .run(|| {
                std::net::TcpStream::connect_timeout(
                    &(std::net::Ipv4Addr::new(192, 168, 100, 198), listener_port()).into(),
                    crate::lab::PATIENCE,
                )
                .map(drop)
                .or_else(|e| if e.kind() == std::io::ErrorKind::ConnectionRefused { Ok(()) } else { Err(e) })
            })
            .expect("ns")
            .expect("the box answers on the service port");
        // the card comes back with another number
        lab.wire_lan1();
        engine
            .until("mended", |s| s.transaction.degraded == 0 && s.drift == 0 && has(s, "lan1", "10.20.0.15/24"))
            .await;
    });
}

/// A port on which nobody listens: a refusal is an answer.
fn listener_port() -> u16 {
    9
}

#[test]
fn s40_foreign_addresses_and_routes_are_untouched() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        for command in [
            "addr add 10.20.0.99/24 dev lan1",
            "addr add 172.16.5.1/24 dev lan2",
            "route add 198.51.100.0/24 via 10.20.0.1",
            "route add default via 10.20.0.200 metric 7",
            "route add 203.0.113.0/24 via 10.20.0.1 table 77",
            "rule add from 172.16.5.1 lookup 77 priority 500",
        ] {
            lab.box_ns.ip(command).expect("ip");
        }
        let foreign = |kernel: String| {
            let marks = ["10.20.0.99", "172.16.5", "198.51.100", "metric 7", "table 77", "lookup 77"];
            // what the kernel derives from addresses by itself carries `proto kernel`
            let foreign = |l: &&str| marks.iter().any(|m| l.contains(m)) && !l.contains("proto kernel");
            kernel.lines().filter(foreign).collect::<Vec<_>>().join("\n")
        };
        let before = foreign(lab.kernel());
        assert_eq!(before.lines().count(), 6, "{before}");
        let by = Actor::Console;
        engine.open(&moved()).await;
        engine.network.go_back(by).await.expect("rolled back");
        assert_eq!(foreign(lab.kernel()), before, "after a rollback");
        engine
            .open(&lan1(&[r#"ipv4 = { method = "static", addresses = ["10.20.0.16/24"], gateway = "10.20.0.1" }"#]))
            .await;
        engine.keep().await;
        engine
            .open(&lan1(&[r#"ipv4 = { method = "static", addresses = ["10.20.0.16/16"], gateway = "10.20.0.1" }"#]))
            .await;
        engine.keep().await;
        let after = foreign(lab.kernel()).replace(" secondary", "");
        assert_eq!(after, before.replace(" secondary", ""), "after two commits");
    });
}

#[test]
fn s41_lost_events_lead_to_a_resync() {
    Lab::new().run(|lab| async move {
        let flood = lab.box_ns.clone();
        // the hook runs on the engine's only thread: while it works nobody empties the event socket
        let hook: BeforeWrite = Arc::new(move |number, _| {
            if number > 0 {
                return;
            }
            let mut lines =
                vec!["addr add 172.31.0.1/16 dev lan2".to_owned(), "addr del 192.168.100.198/24 dev lan3".to_owned()];
            for n in 0..6000 {
                lines.push(format!("route add 198.18.{}.{}/32 dev lan2", n / 250, n % 250));
            }
            flood.ip_batch(&lines).expect("flood");
        });
        let engine = lab.engine_with(Some(hook)).await;
        let open = engine.apply(&lan1(&[r#"dns = ["9.9.9.9"]"#]), 90_000).await.expect("accepted");
        engine.until("overrun", |_| engine.network.published().overruns > 0).await;
        drop(open);
        // the address that was deleted in the flood is seen to be missing and put back
        engine.until("resynced", |s| has(s, "lan3", "192.168.100.198/24") && has(s, "lan2", "172.31.0.1/16")).await;
    });
}
