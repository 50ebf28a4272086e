//! A seed file on a real box: nobody is there, and afterwards it is set up.

use std::{fs, os::unix::fs::symlink};

use boxes::{Role, Signal};
use serde_json::Value;

use crate::lab::{Lab, PASSWORD, SERVICE, address, eventually};

/// Without the password's hash.
const REST: &str = r#"
language = "zh-CN"
host_name = "box-a1"
[time]
servers = ["10.20.0.1"]
[proxy]
url = "http://proxy.example:3128"
user = "box"
password = "proxy word"
[registry]
url = "https://registry.example"
code = "open-sesame-4711"
[network]
uplink_order = ["lan1", "lan2"]
[network.ports.lan1]
ipv4 = { method = "static", addresses = ["10.30.0.15/24"], gateway = "10.30.0.1" }
dns = ["10.30.0.1"]
manage = true
"#;

fn hash(lab: &Lab) -> String {
    let made = lab.sh(&format!("echo '{PASSWORD}' | gatehouse password hash"));
    assert_eq!(made.code, 0, "{made:?}");
    made.stdout.trim().to_owned()
}

fn whole(lab: &Lab, serial: Option<&str>) -> String {
    let serial = serial.map(|s| format!("serial = \"{s}\"\n")).unwrap_or_default();
    format!("{serial}password_hash = \"{}\"\n{REST}", hash(lab))
}

fn shown(lab: &Lab) -> Value {
    let shown = lab.cli(&["seed", "show", "--json"]);
    serde_json::from_str(&shown.stdout).unwrap_or_default()
}

fn applied(lab: &Lab) -> Value {
    eventually("a seed that is applied", || Some(shown(lab)["applied"].clone()).filter(|a| !a.is_null()))
}

/// Everything that the seed says, as the box has it.
fn is_set_up(lab: &Lab) {
    let signed_in = lab.post(SERVICE, "/login", "", &[("password", PASSWORD)]);
    assert!(signed_in.cookie().is_some(), "{signed_in:?}");
    assert_eq!(lab.exec(&["hostname"]).stdout.trim(), "box-a1");
    assert_eq!(address(&lab.show()), "10.30.0.15/24");
    assert!(lab.sh("ip -4 addr").stdout.contains("10.30.0.15/24"), "in the kernel, too");
    let settings = lab.cli(&["settings", "show", "--json"]);
    let settings: Value = serde_json::from_str(&settings.stdout).expect("JSON");
    assert_eq!(settings["proxy"]["password"], true, "{settings}");
    assert_eq!(settings["language"], "zh-CN");
    let kept =
        lab.sh("stat -c %a /var/lib/gatehouse/seed-registry.json; cat /var/lib/gatehouse/seed-registry.json").stdout;
    assert!(kept.starts_with("600\n") && kept.contains("open-sesame-4711"), "{kept}");
    assert_eq!(lab.sh("ls /var/lib/gatehouse | grep pending").stdout, "", "the copy with secrets is gone");
    // without a cookie the pages speak the box's language
    assert!(lab.get(SERVICE, "/login", "").body.contains("lang=\"zh-CN\""));
}

#[test]
fn a_seed_sets_up_a_box_with_nobody_there_and_only_once() {
    let lab = Lab::new();
    let text = whole(&lab, None);
    lab.file("seed.toml", &text);
    let first = applied(&lab);
    let came = first["reports"].as_array().expect("reports").iter().map(|r| r["came"].clone()).collect::<Vec<_>>();
    assert_eq!(came, vec!["applied"; 7], "{first}");
    is_set_up(&lab);
    let audit = lab.cli(&["audit", "--json", "--what", "seed"]).stdout;
    let audit: Value = serde_json::from_str(&audit).expect("JSON");
    let entries = audit["entries"].as_array().expect("entries");
    assert_eq!(entries.len(), 7, "{audit}");
    assert_eq!((&entries[0]["who"], entries[0]["code"].is_null()), (&"seed".into(), true), "{audit}");
    assert!(entries[0]["detail"].as_str().expect("detail").starts_with("Password: applied; /etc/"), "{audit}");

    // somebody changes something; the stick stays in the box over a restart
    assert_eq!(lab.cli(&["settings", "host-name", "box-b2"]).code, 0);
    lab.device.reboot().expect("reboot");
    lab.file("seed.toml", &text);
    lab.ready();
    assert_eq!(shown(&lab)["applied"], first);
    assert_eq!(lab.exec(&["hostname"]).stdout.trim(), "box-b2");
    let log = lab.log(Role::Agent);
    assert!(!log.contains("open-sesame") && !log.contains("proxy word") && !log.contains("argon2id"), "{log}");
}

#[test]
fn an_agent_that_is_killed_while_it_applies_a_seed_ends_with_all_of_it() {
    let lab = Lab::new();
    let file = lab.device.folders().config.join("seed.toml");
    let copy = lab.device.folders().agent.join("seed-pending.json");
    fs::write(&file, whole(&lab, None)).expect("seed");
    eventually("a seed that is begun", || copy.exists().then_some(()));
    lab.device.kill(Role::Agent, Signal::Kill).expect("kill");
    // the stick is pulled out
    fs::remove_file(&file).expect("seed");
    applied(&lab);
    is_set_up(&lab);
}

#[test]
fn a_password_and_a_network_that_a_person_set_stay() {
    let (lab, _) = Lab::set_up();
    lab.open(crate::lab::MOVED);
    assert_eq!(lab.cli(&["network", "confirm", "--untested"]).code, 0);
    let other =
        whole(&lab, None).replace("10.30.0.15", "10.30.0.99").replace(&hash_of(&whole(&lab, None)), &hash(&lab));
    lab.file("seed.toml", &other);
    eventually("a refusal", || (shown(&lab)["refused"]["why"] == "needs_serial").then_some(()));

    lab.file("seed.toml", &format!("serial = \"7F3K-2219\"\n{other}"));
    let reports = applied(&lab)["reports"].clone();
    let came = |part: &str| {
        let all = reports.as_array().expect("reports");
        all.iter().find(|r| r["part"] == part).map(|r| r["came"].clone()).expect("part")
    };
    assert_eq!([came("password"), came("network"), came("host_name")], ["kept", "kept", "applied"], "{reports}");
    assert_eq!(address(&lab.show()), "10.30.0.15/24");
    let signed_in = lab.post(SERVICE, "/login", "", &[("password", PASSWORD)]);
    assert!(signed_in.cookie().is_some(), "{signed_in:?}");
}

fn hash_of(seed: &str) -> String {
    seed.split('"').nth(1).expect("hash").to_owned()
}

#[test]
fn a_hostile_seed_changes_nothing_and_is_told_by_line() {
    let lab = Lab::new();
    let before = lab.network();
    let config = lab.device.folders().config.clone();
    let file = config.join("seed.toml");
    let put = |make: &dyn Fn()| {
        let _ = fs::remove_file(&file);
        make();
    };
    let said = |part: &str| {
        eventually(part, || {
            let refused = shown(&lab)["refused"].to_string();
            refused.contains(part).then_some(())
        });
    };
    put(&|| symlink("box.toml", &file).expect("link"));
    said("not_a_file");
    put(&|| fs::write(&file, [0xff, 0xfe, 0]).expect("bytes"));
    said("not_text");
    put(&|| fs::write(&file, "#".repeat(200_000)).expect("long"));
    said("too_long");
    let overlapping = REST.replace("10.30.0.15/24", "192.168.100.7/24");
    put(&|| fs::write(&file, &overlapping).expect("overlap"));
    said("overlaps_service");
    let line = 1 + overlapping.lines().position(|l| l.starts_with("[network.ports")).expect("line");
    said(&format!("\"line\":{line}"));
    put(&|| fs::write(&file, format!("password_hash = \"{PASSWORD}\"\n{REST}")).expect("clear"));
    said("gatehouse password hash");
    put(&|| fs::write(&file, REST.replace("box-a1", "$(reboot)")).expect("name"));
    said("4 to 30");

    let network = lab.network().lines().filter(|l| *l != "seed.json").collect::<Vec<_>>().join("\n");
    assert_eq!(network, before, "nothing was done");
    assert!(lab.get(SERVICE, "/", "").leads_to("/setup"), "still without a password");
    assert_eq!(lab.exec(&["hostname"]).stdout.trim(), "gatehouse-1");
    let log = lab.log(Role::Agent);
    assert!(!log.contains(PASSWORD) && !log.contains("panicked"), "{log}");
}

#[test]
fn a_file_is_checked_before_it_is_put_on_a_stick() {
    let lab = Lab::new();
    let good = lab.file("good.toml", &whole(&lab, Some("7F3K-2219")));
    let told = lab.cli(&["seed", "check", &good]);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.stdout.contains("language, host name, time, proxy, registry, network, password"), "{told:?}");
    let bad = lab.file("bad.toml", "language = \"en\"\nhost_nam = \"x\"\n");
    let told = lab.cli(&["seed", "check", &bad]);
    assert_eq!(told.code, 3, "{told:?}");
    assert!(told.stderr.contains("line 2: unknown field `host_nam`") && told.stderr.contains("GH-710"), "{told:?}");
    let told = lab.cli(&["seed", "check", &bad, "--json"]);
    let refusal: Value = serde_json::from_str(&told.stdout).expect("JSON");
    assert_eq!(refusal["problems"][0]["line"], 2, "{refusal}");
}
