//! A command inside a running box, or inside the technician's laptop, with this process's standard streams.

use super::{SEARCH_PATH, keeper::die_with_parent};
use crate::error::{Context, Result};
use rustix::{
    process::{Pid, PidfdFlags, pidfd_open},
    thread::{LinkNameSpaceType, ThreadNameSpaceType, move_into_link_name_space, move_into_thread_name_spaces},
};
use std::{
    fs::File,
    io,
    os::{
        fd::AsFd,
        unix::process::{CommandExt, ExitStatusExt},
    },
    process::Command,
    sync::Arc,
};

/// Runs `argv` in the box whose first process this machine knows as `init`, and returns its exit code; 128 + the signal
/// where one ended it, 127 where there is no such program. Needs a process with one thread.
pub fn run_in_box(init: i32, argv: &[String]) -> Result<i32> {
    enter_box(init)?;
    let Some((program, arguments)) = argv.split_first() else { return Ok(0) };
    // Ctrl-C is for the command, which it reaches by the terminal.
    signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::default()).could_not(|| "keep Ctrl-C off".into())?;
    // Found by the box's path, not by this machine's.
    let mut command = Command::new("/usr/bin/env");
    command.arg(format!("PATH={SEARCH_PATH}")).arg("HOME=/root").arg(program).args(arguments).current_dir("/");
    die_with_parent(&mut command);
    let status = command.status().could_not(|| format!("run {program} in the box"))?;
    Ok(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default()))
}

/// Moves this process, which has one thread, into the box; into its PIDs only the children.
pub(crate) fn enter_box(init: i32) -> Result<()> {
    let all = ThreadNameSpaceType::MOUNT
        | ThreadNameSpaceType::NETWORK
        | ThreadNameSpaceType::HOST_NAME_AND_NIS_DOMAIN_NAME
        | ThreadNameSpaceType::INTER_PROCESS_COMMUNICATION
        | ThreadNameSpaceType::PROCESS_ID;
    let what = || "enter the box (has it just been restarted?)".into();
    let pid = Pid::from_raw(init).ok_or(rustix::io::Errno::SRCH).could_not(what)?;
    let pidfd = pidfd_open(pid, PidfdFlags::empty()).could_not(what)?;
    move_into_thread_name_spaces(pidfd.as_fd(), all).could_not(what)?;
    super::init::drop_dangerous_capabilities().could_not(|| "drop capabilities".into())
}

/// Becomes `argv` in the network namespace of the process `pid`. All inherited file descriptors stay open, which a
/// browser's debugging pipe (3 and 4) needs. Returns only if it fails.
pub fn become_in_network_of(pid: i32, argv: &[String]) -> Result<()> {
    let link = format!("/proc/{pid}/ns/net");
    let ns = File::open(&link).could_not(|| format!("open {link}"))?;
    move_into_link_name_space(ns.as_fd(), Some(LinkNameSpaceType::Network))
        .could_not(|| "enter the laptop's network".into())?;
    let Some((program, arguments)) = argv.split_first() else { return Ok(()) };
    Err::<(), io::Error>(Command::new(program).args(arguments).exec()).could_not(|| format!("run {program}"))
}
