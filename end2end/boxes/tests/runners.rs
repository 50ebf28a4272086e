//! The program: what `make run` and Playwright start, how it ends, and what is left when it is killed.

mod common;

use boxes::control::{Reply, Request, ask};
use common::{boxes_program, eventually, processes_with, stand_in};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
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

/// Nothing of the runner is to be found any more: no process, no file.
fn nothing_is_left_of(up: &Up) {
    let folder = up.control.parent().unwrap();
    eventually("the folder goes", || (!folder.exists()).then_some(()));
    let marker = folder.display().to_string();
    eventually("the processes go", || processes_with(&marker).is_empty().then_some(()));
    eventually("the laptop goes", || (!Path::new(&format!("/proc/{}", up.client_pid)).exists()).then_some(()));
}

#[test]
fn the_runner_killed_leaves_nothing_behind() {
    let mut up = up();
    let pid = up.child.id();
    let init = ask(&up.control, &Request::Where).unwrap().init_pid.unwrap();
    kill_process(Pid::from_child(&up.child), Signal::KILL).unwrap();
    up.child.wait().unwrap();
    nothing_is_left_of(&up);
    assert!(!Path::new(&format!("/proc/{init}")).exists(), "runner {pid}, box {init}");
}

#[test]
fn the_end_of_its_input_ends_a_runner_cleanly() {
    let mut up = up();
    drop(up.child.stdin.take());
    assert_eq!(up.child.wait().unwrap().code(), Some(0));
    nothing_is_left_of(&up);
}

#[test]
fn a_signal_ends_a_runner_cleanly() {
    let mut up = up();
    kill_process(Pid::from_child(&up.child), Signal::TERM).unwrap();
    assert_eq!(up.child.wait().unwrap().code(), Some(0));
    nothing_is_left_of(&up);
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
    assert_eq!(ask(r#"{"do":"roles"}"#).unwrap().roles.unwrap().len(), 2);
    for restart in ["reset", "reboot", "power_off", "power_on"] {
        assert!(ask(&format!(r#"{{"do":"{restart}"}}"#)).unwrap().ok, "{restart}");
    }
    let error = ask(r#"{"do":"kill","role":"guard","signal":"TERM"}"#).unwrap_err().to_string();
    assert_eq!(error, "the box refused: the box refused: this box has no guard");
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

/// In a network namespace of the test's own, which stands for the machine of a person who tries a box.
#[test]
fn a_box_to_try_is_reached_from_here_and_goes_with_ctrl_c() {
    let machine = boxes::Ns::new().unwrap();
    let mut command = machine.command(boxes_program());
    command.args(["run", "--gatehouse"]).arg(stand_in()).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while !text.contains("Ctrl-C") {
        assert_ne!(stdout.read_line(&mut text).unwrap(), 0, "{text}");
    }
    for part in ["https://192.168.100.198/", "AB:CD:EF", "exec -- gatehouse status"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    let reached = machine.run(|| std::net::TcpStream::connect("192.168.100.198:443")).unwrap();
    assert!(reached.is_ok(), "{reached:?}");

    let again = machine.command(boxes_program()).args(["run", "--gatehouse"]).arg(stand_in()).output().unwrap();
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("another `boxes run` is up"), "{again:?}");

    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    stdout.read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{text}");
    assert_eq!(machine.run(|| Path::new("/proc/net/dev_snmp6/gatehouse0").exists()).unwrap(), false);
    assert!(!Path::new("/run/gatehouse-boxes.sock").exists());
}

#[test]
fn a_machine_that_uses_the_service_network_is_left_alone() {
    let machine = boxes::Ns::new().unwrap();
    machine.ip("addr add 192.168.100.5/24 dev lo").unwrap();
    let run = machine.command(boxes_program()).args(["run", "--gatehouse"]).arg(stand_in()).output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    let said = String::from_utf8_lossy(&run.stderr);
    // The other test's box may be up, which is another reason to refuse.
    assert!(said.contains("lo has the address 192.168.100.5/24") || said.contains("another `boxes run`"), "{said}");
}
