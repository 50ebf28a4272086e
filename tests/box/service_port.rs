//! DHCP for the technician's laptop, with Debian's dnsmasq and a real client.

use std::{
    io::Read,
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use boxes::{Role, Signal};
use serde_json::Value;
use socket2::{Domain, Socket, Type};

use crate::lab::{Lab, SERVICE, eventually};

/// What a laptop's DHCP client does with a lease, as udhcpc's own script: address, default route, resolver.
const CLIENT: &str = r#"#!/bin/sh
[ "$1" = bound ] || exit 0
echo "ip=$ip router=$router dns=$dns domain=$domain lease=$lease server=$serverid" > "$HERE/lease"
ip addr add "$ip/24" dev "$interface"
for r in $router; do ip route replace default via "$r" dev "$interface"; done
for d in $dns; do echo "nameserver $d"; done > "$HERE/new"
[ ! -s "$HERE/new" ] || cp "$HERE/new" "$HERE/resolv.conf"
"#;

/// Nothing while the agent is away.
fn status(lab: &Lab) -> Value {
    let shown = lab.cli(&["status", "--json"]);
    serde_json::from_str::<Value>(&shown.stdout).unwrap_or_default()["service_port"].clone()
}

#[track_caller]
fn becomes(lab: &Lab, state: &str) -> Value {
    eventually(state, || Some(status(lab)).filter(|status| status["state"] == state))
}

/// The numbers of all servers in the box.
fn servers(lab: &Lab) -> Vec<String> {
    let found = lab.sh("grep -lx dnsmasq /proc/[0-9]*/comm 2>/dev/null");
    found.stdout.lines().filter_map(|l| Some(l.split('/').nth(2)?.to_owned())).collect()
}

#[test]
fn a_laptop_gets_an_address_and_keeps_its_own_way_to_the_internet() {
    let lab = Lab::new();
    let folder = lab.device.folders().log.clone();
    let script = folder.join("client.sh");
    std::fs::write(&script, CLIENT).expect("script");
    std::fs::write(folder.join("resolv.conf"), "nameserver 198.51.100.53\n").expect("resolver");
    let laptop = |line: &str| {
        let ended = lab.device.client_exec(&["sh", "-c", line]).expect("laptop");
        assert_eq!(ended.code, 0, "{line}: {ended:?}");
        ended.stdout
    };
    laptop("ip addr flush dev svc0; ip route replace default via 10.20.0.1 dev site0");
    let before = laptop("ip -4 route show default");
    becomes(&lab, "serving");

    let (script, here) = (script.display(), folder.display());
    laptop(&format!("chmod +x {script}; HERE={here} udhcpc -f -q -n -i svc0 -s {script}"));

    let lease = std::fs::read_to_string(folder.join("lease")).expect("lease");
    let address = lease.split([' ', '=']).nth(1).expect("address").to_owned();
    let last = address.strip_prefix("192.168.100.").and_then(|last| last.parse::<u8>().ok());
    assert!(last.is_some_and(|last| (100..=190).contains(&last)), "{lease}");
    assert_eq!(lease.trim(), format!("ip={address} router= dns= domain= lease=600 server=192.168.100.198"));
    assert_eq!(laptop("ip -4 route show default"), before, "the hotspot goes on");
    let resolver = std::fs::read_to_string(folder.join("resolv.conf")).expect("resolver");
    assert_eq!(resolver, "nameserver 198.51.100.53\n");
    assert_eq!(lab.get(SERVICE, "/setup", "").status, 200, "and the box is reached");

    // the same laptop has the same address after the agent's restart
    lab.device.kill(Role::Agent, Signal::Kill).expect("kill");
    laptop("ip addr flush dev svc0");
    becomes(&lab, "serving");
    laptop(&format!("HERE={here} udhcpc -f -q -n -i svc0 -s {script}"));
    let again = std::fs::read_to_string(folder.join("lease")).expect("lease");
    assert!(again.starts_with(&format!("ip={address} ")), "{again}");
}

#[test]
fn where_another_server_answers_the_box_is_silent_until_it_has_gone() {
    let (lab, cookie) = Lab::set_up();
    lab.device.link("lan3", false).expect("link");
    becomes(&lab, "no_link");
    let other = lab.device.service().host("other", "02:00:00:00:0c:01", "10.99.0.1/24").expect("host");
    let rogue = other.dnsmasq("eth0", "10.99.0.100,10.99.0.150", &[]).expect("dnsmasq");
    lab.device.link("lan3", true).expect("link");

    let told = becomes(&lab, "silent");
    assert_eq!(told["other"], "10.99.0.1");
    assert_eq!(servers(&lab), Vec::<String>::new());
    let text = lab.cli(&["status"]).stdout;
    assert!(text.contains("another DHCP server, 10.99.0.1, answers"), "{text}");
    let page = lab.get(SERVICE, "/", &cookie).body;
    assert!(page.contains("Another DHCP server answers at the service port") && page.contains("10.99.0.1"), "{page}");

    drop(rogue);
    // by the next check
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(90);
    while status(&lab)["state"] != "serving" {
        assert!(std::time::Instant::now() < patience, "{}", status(&lab));
        std::thread::sleep(std::time::Duration::from_millis(250));
    }
    assert_eq!(servers(&lab).len(), 1);
    assert!(!lab.get(SERVICE, "/", &cookie).body.contains("Another DHCP server"));
}

#[test]
fn after_the_agent_was_killed_exactly_one_server_serves() {
    let lab = Lab::new();
    becomes(&lab, "serving");
    let [first] = servers(&lab).try_into().expect("one");
    let owner = lab.sh(&format!("grep -E '^(Uid|CapEff)' /proc/{first}/status")).stdout;
    let words = owner.split_whitespace().collect::<Vec<_>>();
    assert_eq!(words, ["Uid:", "65534", "65534", "65534", "65534", "CapEff:", "0000000000001400"]);

    lab.device.kill(Role::Agent, Signal::Kill).expect("kill");
    eventually("the server dies with the agent", || servers(&lab).is_empty().then_some(()));

    // one that outlived its agent all the same: same file of leases, started behind the new agent's back
    let stray = "dnsmasq --conf-file=/dev/null --pid-file --port=0 --bind-interfaces --interface=lan3 --user=root \
                 --dhcp-range=192.168.100.100,192.168.100.190,2m --dhcp-leasefile=/run/gatehouse/service-port.leases";
    assert_eq!(lab.sh(stray).code, 0);
    let [stray] = servers(&lab).try_into().expect("only the stray one");
    becomes(&lab, "serving");
    let [second] = servers(&lab).try_into().expect("one");
    assert!(second != first && second != stray);
}

#[test]
fn a_server_that_was_killed_is_started_anew_and_a_cable_that_is_pulled_ends_it() {
    let lab = Lab::new();
    becomes(&lab, "serving");
    let [first] = servers(&lab).try_into().expect("one");
    assert_eq!(lab.sh(&format!("kill -9 {first}")).code, 0);
    assert_eq!(becomes(&lab, "failed")["why"]["failure"], "ended");
    becomes(&lab, "serving");
    let [second] = servers(&lab).try_into().expect("one");
    assert_ne!(first, second);

    lab.device.link("lan3", false).expect("link");
    becomes(&lab, "no_link");
    assert_eq!(servers(&lab), Vec::<String>::new());
}

#[test]
fn without_the_server_installed_the_box_works_and_says_so() {
    let lab = Lab::with(|builder| builder.env("PATH", "/run/gatehouse-bin"));
    assert_eq!(becomes(&lab, "failed")["why"]["failure"], "not_installed");
    assert_eq!(lab.get(SERVICE, "/setup", "").status, 200);
}

/// Asks from an address of the laptop's as an old resolver does: one question from any port, and whoever answers.
pub fn resolved(lab: &Lab, from: Ipv4Addr, name: &str) -> Option<Ipv4Addr> {
    let mut question = vec![0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        question.push(u8::try_from(label.len()).expect("short"));
        question.extend(label.bytes());
    }
    question.extend([0, 0, 1, 0, 1]);
    let mut buffer = [0; 512];
    let ask = || {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
        socket.set_multicast_if_v4(&from)?;
        socket.bind(&SocketAddrV4::new(from, 0).into())?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        socket.send_to(&question, &SocketAddrV4::new(Ipv4Addr::new(224, 0, 0, 251), 5353).into())?;
        (&socket).read(&mut buffer)
    };
    let length = lab.device.client().run(ask).expect("laptop").ok()?;
    let answer = &buffer[..length];
    assert_eq!(answer[..2], question[..2], "the id of the question");
    answer.last_chunk::<4>().map(|address| Ipv4Addr::from(*address))
}

#[test]
fn the_boxs_name_leads_to_the_address_of_the_wire_on_which_it_is_asked_for() {
    let (lab, cookie) = Lab::set_up();
    let found = |from, name| eventually(name, || resolved(&lab, from, name));
    let [service, site] = [[192, 168, 100, 197], [10, 20, 0, 200]].map(Ipv4Addr::from);
    assert_eq!(found(service, "gatehouse-1.local"), Ipv4Addr::new(192, 168, 100, 198));
    assert_eq!(found(service, "GATEHOUSE.local"), Ipv4Addr::new(192, 168, 100, 198));
    assert_eq!(found(site, "gatehouse-1.local"), Ipv4Addr::new(10, 20, 0, 15));
    assert_eq!(resolved(&lab, site, "gatehouse.local"), None, "a site has many boxes");
    assert_eq!(resolved(&lab, service, "gatehouse-2.local"), None);

    // and the pages answer to it
    for (name, address) in [("gatehouse-1.local", "192.168.100.198"), ("gatehouse-1.local", "10.20.0.15")] {
        let to = format!("{name}:443:{address}");
        let (url, cookie) = (format!("https://{name}/"), format!("cookie: {cookie}"));
        let argv = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "-H", &cookie, "--resolve", &to, &url];
        assert_eq!(lab.device.client_exec(&argv).expect("curl").stdout, "200", "{to}");
    }

    // it follows a change of the address
    lab.open(crate::lab::MOVED);
    assert_eq!(lab.cli(&["network", "confirm", "--untested"]).code, 0);
    eventually("the new address", || {
        (resolved(&lab, Ipv4Addr::new(10, 30, 0, 200), "gatehouse-1.local")? == Ipv4Addr::new(10, 30, 0, 15))
            .then_some(())
    });
}
