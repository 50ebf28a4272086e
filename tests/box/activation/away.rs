//! A registry that is not there takes nothing back, and a code that is none changes nothing.

use super::Fleet;
use crate::lab::eventually;

#[test]
fn without_the_registry_every_answer_is_taken_and_it_goes_on_by_itself() {
    let fleet = Fleet::new();
    let code = fleet.registry.code(&[]).expect("code");
    fleet.registry.link(false).expect("cable");
    fleet.begin(&code, &["--association", "none"]);
    let waits = eventually("a box that waits", || Some(fleet.status()).filter(|s| !s["waiting"].is_null()));
    assert_eq!(waits["stage"], "working");
    let until = waits["waiting"]["code_until"].as_u64().expect("until when the code is good");
    assert!(until > waits["waiting"]["since"].as_u64().expect("since"));
    fleet.lab.device.reboot().expect("reboot");
    fleet.lab.ready();
    assert_eq!(fleet.stage(), "working");
    fleet.registry.link(true).expect("cable");
    fleet.active();
    assert_eq!(fleet.hosts(), ["7F3K-2219"]);
}

#[test]
fn a_registry_that_is_switched_off_in_the_middle_is_waited_for() {
    let fleet = Fleet::new();
    let code = fleet.registry.code(&[]).expect("code");
    fleet.registry.power_off();
    fleet.begin(&code, &["--association", "none"]);
    let waits = eventually("a box that waits", || Some(fleet.status()).filter(|s| !s["waiting"].is_null()));
    assert_eq!(waits["waiting"]["why"]["away"], "refused");
    fleet.registry.power_on().expect("on again");
    fleet.active();
}

#[test]
fn codes_that_are_none_are_each_told_and_nothing_is_saved() {
    let fleet = Fleet::new();
    let good = fleet.registry.code(&[]).expect("code");
    let made = fleet.registry.by_account(&["token", "create"]).expect("code");
    let (id, revoked) = (made["id"].as_str().expect("id"), made["code"].as_str().expect("code"));
    fleet.registry.by_account(&["token", "revoke", id]).expect("revoked");
    let (head, secret) = good.rsplit_once('.').expect("a secret");
    let other = if secret.starts_with('A') { "B" } else { "A" };
    let forged = format!("{head}.{other}{}", &secret[1..]);
    let elsewhere = fleet.registry.code(&["--model", "B-020"]).expect("code");
    for (code, told) in [
        ("", "GH-721"),
        ("nonsense", "GH-721"),
        (&good[..good.len() - 9], "GH-721"),
        (&forged, "GH-82"),
        (revoked, "GH-82"),
        (&elsewhere, "GH-82"),
        ("1234 5678 9012 3456", "GH-72"),
    ] {
        let file = fleet.lab.file("code", code);
        let refused = fleet.lab.cli(&["activate", "--code-file", &file, "--yes", "--name", "box-a1"]);
        assert_ne!(refused.code, 0, "{code}: {refused:?}");
        assert!(refused.stderr.contains(told) || refused.stdout.contains(told), "{code}: {told}: {refused:?}");
        let status = fleet.status();
        assert!(status["draft"]["code"].is_null() && fleet.saved()["code"].is_null(), "{code}: {status}");
    }
    assert!(fleet.hosts().is_empty());
    // the good one is good still
    fleet.begin(&good, &["--association", "none"]);
    fleet.active();
}
