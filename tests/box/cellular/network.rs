//! What the mobile network does, and what the box says of it.

use boxes::{Registration, SimSpec};

use super::stand::Stand;

#[test]
fn each_thing_in_the_way_has_its_cause_and_is_mended() {
    let stand = Stand::new(SimSpec::without_pin());
    stand.modem.set(|air| air.registration = Registration::Searching).expect("air");
    stand.set(&["--data", "on", "--apn", "nobody.has.it"]);
    stand.is("CE-301");
    stand.modem.set(|air| air.registration = Registration::Denied).expect("air");
    stand.is("CE-303");
    stand.modem.set(|air| air.registration = Registration::Home).expect("air");
    stand.is("CE-402");
    stand.set(&["--apn", "private.iot"]);
    stand.is("CE-403");
    assert_eq!(stand.typed("wrong", "set --user meter --auth pap --password").code, 0);
    stand.is("CE-403");
    assert_eq!(stand.typed("s3cret", "set --password").code, 0);
    let seen = stand.online();
    assert_eq!((&seen["failures"], &seen["problem"]), (&0.into(), &serde_json::Value::Null));
    let refused = stand.lab.cli(&["cellular", "set", "--apn", "a b", "--mtu", "9"]);
    assert!(refused.code == 3 && refused.stderr.matches("\n  ").count() == 2, "{refused:?}");
}

#[test]
fn nothing_goes_over_another_operators_network_unless_somebody_allows_it() {
    let stand = Stand::new(SimSpec::without_pin());
    stand.modem.set(|air| air.registration = Registration::Roaming).expect("air");
    stand.set(&["--data", "on", "--apn", "cmnet"]);
    stand.is("CE-305");
    let dialled = || stand.modem.sent().expect("sent").iter().filter(|line| line.contains("NDISDUP=1,1")).count();
    assert_eq!(dialled(), 0);
    stand.set(&["--roaming", "on"]);
    let seen = stand.online();
    assert_eq!(seen["network"]["registration"], "roaming");
    stand.set(&["--roaming", "off"]);
    stand.is("CE-305");
    stand.until("no connection", |status| status["connected_since"].is_null());
    assert!(!stand.has_address());
}

#[test]
fn the_signal_is_told_in_bars_with_advice() {
    let stand = Stand::connected();
    let seen = stand.until("it is measured", |status| !status["network"]["signal"]["rsrp"].is_null());
    assert_eq!((&seen["network"]["bars"], &seen["network"]["operator"]["code"]), (&4.into(), &"46000".into()));
}
