//! The first process of a box: sets it up, then keeps the roles running and reaps what nobody else waits for. It stands
//! in for systemd, as far as the roles can tell.

use super::{BootSpec, InitReply, InitRequest, mounts, supervisor::Supervisor};
use crate::error::{Context, Error, Result, chain};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    system::sethostname,
    thread::{CapabilitySet, remove_capability_from_bounding_set},
};
use std::{
    io::{self, Read, Write},
    os::{fd::AsFd, unix::net::UnixStream},
    time::Instant,
};

/// What could reach the machine in spite of the namespaces. The agent of a shipped box has far less (its unit says
/// which); here it stays root without these, because a unit's sandbox is tested where there is a systemd.
const DANGEROUS: [CapabilitySet; 9] = [
    CapabilitySet::SYS_TIME,
    CapabilitySet::SYS_BOOT,
    CapabilitySet::SYS_MODULE,
    CapabilitySet::SYS_RAWIO,
    CapabilitySet::SYSLOG,
    CapabilitySet::MKNOD,
    CapabilitySet::WAKE_ALARM,
    CapabilitySet::MAC_ADMIN,
    CapabilitySet::BPF,
];

/// Runs until the runner closes the socket that is standard input.
pub fn run(spec: &str) -> Result<()> {
    let spec: BootSpec = serde_json::from_str(spec)?;
    let socket = io::stdin().as_fd().try_clone_to_owned().could_not(|| "take the socket".into())?;
    let mut runner = UnixStream::from(socket);
    let ready = set_up(&spec).and_then(|()| Supervisor::new(&spec));
    match ready {
        Ok(supervisor) => {
            tell(&mut runner, &InitReply::Booted)?;
            serve(runner, supervisor)
        }
        Err(error) => tell(&mut runner, &InitReply::Failed(chain(&error))),
    }
}

fn set_up(spec: &BootSpec) -> Result<()> {
    mounts::prepare(spec)?;
    sethostname(spec.host_name.as_bytes()).could_not(|| "set the box's host name".into())?;
    drop_dangerous_capabilities().could_not(|| "drop capabilities".into())
}

pub(super) fn drop_dangerous_capabilities() -> rustix::io::Result<()> {
    for capability in DANGEROUS {
        match remove_capability_from_bounding_set(capability) {
            Ok(()) | Err(rustix::io::Errno::INVAL) => {} // an older kernel doesn't know the newest ones
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn serve(mut runner: UnixStream, mut supervisor: Supervisor) -> Result<()> {
    let what = || "listen to the runner".to_owned();
    let (mut child_ended, signal) = UnixStream::pair().could_not(what)?;
    signal_hook::low_level::pipe::register(signal_hook::consts::SIGCHLD, signal).could_not(what)?;
    child_ended.set_nonblocking(true).could_not(what)?;
    let mut received = Vec::new();
    loop {
        supervisor.reap();
        let next = supervisor.start_due(Instant::now());
        let timeout = next.map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = timeout.and_then(|left| Timespec::try_from(left).ok());
        let mut fds = [PollFd::new(&runner, PollFlags::IN), PollFd::new(&child_ended, PollFlags::IN)];
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error).could_not(what),
        }
        let asked = !fds[0].revents().is_empty();
        if !fds[1].revents().is_empty() {
            drop(child_ended.read(&mut [0; 64]));
        }
        if asked {
            let mut buffer = [0; 4096];
            match runner.read(&mut buffer).could_not(what)? {
                0 => return Ok(()),
                length => received.extend_from_slice(&buffer[..length]),
            }
        }
        while let Some(end) = received.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = received.drain(..=end).collect();
            let reply = answer(&line, &supervisor).unwrap_or_else(|error| InitReply::Refused(chain(&error)));
            tell(&mut runner, &reply)?;
        }
    }
}

fn answer(line: &[u8], supervisor: &Supervisor) -> Result<InitReply> {
    Ok(match serde_json::from_slice(line)? {
        InitRequest::Roles => InitReply::Roles(supervisor.status()),
        InitRequest::Signal { role, signal } => match supervisor.signal(role, signal) {
            Ok(()) => InitReply::Done,
            Err(Error::Refused(why)) => InitReply::Refused(why),
            Err(error) => return Err(error),
        },
    })
}

fn tell(runner: &mut UnixStream, reply: &InitReply) -> Result<()> {
    let line = serde_json::to_string(reply)? + "\n";
    runner.write_all(line.as_bytes()).could_not(|| "answer the runner".into())
}
