//! A Debian box that is switched on, as its runner holds it.

use super::{Debian, keeper::RESTARTED};
use crate::{
    error::{Context, Error, Result},
    helper,
    ns::Ns,
};
use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

#[derive(Debug)]
pub(crate) struct Machine {
    keeper: Child,
    init: i32,
}

impl Machine {
    /// Starts a box whose interfaces are in `ns`; returns when systemd has begun to boot it.
    pub fn start(ns: &Ns, debian: &Debian) -> Result<Self> {
        let mut command = keeper(debian)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0); // Ctrl-C is for the runner
        ns.put_inside(&mut command, false);
        let mut keeper = command.spawn().could_not(|| "start the box's keeper".into())?;
        let mut pid = String::new();
        if let Some(stdout) = keeper.stdout.take() {
            drop(BufReader::new(stdout).read_line(&mut pid));
        }
        let mut this = Self { keeper, init: pid.trim().parse().unwrap_or(0) };
        if this.init > 0 {
            return Ok(this);
        }
        drop(this.keeper.stdin.take());
        Err(Error::NotStarted("its keeper says why, above".into()))
    }

    pub fn init(&self) -> i32 {
        self.init
    }

    /// Whether the box has asked to be started anew, and is off.
    pub fn wants_restart(&mut self) -> bool {
        matches!(self.keeper.try_wait(), Ok(Some(status)) if status.code() == Some(i32::from(RESTARTED)))
    }
}

/// Pulls the plug. When this returns, no process of the box is left.
impl Drop for Machine {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        drop(self.keeper.wait());
    }
}

/// Runs a command on the box's disk, which is not booted.
pub(crate) fn run_once(debian: &Debian, argv: &[&str]) -> Result<()> {
    let ns = Ns::new()?;
    let mut command = keeper(debian)?;
    command.args(argv).stdin(Stdio::null());
    ns.put_inside(&mut command, true);
    let output = command.output().could_not(|| "start the box's keeper".into())?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    Err(Error::Command { command: argv.join(" "), printed: printed.join("; ") })
}

fn keeper(debian: &Debian) -> Result<Command> {
    let mut command = helper::command("machine")?;
    command.arg(serde_json::to_string(debian)?).arg("--");
    Ok(command)
}
