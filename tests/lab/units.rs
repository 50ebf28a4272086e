//! The units: who answers where, what they may do, and that none stays hung.

use std::time::Instant;

use boxes::{Role, Uplink};

use crate::lab::{Lab, SERVICE, eventually, eventually_or};

const ROLES: [Role; 3] = [Role::Guard, Role::Agent, Role::Web];

#[test]
fn pages_come_by_socket_activation_and_only_to_the_service_port() {
    let started = Instant::now();
    let lab = Lab::new();
    let begun = Instant::now();
    lab.ready();
    println!("first page {:?} after power on ({:?} with making the box)", begun.elapsed(), started.elapsed());
    lab.booted();
    assert_eq!(lab.run("systemctl --failed --no-legend"), "", "{}", lab.trouble());

    // nobody is there, and a visitor starts it
    lab.run("systemctl stop gatehouse-web.service");
    assert_eq!(lab.process(Role::Web).0, None);
    assert!(lab.answers(SERVICE), "{}", lab.trouble());
    assert!(lab.process(Role::Web).0.is_some());

    // the listener is the service port's alone, and the uplink's is the uplink's
    let listeners = lab.run("ss -Hltn 'sport = :443 or sport = :80'");
    for wanted in ["192.168.100.198%lan3:443", "192.168.100.198%lan3:80", "0.0.0.0%lan1:443", "0.0.0.0%lan1:80"] {
        assert!(listeners.contains(wanted), "{listeners}");
    }
    assert_eq!(listeners.lines().count(), 4, "{listeners}");
    assert!(lab.answers_at_the_gateway("https://10.20.0.15"));
    let route = ["ip", "route", "add", "192.168.100.198", "via", "10.20.0.15"];
    assert_eq!(lab.device.gateway_exec(Uplink::A, &route).expect("route").code, 0);
    assert!(!lab.answers_at_the_gateway(SERVICE), "from an uplink");
    assert!(lab.answers(SERVICE));
}

#[test]
fn the_sandboxes_are_as_tight_as_promised_and_the_agent_can_do_its_work_in_its() {
    let lab = Lab::new();
    lab.ready();
    for (role, most) in [(Role::Web, 2.0), (Role::Agent, 4.0), (Role::Guard, 4.0)] {
        let told = lab.run(&format!("systemd-analyze security --no-pager {}", role.unit()));
        let overall = told.lines().last().unwrap_or_default();
        let score: f64 = overall.split_whitespace().find_map(|word| word.parse().ok()).expect("a figure");
        println!("{}: {score}", role.unit());
        assert!(score <= most, "{overall}");
    }
    // netlink, /proc/sys, raw sockets and dnsmasq have worked if the laptop's port is up and served
    assert!(lab.run("ip -4 addr show lan1").contains("10.20.0.15/24"));
    assert_eq!(lab.run("cat /proc/sys/net/ipv4/conf/lan1/arp_ignore"), "1\n");
    eventually_or(
        "a DHCP server for the laptop",
        || (lab.sh("pgrep -u nobody dnsmasq").code == 0).then_some(()),
        || lab.trouble(),
    );
    let log = lab.device.log(Role::Agent).expect("log");
    assert!(!log.contains("Operation not permitted") && !log.contains("Read-only"), "{log}");

    // a stick that somebody plugs in later is seen, though the agent's mounts are its own
    let seed = "printf 'host_name = \"edge-9\"\\n' > /media/stick/gatehouse-seed.toml";
    lab.run(&format!("mkdir -p /media/stick && mount -t tmpfs none /media/stick && {seed}"));
    eventually_or("the seed is taken", || (lab.run("hostname") == "edge-9\n").then_some(()), || lab.trouble());

    // name and clock go by the bus
    lab.run("gatehouse settings host-name edge-7");
    assert_eq!(lab.run("hostname; cat /etc/hostname"), "edge-7\nedge-7\n");
    assert!(lab.run("cat /etc/hosts").contains("edge-7"));
    lab.run("gatehouse settings time --zone Asia/Shanghai --server 10.20.0.1");
    assert!(lab.run("readlink /etc/localtime").ends_with("/Asia/Shanghai\n"));
    let servers = "busctl get-property org.freedesktop.timesync1 /org/freedesktop/timesync1 \
        org.freedesktop.timesync1.Manager SystemNTPServers";
    eventually_or(
        "timesyncd asks the settings' server",
        || lab.sh(servers).stdout.contains("\"10.20.0.1\"").then_some(()),
        || lab.sh(servers).stderr + &lab.trouble(),
    );
}

#[test]
fn whatever_hangs_is_started_anew() {
    let lab = Lab::new();
    lab.ready();
    let before = ROLES.map(|role| lab.process(role));
    for role in ROLES {
        lab.device.stop(role).expect("stop");
    }
    for (role, before) in ROLES.into_iter().zip(before) {
        eventually(&format!("another {role}"), || {
            let now = lab.process(role);
            (now.0.is_some() && now.0 != before.0 && now.1 > before.1).then_some(())
        });
    }
    lab.ready();
    let log = lab.run("journalctl --no-pager --boot");
    for role in ROLES {
        assert!(log.contains(&format!("{}: Watchdog timeout", role.unit())), "{role}");
    }
    eventually("the agent answers", || (lab.sh("gatehouse status").code == 0).then_some(()));
}
