//! Ends a server that an agent left which was killed. It is known by its arguments: no file with its number can be wrong or missing.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt, path::Path};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// Kills each process of `program` in this network namespace that has `argument`.
pub(super) fn end(program: &str, argument: &str) {
    let Ok(processes) = fs::read_dir("/proc") else { return };
    let numbers = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    for pid in numbers.filter_map(Pid::from_raw) {
        // its number cannot go to another process while the descriptor is looked through
        let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { continue };
        if is_ours(pid, program, argument) && pidfd_send_signal(&process, Signal::KILL).is_ok() {
            tracing::warn!(pid = pid.as_raw_nonzero().get(), program, "ends one that an earlier agent left");
        }
    }
}

fn is_ours(pid: Pid, program: &str, argument: &str) -> bool {
    let folder = format!("/proc/{}", pid.as_raw_nonzero());
    let Ok(line) = fs::read(format!("{folder}/cmdline")) else { return false };
    let mut words = line.split(|byte| *byte == 0);
    let name = words.next().and_then(|first| Path::new(OsStr::from_bytes(first)).file_name());
    name == Some(OsStr::new(program))
        && words.any(|word| word == argument.as_bytes())
        && fs::read_link(format!("{folder}/ns/net")).ok() == fs::read_link("/proc/thread-self/ns/net").ok()
}
