//! The end of what runs: killed, whatever it does.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use os::process::started_at;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};

use crate::domain::pair::guard::Target;

/// Where control groups are, in the order in which they are looked for: the unified hierarchy, and systemd's own of the older kind.
const HIERARCHIES: [&str; 3] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"];
/// Children can be made while they are killed; nothing makes them faster than this.
const ROUNDS: usize = 20;

pub fn kill(target: &Target) {
    match target {
        Target::Process { pid, started } => process(*pid, *started),
        Target::Cgroup { path } => {
            for folder in HIERARCHIES.iter().map(|root| Path::new(root).join(path.trim_start_matches('/'))) {
                if folder.is_dir() {
                    group(&folder);
                }
            }
        }
    }
}

/// Only the one that was meant: its number may be another's by now.
fn process(pid: i32, started: u64) {
    let Some(pid) = Pid::from_raw(pid) else { return };
    let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    if started_at(pid.as_raw_nonzero().get()) != Some(started) {
        return;
    }
    if let Err(error) = pidfd_send_signal(&process, Signal::KILL) {
        tracing::error!(%error, "an application cannot be killed");
        return;
    }
    let mut fds = [PollFd::new(&process, PollFlags::IN)];
    let limit = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
    if poll(&mut fds, Some(&limit)) == Ok(0) {
        tracing::warn!(pid = pid.as_raw_nonzero().get(), "an application that was killed has not ended yet");
    }
}

fn group(folder: &Path) {
    if fs::write(folder.join("cgroup.kill"), "1").is_ok() {
        return;
    }
    for _ in 0..ROUNDS {
        let mut pids = Vec::new();
        if let Err(error) = members(folder, &mut pids) {
            tracing::error!(%error, folder = %folder.display(), "a control group cannot be read");
            return;
        }
        if pids.is_empty() {
            return;
        }
        for pid in pids {
            // one that has just ended is no matter
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
        std::thread::yield_now();
    }
}

fn members(folder: &Path, pids: &mut Vec<Pid>) -> io::Result<()> {
    let text = fs::read_to_string(folder.join("cgroup.procs"))?;
    pids.extend(text.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)));
    let below: Vec<PathBuf> =
        fs::read_dir(folder)?.flatten().map(|entry| entry.path()).filter(|p| p.is_dir()).collect();
    below.iter().try_for_each(|folder| members(folder, pids))
}
