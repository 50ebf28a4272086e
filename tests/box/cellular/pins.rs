//! PIN and PUK: no try is wasted, whatever happens in between.

use std::fs;

use boxes::{Role, Signal, SimSpec};

use super::stand::Stand;

#[test]
fn a_wrong_pin_costs_one_try_and_the_right_one_is_kept() {
    let stand = Stand::new(SimSpec::default());
    stand.is("CE-203");
    stand.set(&["--data", "on", "--apn", "cmnet"]);
    assert_eq!(stand.tries(), 0, "the box has none, and guesses none");
    for nonsense in ["", "12", "12a4", "123456789"] {
        let refused = stand.typed(nonsense, "unlock");
        assert!(refused.code == 3 && refused.stderr.contains("GH-201"), "{refused:?}");
    }
    assert_eq!(stand.tries(), 0, "what can be no PIN is not tried");
    let wrong = stand.typed("4321", "unlock");
    assert!(wrong.code == 3 && wrong.stderr.contains("CE-204"), "{wrong:?}");
    let seen = stand.until("a try is gone", |status| status["sim"]["tries"]["pin"] == 2);
    assert_eq!((seen["problem"]["code"].as_str(), seen["pin"].as_bool()), (Some("CE-204"), Some(false)));
    let right = stand.typed("1234", "unlock");
    assert_eq!(right.code, 0, "{right:?}");
    assert_eq!(stand.online()["pin"], true);
    assert_eq!(stand.tries(), 2);

    stand.lab.device.reboot().expect("reboot");
    stand.online();
    assert_eq!(stand.tries(), 3, "by itself, and once");
    // the modem restarts, and asks again: the PIN was right, so the box may answer again
    stand.modem.power_cycle().expect("power");
    stand.until("locked or gone", |status| status["phase"] != "connected");
    stand.online();
    assert_eq!(stand.tries(), 4);
    assert_eq!(stand.lab.cli(&["cellular", "pin", "forget"]).code, 0);
    assert!(!stand.lab.device.folders().agent.join("cellular-pins.json").exists());
}

#[test]
fn a_kept_pin_that_became_wrong_is_tried_once_whatever_is_restarted() {
    let stand = Stand::new(SimSpec::default());
    stand.is("CE-203");
    stand.set(&["--data", "on", "--apn", "cmnet"]);
    assert_eq!(stand.typed("1234", "unlock").code, 0);
    stand.online();
    let pins = stand.lab.device.folders().agent.join("cellular-pins.json");
    let kept = fs::read_to_string(&pins).expect("kept");
    // the same SIM, after somebody changed its PIN in a telephone
    stand.modem.swap_sim(SimSpec { pin: "9876".into(), ..SimSpec::default() }).expect("SIM");
    let before = stand.tries();
    stand.lab.device.reboot().expect("reboot");
    stand.until("it was refused", |status| status["sim"]["tries"]["pin"] == 2);
    assert!(!pins.exists(), "it is never sent again");
    // somebody puts the file back: not in this boot, by any agent or for any modem
    fs::write(&pins, kept).expect("write");
    stand.lab.device.kill(Role::Agent, Signal::Kill).expect("kill");
    stand.is("CE-203");
    stand.modem.power_cycle().expect("power");
    stand.is("CE-102");
    let seen = stand.until("it asks", |status| status["problem"]["code"] == "CE-203");
    assert_eq!(seen["problem"]["why"], "tried_already");
    assert_eq!(stand.tries(), before + 1);
}

#[test]
fn the_last_try_is_a_persons_and_then_the_puk() {
    let stand = Stand::new(SimSpec { pin_left: 1, ..SimSpec::default() });
    stand.is("CE-203");
    stand.set(&["--data", "on", "--apn", "cmnet"]);
    let refused = stand.typed("9999", "unlock");
    assert!(refused.code == 3 && refused.stderr.contains("CE-203"), "{refused:?}");
    assert_eq!(stand.tries(), 0);
    let last = stand.typed("9999", "unlock --last");
    assert!(last.code == 3 && last.stderr.contains("CE-205"), "{last:?}");
    stand.is("CE-205");
    let wrong = stand.typed("11111111\\n2222", "unlock --puk");
    assert!(wrong.code == 3 && wrong.stderr.contains("CE-206"), "{wrong:?}");
    stand.until("a try of the PUK is gone", |status| status["sim"]["tries"]["puk"] == 9);
    let right = stand.typed("12345678\\n2222", "unlock --puk");
    assert_eq!(right.code, 0, "{right:?}");
    stand.online();
    stand.lab.device.reboot().expect("reboot");
    stand.online();
}

#[test]
fn a_sim_can_stop_asking_and_begin_again_with_another_pin() {
    let stand = Stand::new(SimSpec::default());
    stand.is("CE-203");
    assert_eq!(stand.typed("1234", "unlock --no-keep").code, 0);
    stand.until("unlocked", |status| status["sim"]["lock"] == "none");
    assert_eq!(stand.status()["pin"], false);
    let wrong = stand.typed("9999", "pin disable");
    assert!(wrong.code == 3 && wrong.stderr.contains("CE-204"), "{wrong:?}");
    let off = stand.typed("1234", "pin disable");
    assert_eq!(off.code, 0, "{off:?}");
    let on = stand.typed("1234", "pin enable");
    assert_eq!(on.code, 0, "{on:?}");
    let changed = stand.typed("1234\\n5678", "pin change");
    assert_eq!(changed.code, 0, "{changed:?}");
    stand.lab.device.reboot().expect("reboot");
    stand.is("CE-203");
    assert_eq!(stand.typed("5678", "unlock").code, 0);
}
