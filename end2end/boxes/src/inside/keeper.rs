//! The process between the runner and a box's first one. A process can't move itself into a PID namespace, only its next
//! child; and it can enter a mount namespace only with one thread. So this one does both, starts init and waits for it.
//! When it has ended, no process of the box is left: the kernel reports the end of a first process after all others'.

use crate::error::{Context, Result};
use rustix::{
    process::{Signal, set_parent_process_death_signal},
    thread::{UnshareFlags, unshare_unsafe},
};
use std::{
    io::{self, Write},
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

/// Says init's PID on standard output and ends when init does.
pub fn run(spec: &str) -> Result<()> {
    unshare_all().could_not(|| "make mount, UTS, IPC and PID namespaces".into())?;
    let mut init = Command::new("/proc/self/exe");
    init.arg("init").arg(spec).stdout(Stdio::null());
    die_with_parent(&mut init);
    let mut init = init.spawn().could_not(|| "start the box's first process".into())?;
    let told = writeln!(io::stdout(), "{}", init.id()).and_then(|()| io::stdout().flush());
    told.could_not(|| "tell the first process's PID".into())?;
    init.wait().could_not(|| "wait for the box's first process".into())?;
    Ok(())
}

#[expect(unsafe_code, reason = "unshare")]
fn unshare_all() -> rustix::io::Result<()> {
    let flags = UnshareFlags::NEWNS | UnshareFlags::NEWUTS | UnshareFlags::NEWIPC | UnshareFlags::NEWPID;
    // SAFETY: none of the flags touches the file descriptor table, which is what makes `unshare` unsafe.
    unsafe { unshare_unsafe(flags) }
}

#[expect(unsafe_code, reason = "the parent-death signal is lost by fork and must be set before exec")]
pub(crate) fn die_with_parent(command: &mut Command) {
    // SAFETY: one system call between fork and exec; nothing is allocated or locked.
    unsafe {
        command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::KILL))?));
    }
}
