//! The guard, with an agent that hangs: the process is stopped whole, as a debugger or a lost disk would.

use boxes::{Role, Signal};

use crate::lab::{Lab, MOVED, address, eventually, waits};

/// A change that is undone after ten seconds, the shortest window there is.
fn open_shortly(lab: &Lab) {
    let file = lab.file("wanted.toml", MOVED);
    let applied = lab.cli(&["network", "apply", &file, "--yes", "--no-wait", "--window", "10"]);
    assert_eq!(applied.code, 0, "{applied:?}");
    lab.awaiting();
}

fn undone(lab: &Lab) {
    eventually("another agent", || (lab.starts(Role::Agent) == 2).then_some(()));
    let show = eventually("its answer", || {
        let shown = lab.cli(&["network", "show", "--json"]);
        (shown.code == 0).then(|| serde_json::from_str::<serde_json::Value>(&shown.stdout).expect("JSON"))
    });
    assert_eq!(show["transaction"]["last"]["reason"]["why"], "agent_restarted", "{show}");
    assert_eq!(address(&show), "10.20.0.15/24");
    let kernel = lab.sh("ip -4 addr").stdout;
    assert!(kernel.contains("10.20.0.15/24") && !kernel.contains("10.30.0.15"), "{kernel}");
}

#[test]
fn s25_a_stopped_agent_is_killed_after_its_deadline_and_the_change_is_undone() {
    let lab = Lab::new();
    open_shortly(&lab);
    lab.device.kill(Role::Agent, Signal::Stop).expect("stop");
    assert!(lab.sh("ip -4 addr").stdout.contains("10.30.0.15"), "still in the window");
    undone(&lab);
    assert!(lab.log(Role::Guard).contains("killing it"), "{}", lab.log(Role::Guard));
}

#[test]
fn a_guard_that_was_killed_itself_knows_the_deadline_again() {
    let lab = Lab::new();
    open_shortly(&lab);
    lab.device.kill(Role::Guard, Signal::Kill).expect("kill");
    eventually("another guard", || (lab.log(Role::Guard).matches("an agent has come").count() == 2).then_some(()));
    lab.device.kill(Role::Agent, Signal::Stop).expect("stop");
    undone(&lab);
}

#[test]
fn an_agent_that_keeps_its_promises_is_left_alone() {
    let lab = Lab::new();
    open_shortly(&lab);
    let show = eventually("its own rollback", || Some(lab.show()).filter(|show| !waits(show)));
    assert_eq!(show["transaction"]["last"]["reason"]["why"], "not_confirmed", "{show}");
    // stopped with no change open, it is nobody's business
    lab.device.kill(Role::Agent, Signal::Stop).expect("stop");
    lab.device.kill(Role::Agent, Signal::Cont).expect("go on");
    assert_eq!(lab.cli(&["status"]).code, 0);
    assert_eq!(lab.starts(Role::Agent), 1);
    assert!(!lab.log(Role::Guard).contains("killing"), "{}", lab.log(Role::Guard));
}

#[test]
fn nobody_but_root_reaches_the_guard_and_what_root_sends_by_mistake_is_not_heard() {
    let lab = Lab::new();
    let sends =
        "head -c 4096 /dev/urandom | curl -s --max-time 1 --unix-socket /run/gatehouse/guard.sock -T - http://x/";
    let stranger = format!("setpriv --reuid=64198 --regid=64198 --clear-groups sh -c '{sends}'");
    assert_ne!(lab.sh(&stranger).code, 0);
    lab.sh(sends);
    assert_eq!(lab.starts(Role::Guard), 1, "{}", lab.log(Role::Guard));
    open_shortly(&lab);
    lab.device.kill(Role::Agent, Signal::Stop).expect("stop");
    undone(&lab);
}
