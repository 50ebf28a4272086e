//! DHCP on a port, against Debian's dnsmasq and a server that does what the test says.

use std::net::Ipv4Addr;

use gatehouse::domain::{
    dhcp::client::StateName,
    name::PortName,
    network::{
        spec::NetworkSpec,
        status::NetworkStatus,
        transaction::{Actor, Outcome, PhaseView, Why},
    },
};

use crate::{
    dhcp_server::{Script, Server},
    lab::{Lab, awaiting, defaults, has, lan1, moved},
};

pub fn by_dhcp() -> NetworkSpec {
    lan1(&[r#"ipv4 = { method = "dhcp" }"#, "dns = []"])
}

pub fn state(status: &NetworkStatus) -> Option<StateName> {
    status.dhcp.get(&"lan1".parse::<PortName>().expect("name")).map(|dhcp| dhcp.view.state)
}

#[test]
fn s06_static_to_dhcp_takes_what_the_server_gives_and_keeps_the_old_address_until_then() {
    let lab = Lab::new();
    let _server = lab.dnsmasq();
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        engine.open(&by_dhcp()).await;
        let status = engine.status();
        assert!(has(&status, "lan1", "10.20.0.15/24"), "both, while nobody has kept it");
        let lease = status.dhcp.values().next().and_then(|d| d.view.lease.clone()).expect("a lease");
        assert!(has(&status, "lan1", &lease.address.to_string()));
        let open = status.transaction.open.clone().expect("open");
        assert!(open.new_pages.contains(&lease.address.addr()), "the page knows where to go: {open:?}");
        engine.keep().await;
        let status = engine.status();
        assert!(has(&status, "lan1", &lease.address.to_string()) && !has(&status, "lan1", "10.20.0.15/24"));
        assert_eq!(defaults(&status), [(100, Ipv4Addr::new(10, 20, 0, 1))]);
        assert_eq!(status.dns.servers, [Ipv4Addr::new(10, 20, 0, 1).into()]);
        engine.until("a lifetime", |_| lab.addresses().contains("valid_lft 1")).await;
        assert_eq!(status.spec, by_dhcp().normalised());
    });
}

#[test]
fn s07_dhcp_to_static_gives_the_lease_back_only_when_it_is_kept() {
    let lab = Lab::new();
    let server = Server::start(&lab, Script::giving("10.20.0.77"));
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        engine.open(&by_dhcp()).await;
        engine.keep().await;
        assert!(has(&engine.status(), "lan1", "10.20.0.77/24"));
        let open = engine.open(&moved()).await;
        assert!(has(&engine.status(), "lan1", "10.20.0.77/24") && has(&engine.status(), "lan1", "10.30.0.15/24"));
        assert_eq!(server.seen("release"), 0);
        engine.network.go_back(Actor::Console).await.expect("back");
        engine.ended(open.tx).await;
        assert!(has(&engine.status(), "lan1", "10.20.0.77/24"), "the lease's address is back");
        assert_eq!(server.seen("release"), 0, "and still ours");
        engine.open(&moved()).await;
        engine.keep().await;
        assert!(!has(&engine.status(), "lan1", "10.20.0.77/24"));
        engine.until("released", |_| server.seen("release") == 1).await;
        assert!(
            !lab.file("leases.json").exists() || !crate::lab::read(&lab.file("leases.json")).contains("10.20.0.77")
        );
    });
}

#[test]
fn s35_a_silent_server_changes_nothing_and_the_old_settings_come_back() {
    let lab = Lab::new();
    let server = Server::start(&lab, Script::silent());
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        let before = lab.kernel();
        let open = engine.apply(&by_dhcp(), 90_000).await.expect("apply");
        engine
            .until("asking", |s| {
                matches!(s.transaction.open.as_ref().map(|o| &o.phase), Some(PhaseView::Asking { .. }))
            })
            .await;
        engine.until("asked", |_| server.seen("discover") > 0).await;
        assert_eq!(lab.kernel(), before, "nothing changes before there is a lease");
        // nobody waits for forty seconds here: a person goes back
        let by = Actor::Console;
        engine.network.go_back(by.clone()).await.expect("back");
        assert_eq!(engine.ended(open.tx).await, Outcome::RolledBack { tx: open.tx, reason: Why::Asked { by } });
        assert_eq!(lab.kernel(), before);
    });
}

#[test]
fn s33_a_nak_is_believed_and_asked_again() {
    let lab = Lab::new();
    let server = Server::start(&lab, Script::giving("10.20.0.77").refusing_requests(1));
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        let open = engine.apply(&by_dhcp(), 90_000).await.expect("apply");
        engine.until("backing off", |s| state(s) == Some(StateName::BackOff)).await;
        assert!(awaiting(&engine.status()).is_none());
        assert_eq!(server.seen("request"), 1, "and then it waits");
        engine.until("bound", |s| awaiting(s).is_some()).await;
        assert!(has(&engine.status(), "lan1", "10.20.0.77/24"), "{}", lab.kernel());
        assert_eq!(engine.status().transaction.open.expect("open").tx, open.tx);
    });
}

#[test]
fn s36_a_lease_that_runs_out_in_the_window_ends_the_change() {
    let lab = Lab::new();
    let server = Server::start(&lab, Script::giving("10.20.0.77").for_seconds(10));
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        let before = lab.kernel();
        let open = engine.open(&by_dhcp()).await;
        server.script(Script::silent());
        let reason = match engine.ended(open.tx).await {
            Outcome::RolledBack { reason, .. } => reason,
            kept @ Outcome::Committed { .. } => panic!("{kept:?}"),
        };
        assert!(matches!(reason, Why::NoLease { .. }), "{reason:?}");
        assert_eq!(lab.kernel(), before);
    });
}

#[test]
fn a_crash_keeps_the_lease_and_a_restart_asks_for_it_again() {
    let lab = Lab::new();
    let server = Server::start(&lab, Script::giving("10.20.0.77"));
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        engine.open(&by_dhcp()).await;
        engine.keep().await;
        let kernel = lab.kernel();
        engine.crash().await;
        let engine = lab.engine().await;
        assert_eq!(lab.kernel(), kernel, "the address is not even touched");
        engine.until("confirmed", |_| server.seen("request") == 2).await;
        assert_eq!(server.seen("discover"), 1, "INIT-REBOOT does not search");
        assert_eq!(lab.kernel(), kernel);
    });
}

#[test]
fn a_change_by_dhcp_that_nobody_keeps_is_undone_and_the_lease_given_back() {
    let lab = Lab::new();
    let server = Server::start(&lab, Script::giving("10.20.0.77"));
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        let before = lab.kernel();
        let open = engine.apply(&by_dhcp(), 300).await.expect("apply");
        assert_eq!(engine.ended(open.tx).await, Outcome::RolledBack { tx: open.tx, reason: Why::NotConfirmed });
        assert_eq!(lab.kernel(), before);
        engine.until("released", |_| server.seen("release") == 1).await;
    });
}

#[test]
fn a_lease_whose_network_another_port_has_ends_the_change() {
    let lab = Lab::new();
    let _server = Server::start(&lab, Script::giving("192.168.100.77"));
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        engine.apply(&by_dhcp(), 90_000).await.expect("apply");
        engine.until("refused", |s| s.dhcp.values().any(|d| d.view.problem.is_some())).await;
        assert!(!lab.kernel().contains("192.168.100.77"), "{}", lab.kernel());
    });
}

#[test]
fn s14_an_address_that_another_device_has_is_refused_before_it_is_used() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let before = lab.kernel();
        let taken = lan1(&[r#"ipv4 = { method = "static", addresses = ["10.20.0.200/24"], gateway = "10.20.0.1" }"#]);
        let open = engine.apply(&taken, 90_000).await.expect("apply");
        let reason = match engine.ended(open.tx).await {
            Outcome::RolledBack { reason: Why::Conflict(found), .. } => found,
            other => panic!("{other:?}"),
        };
        assert_eq!(reason.address, Ipv4Addr::new(10, 20, 0, 200));
        assert_eq!(lab.kernel(), before);
    });
}

#[test]
fn s37_a_lease_that_ran_out_before_the_change_is_undone_is_not_put_back() {
    let lab = Lab::new();
    let server = Server::start(&lab, Script::giving("10.20.0.77").for_seconds(10));
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        engine.open(&by_dhcp()).await;
        engine.keep().await;
        let open = engine.open(&moved()).await;
        server.script(Script::silent());
        engine.until("over", |s| !has(s, "lan1", "10.20.0.77/24")).await;
        assert!(awaiting(&engine.status()).is_some(), "the typed address does not depend on it");
        engine.network.go_back(Actor::Console).await.expect("back");
        engine.ended(open.tx).await;
        assert!(!lab.kernel().contains("10.20.0.77") && !lab.kernel().contains("10.30.0.15"), "{}", lab.kernel());
        server.script(Script::giving("10.20.0.78"));
        engine.until("a new lease", |s| has(s, "lan1", "10.20.0.78/24")).await;
    });
}

#[test]
fn s38_a_rogue_servers_nak_takes_nothing_away() {
    let lab = Lab::new();
    let server = Server::start(&lab, Script::giving("10.20.0.77").for_seconds(20).with_rogue_naks());
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        engine.open(&by_dhcp()).await;
        engine.keep().await;
        let kernel = lab.kernel();
        engine.until("renewed", |_| server.seen("request") >= 2).await;
        engine.until("bound", |s| state(s) == Some(StateName::Bound)).await;
        assert_eq!(lab.kernel(), kernel);
        assert_eq!(server.seen("discover"), 1);
    });
}

/// Not at random: each third packet, so that the test ends the same each time. The kernel drops it before anybody sees it.
const LOSS: &str = r#"table netdev loss {
    chain in { type filter hook ingress device "site1" priority 0; udp dport 67 numgen inc mod 3 < 1 counter drop; }
    chain out { type filter hook egress device "site1" priority 0; udp dport 68 numgen inc mod 3 < 1 counter drop; }
}"#;

#[test]
fn s39_with_a_third_of_the_packets_lost_there_is_a_lease_all_the_same() {
    let lab = Lab::new();
    let server = Server::start(&lab, Script::giving("10.20.0.77"));
    std::fs::write(lab.file("loss.nft"), LOSS).expect("write");
    let nft = |args: &[&str]| {
        let out = lab.site.command("nft").args(args).output().expect("nft");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    nft(&["-f", &lab.file("loss.nft").display().to_string()]);
    let site = lab.site.clone();
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        engine.open(&by_dhcp()).await;
        assert!(has(&engine.status(), "lan1", "10.20.0.77/24"));
        assert!(server.seen("discover") + server.seen("request") > 2, "asked again");
        let out = site.command("nft").args(["list", "table", "netdev", "loss"]).output().expect("nft");
        let counters = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(!counters.contains("packets 0 "), "lost in both directions: {counters}");
    });
}

#[test]
fn routes_and_packet_size_come_with_the_lease_and_go_with_it() {
    let lab = Lab::new();
    let routes = "--dhcp-option=121,172.16.0.0/16,10.20.0.7,0.0.0.0/0,10.20.0.1";
    let _server = lab.dnsmasq_with(&[routes, "--dhcp-option=26,1400"]);
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        let before = lab.kernel();
        let open = engine.open(&by_dhcp()).await;
        let far = |kernel: &str| kernel.contains("172.16.0.0/16 via 10.20.0.7 dev lan1 proto 69 metric 100");
        assert!(far(&lab.kernel()), "{}", lab.kernel());
        assert!(lab.addresses().contains("mtu 1400"), "{}", lab.addresses());
        engine.network.go_back(Actor::Console).await.expect("back");
        engine.ended(open.tx).await;
        assert_eq!(lab.kernel(), before);
        assert!(!lab.addresses().contains("mtu 1400"));
    });
}

#[test]
fn domains_for_short_names_come_with_the_lease_unless_others_are_typed() {
    let lab = Lab::new();
    let _server = lab.dnsmasq_with(&["--dhcp-option=119,site.example,lab.example"]);
    lab.run(|lab| async move {
        let resolver = || std::fs::read_to_string(lab.file("resolv.conf")).expect("resolv.conf");
        let engine = lab.engine().await;
        let open = engine.open(&by_dhcp()).await;
        assert!(resolver().ends_with("search site.example lab.example\n"), "{}", resolver());
        assert_eq!(engine.status().dns.search.len(), 2);
        engine.network.go_back(Actor::Console).await.expect("back");
        engine.ended(open.tx).await;
        assert!(!resolver().contains("search"), "{}", resolver());
        let typed = lan1(&[r#"ipv4 = { method = "dhcp" }"#, "dns = []", r#"search = ["Own.Example."]"#]);
        engine.open(&typed).await;
        assert!(resolver().ends_with("search own.example\n"), "{}", resolver());
    });
}

#[test]
fn s34_a_storm_of_naks_backs_off() {
    let lab = Lab::new();
    let server = Server::start(&lab, Script::giving("10.20.0.77").refusing_requests(1000));
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        engine.apply(&by_dhcp(), 90_000).await.expect("apply");
        engine.until("the first", |_| server.seen("request") == 1).await;
        let began = std::time::Instant::now();
        engine.until("the second", |_| server.seen("request") == 2).await;
        assert!(began.elapsed().as_secs() >= 9, "{:?}", began.elapsed());
        assert!(server.seen("discover") <= 3);
    });
}

/// Its options stand in another order, it pads differently, and it has its own mind about broadcasts.
#[test]
fn a_server_of_another_make_is_understood_too() {
    let lab = Lab::new();
    let _server = lab.udhcpd();
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        engine.open(&by_dhcp()).await;
        engine.keep().await;
        let status = engine.status();
        let lease = status.dhcp.values().next().and_then(|d| d.view.lease.clone()).expect("a lease");
        assert_eq!(lease.server, Ipv4Addr::new(10, 20, 0, 1));
        assert!(has(&status, "lan1", &lease.address.to_string()), "{lease:?}");
        assert_eq!(defaults(&status), [(100, Ipv4Addr::new(10, 20, 0, 1))]);
        engine.crash().await;
        let engine = lab.engine().await;
        engine.until("confirmed", |s| state(s) == Some(StateName::Bound)).await;
        assert!(has(&engine.status(), "lan1", &lease.address.to_string()));
    });
}
