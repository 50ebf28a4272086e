//! ModemManager in a box: a process that enters the box, gives it a `/sys` and a `/dev` of its own, and ends it when told.

use super::trees;
use crate::{
    error::{Context, Result},
    helper,
    inside::{enter::enter_box, keeper::die_with_parent},
};
use rustix::{
    event::{PollFd, PollFlags, poll},
    process::{Pid, PidfdFlags, pidfd_open},
    thread::{UnshareFlags, unshare_unsafe},
};
use serde::{Deserialize, Serialize};
use std::{
    fmt::Write as _,
    fs, io,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

/// Where it says what it does, in the box.
const LOG: &str = "/var/log/modem-manager.log";
const EVENTS: &str = "/run/modem-events";

#[derive(Debug, Serialize, Deserialize)]
struct Spec {
    init: i32,
    terminals: [String; 2],
    /// Whether the modem is there when it starts.
    plugged: bool,
}

/// One that runs, until it is dropped.
#[derive(Debug)]
pub(super) struct Manager(Child);

impl Manager {
    pub fn start(init: i32, terminals: &[String; 2], plugged: bool) -> Result<Self> {
        let spec = Spec { init, terminals: terminals.clone(), plugged };
        let mut command = helper::command("modem-manager")?;
        command.arg(serde_json::to_string(&spec)?).stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0);
        command.spawn().map(Self).could_not(|| "start ModemManager's keeper".into())
    }

    /// Whether it has ended by itself, or at another's hand.
    pub fn ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

/// Kills it.
impl Drop for Manager {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        drop(self.0.wait());
    }
}

/// The keeper's whole life.
pub fn run(spec: &str) -> Result<()> {
    let spec: Spec = serde_json::from_str(spec)?;
    enter_box(spec.init)?;
    unshare_mounts().could_not(|| "make a mount namespace".into())?;
    trees::prepare(&spec.terminals)?;
    let events = if spec.plugged { events("add") } else { String::new() };
    fs::write(EVENTS, events).could_not(|| format!("write {EVENTS}"))?;
    let mut manager = Command::new("ModemManager");
    manager
        // it is told of the ports, and looks for nothing but the box's own bus and files
        .args(["--test-no-udev", "--no-auto-scan", "--test-no-qrtr", "--test-no-suspend-resume", "--debug"])
        .args([format!("--log-file={LOG}"), format!("--initial-kernel-events={EVENTS}")])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    die_with_parent(&mut manager);
    let mut manager = match manager.spawn() {
        // the box was switched off meanwhile: its PIDs have no first process any more
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NOMEM.raw_os_error()) => return Ok(()),
        spawned => spawned.could_not(|| "run ModemManager (is it installed?)".into())?,
    };
    // no thread: there is none to be had between PID namespaces
    let what = || "wait for ModemManager".to_owned();
    let ended = pidfd_open(Pid::from_child(&manager), PidfdFlags::empty()).could_not(what)?;
    let stdin = io::stdin();
    loop {
        let mut fds = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(&ended, PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) => break,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error).could_not(what),
        }
    }
    manager.kill().could_not(|| "kill ModemManager".into())?;
    manager.wait().could_not(what)?;
    Ok(())
}

#[expect(unsafe_code, reason = "unshare")]
fn unshare_mounts() -> rustix::io::Result<()> {
    // SAFETY: NEWNS doesn't touch the file descriptor table, which is what makes `unshare` unsafe.
    unsafe { unshare_unsafe(UnshareFlags::NEWNS) }
}

/// What the kernel tells of the modem's ports, a line each, as `mmcli --report-kernel-event` takes it, too.
pub(super) fn events(action: &str) -> String {
    trees::PORTS.iter().fold(String::new(), |mut text, (subsystem, name)| {
        // a String takes all
        let _ = writeln!(text, "action={action},subsystem={subsystem},name={name}");
        text
    })
}
