//! Kills a program just before the n-th system call by which it leaves a trace: on the disk, or in the kernel's network.
//!
//! It runs the program as it ships, without a hook in it, and stops it where a power cut or the kernel's OOM killer might.

use crate::error::{Context, Result};
use nix::{
    errno::Errno,
    libc,
    sys::{
        ptrace::{self, Options},
        signal::{Signal, kill},
        uio::{RemoteIoVec, process_vm_readv},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    io::IoSliceMut,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

/// How a traced program ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traced {
    /// Traces that it left, or was about to leave when it was killed.
    pub points: u64,
    /// What it was about to do; `None` when it ended before the point was reached.
    pub killed_at: Option<String>,
}

/// Runs `argv` until it ends by itself or is killed at point `at` (the first is 1).
pub fn kill_at(at: u64, argv: &[String]) -> Result<Traced> {
    let what = || format!("trace {}", argv.join(" "));
    let program = start(argv).could_not(what)?;
    let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACECLONE | Options::PTRACE_O_EXITKILL;
    waitpid(program, Some(WaitPidFlag::__WALL)).could_not(what)?;
    ptrace::setoptions(program, options).could_not(what)?;
    go_on(program, None).could_not(what)?;
    let mut traced = Traced { points: 0, killed_at: None };
    let mut threads = BTreeSet::from([program.as_raw()]);
    loop {
        match waitpid(None, Some(WaitPidFlag::__WALL)).could_not(what)? {
            WaitStatus::PtraceSyscall(thread) => {
                if let Some(point) = point(thread).filter(|_| traced.killed_at.is_none()) {
                    traced.points += 1;
                    if traced.points == at {
                        traced.killed_at = Some(point);
                        kill(program, Signal::SIGKILL).could_not(what)?;
                    }
                }
                go_on(thread, None).could_not(what)?;
            }
            // a new thread's first stop is ptrace's own; any other signal is the program's
            WaitStatus::Stopped(thread, signal) => {
                let own = threads.insert(thread.as_raw()) && signal == Signal::SIGSTOP;
                go_on(thread, Some(signal).filter(|_| !own)).could_not(what)?;
            }
            WaitStatus::PtraceEvent(thread, ..) => go_on(thread, None).could_not(what)?,
            WaitStatus::Exited(thread, _) | WaitStatus::Signaled(thread, ..) if thread == program => return Ok(traced),
            _ => {}
        }
    }
}

#[expect(unsafe_code, reason = "the child asks to be traced between fork and exec")]
fn start(argv: &[String]) -> std::io::Result<Pid> {
    let (program, arguments) = argv.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    // SAFETY: one system call between fork and exec; nothing is allocated or locked.
    unsafe {
        command.pre_exec(|| Ok(ptrace::traceme()?));
    }
    let child = command.spawn()?;
    Ok(Pid::from_raw(i32::try_from(child.id()).map_err(std::io::Error::other)?))
}

/// To the next system call. A thread that was killed meanwhile is no error.
fn go_on(thread: Pid, signal: Option<Signal>) -> nix::Result<()> {
    match ptrace::syscall(thread, signal) {
        Err(Errno::ESRCH) => Ok(()),
        other => other,
    }
}

/// The name of what the thread is about to do, if that leaves a trace.
fn point(thread: Pid) -> Option<String> {
    let info = ptrace::syscall_info(thread).ok()?;
    if info.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
        return None;
    }
    // SAFETY: `op` says which member of the union is there.
    #[expect(unsafe_code, reason = "a union of the kernel's")]
    let entry = unsafe { info.u.entry };
    let name = match i64::try_from(entry.nr).ok()? {
        libc::SYS_fsync => "fsync",
        libc::SYS_fdatasync => "fdatasync",
        libc::SYS_renameat | libc::SYS_renameat2 => "rename",
        libc::SYS_unlinkat => "unlink",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_rename => "rename",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_unlink => "unlink",
        libc::SYS_openat if entry.args[2] & u64::from(libc::O_CREAT.unsigned_abs()) != 0 => "create",
        libc::SYS_sendto => return netlink_write(thread, &entry.args),
        _ => return None,
    };
    Some(name.to_owned())
}

/// `struct nlmsghdr` (rtnetlink(7)): from `RTM_BASE` on, of each group of four types the first makes and the second deletes.
fn netlink_write(thread: Pid, args: &[u64; 6]) -> Option<String> {
    const FIRST: u16 = 16;
    let mut header = [0; 16];
    let length = header.len();
    let remote = RemoteIoVec { base: usize::try_from(args[1]).ok()?, len: length };
    let read = process_vm_readv(thread, &mut [IoSliceMut::new(&mut header)], &[remote]).ok()?;
    let told = u32::from_ne_bytes(header[..4].try_into().ok()?);
    let kind = u16::from_ne_bytes(header[4..6].try_into().ok()?);
    let writes = read == length && u64::from(told) == args[2] && kind >= FIRST && (kind - FIRST) % 4 < 2;
    writes.then(|| format!("netlink message {kind}"))
}
