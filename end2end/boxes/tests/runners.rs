//! The program: what `make run` and Playwright start, how it ends, and what is left when it is killed.
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod common;

use boxes::control::{Reply, ask};
use common::{alive, boxes_program, eventually, family_of, stand_in};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

struct Up {
    child: Child,
    control: PathBuf,
    client_pid: i64,
}

fn up() -> Up {
    let mut command = Command::new(boxes_program());
    command.args(["up", "--json", "--gatehouse"]).arg(stand_in()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    assert!(Path::new(told["state"].as_str().unwrap()).is_dir());
    Up { child, control: told["control"].as_str().unwrap().into(), client_pid: told["client_pid"].as_i64().unwrap() }
}

impl Up {
    /// Ends the runner in some way and looks whether any process or file is left.
    fn leaves_nothing_after(mut self, end: impl FnOnce(&mut Child)) -> Option<i32> {
        let family = family_of(self.child.id());
        assert!(
            family.len() >= 10,
            "runner, janitor, laptop, keeper, init, two roles, leashes and servers: {family:?}"
        );
        assert!(family.contains(&u32::try_from(self.client_pid).unwrap()));
        end(&mut self.child);
        let code = self.child.wait().unwrap().code();
        eventually("the processes go", || alive(&family).is_empty().then_some(()));
        let folder = self.control.parent().unwrap();
        eventually("the folder goes", || (!folder.exists()).then_some(()));
        code
    }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[test]
fn the_runner_killed_leaves_nothing_behind() {
    assert_eq!(up().leaves_nothing_after(|runner| signal(runner, Signal::KILL)), None);
}

#[test]
fn the_end_of_its_input_ends_a_runner_cleanly() {
    assert_eq!(up().leaves_nothing_after(|runner| drop(runner.stdin.take())), Some(0));
}

#[test]
fn a_signal_ends_a_runner_cleanly() {
    assert_eq!(up().leaves_nothing_after(|runner| signal(runner, Signal::TERM)), Some(0));
}

#[test]
fn the_control_socket_does_what_the_methods_do() {
    let mut up = up();
    let ask = |json: &str| -> Result<Reply, _> { ask(&up.control, &serde_json::from_str(json).unwrap()) };
    assert!(ask(r#"{"do":"kill","role":"web","signal":"KILL"}"#).unwrap().ok);
    assert!(ask(r#"{"do":"wait_ready"}"#).unwrap().ok);
    assert_eq!(ask(r#"{"do":"exec","argv":["sh","-c","echo hello; exit 5"]}"#).unwrap().ended.unwrap().code, 5);
    let ended = ask(r#"{"do":"client_exec","argv":["ip","-4","-br","addr"]}"#).unwrap().ended.unwrap();
    assert!(ended.stdout.contains("192.168.100.197/24") && ended.stdout.contains("10.30.0.200/24"), "{ended:?}");
    let ended = ask(r#"{"do":"gateway_exec","uplink":"b","argv":["ip","-4","-br","addr"]}"#).unwrap().ended.unwrap();
    assert!(ended.stdout.contains("10.21.0.1/24"), "{ended:?}");
    assert!(ask(r#"{"do":"link","port":"lan2","up":false}"#).unwrap().ok);
    assert!(ask(r#"{"do":"log","role":"agent"}"#).unwrap().log.unwrap().contains("agent started"));
    assert_eq!(ask(r#"{"do":"roles"}"#).unwrap().roles.unwrap().len(), 3);
    for restart in ["reset", "reboot", "power_off", "power_on"] {
        assert!(ask(&format!(r#"{{"do":"{restart}"}}"#)).unwrap().ok, "{restart}");
    }
    let no_modem = ask(r#"{"do":"modem","what":"sent"}"#).unwrap_err().to_string();
    assert!(no_modem.contains("no modem"), "{no_modem}");
    assert!(ask(r#"{"do":"modem","what":"fit","sim":{"asks_pin":false}}"#).unwrap().ok);
    assert!(ask(r#"{"do":"exec","argv":["test","-e","/sys/class/net/wwan0"]}"#).unwrap().ended.unwrap().code == 0);
    assert!(ask(r#"{"do":"modem","what":"set","air":{"registration":"denied"}}"#).unwrap().ok);
    let slip = ask(r#"{"do":"modem","what":"set","air":{"registration":"nowhere"}}"#).unwrap_err().to_string();
    assert!(slip.contains("can't be read"), "{slip}");
    assert!(ask(r#"{"do":"modem","what":"sent"}"#).unwrap().answer.unwrap().is_array());
    assert!(ask(r#"{"do":"modem","what":"remove"}"#).unwrap().ok);
    assert!(ask(r#"{"do":"exec","argv":["test","-e","/sys/class/net/wwan0"]}"#).unwrap().ended.unwrap().code != 0);
    let error = ask(r#"{"do":"link","port":"lan9","up":true}"#).unwrap_err().to_string();
    assert!(error.starts_with("the box refused: ") && error.contains("lan9"), "{error}");
    drop(up.child.stdin.take());
    up.child.wait().unwrap();
}

#[test]
fn commands_reach_the_box_and_the_laptop() {
    let mut up = up();
    let run = |subcommand: &str, argv: &[&str]| {
        let mut command = Command::new(boxes_program());
        command.arg(subcommand).arg("--control").arg(&up.control).arg("--").args(argv);
        command.stdin(Stdio::null()).output().unwrap()
    };
    let output = run("exec", &["sh", "-c", "hostname; exit 7"]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(7), b"gatehouse-1\n".as_slice()));
    let output = run("in-client", &["ip", "-br", "addr", "show", "svc0"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("192.168.100.197/24"), "{output:?}");

    // As a browser is started: with a pipe on file descriptor 3.
    let script = r#"exec 3<<< "through the pipe"; exec "$0" in-client --control "$1" -- sh -c 'cat <&3'"#;
    let mut wrapped = Command::new("bash");
    let wrapped = wrapped.args(["-c", script, boxes_program()]).arg(&up.control).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&wrapped.stdout), "through the pipe\n");
    drop(up.child.stdin.take());
    up.child.wait().unwrap();
}

/// `boxes run` in a network namespace of the test's own, which stands for the machine of a person who tries a box.
struct Trial {
    machine: boxes::Ns,
    folder: tempfile::TempDir,
    child: Child,
    stdout: BufReader<ChildStdout>,
    said: String,
}

fn run(machine: &boxes::Ns, folder: &Path) -> Command {
    let mut command = machine.command(boxes_program());
    command.args(["run", "--gatehouse"]).arg(stand_in()).arg("--control").arg(folder.join("control.sock"));
    command.env("TMPDIR", folder).stdin(Stdio::null());
    command
}

fn trial() -> Trial {
    let (machine, folder) = (boxes::Ns::new().unwrap(), tempfile::tempdir().unwrap());
    let mut child = run(&machine, folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("Ctrl-C") {
        assert_ne!(stdout.read_line(&mut said).unwrap(), 0, "{said}");
    }
    Trial { machine, folder, child, stdout, said }
}

fn nothing_is_left_of_the_trial(trial: &Trial, family: &[u32]) {
    let links = || trial.machine.command("ip").args(["-br", "link"]).output().unwrap().stdout;
    eventually("the interface goes", || (!String::from_utf8_lossy(&links()).contains("gatehouse0")).then_some(()));
    let empty = || std::fs::read_dir(trial.folder.path()).unwrap().next().is_none();
    eventually("folder and socket go", || empty().then_some(()));
    eventually("the processes go", || alive(family).is_empty().then_some(()));
}

#[test]
fn a_box_to_try_is_reached_from_here_and_goes_with_ctrl_c() {
    let mut trial = trial();
    let family = family_of(trial.child.id());
    for part in ["https://192.168.100.198/", "AB:CD:EF", "exec -- gatehouse status", "PIN 1234"] {
        assert!(trial.said.contains(part), "{part} is missing in {}", trial.said);
    }
    let reached = trial.machine.run(|| std::net::TcpStream::connect("192.168.100.198:443")).unwrap();
    assert!(reached.is_ok(), "{reached:?}");

    let control = trial.folder.path().join("control.sock");
    let modem = |what: &str| {
        let status = Command::new(boxes_program()).args(["modem", what, "--control"]).arg(&control).status();
        let asked = ["exec", "--control", control.to_str().unwrap(), "--", "ls", "/sys/class/net"];
        let interfaces = Command::new(boxes_program()).args(asked).output().unwrap().stdout;
        (status.unwrap().success(), String::from_utf8_lossy(&interfaces).contains("wwan0"))
    };
    assert_eq!([modem("denied"), modem("unplug"), modem("plug")], [(true, true), (true, false), (true, true)]);

    let again = run(&trial.machine, trial.folder.path()).output().unwrap();
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("another `boxes run` is up"), "{again:?}");

    signal(&trial.child, Signal::INT);
    trial.stdout.read_to_string(&mut trial.said).unwrap();
    assert_eq!(trial.child.wait().unwrap().code(), Some(0), "{}", trial.said);
    nothing_is_left_of_the_trial(&trial, &family);
}

#[test]
fn a_box_to_try_leaves_nothing_behind_when_its_runner_is_killed() {
    let mut trial = trial();
    let family = family_of(trial.child.id());
    signal(&trial.child, Signal::KILL);
    trial.child.wait().unwrap();
    nothing_is_left_of_the_trial(&trial, &family);
}

#[test]
fn a_machine_that_uses_the_service_network_is_left_alone() {
    let (machine, folder) = (boxes::Ns::new().unwrap(), tempfile::tempdir().unwrap());
    machine.ip("addr add 192.168.100.5/24 dev lo").unwrap();
    let output = run(&machine, folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("in use on this machine (lo has the address 192.168.100.5/24)"), "{said}");
}
