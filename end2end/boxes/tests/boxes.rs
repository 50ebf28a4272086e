//! Behaviour of a box under test, in real namespaces (needs root).
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod common;

use boxes::{Appliance, Role, Scratch, Signal, Site, Uplink};
use common::{SOON, a_box, eventually, processes_with, stand_in};
use std::{fs, net::TcpListener, time::Instant};

fn starts(appliance: &Appliance, role: Role) -> Option<(u32, u32)> {
    let status = appliance.roles().unwrap().into_iter().find(|status| status.role == role).unwrap();
    status.pid.map(|pid| (pid, status.starts))
}

fn boot_id(appliance: &Appliance) -> String {
    appliance.exec(&["cat", "/proc/sys/kernel/random/boot_id"]).unwrap().stdout
}

#[test]
fn a_box_answers_at_its_service_port() {
    let started = Instant::now();
    let (appliance, _scratch) = a_box();
    appliance.wait_ready(SOON).unwrap();
    eprintln!("ready after {:?}", started.elapsed());
    assert!(appliance.log(Role::Agent).unwrap().starts_with("agent started, environment Ok(\"yes\")"));
    let name = appliance.exec(&["hostname"]).unwrap();
    assert_eq!((name.code, name.stdout.as_str()), (0, "gatehouse-1\n"));
    assert_eq!(appliance.exec(&["gatehouse", "status"]).unwrap().code, 3);
    assert_eq!(appliance.exec(&["no-such-program"]).unwrap().code, 127);
    assert_eq!(appliance.exec(&["ls", "/sys/class/net"]).unwrap().stdout, "lan1\nlan2\nlan3\nlo\n");
}

#[test]
fn a_box_leaves_nothing_behind() {
    let (appliance, scratch) = a_box();
    appliance.wait_ready(SOON).unwrap();
    let folder = scratch.path().to_owned();
    let marker = folder.display().to_string();
    assert!(!processes_with(&marker).is_empty(), "its keeper can be found by its folder");
    drop((appliance, scratch));
    assert_eq!(processes_with(&marker), [0; 0]);
    assert!(!folder.exists());
    assert!(!fs::read_to_string("/proc/self/mountinfo").unwrap().contains(&marker));
}

#[test]
fn reboot_changes_the_boot_id_and_keeps_the_disk() {
    let (appliance, _scratch) = a_box();
    appliance.wait_ready(SOON).unwrap();
    let before = boot_id(&appliance);
    appliance.exec(&["sh", "-c", "touch /run/gatehouse/gone; echo kept > /var/lib/gatehouse/kept"]).unwrap();
    let mac = || appliance.exec(&["cat", "/sys/class/net/lan1/address"]).unwrap().stdout;
    assert_eq!(mac(), "02:00:00:00:01:01\n");
    appliance.reboot().unwrap();
    assert_eq!(mac(), "02:00:00:00:01:01\n");
    assert_ne!(boot_id(&appliance), before);
    assert_eq!(before.len(), 37);
    let kept = appliance.exec(&["sh", "-c", "cat /var/lib/gatehouse/kept; ls /run/gatehouse/gone"]).unwrap();
    assert_eq!((kept.stdout.as_str(), kept.code), ("kept\n", 2));
    assert_ne!(fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap(), boot_id(&appliance));
    appliance.wait_ready(SOON).unwrap();
}

#[test]
fn reset_makes_it_as_delivered_within_half_a_second() {
    let (appliance, _scratch) = a_box();
    appliance.wait_ready(SOON).unwrap();
    let touched = appliance.folders().agent.join("touched");
    assert!(touched.exists());
    fs::write(&touched, "by a test").unwrap();
    fs::write(appliance.folders().config.join("box.toml"), "").unwrap();
    let best = (0..3).map(|_| {
        let started = Instant::now();
        appliance.reset().unwrap();
        started.elapsed()
    });
    let best = best.min().unwrap(); // the others may have waited for other tests
    eprintln!("reset takes {best:?}");
    assert!(best.as_millis() < 500, "{best:?}");
    appliance.wait_ready(SOON).unwrap();
    assert_eq!(fs::read_to_string(&touched).unwrap(), "by the agent");
    assert!(fs::read_to_string(appliance.folders().config.join("box.toml")).unwrap().contains("B-012"));
}

#[test]
fn killed_role_is_started_again() {
    let (appliance, _scratch) = a_box();
    appliance.wait_ready(SOON).unwrap();
    let (pid, _) = starts(&appliance, Role::Web).unwrap();
    appliance.kill(Role::Web, Signal::Kill).unwrap();
    let again = eventually("web runs again", || starts(&appliance, Role::Web).filter(|(new, _)| *new != pid));
    assert_eq!(again.1, 2);
    appliance.wait_ready(SOON).unwrap();
    assert!(appliance.log(Role::Web).unwrap().contains("ended (signal 9)"));
    assert_eq!(starts(&appliance, Role::Agent).unwrap().1, 1);
    let zombies = appliance.exec(&["sh", "-c", "grep -l '^State:.Z' /proc/[0-9]*/status"]).unwrap();
    assert_eq!(zombies.stdout, "");
}

#[test]
fn a_hung_role_stays_hung_until_it_may_go_on() {
    let (appliance, _scratch) = a_box();
    appliance.wait_ready(SOON).unwrap();
    let (pid, _) = starts(&appliance, Role::Agent).unwrap();
    let state = || {
        let status = appliance.exec(&["grep", "^State", &format!("/proc/{pid}/status")]).unwrap().stdout;
        status.split_whitespace().nth(1).map(str::to_owned)
    };
    appliance.stop(Role::Agent).unwrap();
    eventually("it is stopped", || (state().as_deref() == Some("T")).then_some(()));
    appliance.cont(Role::Agent).unwrap();
    eventually("it goes on", || (state().as_deref() == Some("S")).then_some(()));
    assert_eq!(starts(&appliance, Role::Agent), Some((pid, 1)));
}

#[test]
fn the_web_role_has_no_rights() {
    let (appliance, _scratch) = a_box();
    appliance.wait_ready(SOON).unwrap();
    let (pid, _) = starts(&appliance, Role::Web).unwrap();
    let status = appliance.exec(&["cat", &format!("/proc/{pid}/status")]).unwrap().stdout;
    for line in ["CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "NoNewPrivs:\t1", "Groups:\t \n"] {
        assert!(status.contains(line), "{line} in {status}");
    }
    assert!(status.contains("Uid:\t64198\t64198\t64198\t64198"), "{status}");
}

#[test]
fn two_boxes_run_side_by_side() {
    let (site, scratch) = (Site::new().unwrap(), Scratch::new(&[]).unwrap());
    let make = |number: u8| {
        let folder = scratch.path().join(number.to_string());
        Appliance::builder(&site, stand_in(), folder).number(number).start().unwrap()
    };
    let (one, two) = (make(1), make(2));
    one.wait_ready(SOON).unwrap();
    two.wait_ready(SOON).unwrap();
    for (appliance, address) in [(&one, "10.20.0.15/24"), (&two, "10.20.0.16/24")] {
        assert_eq!(appliance.exec(&["ip", "addr", "add", address, "dev", "lan1"]).unwrap().code, 0);
    }
    let connect = |address: &str| format!("exec 3<> /dev/tcp/{address}/443");
    let said = |run: &dyn Fn(&[&str]) -> boxes::Result<boxes::Ended>, address: &str| {
        run(&["timeout", "5", "bash", "-c", &connect(address)]).unwrap().stderr
    };
    assert_eq!(said(&|argv| one.exec(argv), "10.20.0.16"), "");
    assert_eq!(said(&|argv| one.client_exec(argv), "10.20.0.16"), "");
    assert_eq!(said(&|argv| one.gateway_exec(Uplink::A, argv), "10.20.0.15"), "");
    assert!(said(&|argv| one.exec(argv), "10.20.0.1").contains("Connection refused"), "the gateway answers");
    assert_ne!(boot_id(&one), boot_id(&two));
    two.power_off();
    one.wait_ready(SOON).unwrap();
}

#[test]
fn a_pulled_cable_takes_the_carrier_away_and_a_restart_does_not_put_it_back() {
    let (appliance, _scratch) = a_box();
    appliance.wait_ready(SOON).unwrap();
    let carrier = |expected: &str| {
        eventually("the carrier", || {
            let seen = appliance.exec(&["cat", "/sys/class/net/lan1/carrier"]).unwrap().stdout;
            (seen.trim() == expected).then_some(())
        });
    };
    carrier("1");
    appliance.link("lan1", false).unwrap();
    carrier("0");
    appliance.reboot().unwrap();
    appliance.wait_ready(SOON).unwrap();
    carrier("0");
    appliance.link("lan1", true).unwrap();
    carrier("1");
    assert!(appliance.link("lan9", true).is_err());
}

#[test]
fn resolv_conf_of_the_machine_is_untouched() {
    let before = fs::read("/etc/resolv.conf").ok();
    let (appliance, _scratch) = a_box();
    let write = "echo nameserver 10.20.0.1 > /run/gatehouse/resolv.conf && cat /etc/resolv.conf \
                 && rm /etc/resolv.conf && echo mine > /etc/resolv.conf && echo x > /etc/hostname && hostname other";
    let ended = appliance.exec(&["sh", "-c", write]).unwrap();
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "nameserver 10.20.0.1\n"), "{}", ended.stderr);
    assert_eq!(fs::read("/etc/resolv.conf").ok(), before);
    assert_ne!(fs::read_to_string("/proc/sys/kernel/hostname").unwrap(), "other\n");
}

#[test]
fn a_box_cannot_reach_the_machine() {
    let (appliance, _scratch) = a_box();
    for attempt in [
        "touch /usr/left-behind",
        "touch /dev/left-behind",
        "touch /etc/ssl/left-behind",
        "echo 1 > /proc/sys/vm/overcommit_memory",
        "date -s 2001-01-01",
        "echo mem > /sys/power/state",
    ] {
        assert_ne!(appliance.exec(&["sh", "-c", attempt]).unwrap().code, 0, "{attempt}");
    }
    assert_eq!(appliance.exec(&["sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore"]).unwrap().code, 0);
    assert_eq!(
        appliance.exec(&["sh", "-c", "touch /tmp/x /etc/x /var/lib/x /run/x /dev/shm/gatehouse-test-x"]).unwrap().code,
        0
    );
}

#[test]
fn the_gateways_give_addresses_out() {
    let (appliance, _scratch) = a_box();
    let _dhcp = appliance.site().dhcp().unwrap();
    appliance.wait_ready(SOON).unwrap();
    let listening = || {
        let sockets = appliance.gateway_exec(Uplink::B, &["ss", "-lun"]).unwrap().stdout;
        (sockets.contains(":67 ") && sockets.contains("10.21.0.1:53 ")).then_some(())
    };
    eventually("dnsmasq listens", listening);
}

#[test]
fn a_box_that_cannot_be_set_up_says_why() {
    let (site, scratch) = (Site::new().unwrap(), Scratch::new(&[]).unwrap());
    let error = Appliance::builder(&site, "/nowhere/gatehouse", scratch.path()).start().unwrap_err();
    assert_eq!(error.to_string(), "could not find /nowhere/gatehouse");
    let error = Appliance::builder(&site, stand_in(), scratch.path()).number(0).start().unwrap_err();
    assert_eq!(error.to_string(), "a box has a number from 1 to 50, not 0");
}

#[test]
fn threads_and_sockets_of_a_closure_are_inside() {
    let ns = boxes::Ns::new().unwrap();
    ns.ip("addr add 10.99.0.1/24 dev lo").unwrap();
    let hook = ns.on_thread_start();
    let here = || fs::read_link("/proc/thread-self/ns/net").unwrap();
    let (inside, hooked) = (ns.run(here).unwrap(), std::thread::spawn(move || (hook(), here()).1).join().unwrap());
    assert_eq!(inside, hooked);
    assert_ne!(inside, here());
    ns.run(|| TcpListener::bind("10.99.0.1:80")).unwrap().unwrap();
    let error = ns.ip("addr add 10.99.0.1/24 dev nowhere").unwrap_err().to_string();
    assert!(error.starts_with("`ip addr add 10.99.0.1/24 dev nowhere` failed: Cannot find device"), "{error}");
}
