//! Time: a clock that is wrong, a code that has expired, and certificates that are to be renewed.

use std::fs;

use domain::cluster::{api::NewCode, calls};
use serde_json::{Value, json};

use super::{
    Fleet,
    registry::{ByHand, DAY, call},
};
use crate::{
    bus,
    lab::{PASSWORD, SERVICE, eventually},
};

/// To the box, a registry that is ahead is a clock of its own that is behind.
#[test]
fn a_clock_that_is_wrong_is_said_and_once_it_is_set_it_goes_on() {
    let fleet = Fleet::new();
    let lab = &fleet.lab;
    let cookie = lab.post(SERVICE, "/setup", "", &[("password", PASSWORD)]).cookie().expect("a session");
    let code = fleet.registry.code(&[]).expect("code");
    let registry = ByHand::serve(&fleet, 2 * DAY);
    fleet.begin(&code, &["--association", "none"]);
    let why = eventually("a box that waits", || {
        Some(fleet.status()["waiting"]["why"].clone()).filter(|why| why["away"] == "clock")
    });
    let seconds = why["seconds"].as_i64().expect("seconds");
    assert!((seconds + 2 * DAY).abs() < 60 && why["registry"] == registry.now(), "{why}");
    let page = lab.get(SERVICE, "/activate/progress", &cookie);
    assert!(page.status == 200 && page.body.contains("behind the registry"), "{page:?}");
    assert!(page.body.contains("/system/time"), "it leads to where the clock is set: {}", page.body);

    let calls = bus::systemd(&lab.device.start_bus().expect("bus"), false);
    let device = registry.now().to_string();
    let set = lab.post(SERVICE, "/system/time/clock", &cookie, &[("device", &device), ("clock", "")]);
    assert!(set.leads_to("/system/time?saved"), "{set:?}");
    assert_eq!(*calls.lock().expect("calls"), [format!("SetTime ({device}000000, false, false)")]);
    // no test sets this machine's clock, which is the box's: the registry's comes to it instead
    registry.set_right();
    fleet.active();
    assert_eq!(fleet.status()["waiting"], Value::Null);
}

#[test]
fn a_code_that_has_expired_is_told_and_not_saved() {
    let fleet = Fleet::new();
    let registry = ByHand::serve(&fleet, -4 * DAY);
    let ask = NewCode { model: None, cluster: None, hours: Some(72), label: None, short: false };
    let code = call::<calls::CreateCode>(&fleet, &[], &ask).code;
    drop(registry);
    fleet.registry.power_on().expect("on");
    let refused = fleet.ask_to_begin(code.expose(), &["--association", "none"]);
    assert!(refused.code != 0 && refused.stderr.contains("GH-822"), "{refused:?}");
    assert!(fleet.saved()["code"].is_null() && fleet.status()["draft"]["code"].is_null());
    assert!(fleet.hosts().is_empty());
}

/// A member of a box that was off since: its certificate has so many days left, or ended so many ago.
fn left(fleet: &Fleet, days: i64) {
    fleet.lab.device.power_off();
    let file = fleet.lab.device.folders().agent.join("activation.json");
    let mut saved = fleet.saved();
    let at = |days: i64| os::clock::wall().0.saturating_add_signed(days * DAY);
    saved["member"]["told"] = json!(1);
    saved["member"]["validity"] = json!({ "not_before": at(days - 90), "not_after": at(days) });
    fs::write(file, saved.to_string()).expect("written");
    fleet.lab.device.power_on().expect("on");
    fleet.lab.ready();
}

/// Days until the box's certificate ends, as the box has saved it.
fn days(fleet: &Fleet) -> i64 {
    let until = fleet.saved()["member"]["validity"]["not_after"].as_u64().unwrap_or_default();
    (i64::try_from(until).expect("fits") - i64::try_from(os::clock::wall().0).expect("fits")) / DAY
}

#[test]
fn a_certificate_is_renewed_by_itself_when_two_thirds_of_its_life_are_over() {
    let fleet = Fleet::new();
    fleet.begin(&fleet.registry.code(&[]).expect("code"), &["--association", "none"]);
    fleet.active();
    let before = fleet.saved()["member"]["info"]["certificate"].clone();
    left(&fleet, 31);
    eventually("a round with the registry", || fleet.status()["member"]["told"].as_u64().filter(|told| *told > 1));
    assert_eq!(
        (&fleet.saved()["member"]["info"]["certificate"], fleet.stage().as_str()),
        (&before, "active"),
        "too early"
    );
    left(&fleet, 29);
    eventually("another certificate", || (days(&fleet) >= 88).then_some(()));
    assert_ne!(fleet.saved()["member"]["info"]["certificate"], before);
    let log = fleet.lab.cli(&["audit", "--json"]).stdout;
    assert!(log.contains("activation/renewed"), "{log}");
    // and it is known by it
    fleet.lab.device.reboot().expect("reboot");
    fleet.lab.ready();
    eventually("known by it", || (fleet.status()["member"]["away"].is_null()).then_some(()));
    assert_eq!(fleet.hosts(), ["7F3K-2219"]);
}

#[test]
fn a_box_that_was_off_for_longer_than_its_certificate_needs_a_persons_word() {
    let fleet = Fleet::new();
    fleet.begin(&fleet.registry.code(&[]).expect("code"), &["--association", "none"]);
    fleet.active();
    // a registry that believes it is earlier gives a certificate that has ended by now, which the box does not take
    let earlier = ByHand::serve(&fleet, -91 * DAY);
    left(&fleet, -1);
    let refused = || fleet.status()["member"]["away"]["why"].clone();
    eventually("a certificate that is none", || (refused()["away"] == "here").then_some(()));
    assert!(days(&fleet) < 0);
    drop(earlier);
    fleet.registry.power_on().expect("on");
    fleet.lab.device.reboot().expect("reboot");
    fleet.lab.ready();
    eventually("a box that asks for it", || (fleet.status()["member"]["renewal"] == "needs_agreement").then_some(()));
    assert_eq!((fleet.stage().as_str(), days(&fleet) < 0), ("active", true));
    call::<calls::AgreeLateRenewal>(&fleet, &["7F3K-2219"], &());
    fleet.lab.device.reboot().expect("reboot");
    fleet.lab.ready();
    eventually("another certificate", || (days(&fleet) >= 88).then_some(()));
    let member = fleet.status()["member"].clone();
    assert_eq!((&member["renewal"], &member["left"]), (&Value::Null, &Value::Null), "{member}");
}
