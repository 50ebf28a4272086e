//! Cellular on a box, with the real ModemManager and a modem of the harness.

mod network;
mod pins;
mod stand;
mod traces;
mod uplink;

use boxes::SimSpec;

use crate::lab::{Lab, SERVICE};
use stand::{Stand, slot, status, until};

#[test]
fn a_box_without_a_slot_says_so_and_asks_nobody() {
    let (lab, cookie) = Lab::set_up();
    let shown = lab.cli(&["cellular", "show"]);
    assert_eq!((shown.code, shown.stdout.as_str()), (0, "This box has no SIM slot.\n"));
    for words in [&["set", "--data", "on"][..], &["connect"], &["disconnect"], &["note-sim"], &["pin", "forget"]] {
        let refused = lab.cli(&[&["cellular"], words].concat());
        assert!(refused.code == 3 && refused.stderr.contains("GH-730"), "{refused:?}");
    }
    assert!(lab.get(SERVICE, "/", &cookie).status == 200);
}

#[test]
fn without_a_bus_or_a_modem_manager_the_box_says_so_and_waits() {
    let lab = slot();
    let is_away = |status: &serde_json::Value| status["problem"]["code"] == "CE-101";
    until(&lab, "no bus", is_away);
    let refused = lab.sh("printf '1234\\n' | gatehouse cellular unlock");
    assert!(refused.code == 3 && refused.stderr.contains("CE-101"), "{refused:?}");
    lab.device.start_bus().expect("bus");
    until(&lab, "nobody of that name", is_away);
    let told = lab.log(boxes::Role::Agent).matches("message bus to reach ModemManager").count();
    assert_eq!(told, 1, "once");
}

#[test]
fn without_a_sim_and_with_another_one_the_box_says_what_to_do() {
    let stand = Stand::new(None);
    stand.is("CE-201");
    let shown = stand.lab.cli(&["cellular", "show"]).stdout;
    assert!(shown.contains("switch the box off and on"), "{shown}");
    stand.modem.swap_sim(SimSpec::without_pin()).expect("SIM");
    stand.modem.power_cycle().expect("power");
    stand.set(&["--data", "on", "--apn", "cmnet"]);
    let first = stand.online();
    assert_eq!(first["sim"]["iccid"], "89860012345678901234");
    assert_eq!(first["suggestions"][0]["apn"], "cmnet");

    stand.modem.swap_sim(SimSpec::other()).expect("SIM");
    stand.modem.power_cycle().expect("power");
    let other = stand.until("the other SIM", |status| status["sim_change"]["change"] == "other");
    assert_eq!(other["sim_change"]["known"], "89860012345678901234");
    // its contract has another access point
    stand.is("CE-402");
    stand.set(&["--apn", "3gnet"]);
    stand.until("it is the known one", |status| status["sim_change"].is_null());
    stand.online();
}

#[test]
fn what_is_told_has_no_secret_and_a_bundle_no_subscriber() {
    let stand = Stand::new(SimSpec::default());
    stand.is("CE-203");
    assert_eq!(stand.typed("s3cret", "set --apn private.iot --user meter --auth pap --password").code, 0);
    assert_eq!(stand.typed("1234", "unlock").code, 0);
    stand.set(&["--data", "on"]);
    stand.online();
    let told = stand.lab.cli(&["cellular", "show", "--json"]).stdout + &stand.lab.cli(&["cellular", "show"]).stdout;
    let audit = stand.lab.cli(&["audit", "--json"]).stdout;
    let log = stand.lab.log(boxes::Role::Agent);
    for text in [&told, &audit, &log] {
        assert!(!text.contains("s3cret") && !text.contains("\"1234\""), "{text}");
    }
    assert!(audit.contains("cellular/unlock") && audit.contains("apn user password auth"), "{audit}");
    assert_eq!(stand.lab.cli(&["support-bundle", "-o", "/tmp/b.tar.gz"]).code, 0);
    let bundle = stand.lab.sh("tar -xzf /tmp/b.tar.gz -C /tmp && cat /tmp/gatehouse-*/cellular.json").stdout;
    assert!(bundle.contains("\"phase\": \"connected\""), "{bundle}");
    let all = stand.lab.sh("cat /tmp/gatehouse-*/*").stdout;
    for secret in ["s3cret", "460001234567890", "89860012345678901234"] {
        assert!(!all.contains(secret), "{secret}");
    }
    let modes = stand.lab.sh("stat -c '%a %U' /var/lib/gatehouse/cellular* | sort -u").stdout;
    assert_eq!(modes, "600 root\n");
}

#[test]
fn a_modem_that_is_not_the_slots_is_left_alone() {
    let lab = Lab::with(|builder| {
        builder.box_lines(
            "[[port]]\nname = \"sim\"\nlabel = \"SIM\"\nrole = \"sim\"\ndevice = { modem = \"000000000000000\" }\n",
        )
    });
    let modem = boxes::Modem::plug(&lab.device, SimSpec::without_pin()).expect("modem");
    until(&lab, "ModemManager", |status| status["problem"]["code"] == "CE-102");
    crate::lab::eventually("the modem", || lab.sh("mmcli -L").stdout.contains("Modem/").then_some(()));
    assert_eq!(status(&lab)["problem"]["code"], "CE-102");
    drop(modem);
}
