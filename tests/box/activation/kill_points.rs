//! Whatever moment a power cut takes: the box becomes one host.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher, RandomState},
    thread,
};

use boxes::{Role, Signal};

use super::{Fleet, at_once};
use crate::lab::{PASSWORD, SERVICE, eventually};

const STEPS: [&str; 6] = ["key", "registry", "activate", "certificate", "host_name", "confirm"];

#[test]
fn killed_at_each_step_as_it_is_saved_the_box_becomes_one_host() {
    let fleet = Fleet::new();
    let code = fleet.registry.code(&[]).expect("code");
    let mut killed = BTreeSet::new();
    thread::scope(|scope| {
        // its connection to the agent is cut, too
        scope.spawn(|| fleet.ask_to_begin(&code, &["--association", "none"]));
        loop {
            let step = at_once("a step or the end", || {
                let saved = fleet.saved();
                if !saved["member"].is_null() {
                    return Some(None);
                }
                let step = saved["work"]["step"].as_str()?.to_owned();
                (!killed.contains(&step)).then_some(Some(step))
            });
            let Some(step) = step else { break };
            // one that has not been started again yet is looked for once more
            if fleet.lab.device.kill(Role::Agent, Signal::Kill).is_ok() {
                killed.insert(step);
            }
        }
    });
    fleet.active();
    assert_eq!(fleet.hosts(), ["7F3K-2219"]);
    assert_eq!(fleet.lab.sh("hostname").stdout.trim(), "box-a1");
    // a fast machine may be through a step before it is seen there
    let seen = STEPS.iter().filter(|step| killed.contains(**step)).count();
    assert!(seen >= 1 && seen == killed.len(), "killed at {killed:?}");
    assert!(fleet.saved()["code"].is_null(), "the code is gone");
}

/// Not at what is saved, but anywhere: also in the middle of a write, and while the registry is asked.
#[test]
fn killed_anywhere_again_and_again_the_box_becomes_one_host() {
    let fleet = Fleet::new();
    let seed = RandomState::new();
    let mut serials = Vec::new();
    for round in 0..3_u32 {
        let code = fleet.registry.code(&[]).expect("code");
        fleet.begin(&code, &["--association", "none"]);
        for kill in 0..4_u32 {
            // time is counted in looks at the box's processes, each a fraction of a millisecond
            let looks = seed.hash_one((round, kill)) % 200;
            for _ in 0..looks {
                fleet.lab.device.roles().expect("roles");
            }
            println!("round {round}: killed after {looks} looks");
            eventually("an agent to kill", || fleet.lab.device.kill(Role::Agent, Signal::Kill).ok());
        }
        fleet.active();
        serials.push(fleet.hosts());
        let member = fleet.saved()["member"]["info"].clone();
        let status = fleet.status()["member"]["info"].clone();
        assert_eq!((&member["serial"], &member["certificate"]), (&status["serial"], &status["certificate"]));
        for more in [&[][..], &["--force"]] {
            let argv = [&["cluster", "remove-host", "7F3K-2219", "--yes"], more].concat();
            fleet.registry.by_account(&argv).expect("removed");
        }
        fleet.lab.device.reboot().expect("reboot");
        fleet.lab.ready();
        eventually("a box that is free again", || (fleet.stage() == "left").then_some(()));
    }
    assert_eq!(serials, vec![vec!["7F3K-2219".to_owned()]; 3]);
}

#[test]
fn the_wizard_goes_on_where_it_was_when_web_is_killed_and_when_the_box_is_restarted() {
    let fleet = Fleet::new();
    let lab = &fleet.lab;
    let cookie = lab.post(SERVICE, "/setup", "", &[("password", PASSWORD)]).cookie().expect("a session");
    assert!(lab.post(SERVICE, "/activate/kind", &cookie, &[("kind", "new")]).leads_to("/activate/power"));
    assert!(lab.post(SERVICE, "/activate/power", &cookie, &[("seen", "yes")]).leads_to("/activate/cable"));
    lab.device.kill(Role::Web, Signal::Kill).expect("kill");
    lab.ready();
    eventually("the next question", || {
        lab.get(SERVICE, "/activate", &cookie).leads_to("/activate/cable").then_some(())
    });
    assert!(lab.post(SERVICE, "/activate/cable", &cookie, &[("seen", "yes")]).leads_to("/activate/check"));
    assert!(lab.post(SERVICE, "/activate/check", &cookie, &[("go", "on")]).leads_to("/activate/code"));
    let code = fleet.registry.code(&[]).expect("code");
    assert!(lab.post(SERVICE, "/activate/code", &cookie, &[("code", &code)]).leads_to("/activate/confirm"));
    lab.device.reboot().expect("reboot");
    lab.ready();
    let cookie = eventually("a session", || lab.post(SERVICE, "/login", "", &[("password", PASSWORD)]).cookie());
    assert!(lab.get(SERVICE, "/activate", &cookie).leads_to("/activate/confirm"));
    assert!(lab.post(SERVICE, "/activate/confirm", &cookie, &[("seen", "yes")]).leads_to("/activate/cluster"));
    let answers = [("name", "box-a1"), ("association", "none")];
    assert!(lab.post(SERVICE, "/activate/cluster", &cookie, &answers).leads_to("/activate/review"));
    assert!(lab.post(SERVICE, "/activate/review", &cookie, &[("go", "yes")]).leads_to("/activate/progress"));
    fleet.active();
    assert_eq!(fleet.hosts(), ["7F3K-2219"]);
}
