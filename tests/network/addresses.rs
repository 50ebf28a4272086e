//! From one static state to another.

use std::net::Ipv4Addr;

use gatehouse::domain::{
    fault::Fault,
    network::{
        issue::{Field, Rule},
        plan::{Item, Verb},
        transaction::{Outcome, Why},
    },
};

use crate::lab::{Lab, defaults, has, lan1, listener, moved, read, recorder};

#[test]
fn s01_a_noop_plan_writes_nothing() {
    Lab::new().run(|lab| async move {
        let (hook, writes) = recorder();
        let engine = lab.engine_with(Some(hook)).await;
        let before = lab.kernel();
        let plan = engine.plan(&lan1(&[])).await;
        assert!(plan.is_empty(), "{plan:?}");
        assert_eq!(engine.apply(&lan1(&[]), 90_000).await.err(), Some(Fault::NothingToDo));
        assert_eq!(writes.lock().expect("lock").len(), 0);
        assert!(!lab.file("journal.json").exists());
        assert_eq!(lab.kernel(), before);
    });
}

#[test]
fn s02_adds_a_static_address() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        assert!(has(&engine.status(), "lan1", "10.20.0.15/24"));
        let spec = lan1(&[
            r#"ipv4 = { method = "static", addresses = ["10.20.0.15/24", "10.40.0.2/16"], gateway = "10.20.0.1" }"#,
        ]);
        let plan = engine.plan(&spec).await;
        assert_eq!(plan.changes.len(), 1, "{:?}", plan.changes);
        assert!(matches!(&plan.changes[0].what, Item::Address { net, .. } if net.to_string() == "10.40.0.2/16"));
        let open = engine.open(&spec).await;
        assert!(has(&engine.status(), "lan1", "10.40.0.2/16"));
        assert_eq!(engine.keep().await, Outcome::Committed { tx: open.tx });
        assert!(has(&engine.status(), "lan1", "10.20.0.15/24") && has(&engine.status(), "lan1", "10.40.0.2/16"));
        assert!(read(&lab.file("network.toml")).contains("10.40.0.2/16"));
        assert!(!lab.file("journal.json").exists());
    });
}

#[test]
fn s03_same_address_with_a_new_prefix() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let spec = lan1(&[r#"ipv4 = { method = "static", addresses = ["10.20.0.15/16"], gateway = "10.20.0.1" }"#]);
        engine.open(&spec).await;
        assert!(has(&engine.status(), "lan1", "10.20.0.15/16") && has(&engine.status(), "lan1", "10.20.0.15/24"));
        engine.keep().await;
        let status = engine.status();
        assert!(has(&status, "lan1", "10.20.0.15/16") && !has(&status, "lan1", "10.20.0.15/24"));
        assert_eq!(defaults(&status), [(100, Ipv4Addr::new(10, 20, 0, 1))]);
        lab.connect(&listener(), [10, 20, 0, 15]);
    });
}

#[test]
fn s04_a_new_address_in_the_same_subnet() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let spec = lan1(&[r#"ipv4 = { method = "static", addresses = ["10.20.0.16/24"], gateway = "10.20.0.1" }"#]);
        engine.open(&spec).await;
        let pages = listener();
        lab.connect(&pages, [10, 20, 0, 15]);
        lab.connect(&pages, [10, 20, 0, 16]);
        engine.keep().await;
        let status = engine.status();
        // without promote_secondaries the kernel would have dropped the new one with the old
        assert!(has(&status, "lan1", "10.20.0.16/24") && !has(&status, "lan1", "10.20.0.15/24"));
        assert_eq!(defaults(&status), [(100, Ipv4Addr::new(10, 20, 0, 1))]);
        assert_eq!(status.drift, 0);
        lab.connect(&pages, [10, 20, 0, 16]);
    });
}

#[test]
fn s05_a_new_address_in_another_subnet() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let plan = engine.plan(&moved()).await;
        assert_eq!(plan.leaving, [Ipv4Addr::new(10, 20, 0, 15)]);
        assert_eq!(plan.arriving, [Ipv4Addr::new(10, 30, 0, 15)]);
        engine.open(&moved()).await;
        let pages = listener();
        lab.connect(&pages, [10, 20, 0, 15]);
        lab.connect(&pages, [10, 30, 0, 15]);
        // the new gateway leads, the old one stays behind it
        let in_use = engine.status().uplink_in_use.expect("an uplink");
        assert_eq!(in_use.address.map(|net| net.to_string()).as_deref(), Some("10.30.0.15/24"));
        let gateways = defaults(&engine.status());
        assert_eq!(gateways, [(100, [10, 30, 0, 1].into()), (10_100, [10, 20, 0, 1].into())]);
        engine.keep().await;
        let status = engine.status();
        assert_eq!(defaults(&status), [(100, Ipv4Addr::new(10, 30, 0, 1))]);
        assert!(!has(&status, "lan1", "10.20.0.15/24"));
        assert!(!lab.kernel().contains("10.20.0"), "{}", lab.kernel());
    });
}

#[test]
fn s05_rolled_back_leaves_the_kernel_as_it_was() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let before = lab.kernel();
        let open = engine.open(&moved()).await;
        assert_ne!(lab.kernel(), before);
        let by = gatehouse::domain::network::transaction::Actor::Console;
        let outcome = engine.network.go_back(by.clone()).await.expect("rolled back");
        assert_eq!(outcome, Outcome::RolledBack { tx: open.tx, reason: Why::Asked { by } });
        assert_eq!(lab.kernel(), before);
        assert_eq!(read(&lab.file("resolv.conf")).matches("nameserver").count(), 1);
    });
}

#[test]
fn s08_gateway_only() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let spec = lan1(&[r#"ipv4 = { method = "static", addresses = ["10.20.0.15/24"], gateway = "10.20.0.200" }"#]);
        let plan = engine.plan(&spec).await;
        let verbs = plan.changes.iter().map(|c| c.verb).collect::<Vec<_>>();
        assert_eq!(verbs, [Verb::Adds, Verb::Removes]);
        assert!(
            plan.changes.iter().all(|c| matches!(c.what, Item::DefaultRoute { place: 1, .. })),
            "{:?}",
            plan.changes
        );
        engine.open(&spec).await;
        assert_eq!(defaults(&engine.status()), [(100, [10, 20, 0, 200].into()), (10_100, [10, 20, 0, 1].into())]);
        engine.keep().await;
        assert_eq!(defaults(&engine.status()), [(100, Ipv4Addr::new(10, 20, 0, 200))]);
    });
}

#[test]
fn s09_dns_only() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let before = lab.kernel();
        let spec = lan1(&[r#"dns = ["10.20.0.53", "223.5.5.5"]"#]);
        engine.open(&spec).await;
        let file = read(&lab.file("resolv.conf"));
        assert!(file.ends_with("nameserver 10.20.0.53\nnameserver 223.5.5.5\n"), "{file}");
        let by = gatehouse::domain::network::transaction::Actor::Machine;
        engine.network.go_back(by).await.expect("rolled back");
        assert!(read(&lab.file("resolv.conf")).ends_with("nameserver 10.20.0.1\n"));
        engine.open(&spec).await;
        engine.keep().await;
        assert!(read(&lab.file("resolv.conf")).contains("nameserver 223.5.5.5"));
        assert_eq!(lab.kernel(), before, "DNS is no kernel matter");
    });
}

#[test]
fn s16_a_gateway_that_is_not_on_the_link_is_refused() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let before = lab.kernel();
        let spec = lan1(&[r#"ipv4 = { method = "static", addresses = ["10.20.0.15/24"], gateway = "10.21.0.1" }"#]);
        let Err(Fault::Invalid { issues }) = engine.apply(&spec, 90_000).await.map(|o| o.tx) else {
            panic!("accepted");
        };
        assert_eq!(issues.len(), 1);
        assert_eq!((issues[0].path().as_str(), issues[0].field), ("ports.lan1.gateway", Field::Gateway));
        assert!(
            matches!(&issues[0].rule, Rule::GatewayOutside { network, .. } if network.to_string() == "10.20.0.0/24")
        );
        assert_eq!(lab.kernel(), before);
    });
}

/// The same from the kernel's mouth: the address that the gateway needs vanishes before the route is written.
#[test]
fn s16_a_gateway_that_went_off_the_link_rolls_back() {
    Lab::new().run(|lab| async move {
        let ns = lab.box_ns.clone();
        let engine = lab
            .engine_with(Some(std::sync::Arc::new(move |_, step| {
                if format!("{step:?}").contains("gateway: Some(10.30.0.1)") {
                    // repeated for the second route: it is gone by then
                    let _ = ns.ip("addr del 10.30.0.15/24 dev lan1");
                }
            })))
            .await;
        let before = lab.kernel();
        let open = engine.apply(&moved(), 90_000).await.expect("accepted");
        let Outcome::RolledBack { reason: Why::StepFailed { error, .. }, .. } = engine.ended(open.tx).await else {
            panic!("{:?}", engine.status().transaction);
        };
        assert!(error.contains("unreachable"), "{error}");
        assert_eq!(lab.kernel(), before);
    });
}

#[test]
fn a_static_route_and_a_packet_size_are_set_and_taken_away() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let before = lab.kernel();
        engine
            .open(&lan1(&[r#"routes = [{ destination = "172.16.0.0/16", gateway = "10.20.0.7" }]"#, "mtu = 1400"]))
            .await;
        engine.keep().await;
        assert!(lab.kernel().contains("172.16.0.0/16 via 10.20.0.7 dev lan1 proto 69 metric 100"), "{}", lab.kernel());
        assert!(lab.addresses().contains("mtu 1400"), "{}", lab.addresses());
        engine.open(&lan1(&[])).await;
        engine.keep().await;
        assert_eq!(lab.kernel(), before);
        assert!(!lab.addresses().contains("mtu 1400"));
    });
}
