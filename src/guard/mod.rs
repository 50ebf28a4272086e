//! The guard role: a process of its own that does not trust the agent to be there.
//!
//! One thread kills an agent that hangs in the middle of a change: it reads eight bytes at a time from one socket that only the agent's user can
//! open, and writes nothing but its log. The rules are in [`crate::domain::guard`]. The other one holds the pair's lease: see [`pair`].

mod pair;

use std::{
    fs,
    io::{self, Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::{
            fs::PermissionsExt,
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    thread,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::sockopt::socket_peercred,
    process::{PidfdFlags, Signal, geteuid, pidfd_open, pidfd_send_signal},
};

use os::notify;

use crate::{
    clock,
    domain::{
        guard::{Effect, Event, Promise, SOCKET, State, step},
        time::BootMillis,
    },
};

/// The pair's thread looks around five times a second.
const PAIR_LOOKS: u64 = 2_000;
/// While a deadline is open: `poll` counts on another clock than deadlines do.
const LOOK_AGAIN: u64 = 1_000;

#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    #[error("the guard's socket {path} cannot be made")]
    Socket { path: PathBuf, source: io::Error },
    #[error("the pair's lease cannot be held")]
    Pair(#[source] io::Error),
    #[error("nothing can be waited for")]
    Poll(#[source] io::Error),
}

/// The one agent that counts, until its process has ended: nobody else takes its place.
#[derive(Debug)]
struct Agent {
    process: OwnedFd,
    pid: i32,
    /// Closed by the agent; the process may run on.
    stream: Option<UnixStream>,
    received: Vec<u8>,
}

/// Watches until the process is told to end.
///
/// # Errors
/// When the socket cannot be made or waited for.
pub fn run(runtime_dir: &Path) -> Result<(), GuardError> {
    let path = runtime_dir.join(SOCKET);
    let listener = listen(&path).map_err(|source| GuardError::Socket { path: path.clone(), source })?;
    tracing::info!(socket = %path.display(), "watching");
    notify::ready();
    let folder = runtime_dir.to_owned();
    let holder =
        thread::Builder::new().name("pair".into()).spawn(move || pair::run(&folder)).map_err(GuardError::Pair)?;
    let (mut state, mut agent): (State, Option<Agent>) = (State::default(), None);
    loop {
        if holder.is_finished() {
            return holder.join().unwrap_or(Err(io::ErrorKind::Other.into())).map_err(GuardError::Pair);
        }
        // neither of the two threads hangs
        if BootMillis(pair::LOOKED.load(Ordering::Relaxed)).plus(PAIR_LOOKS) > clock::now() {
            notify::alive();
        }
        let [connects, speaks, ends] = wait(&listener, agent.as_ref(), state)?;
        let mut events = Vec::new();
        if ends {
            agent = None;
            events.push(Event::Ended);
        }
        if let Some(agent) = agent.as_mut().filter(|_| speaks) {
            events.extend(agent.hear().map(Event::Promised));
        }
        if connects && let Some(newcomer) = accept(&listener) {
            match &mut agent {
                // the same process that has lost its connection is still held to what it promised
                Some(known) if known.pid == newcomer.pid => known.stream = newcomer.stream,
                Some(known) => tracing::warn!(pid = newcomer.pid, agent = known.pid, "not the agent: not heard"),
                None => {
                    tracing::info!(pid = newcomer.pid, "an agent has come");
                    agent = Some(newcomer);
                    events.push(Event::Connected);
                }
            }
        }
        events.push(Event::Tick);
        for event in events {
            let (next, effect) = step(state, event, clock::now());
            state = next;
            if let (Some(Effect::Kill), Some(agent)) = (effect, &agent) {
                tracing::error!(
                    pid = agent.pid,
                    "the agent has missed its deadline by more than two seconds: killing it"
                );
                if let Err(error) = pidfd_send_signal(&agent.process, Signal::KILL) {
                    tracing::error!(%error, "the agent cannot be killed");
                }
            }
        }
    }
}

/// A socket that only our own user can connect to. One that an earlier guard left is replaced.
fn listen(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Whether somebody connects, the agent says something, the agent's process has ended.
fn wait(listener: &UnixListener, agent: Option<&Agent>, state: State) -> Result<[bool; 3], GuardError> {
    let due = state.deadline().map(|at| at.left(clock::now()).min(LOOK_AGAIN));
    let proof = notify::every().and_then(|every| u64::try_from(every.as_millis()).ok());
    // also for the end of the pair's thread
    let left = due.into_iter().chain(proof).chain([LOOK_AGAIN]).min();
    let limit = left.map(|left| Timespec {
        tv_sec: i64::try_from(left / 1000).unwrap_or(0),
        tv_nsec: i64::try_from(left % 1000).unwrap_or(0) * 1_000_000,
    });
    let mut fds = vec![PollFd::new(listener, PollFlags::IN)];
    if let Some(agent) = agent {
        fds.push(PollFd::new(&agent.process, PollFlags::IN));
        fds.extend(agent.stream.as_ref().map(|stream| PollFd::new(stream, PollFlags::IN)));
    }
    match poll(&mut fds, limit.as_ref()) {
        Ok(_) => {}
        Err(Errno::INTR) => return Ok([false; 3]),
        Err(error) => return Err(GuardError::Poll(error.into())),
    }
    let ready = |n: usize| fds.get(n).is_some_and(|fd| !fd.revents().is_empty());
    Ok([ready(0), ready(2), ready(1)])
}

/// `None` for one that is gone again, or of another user.
fn accept(listener: &UnixListener) -> Option<Agent> {
    let admit = || -> io::Result<Agent> {
        let (stream, _) = listener.accept()?;
        stream.set_nonblocking(true)?;
        let peer = socket_peercred(stream.as_fd())?;
        if peer.uid != geteuid() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        // Its number cannot be somebody else's by now: whoever connected holds the connection open, as the look below shows.
        let process = pidfd_open(peer.pid, PidfdFlags::empty())?;
        let mut open = [PollFd::new(&stream, PollFlags::empty())];
        poll(&mut open, Some(&Timespec::default()))?;
        if open[0].revents().contains(PollFlags::HUP) {
            return Err(io::ErrorKind::NotConnected.into());
        }
        Ok(Agent { process, pid: peer.pid.as_raw_nonzero().get(), stream: Some(stream), received: Vec::new() })
    };
    admit().inspect_err(|error| tracing::warn!(%error, "a connection was not taken")).ok()
}

impl Agent {
    /// The newest promise, once it is whole. An end or an error closes the connection and says nothing.
    fn hear(&mut self) -> Option<Promise> {
        let mut buffer = [0; 64 * Promise::LENGTH];
        let stream = self.stream.as_mut()?;
        match stream.read(&mut buffer) {
            Ok(length) if length > 0 => self.received.extend_from_slice(buffer.get(..length)?),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Ok(_) | Err(_) => {
                self.stream = None;
                self.received.clear();
            }
        }
        let whole = self.received.len() / Promise::LENGTH * Promise::LENGTH;
        let told: Vec<u8> = self.received.drain(..whole).collect();
        let newest = <[u8; Promise::LENGTH]>::try_from(told.rchunks(Promise::LENGTH).next()?).ok()?;
        // one answer for all: the agent waits for the last one it has told
        if self.stream.as_mut().is_some_and(|stream| stream.write_all(&newest).is_err()) {
            self.stream = None;
        }
        Some(Promise::from_bytes(newest))
    }
}
