//! A server in a namespace, for as long as a test needs it.
//!
//! The parent-death signal isn't enough for one: the kernel forgets it when a program changes its user or capabilities,
//! as most servers do. So a process of our own, the leash, waits for the end of a pipe that only the runner holds, and
//! then kills the server, which is the first process of a PID namespace, and with it whatever it has started.

use crate::{
    error::{Context, Result},
    helper,
    inside::keeper::die_with_parent,
    ns::Ns,
};
use rustix::thread::{UnshareFlags, unshare_unsafe};
use std::{
    io,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

/// Runs until it is dropped, or this process ends, however it ends.
#[derive(Debug)]
pub struct Daemon(Child);

impl Ns {
    /// Starts a program that serves; what it prints is thrown away.
    pub fn daemon(&self, argv: &[&str]) -> Result<Daemon> {
        let mut leash = helper::command("leash")?;
        leash.arg("--").args(argv).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        self.put_inside(&mut leash, false);
        leash.spawn().map(Daemon).could_not(|| format!("start {}", argv.join(" ")))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        drop(self.0.wait());
    }
}

/// The leash's whole life.
pub fn leash(argv: &[String]) -> Result<()> {
    unshare_pids().could_not(|| "make a PID namespace".into())?;
    let Some((program, arguments)) = argv.split_first() else { return Ok(()) };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    die_with_parent(&mut command);
    let mut server = command.spawn().could_not(|| format!("run {program}"))?;
    drop(io::copy(&mut io::stdin(), &mut io::sink()));
    server.kill().could_not(|| format!("kill {program}"))?;
    server.wait().could_not(|| format!("wait for {program}"))?;
    Ok(())
}

#[expect(unsafe_code, reason = "unshare")]
fn unshare_pids() -> rustix::io::Result<()> {
    // SAFETY: NEWPID doesn't touch the file descriptor table, which is what makes `unshare` unsafe.
    unsafe { unshare_unsafe(UnshareFlags::NEWPID) }
}
