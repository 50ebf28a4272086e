//! Restart and power-off: asked of systemd-logind on the box's own bus, and of nobody else.

use std::time::Duration;

use boxes::{Asked, Manner};

use crate::lab::{Lab, MOVED, PASSWORD, PATIENCE, SERVICE, UPLINK, eventually};

const RESTART: &str = "/system/power/restart";
const OFF: &str = "/system/power/off";
/// The button's form has no field; curl posts where there is one.
const GO: &[(&str, &str)] = &[("go", "yes")];
/// Twice the time after which a box that goes down does.
const LONG: Duration = Duration::from_secs(2);

#[test]
fn a_restart_is_logged_out_of_and_comes_back_with_everything_as_it_was() {
    let (lab, cookie) = Lab::set_up();
    let logind = lab.device.start_logind(Manner::WILLING).expect("logind");
    let asked = lab.get(SERVICE, RESTART, &cookie);
    assert!(asked.status == 200 && asked.body.contains(&format!("action=\"{RESTART}\"")), "{asked:?}");
    assert_eq!(logind.next(Duration::ZERO), None, "a question restarts nothing");

    let waits = lab.post(SERVICE, RESTART, &cookie, GO);
    assert!(waits.status == 200 && waits.body.contains("The box restarts"), "{waits:?}");
    assert!(lab.post(SERVICE, RESTART, &cookie, GO).body.contains("GH-703"), "one of them is enough");
    assert_eq!(logind.next(PATIENCE), Some(Asked::Reboot));
    let before = lab.network();
    lab.device.reboot().expect("reboot");
    lab.ready();
    assert!(lab.get(SERVICE, "/", &cookie).leads_to("/login"));
    assert!(lab.post(SERVICE, "/login", "", &[("password", PASSWORD)]).cookie().is_some());
    eventually("the network is as it was", || (lab.network() == before).then_some(()));
}

#[test]
fn the_command_line_restarts_and_switches_off_where_somebody_says_yes() {
    let lab = Lab::new();
    let logind = lab.device.start_logind(Manner::WILLING).expect("logind");
    for command in ["restart", "power-off"] {
        let nobody = lab.cli(&[command]);
        assert!(nobody.code == 2 && nobody.stderr.contains("--yes"), "{nobody:?}");
    }
    assert_eq!(logind.next(Duration::ZERO), None);
    assert_eq!(lab.cli(&["power-off", "--yes"]).code, 0);
    assert_eq!(logind.next(PATIENCE), Some(Asked::PowerOff));
}

#[test]
fn a_box_without_logind_says_so_and_stays_on() {
    let (lab, cookie) = Lab::set_up();
    let refused = lab.post(SERVICE, OFF, &cookie, GO);
    assert!(refused.status == 409 && refused.body.contains("GH-702"), "{refused:?}");
    let told = lab.cli(&["restart", "--yes"]);
    assert!(told.code == 3 && told.stderr.contains("GH-702") && told.stderr.contains("systemd-logind"), "{told:?}");
    // the same with a bus on which nobody has that name
    lab.device.start_bus().expect("bus");
    let told = lab.cli(&["power-off", "--yes"]);
    assert!(told.code == 3 && told.stderr.contains("GH-702"), "{told:?}");
    assert_eq!(lab.get(SERVICE, "/system/power", &cookie).status, 200);
}

#[test]
fn in_the_middle_of_a_network_change_the_box_does_not_go_down() {
    let (lab, cookie) = Lab::set_up();
    let logind = lab.device.start_logind(Manner::WILLING).expect("logind");
    lab.open(MOVED);
    for path in [RESTART, OFF] {
        let page = lab.get(SERVICE, path, &cookie);
        assert!(page.status == 200 && page.body.contains("href=\"/network/change\""), "{page:?}");
        let refused = lab.post(SERVICE, path, &cookie, GO);
        assert!(refused.status == 409 && refused.body.contains("GH-701"), "{refused:?}");
    }
    let told = lab.cli(&["restart", "--yes"]);
    assert!(told.code == 3 && told.stderr.contains("GH-701"), "{told:?}");
    assert_eq!(logind.next(LONG), None);
    assert_eq!(lab.cli(&["network", "rollback"]).code, 0);
    assert_eq!(lab.cli(&["restart", "--yes"]).code, 0);
    assert_eq!(logind.next(PATIENCE), Some(Asked::Reboot));
}

#[test]
fn what_logind_refuses_is_told_with_its_words() {
    let (lab, cookie) = Lab::set_up();
    let logind = lab.device.start_logind(Manner { can: "challenge", refuses: None }).expect("logind");
    let refused = lab.post(SERVICE, RESTART, &cookie, GO);
    assert!(refused.status == 409 && refused.body.contains("CanReboot: challenge"), "{refused:?}");
    assert_eq!(logind.next(LONG), None);

    let (lab, cookie) = Lab::set_up();
    let why = "There's already a <b>shutdown</b> in progress";
    let logind = lab.device.start_logind(Manner { can: "yes", refuses: Some(why) }).expect("logind");
    assert_eq!(lab.post(SERVICE, RESTART, &cookie, GO).status, 200);
    let page = eventually("the page says that it did not happen", || {
        Some(lab.get(SERVICE, "/system/power", &cookie)).filter(|page| page.body.contains("already a"))
    });
    assert!(page.body.contains("&lt;b&gt;shutdown") && !page.body.contains("<b>shutdown"), "{page:?}");
    assert_eq!(logind.next(Duration::ZERO), None);
}

#[test]
fn csrf_another_site_or_nobody_in_particular_restarts_no_box() {
    let (lab, cookie) = Lab::set_up();
    let logind = lab.device.start_logind(Manner::WILLING).expect("logind");
    for path in [RESTART, OFF] {
        let url = format!("{SERVICE}{path}");
        let cookie = format!("cookie: {cookie}");
        for origin in ["https://evil.example", "null", UPLINK, "http://192.168.100.198"] {
            let origin = format!("origin: {origin}");
            let argv = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "-H", &cookie, "-H", &origin];
            let sent = lab.device.client_exec(&[&argv[..], &["-X", "POST", &url]].concat()).expect("curl");
            assert_eq!(sent.stdout, "403", "{path} {origin}");
        }
        assert_eq!(lab.post(SERVICE, path, "", GO).status, 401);
    }
    assert_eq!(logind.next(LONG), None);
}
