//! Who is of the pair: one whose peer is still to come, one that was parted, one in whose place another box has come, and a registry that is on
//! one of the two.

use boxes::Builder;
use serde_json::{Value, json};

use super::{LONG, Pair, VIRTUAL_IP, within};
use crate::{
    applications::{MANIFEST, SERVER, add},
    lab::Lab,
};

impl Pair {
    fn has_address(&self, at: usize) -> bool {
        self.boxes[at].sh("ip -4 -o addr show dev lan1").stdout.contains(VIRTUAL_IP)
    }

    fn runs(&self, at: usize) -> bool {
        !self.boxes[at].sh("pgrep -f '[s]erver.js'").stdout.is_empty()
    }
}

#[test]
fn a_box_whose_peer_is_still_to_come_has_the_virtual_ip_and_keeps_it_when_the_peer_comes() {
    let pair = Pair::awaiting();
    within(LONG, "the virtual IP", || pair.has_address(0).then_some(()));
    assert_eq!(pair.phase(0), "awaiting");
    assert_eq!(add(&pair.boxes[0], MANIFEST, SERVER).code, 0);
    let first = within(LONG, "the application", || Some(pair.hello()).filter(Value::is_object));
    // nobody can take over, so nobody has to be asked
    pair.registry.power_off();
    std::thread::sleep(std::time::Duration::from_secs(6));
    assert_eq!(pair.hello(), first, "the registry is no reason to stop");
    pair.registry.power_on().expect("on");

    let prober = pair.prober();
    pair.join();
    within(LONG, "a whole pair", || (pair.active() == Some(0)).then_some(()));
    let seen = prober.end();
    println!("the peer has come: gap {:?}", seen.gap());
    assert_eq!(seen.double().as_millis(), 0);
    assert_eq!(pair.hello(), first, "what runs goes on, in the same epoch");
    pair.device(0).power_off();
    within(LONG, "the other one", || Some(pair.hello()).filter(|it| it.is_object() && it["epoch"] != first["epoch"]));
}

#[test]
fn the_wizards_virtual_ip_and_ports_are_looked_at_and_hold_on_both_boxes() {
    let pair = Pair::apart();
    let ask = |more: &[&str]| {
        let manual = ["--association", "manual", "--new-cluster", "plant", "--peer", "7F3K-2220"];
        let ended = pair.try_to_activate(0, &[&manual, more].concat());
        assert_ne!(ended.code, 0, "{more:?}");
        ended.stdout + &ended.stderr
    };
    // the host that looks has this one
    for (more, says) in [
        (["--virtual-ip", "10.20.0.77"].as_slice(), "02:00:00:00:0a:77"),
        (&["--virtual-ip", "10.99.0.1"], "is not in the network"),
        (&["--virtual-ip", "10.20.0.15"], "is the address of a box"),
        (&["--virtual-ip", VIRTUAL_IP, "--virtual-ip-port", "lan3"], "no port of this box"),
        (&["--virtual-ip", VIRTUAL_IP, "--heartbeat", "lan1"], "no heartbeat port"),
    ] {
        let said = ask(more);
        assert!(said.contains("GH-761") && said.contains(says), "{more:?}: {said}");
    }
    let told = pair.boxes[0].socket("0", "GET", "/v1/activation", None, &Value::Null);
    let told: Value = serde_json::from_str(&told.body).expect("JSON");
    assert_eq!((&told["stage"], &told["draft"]["association"]), (&json!("answering"), &Value::Null), "{told}");

    pair.begin(&["--virtual-ip-port", "lan1", "--heartbeat", "none"]);
    within(LONG, "the virtual IP", || pair.has_address(0).then_some(()));
    // its peer was told nothing of ports, and the address is not taken by whoever it joins
    let clusters = pair.registry.by_account(&["cluster", "list"]).expect("clusters");
    let cluster = clusters[0]["id"].as_str().expect("an id").to_owned();
    let second = ["--association", "manual", "--cluster", &cluster, "--peer", "7F3K-2219", "--virtual-ip", VIRTUAL_IP];
    pair.activate(1, &second);
    within(LONG, "a whole pair", || pair.active());
    for at in 0..2 {
        let settings = pair.status(at)["settings"].clone();
        assert_eq!(settings["heartbeat"], Value::Null, "{settings}");
        assert_eq!(settings["virtual_ip"], json!({ "address": "10.20.0.100/24", "port": "lan1" }), "{settings}");
    }
}

#[test]
fn two_that_are_parted_run_what_they_have_once() {
    let pair = Pair::new();
    let active = within(LONG, "a whole pair", || pair.active());
    let other = 1 - active;
    assert_eq!(add(&pair.boxes[active], MANIFEST, SERVER).code, 0);
    within(LONG, "the application", || Some(pair.hello()).filter(Value::is_object));
    within(LONG, "the other one has it", || pair.active());
    pair.registry.by_account(&["cluster", "unpair", "7F3K-2219", "--yes"]).expect("parted");
    within(LONG, "no pair", || (pair.phase(active) == "single").then_some(()));
    within(LONG, "its application", || pair.runs(active).then_some(()));
    // the standby hears of it when it asks the next time
    within(LONG * 2, "no pair there", || (pair.phase(other) == "single").then_some(()));
    for at in [active, other] {
        assert!(!pair.has_address(at), "a virtual IP belongs to a pair");
        pair.device(at).reboot().expect("reboot");
    }
    within(LONG, "its application after a restart", || pair.runs(active).then_some(()));
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert!(!pair.runs(other), "it does not run twice");
}

#[test]
fn an_active_box_that_is_removed_hands_over_before_it_goes() {
    let pair = Pair::new();
    let active = within(LONG, "a whole pair", || pair.active());
    let (other, serials) = (1 - active, ["7F3K-2219", "7F3K-2220"]);
    assert_eq!(add(&pair.boxes[active], MANIFEST, SERVER).code, 0);
    within(LONG, "the application", || Some(pair.hello()).filter(Value::is_object));
    within(LONG, "the other one has it", || pair.active());
    pair.registry.by_account(&["cluster", "remove-host", serials[active], "--yes"]).expect("removed");
    let taken = within(LONG * 2, "the other one", || {
        Some(pair.status(other)["history"][0].clone()).filter(|taken| taken["kind"] == "switchover")
    });
    println!("removed: {taken}");
    let left = || {
        let told = pair.boxes[active].socket("0", "GET", "/v1/activation", None, &Value::Null);
        let told: Value = serde_json::from_str(&told.body).unwrap_or_default();
        (told["member"]["left"]["left"] == "removed").then_some(())
    };
    within(LONG * 2, "a box that has left", left);
    within(LONG * 2, "a box of its own", || (pair.phase(other) == "single" && pair.runs(other)).then_some(()));
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert!(!pair.runs(active) && !pair.has_address(active), "nothing of it is left there");
}

#[test]
fn a_new_box_takes_a_dead_ones_place_and_the_old_one_does_nothing_when_it_returns() {
    let pair = Pair::new();
    let active = within(LONG, "a whole pair", || pair.active());
    let (dead, serials) = (1 - active, ["7F3K-2219", "7F3K-2220"]);
    assert_eq!(add(&pair.boxes[active], MANIFEST, SERVER).code, 0);
    let first = within(LONG, "the application", || Some(pair.hello()).filter(Value::is_object));
    within(LONG, "the other one has it", || pair.active());
    pair.device(dead).power_off();
    let replace = ["cluster", "replace-host", serials[dead], "--with", "7F3K-2221", "--yes"];
    pair.registry.by_account(&replace).expect("replaced");
    within(LONG * 2, "one that waits", || (pair.phase(active) == "awaiting").then_some(()));
    assert_eq!(pair.hello(), first, "what runs goes on");

    // it returns before the new one is there
    let prober = pair.prober();
    pair.device(dead).power_on().expect("on");
    let left = || {
        let told = pair.boxes[dead].socket("0", "GET", "/v1/activation", None, &Value::Null);
        let told: Value = serde_json::from_str(&told.body).unwrap_or_default();
        (told["member"]["left"]["left"] == "replaced").then_some(())
    };
    within(LONG * 2, "it knows that it was replaced", left);
    assert!(!pair.has_address(dead) && !pair.runs(dead), "it does nothing");

    let new = Lab::on(&pair.site, |builder: Builder| builder.number(3).heartbeat());
    let file = new.file("code", &pair.registry.code(&[]).expect("a code"));
    let argv = ["activate", "--code-file", &file, "--yes", "--wait", "20"];
    let ended = new.cli(&argv);
    assert_eq!(ended.code, 0, "{ended:?}");
    let whole = || {
        let status = pair.status(active);
        (status["phase"]["phase"] == "active" && status["peer"]["heard"]["about"]["fit"] == json!(true)).then_some(())
    };
    within(LONG * 2, "a whole pair", whole);
    let seen = prober.end();
    println!("replaced: gap {:?}", seen.gap());
    assert_eq!(seen.double().as_millis(), 0);
    assert_eq!(pair.hello(), first, "nothing was interrupted");
    pair.device(active).power_off();
    within(LONG, "the new one", || Some(pair.hello()).filter(|it| it.is_object() && it["epoch"] != first["epoch"]));
    assert!(!pair.runs(dead));
}

#[test]
fn a_registry_on_one_of_the_two_is_refused_and_told_on_both() {
    let pair = Pair::new();
    let active = within(LONG, "a whole pair", || pair.active());
    let address = pair.registry.exec(&["ip", "-4", "-o", "addr", "show", "scope", "global"]).expect("ip").stdout;
    let address = address.split_whitespace().find(|word| word.contains('/')).expect("an address").to_owned();
    let host = address.split('/').next().expect("an address").to_owned();
    let at_home = format!("ip addr add {host}/32 dev lan1");
    pair.boxes[active].sh(&at_home);
    let told = |at: usize| pair.status(at)["reasons"].to_string().contains("registry_on_pair").then_some(());
    within(LONG, "the reason", || told(active));
    within(LONG, "the reason at the other one", || told(1 - active));
    pair.boxes[active].sh(&format!("ip addr del {host}/32 dev lan1"));
    within(LONG, "a registry elsewhere", || told(active).is_none().then_some(()));

    // nor is a box activated at one that is on itself
    let new = Lab::on(&pair.site, |builder: Builder| builder.number(3).heartbeat());
    new.sh(&at_home);
    let file = new.file("code", &pair.registry.code(&[]).expect("a code"));
    let ended = new.cli(&["activate", "--code-file", &file, "--yes", "--wait", "3"]);
    let said = ended.stdout + &ended.stderr;
    assert!(ended.code != 0 && said.contains("this box itself"), "{said}");
}
