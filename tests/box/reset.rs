//! The factory reset: all of it or nothing, wherever it is cut off.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use boxes::{Appliance, Asked, Manner, Role, Scratch, Site};
use serde_json::Value;

use crate::lab::{Lab, MOVED, PASSWORD, PATIENCE, SERVICE, UPLINK, address, eventually};

const SURE: &str = "/system/reset/sure";
const SERIAL: &str = "7F3K-2219";
/// Of a box that has been started once.
const DELIVERED: [&str; 2] = ["as-delivered.json", "generation"];

/// A box on which everything that can be set is.
fn lived_in() -> (Lab, String) {
    let (lab, cookie) = Lab::set_up();
    lab.open(MOVED);
    assert_eq!(lab.cli(&["network", "confirm", "--untested"]).code, 0);
    for words in [
        &["settings", "host-name", "box-a1"][..],
        &["settings", "time", "--zone", "Asia/Shanghai", "--server", "10.20.0.1"],
        &["settings", "proxy", "http://10.30.0.1:3128", "--untested"],
    ] {
        let set = lab.cli(words);
        assert_eq!(set.code, 0, "{set:?}");
    }
    (lab, cookie)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("folder").flatten();
    entries.map(|entry| entry.file_name().into_string().expect("name")).collect()
}

fn generation(lab: &Lab) -> String {
    fs::read_to_string(lab.device.folders().agent.join("generation")).expect("generation")
}

/// Nothing of what was set is left, and a first visit finds a box to set up.
#[track_caller]
fn is_as_delivered(lab: &Lab, fingerprint: &str) {
    eventually("a box without a password", || lab.get(SERVICE, "/", "").leads_to("/setup").then_some(()));
    let show = eventually("an agent", || Some(lab.cli(&["network", "show", "--json"])).filter(|shown| shown.code == 0));
    let show: Value = serde_json::from_str(&show.stdout).expect("JSON");
    assert_eq!(address(&show), "10.20.0.15/24", "the network of the delivery");
    eventually("the kernel has it", || lab.sh("ip -4 -o addr").stdout.contains("10.20.0.15/24").then_some(()));
    assert!(!lab.sh("ip -4 -o addr").stdout.contains("10.30.0.15"), "and not the one before");
    assert_eq!(lab.exec(&["hostname"]).stdout, "gatehouse-1\n");
    assert_eq!(lab.sh("cat /etc/hostname").stdout, "gatehouse-1\n");
    assert_ne!(lab.sh("date +%z").stdout, "+0800\n");
    let left = names(&lab.device.folders().agent);
    for gone in ["password", "network.toml", "settings.toml", "proxy-password", "outcome.json", "factory-reset.json"] {
        assert!(!left.contains(gone), "{gone} in {left:?}");
    }
    // it wiped its folder and ended
    eventually("another web process", || (lab.starts(Role::Web) >= 2).then_some(()));
    lab.ready();
    let file = "certificates/192.168.100.198.fingerprint";
    eventually("another certificate", || {
        let now = fs::read_to_string(lab.device.folders().web.join(file)).unwrap_or_default();
        (!now.is_empty() && now != fingerprint).then_some(())
    });
    let set = lab.post(SERVICE, "/setup", "", &[("password", "another one altogether")]);
    assert!(set.cookie().is_some(), "{set:?}");
}

fn fingerprint(lab: &Lab) -> String {
    fs::read_to_string(lab.device.folders().web.join("certificates/192.168.100.198.fingerprint")).expect("fingerprint")
}

#[test]
fn a_reset_from_the_pages_asks_twice_and_leaves_a_box_as_it_came() {
    let (lab, cookie) = lived_in();
    let before = (fingerprint(&lab), generation(&lab));
    let logind = lab.device.start_logind(Manner::WILLING).expect("logind");
    let first = lab.get(SERVICE, "/system/reset", &cookie);
    assert!(first.status == 200 && first.body.contains(&format!("href=\"{SURE}\"")), "{first:?}");
    for (typed, field) in
        [("", "#name"), ("box-a2", "#name"), ("7F3K-2218", "#name"), ("<script>alert(1)</script>", "#name")]
    {
        let refused = lab.post(SERVICE, SURE, &cookie, &[("name", typed)]);
        assert!(refused.status == 422 && refused.body.contains(&format!("href=\"{field}\"")), "{typed} {refused:?}");
        assert!(!refused.body.contains("<script>alert"), "{typed}");
    }
    assert!(!names(&lab.device.folders().agent).contains("factory-reset.json"));

    let begun = lab.post(SERVICE, SURE, &cookie, &[("name", " box-a1 ")]);
    assert!(begun.status == 200 && begun.head.to_lowercase().contains("refresh: 90;url=/"), "{begun:?}");
    assert!(lab.post(SERVICE, SURE, &cookie, &[("name", SERIAL)]).body.contains("GH-703"));
    assert_eq!(logind.next(PATIENCE), Some(Asked::Reboot));
    lab.device.reboot().expect("reboot");
    is_as_delivered(&lab, &before.0);
    assert_ne!(generation(&lab), before.1);
    let old = lab.post(SERVICE, "/login", "", &[("password", PASSWORD)]);
    assert!(old.cookie().is_none(), "{old:?}");
    assert!(lab.get(SERVICE, "/", &cookie).leads_to("/login"), "an old session is nobody's");
}

#[test]
fn a_reset_on_the_console_works_without_a_restart_of_the_box() {
    let (lab, _) = lived_in();
    let before = fingerprint(&lab);
    let nobody = lab.cli(&["factory-reset"]);
    assert!(nobody.code == 2 && nobody.stderr.contains("--name"), "{nobody:?}");
    let other = lab.cli(&["factory-reset", "--name", "box-a2"]);
    assert!(other.code == 3 && other.stderr.contains("GH-201"), "{other:?}");
    let begun = lab.cli(&["factory-reset", "--name", SERIAL]);
    assert_eq!(begun.code, 0, "{begun:?}");
    is_as_delivered(&lab, &before);
    let events = lab.cli(&["logs", "--json"]).stdout;
    assert!(events.contains("factory reset: done"), "{events}");
    assert!(!events.contains("GH-201"), "nothing that was said before: {events}");
}

#[test]
fn in_the_middle_of_a_network_change_nothing_is_reset() {
    let (lab, cookie) = Lab::set_up();
    lab.open(MOVED);
    let refused = lab.post(SERVICE, SURE, &cookie, &[("name", SERIAL)]);
    assert!(refused.status == 409 && refused.body.contains("GH-701"), "{refused:?}");
    let told = lab.cli(&["factory-reset", "--name", SERIAL]);
    assert!(told.code == 3 && told.stderr.contains("GH-701"), "{told:?}");
    assert!(!names(&lab.device.folders().agent).contains("factory-reset.json"));
}

#[test]
fn csrf_another_site_or_nobody_in_particular_resets_no_box() {
    let (lab, cookie) = Lab::set_up();
    let (url, cookie) = (format!("{SERVICE}{SURE}"), format!("cookie: {cookie}"));
    let name = format!("name={SERIAL}");
    for origin in ["https://evil.example", "null", UPLINK] {
        let origin = format!("origin: {origin}");
        let argv =
            ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "-H", &cookie, "-H", &origin, "--data", &name];
        let sent = lab.device.client_exec(&[&argv[..], &[&url]].concat()).expect("curl");
        assert_eq!(sent.stdout, "403", "{origin}");
    }
    assert_eq!(lab.post(SERVICE, SURE, "", &[("name", SERIAL)]).status, 401);
    assert!(!names(&lab.device.folders().agent).contains("factory-reset.json"));
}

/// A power cut right after the mark: whoever switches the box on again finds a new one, and so does web, whose folder is another user's.
#[test]
fn a_power_cut_after_the_mark_is_no_way_out() {
    let (lab, _) = lived_in();
    let before = fingerprint(&lab);
    assert_eq!(lab.cli(&["factory-reset", "--name", "box-a1"]).code, 0);
    lab.device.power_off();
    assert!(names(&lab.device.folders().agent).contains("password"), "nothing is wiped by the agent that was asked");
    lab.device.power_on().expect("power");
    is_as_delivered(&lab, &before);
}

/// The agent on a disk of its own in a box where nothing else runs, to be killed where a test wants it.
struct Bench {
    device: Appliance,
    _scratch: Scratch,
}

const AGENT: &str = "gatehouse agent --config /etc/gatehouse/gatehouse.toml --state-dir /var/lib/gatehouse";

impl Bench {
    fn new() -> Self {
        let (site, scratch) = (Site::new().expect("these tests need root"), Scratch::new(&[]).expect("scratch"));
        let gatehouse = env!("CARGO_BIN_EXE_gatehouse");
        let device = Appliance::builder(&site, gatehouse, scratch.path()).roles(&[] as &[Role]).start().expect("box");
        let boxes = Path::new(gatehouse).with_file_name("boxes");
        fs::copy(boxes, device.folders().config.join("boxes")).expect("the program that kills");
        Self { device, _scratch: scratch }
    }

    fn sh(&self, line: &str) -> boxes::Ended {
        self.device.exec(&["sh", "-c", line]).expect("exec")
    }

    /// What a used box has on its disk; with or without the mark of a reset.
    fn fill(&self, marked: bool) {
        let folder = &self.device.folders().agent;
        let delivered = r#"{"host_name":"gatehouse-1","time_zone":"UTC"}"#;
        let mark = r#"{"host_name":"gatehouse-1"}"#;
        let mut files = vec![
            ("as-delivered.json", delivered),
            ("generation", "of the life before"),
            ("password", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$c29tZSBoYXNoIHRoYXQgaXMgbm9ib2R5cw"),
            ("network.toml", MOVED),
            ("settings.toml", "host_name = \"box-a1\"\n"),
            ("proxy-password", "sesame"),
        ];
        if marked {
            files.push(("factory-reset.json", mark));
        }
        // the folder itself is mounted into the box
        assert_eq!(self.sh("rm -rf /var/lib/gatehouse/* /var/lib/gatehouse/.[!.]*").code, 0);
        fs::create_dir_all(folder.join("more/below")).expect("folder");
        for (name, text) in files {
            fs::write(folder.join(name), text).expect("write");
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).expect("mode");
        }
        fs::write(folder.join("more/below/file"), "x").expect("write");
        // a link leads out of the folder, to something that is not the box's to remove
        fs::write(self.device.folders().config.join("victim"), "precious").expect("write");
        symlink("/etc/gatehouse/victim", folder.join("link")).expect("link");
        self.sh("hostname box-a1; rm -rf /run/gatehouse/*; mkdir -p /run/gatehouse; echo '{}' > /run/gatehouse/sessions.json");
    }

    /// Starts the agent, which is killed at this point, if it comes so far; then `/run/killed` says where.
    fn doomed(&self, point: u64) {
        let line = format!(
            "rm -f /run/killed; (/etc/gatehouse/boxes kill-at {point} -- {AGENT} >/run/killing 2>/run/agent.log; mv /run/killing /run/killed) >/dev/null 2>&1 &"
        );
        assert_eq!(self.sh(&line).code, 0);
    }

    fn killed(&self) -> Option<String> {
        let said = self.sh("cat /run/killed");
        (said.code == 0).then(|| {
            let traced: Value = serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error} {said:?}"));
            traced["killed_at"].as_str().unwrap_or("the end").to_owned()
        })
    }

    /// Whether anybody answers.
    fn ready(&self) -> Option<bool> {
        let said = self.sh("curl -s --max-time 5 --unix-socket /run/gatehouse/agent.sock http://agent/v1/hello");
        let hello: Value = serde_json::from_str(&said.stdout).ok()?;
        hello["ready"].as_bool()
    }

    /// Ends what runs.
    fn end(&self) {
        // the names are of this box's PID namespace only
        self.sh("for p in /proc/[0-9]*; do case $(cat $p/comm 2>/dev/null) in boxes|gatehouse) [ ${p#/proc/} = 1 ] || kill -9 ${p#/proc/};; esac; done; rm -f /run/gatehouse/agent.sock");
    }

    fn password(&self) -> bool {
        self.device.folders().agent.join("password").exists()
    }

    #[track_caller]
    fn is_new(&self, point: &str) {
        let folder = &self.device.folders().agent;
        let left = names(folder);
        for name in DELIVERED {
            assert!(left.contains(name), "{point}: {name} in {left:?}");
        }
        for name in ["password", "settings.toml", "proxy-password", "more", "link", "factory-reset.json"] {
            assert!(!left.contains(name), "{point}: {name} in {left:?}");
        }
        let spec = fs::read_to_string(folder.join("network.toml")).unwrap_or_default();
        assert!(!spec.contains("10.30.0.15"), "{point}: {spec}");
        assert_ne!(fs::read_to_string(folder.join("generation")).expect("generation"), "of the life before", "{point}");
        assert_eq!(self.sh("hostname").stdout, "gatehouse-1\n", "{point}");
        assert_eq!(self.sh("ls /run/gatehouse/sessions.json").code, 2, "{point}");
        let victim = fs::read_to_string(self.device.folders().config.join("victim")).expect("victim");
        assert_eq!(victim, "precious", "{point}");
    }
}

#[test]
fn killed_at_every_point_of_the_wiping_it_is_finished_by_the_next_start_and_nobody_is_served_before() {
    let bench = Bench::new();
    let mut points = Vec::new();
    for point in 1.. {
        bench.fill(true);
        bench.doomed(point);
        // either it dies there, or it gets so far that it serves
        let killed = eventually("an end or an answer", || match bench.killed() {
            Some(at) => Some(Some(at)),
            None => bench.ready().map(|ready| {
                assert!(!ready, "point {point}: a password that should be gone");
                None
            }),
        });
        if let Some(at) = &killed {
            bench.doomed(0);
            assert!(!eventually("the next agent", || bench.ready()), "point {point}, {at}: there is a password");
        }
        bench.is_new(&format!("point {point}, {killed:?}"));
        bench.end();
        match killed {
            Some(at) => points.push(at),
            None => break,
        }
    }
    assert!(points.iter().filter(|at| *at == "unlink").count() >= 8, "the files are no longer seen to go: {points:?}");
}

#[test]
fn killed_at_every_point_of_the_asking_the_box_is_the_old_one_or_a_new_one() {
    let bench = Bench::new();
    let (mut old, mut new) = (0, 0);
    for point in 1.. {
        bench.fill(false);
        bench.doomed(point);
        let answers = eventually("an end or an answer", || match bench.killed() {
            Some(_) => Some(false),
            None => bench.ready(),
        });
        // without logind the agent ends by itself when the mark is there
        let told = answers && bench.sh(&format!("gatehouse factory-reset --name {SERIAL}")).code == 0;
        let at = eventually("its end", || bench.killed());
        let marked = bench.device.folders().agent.join("factory-reset.json").exists();
        assert!(!told || marked, "point {point}, {at}: told and not done");
        assert!(bench.password(), "point {point}, {at}: nothing goes before the next start");
        bench.doomed(0);
        let ready = eventually("the next agent", || bench.ready());
        assert_eq!(ready, !marked, "point {point}, {at}");
        if marked {
            bench.is_new(&format!("point {point}, {at}"));
            new += 1;
        } else {
            assert!(bench.password() && names(&bench.device.folders().agent).contains("link"), "point {point}, {at}");
            old += 1;
        }
        bench.end();
        if at == "the end" {
            break;
        }
    }
    assert!(old > 3 && new > 1, "{old} {new}");
}
