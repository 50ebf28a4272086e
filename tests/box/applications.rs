//! Applications of one box without systemd: added, watched, started anew, ended, and found again by the next agent.

use std::fs;

use boxes::{Ended, Role, Signal};
use serde_json::Value;

use crate::lab::{Lab, eventually};

/// A server that says its epoch, its user and its data folder.
pub const SERVER: &str = r#"
const http = require("http");
const fs = require("fs");
const started = process.env.GATEHOUSE_EPOCH;
http.createServer((request, answer) => {
  if (request.url === "/hang") return;
  if (fs.existsSync(process.env.STATE_DIRECTORY + "/ill")) { answer.statusCode = 503; return answer.end(); }
  answer.end(JSON.stringify({ epoch: started, user: process.getuid(), pid: process.pid }));
}).listen(8080, "0.0.0.0");
console.log("serves in epoch " + started);
"#;

pub const MANIFEST: &str = r#"
name = "hello"
about = "Says hello"
command = ["/usr/bin/node", "server.js"]
start_timeout = 10
stop_timeout = 2
[[file]]
path = "server.js"
[health]
check = { http = { port = 8080, path = "/" } }
interval = 1
retries = 2
"#;

/// Writes the files beside each other in the box; `app add` of the first.
pub fn add(lab: &Lab, manifest: &str, server: &str) -> Ended {
    lab.file("server.js", server);
    let file = lab.file("app.toml", manifest);
    lab.cli(&["app", "add", &file, "--json"])
}

fn app(lab: &Lab, name: &str) -> Value {
    let listed = lab.cli(&["app", "list", "--json"]);
    let all: Value = serde_json::from_str(&listed.stdout).unwrap_or_default();
    let found = all["all"].as_array().into_iter().flatten().find(|app| app["name"] == name).cloned();
    found.unwrap_or_default()
}

fn becomes(lab: &Lab, name: &str, state: &str) {
    eventually(&format!("{name} {state}"), || (app(lab, name)["state"] == state).then_some(()));
}

fn hello(lab: &Lab) -> Value {
    let said = lab.sh("curl -s --max-time 2 http://127.0.0.1:8080/").stdout;
    serde_json::from_str(&said).unwrap_or_default()
}

fn running() -> Lab {
    let lab = Lab::new();
    let added = add(&lab, MANIFEST, SERVER);
    assert_eq!(added.code, 0, "{added:?}");
    becomes(&lab, "hello", "running");
    lab
}

#[test]
fn an_application_runs_as_a_user_of_its_own_and_sees_no_process_of_the_box() {
    let lab = running();
    let hello = hello(&lab);
    assert_eq!(hello["epoch"], "0");
    assert!(hello["user"].as_u64().is_some_and(|user| user >= 61_184), "{hello}");
    assert!(hello["pid"].as_u64().is_some_and(|pid| pid < 10), "it has PIDs of its own: {hello}");
    let logs = lab.cli(&["app", "logs", "hello"]);
    assert!(logs.stdout.contains("serves in epoch 0"), "{logs:?}");
    assert_eq!(lab.cli(&["app", "health", "hello"]).code, 0);
    assert_eq!(lab.cli(&["app", "stop", "hello"]).code, 0);
    eventually("its end", || (self::hello(&lab) == Value::Null).then_some(()));
    assert_ne!(lab.cli(&["app", "health", "hello"]).code, 0);
    assert_eq!(lab.cli(&["app", "start", "hello"]).code, 0);
    becomes(&lab, "hello", "running");
    assert_eq!(lab.cli(&["app", "remove", "hello", "--yes"]).code, 0);
    eventually("its end", || (self::hello(&lab) == Value::Null).then_some(()));
    assert_eq!(app(&lab, "hello"), Value::Null);
}

#[test]
fn the_next_agent_finds_what_runs_and_a_restart_of_the_box_starts_it() {
    let lab = running();
    let before = hello(&lab);
    lab.device.kill(Role::Agent, Signal::Kill).expect("kill");
    assert_eq!(hello(&lab), before, "it does not notice");
    eventually("another agent", || (lab.starts(Role::Agent) == 2).then_some(()));
    becomes(&lab, "hello", "running");
    lab.cli(&["app", "stop", "hello"]);
    eventually("its end", || (hello(&lab) == Value::Null).then_some(()));
    lab.cli(&["app", "start", "hello"]);
    becomes(&lab, "hello", "running");
    lab.sh("touch /var/lib/gatehouse/application-data/hello/kept");
    lab.device.reboot().expect("reboot");
    lab.ready();
    becomes(&lab, "hello", "running");
    assert_eq!(lab.sh("test -e /var/lib/gatehouse/application-data/hello/kept").code, 0, "its data stays");
}

#[test]
fn one_that_ends_or_does_not_answer_is_started_anew_and_then_given_up() {
    let lab = Lab::new();
    assert_eq!(add(&lab, &MANIFEST.replace("start_timeout = 10", "start_timeout = 3"), SERVER).code, 0);
    becomes(&lab, "hello", "running");
    let before = hello(&lab)["pid"].clone();
    lab.sh("pkill -9 -f 'node server.js'");
    eventually("another one", || (hello(&lab)["pid"] != Value::Null).then_some(()));
    assert!(before.is_number());
    // it says that it is ill, for ever
    lab.sh("touch /var/lib/gatehouse/application-data/hello/ill");
    becomes(&lab, "hello", "failed");
    let failed = app(&lab, "hello");
    assert_eq!(failed["reason"]["reason"], "not_healthy", "{failed}");
    assert!(failed["reason"]["last"].as_str().is_some_and(|last| last.contains("503")), "{failed}");
    assert_eq!(hello(&lab), Value::Null, "nothing of it is left");
    lab.sh("rm /var/lib/gatehouse/application-data/hello/ill");
    lab.cli(&["app", "stop", "hello"]);
    lab.cli(&["app", "start", "hello"]);
    becomes(&lab, "hello", "running");
}

#[test]
fn a_health_check_that_hangs_and_an_end_that_hangs_hold_nobody_up() {
    let lab = Lab::new();
    let hangs = MANIFEST.replace("path = \"/\"", "path = \"/hang\"").replace("start_timeout = 10", "start_timeout = 1");
    assert_eq!(add(&lab, &hangs, SERVER).code, 0);
    assert_eq!(lab.cli(&["status"]).code, 0, "the agent answers meanwhile");
    becomes(&lab, "hello", "failed");
    let stubborn = format!("process.on('SIGTERM', () => {{}});\n{SERVER}");
    assert_eq!(add(&lab, MANIFEST, &stubborn).code, 0);
    becomes(&lab, "hello", "running");
    lab.cli(&["app", "remove", "hello", "--yes"]);
    eventually("its end", || (hello(&lab) == Value::Null).then_some(()));
}

#[test]
fn what_cannot_be_used_is_told_and_nothing_is_started() {
    let lab = Lab::new();
    let told = |manifest: &str| {
        let added = add(&lab, manifest, SERVER);
        assert_ne!(added.code, 0, "{manifest}");
        format!("{}{}", added.stdout, added.stderr)
    };
    let one = |line: &str| format!("name = \"x\"\n{line}\n");
    for (manifest, says) in [
        (one("command = [\"/bin/true\"]\n[[file]]\npath = \"../../etc/passwd\""), "\"path\""),
        (one("command = [\"/bin/true\"]\n[[file]]\npath = \"/etc/passwd\""), "\"path\""),
        (one("command = [\"sh\", \"-c\", \"id\"]"), "\"program\""),
        (one("command = [\"/no/such/program\"]"), "no_such_program"),
        (one("command = [\"./server.js\"]"), "no_such_file"),
        (one("image = \"--privileged\""), "\"image\""),
        (one("image = \"registry.test/none:1\""), "no_podman"),
        (one("command = [\"/bin/true\"]\nimage = \"a\""), "command_or_image"),
        (one("command = [\"/bin/true\"]\nenvironment = { LD_PRELOAD = \"x\" }"), "variable"),
        (one("command = [\"/bin/true\", \"a\\nb\"]"), "unprintable"),
        (one("command = [\"/bin/true\"]\nstop_timeout = 90"), "range"),
        (one("command = [\"/bin/true\"]\n[[file]]\npath = \"server.js\"\nsha256 = \"00\""), "sha256"),
        (
            one(&format!("command = [\"/bin/true\"]\n[[file]]\npath = \"server.js\"\nsha256 = \"{}\"", "0".repeat(64))),
            "other_file",
        ),
    ] {
        let text = told(&manifest);
        assert!(text.contains(says) && text.contains("GH-740"), "{manifest}: {text}");
    }
    // what is no manifest is not sent
    for manifest in ["name = \"../x\"\ncommand = [\"/bin/true\"]", "name = \"x\"\nunit = \"sshd.service\"", "\u{0}"] {
        assert_ne!(add(&lab, manifest, SERVER).code, 0, "{manifest}");
    }
    let listed = lab.cli(&["app", "list", "--json"]);
    assert!(listed.stdout.contains("\"all\": []"), "{listed:?}");
    let kept = lab.device.folders().agent.join("applications");
    assert!(!kept.exists() || fs::read_dir(kept).expect("a folder").next().is_none());
}
