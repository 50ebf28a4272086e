//! The connection as an uplink: it comes, is lost, comes again, and gives way.

use boxes::{Addressing, Role, Signal, SimSpec};

use super::stand::Stand;
use crate::lab::eventually;

#[test]
fn traffic_flows_until_a_person_ends_it_and_again_when_one_asks() {
    let stand = Stand::connected();
    let gateway = stand.modem.gateway().to_string();
    let ping = || stand.lab.sh(&format!("busybox ping -c 1 -W 1 -I wwan0 {gateway}")).code == 0;
    eventually("the operator answers", || ping().then_some(()));
    assert_eq!(stand.lab.cli(&["cellular", "disconnect"]).code, 0);
    stand.until("it ends", |status| status["connected_since"].is_null() && status["paused"] == true);
    eventually("nothing is left on the interface", || (!stand.has_address()).then_some(()));
    assert_eq!(stand.lab.cli(&["cellular", "connect"]).code, 0);
    stand.online();
    stand.set(&["--data", "off"]);
    stand.until("it is off", |status| status["connected_since"].is_null());
    let refused = stand.lab.cli(&["cellular", "connect"]);
    assert!(refused.code == 3 && refused.stderr.contains("GH-206"), "{refused:?}");
}

#[test]
fn what_is_lost_comes_again_by_itself() {
    let stand = Stand::connected();
    stand.modem.net_drop().expect("drop");
    let dropped = stand.until("it is lost", |status| status["connected_since"].is_null());
    assert!(dropped["failures"].as_u64() >= Some(1) || dropped["next_try"].is_null(), "{dropped}");
    stand.online();

    let object = |stand: &Stand| stand.lab.sh("mmcli -L").stdout;
    stand.modem.kill_manager();
    stand.is("CE-101");
    eventually("the interface is flushed", || (!stand.has_address()).then_some(()));
    stand.modem.start_manager().expect("ModemManager");
    stand.online();

    let before = object(&stand);
    stand.modem.unplug().expect("unplug");
    stand.is("CE-102");
    stand.modem.replug().expect("replug");
    stand.online();
    assert_ne!(object(&stand), before);

    // an agent that comes back finds the connection, and does not dial again
    let since = || stand.modem.sent().expect("sent").iter().filter(|line| line.contains("NDISDUP=1,1")).count();
    let dialled = since();
    stand.lab.device.kill(Role::Agent, Signal::Kill).expect("kill");
    stand.online();
    assert_eq!(since(), dialled);
}

#[test]
fn the_address_can_come_from_the_operators_dhcp_server() {
    let stand = Stand::new(SimSpec::without_pin());
    stand.modem.set(|air| air.addressing = Addressing::Dhcp).expect("air");
    stand.set(&["--data", "on", "--apn", "cmnet"]);
    stand.online();
    assert!(stand.has_address());
}

#[test]
fn the_mobile_network_takes_over_where_the_wires_fail_and_gives_back() {
    let stand = Stand::connected();
    eventually("a wired way out", || (stand.way_out() == "lan1").then_some(()));
    stand.lab.device.link("lan1", false).expect("link");
    stand.lab.device.link("lan2", false).expect("link");
    eventually("the mobile network", || (stand.way_out() == "sim").then_some(()));
    stand.lab.device.link("lan1", true).expect("link");
    eventually("the wire again", || (stand.way_out() == "lan1").then_some(()));
    assert!(stand.status()["connected_since"].is_u64(), "it stays connected");
}

#[test]
fn nobody_reaches_the_pages_over_the_mobile_network() {
    let stand = Stand::connected();
    let operator = |argv: &[&str]| stand.modem.operator_exec(argv).expect("operator").code;
    let own = stand.lab.show()["ports"].as_array().and_then(|ports| {
        let sim = ports.iter().find(|port| port["name"] == "sim")?;
        sim["addresses"]
            .as_array()?
            .iter()
            .filter_map(|a| a["net"].as_str())
            .find(|net| !net.contains(':'))
            .map(str::to_owned)
    });
    let own = own.expect("an address").split('/').next().unwrap_or_default().to_owned();
    eventually("the box answers there", || {
        (operator(&["busybox", "ping", "-c", "1", "-W", "1", &own]) == 0).then_some(())
    });
    for address in [own.as_str(), "192.168.100.198", "10.20.0.15"] {
        if address != own {
            assert_eq!(operator(&["ip", "route", "replace", address, "via", &own]), 0);
        }
        for page in [format!("https://{address}/login"), format!("http://{address}/")] {
            let reached = operator(&["curl", "-sk", "-o", "/dev/null", "--max-time", "2", &page]);
            // nobody there, or no answer
            assert!([7, 28].contains(&reached), "{page}: {reached}");
        }
    }
}

#[test]
fn data_is_counted_and_the_count_outlives_agent_and_box() {
    let stand = Stand::connected();
    let gateway = stand.modem.gateway().to_string();
    let flood = format!("busybox ping -c 20 -A -s 1000 -I wwan0 {gateway}");
    assert_eq!(stand.lab.sh(&flood).code, 0);
    assert_eq!(stand.lab.cli(&["cellular", "disconnect"]).code, 0);
    let total = |status: &serde_json::Value| status["usage"]["this_month"]["rx"].as_u64().unwrap_or_default();
    let counted = stand.until("20 answers of 1000 bytes", |status| total(status) > 20_000);
    stand.lab.device.reboot().expect("reboot");
    let after = stand.until("the count", |status| total(status) >= total(&counted));
    assert!(total(&after) >= total(&counted));
    stand.set(&["--limit", "1"]);
    assert_eq!(stand.status()["usage"]["limit"], "far");
}
