//! What happens to an open change when a process, or the box, ends.

use boxes::{Role, Signal};

use crate::lab::{Lab, MOVED, address, eventually, waits};

#[test]
fn an_agent_killed_in_the_window_goes_on_waiting_and_the_change_can_be_kept() {
    let lab = Lab::new();
    lab.open(MOVED);
    let left = |show: &serde_json::Value| show["transaction"]["open"]["phase"]["left"].as_u64().expect("left");
    let before = left(&lab.show());
    lab.device.kill(Role::Agent, Signal::Kill).expect("kill");
    eventually("another agent", || (lab.starts(Role::Agent) == 2).then_some(()));
    let show = eventually("its answer", || (lab.cli(&["status"]).code == 0).then(|| lab.show()));
    assert!(waits(&show) && left(&show) <= before, "{show}");
    assert_eq!(address(&show), "10.20.0.15/24", "not kept yet");
    assert_eq!(lab.cli(&["network", "confirm", "--untested"]).code, 0);
    assert_eq!(address(&lab.show()), "10.30.0.15/24");
}

#[test]
fn a_killed_web_comes_back_and_the_session_goes_on() {
    let (lab, cookie) = Lab::set_up();
    lab.open(MOVED);
    lab.device.kill(Role::Web, Signal::Kill).expect("kill");
    eventually("another web process", || (lab.starts(Role::Web) == 2).then_some(()));
    lab.ready();
    assert!(waits(&lab.show()), "the change is the agent's");
    let page = lab.get(crate::lab::SERVICE, "/network/change", &cookie);
    assert_eq!(page.status, 200, "{page:?}");
}

#[test]
fn s26_a_reboot_in_the_window_discards_the_change_and_tells() {
    let lab = Lab::new();
    lab.open(MOVED);
    lab.device.reboot().expect("reboot");
    lab.ready();
    let show = lab.show();
    assert_eq!(show["transaction"]["last"]["reason"]["why"], "reboot", "{show}");
    assert_eq!(show["transaction"]["open"], serde_json::Value::Null);
    assert_eq!(address(&show), "10.20.0.15/24");
    assert!(!lab.sh("ip -4 addr").stdout.contains("10.30.0.15"));
    assert!(!lab.sh("ls /var/lib/gatehouse").stdout.contains("journal"));
}

#[test]
fn what_was_kept_survives_a_power_cut_right_after() {
    let lab = Lab::new();
    lab.open(MOVED);
    let kept = lab.cli(&["network", "confirm", "--untested", "--json"]);
    lab.device.power_off();
    assert_eq!(kept.code, 0, "{kept:?}");
    lab.device.power_on().expect("power");
    lab.ready();
    let show = lab.show();
    assert_eq!(address(&show), "10.30.0.15/24");
    assert_eq!(show["transaction"]["last"]["end"], "committed", "{show}");
    let kernel = lab.sh("ip -4 addr").stdout;
    assert!(kernel.contains("10.30.0.15/24") && !kernel.contains("10.20.0.15"), "{kernel}");
}
