//! The pair's lease: who may be active, and what is opened and closed for it. The rules are [`crate::domain::pair`].
//!
//! A thread of its own with one socket for the agent, one for each way to the peer, and keepalived as its child. It parses nothing but lines of
//! the agent and datagrams of fixed length that carry the pair's seal. What it has opened it closes by itself, whoever else has gone.

mod agent;
mod closing;
mod end;
mod keepalived;
mod kernel;
mod wires;

use std::{
    io::{self, Read},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::{UnixListener, UnixStream},
    },
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use self::{
    agent::Agent,
    closing::{Closing, last_moment, removed},
    keepalived::Keepalived,
    wires::Wires,
};
use crate::{
    clock,
    domain::{
        pair::{
            Effect, Event, Message, Role, State,
            beat::{self, About, Beat},
            guard::{self, Config, FromGuard, Gate, Peer, Target, ToGuard},
            keepalived::Said,
            step,
        },
        time::BootMillis,
    },
};

/// Between two looks at addresses and at keepalived.
const MEND: u64 = 1_000;
/// How long it may take for getting the address: three lost adverts and more. Then it is started anew; 2.2.7 sometimes looks at its gate no more
/// after it has read its file again.
const GETS: u64 = 800;
const GETS_AT_MOST: u64 = 4_000;
/// How long a guard that is told to end waits for its release to be told.
const LAST_WORDS: u64 = 300;

/// Runs of the peer that are remembered beside the one that is heard.
const LIVES: usize = 16;

/// When the pair's thread has looked around last, for whoever says that the guard is alive.
pub static LOOKED: AtomicU64 = AtomicU64::new(0);

/// Until the process is told to end.
///
/// # Errors
/// When the socket or keepalived's files cannot be made, or nothing can be waited for.
pub fn run(runtime_dir: &Path) -> io::Result<()> {
    let (mut told_to_end, signal) = UnixStream::pair()?;
    told_to_end.set_nonblocking(true)?;
    for kind in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::low_level::pipe::register(kind, signal.try_clone()?)?;
    }
    urgent();
    let mut pair = Pair::new(runtime_dir)?;
    loop {
        let now = clock::now();
        LOOKED.store(now.0, Ordering::Relaxed);
        pair.look(now);
        if pair.is_over(now) {
            return Ok(());
        }
        pair.wait(&told_to_end)?;
        if told_to_end.read(&mut [0; 8]).is_ok_and(|length| length > 0) && pair.ends.is_none() {
            tracing::info!("told to end");
            pair.ends = Some(clock::now());
            pair.drive(Event::Fit(false));
            pair.drive(Event::Release);
        }
    }
}

/// Before everything that is not: a guard that waits for its turn closes too late. Where that is not allowed it is as all others are.
#[expect(unsafe_code, reason = "the scheduler's class is set by a system call that no crate of ours wraps")]
fn urgent() {
    let parameter = libc::sched_param { sched_priority: 10 };
    // SAFETY: the parameter lives as long as the call; 0 is the calling thread.
    let set =
        unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK, &raw const parameter) };
    if set != 0 {
        tracing::info!(error = %io::Error::last_os_error(), "no real-time priority here");
    }
    let flags = rustix::mm::MlockAllFlags::CURRENT | rustix::mm::MlockAllFlags::FUTURE;
    if let Err(error) = rustix::mm::mlockall(flags | rustix::mm::MlockAllFlags::ONFAULT) {
        tracing::info!(%error, "memory is not kept here");
    }
}

struct Pair {
    listener: UnixListener,
    agent: Option<Agent>,
    /// The agent has gone, which the rules are to hear.
    unfit: bool,
    keepalived: Keepalived,
    of: Option<Of>,
    run: u64,
    sequence: u64,
    about: About,
    running: Vec<Target>,
    closing: Option<Closing>,
    next_beat: BootMillis,
    next_tell: BootMillis,
    next_mend: BootMillis,
    /// The address is there by then, or keepalived is started anew.
    address_by: Option<BootMillis>,
    /// For getting it, doubled each time that it does not.
    patience: u64,
    ends: Option<BootMillis>,
}

/// What it is configured for.
struct Of {
    config: Config,
    state: State,
    wires: Wires,
    peer: Option<Heard>,
    /// Other runs of the peer, the newest first, and what was heard of each last: whoever has listened may say again what they said.
    over: Vec<(u64, u64)>,
    master: bool,
}

#[derive(Clone, Copy)]
struct Heard {
    run: u64,
    sequence: u64,
    about: About,
    at: BootMillis,
}

impl Pair {
    fn new(runtime_dir: &Path) -> io::Result<Self> {
        let now = clock::now();
        Ok(Self {
            listener: super::listen(&runtime_dir.join(guard::SOCKET))?,
            agent: None,
            unfit: false,
            keepalived: Keepalived::new(runtime_dir)?,
            of: None,
            run: wires::run(),
            sequence: 0,
            about: About::default(),
            running: Vec::new(),
            closing: None,
            next_beat: now,
            next_tell: now,
            next_mend: now,
            address_by: None,
            patience: GETS,
            ends: None,
        })
    }

    /// What time brings.
    fn look(&mut self, now: BootMillis) {
        if std::mem::take(&mut self.unfit) {
            self.drive(Event::Fit(false));
        }
        if self.next_mend <= now {
            self.next_mend = now.plus(MEND);
            if let Some(of) = &mut self.of {
                of.wires.mend();
                if of.config.virtual_ip.is_some() {
                    self.keepalived.keep_running(now);
                }
            }
        }
        if self.of.as_ref().is_some_and(|of| of.state.deadline() <= now) {
            self.drive(Event::Tick);
        }
        self.look_for_the_address(now);
        self.close_on(now);
        if self.next_beat <= now {
            self.say(None);
        }
        if self.next_tell <= now {
            self.tell_state();
        }
    }

    fn look_for_the_address(&mut self, now: BootMillis) {
        let wants = |of: &Of| of.config.virtual_ip.is_some() && !of.master;
        if !self.keepalived.gate_open() || !self.of.as_ref().is_some_and(wants) {
            (self.address_by, self.patience) = (None, GETS);
            return;
        }
        let by = *self.address_by.get_or_insert(now.plus(self.patience));
        if by <= now {
            // on a box that is slower than that it must come up once
            self.patience = (self.patience * 2).min(GETS_AT_MOST);
            tracing::warn!("keepalived does not get the address: it is started anew");
            self.address_by = None;
            self.keepalived.kill();
            self.keepalived_ended();
        }
    }

    fn is_over(&self, now: BootMillis) -> bool {
        let Some(since) = self.ends else { return false };
        let role = self.of.as_ref().map(|of| of.state.role());
        !matches!(role, Some(Role::Active { .. } | Role::Stopping { .. })) && since.plus(LAST_WORDS) <= now
            || role.is_none()
    }

    fn wait(&mut self, told_to_end: &UnixStream) -> io::Result<()> {
        let now = clock::now();
        let mut until = self.next_beat.min(self.next_tell).min(self.next_mend);
        until = until.min(self.address_by.unwrap_or(until));
        if let Some(of) = &self.of {
            until = until.min(of.state.deadline().max(now.plus(1)));
        }
        if let Some(closing) = self.closing {
            until = until.min(closing.patience.max(now.plus(1))).min(last_moment(closing.by));
        }
        if self.ends.is_some() {
            until = until.min(now.plus(20));
        }
        let left = until.left(now);
        let limit = Timespec {
            tv_sec: i64::try_from(left / 1000).unwrap_or(0),
            tv_nsec: i64::try_from(left % 1000).unwrap_or(0) * 1_000_000,
        };
        let ways: Vec<(usize, BorrowedFd<'_>)> = self
            .of
            .iter()
            .flat_map(|of| of.wires.all.iter().enumerate())
            .filter_map(|(number, way)| way.socket.as_ref().map(|socket| (number, socket.as_fd())))
            .collect();
        let mut fds = vec![
            PollFd::new(told_to_end, PollFlags::IN),
            PollFd::new(&self.listener, PollFlags::IN),
            PollFd::from_borrowed_fd(self.keepalived.fifo(), PollFlags::IN),
        ];
        fds.extend(ways.iter().map(|(_, fd)| PollFd::from_borrowed_fd(*fd, PollFlags::IN)));
        let first_agent = fds.len();
        fds.extend(self.agent.as_ref().map(|agent| PollFd::new(&agent.stream, PollFlags::IN)));
        let first_child = fds.len();
        fds.extend(self.keepalived.ends().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        match poll(&mut fds, Some(&limit)) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        let is_ready = |at: usize| ready.get(at).copied().unwrap_or(false);
        let numbers: Vec<usize> = ways.iter().map(|(number, _)| *number).collect();
        let (has_agent, has_child) = (first_child > first_agent, fds.len() > first_child);
        drop(fds);
        for (_, number) in numbers.into_iter().enumerate().filter(|(at, _)| is_ready(3 + at)) {
            self.hear_peer(number);
        }
        if is_ready(2) {
            self.hear_keepalived();
        }
        if has_child && is_ready(first_child) {
            self.keepalived.ended();
            self.keepalived_ended();
        }
        if has_agent && is_ready(first_agent) {
            self.hear_agent();
        }
        if is_ready(1)
            && let Some(newcomer) = Agent::accept(&self.listener)
        {
            // what the one before has said holds no more
            self.agent_gone();
            self.agent = Some(newcomer);
            self.tell_state();
        }
        Ok(())
    }

    fn hear_peer(&mut self, way: usize) {
        let now = clock::now();
        while let Some(of) = &mut self.of
            && let Some(beat) = of.wires.receive(way, now)
        {
            // the same over two ways is heard once; what overtook is not
            if of.peer.is_some_and(|peer| peer.run == beat.run && peer.sequence >= beat.sequence) {
                continue;
            }
            // nor is what was said in another run of it; only one that goes on says something new
            if of.over.iter().any(|(run, last)| *run == beat.run && *last >= beat.sequence) {
                continue;
            }
            if let Some(before) = of.peer.filter(|peer| peer.run != beat.run) {
                of.over.retain(|(run, _)| *run != beat.run);
                of.over.truncate(LIVES - 1);
                of.over.insert(0, (before.run, before.sequence));
            }
            let heard = Heard { run: beat.run, sequence: beat.sequence, about: beat.about, at: now };
            let news = of.peer.is_none_or(|peer| peer.about.role != beat.about.role || peer.at.plus(beat::GONE) < now);
            of.peer = Some(heard);
            if let Some(message) = beat.message {
                self.drive(Event::Heard(message));
            }
            if news {
                self.tell_state();
            }
        }
    }

    fn hear_keepalived(&mut self) {
        for said in self.keepalived.hear() {
            tracing::info!(?said, "keepalived");
            let Some(of) = &mut self.of else { continue };
            of.master = said == Said::Master;
            if said == Said::Master && !self.keepalived.gate_open() {
                tracing::error!("keepalived took the address through a closed gate: it is killed");
                self.keepalived.kill();
                self.remove_address();
            }
            if said == Said::Stop && self.keepalived.gate_open() && self.ends.is_none() {
                // somebody ended it: it would take a second for that
                self.keepalived.kill();
                self.keepalived_ended();
                return;
            }
            if let (Said::Fault | Said::Stop, Some(closing)) = (said, &mut self.closing) {
                closing.address_gone = true;
            }
            self.tell_state();
        }
    }

    /// What it had put on the interface it has left there, or its own child has taken away.
    fn keepalived_ended(&mut self) {
        let now = clock::now();
        if let Some(of) = &mut self.of {
            of.master = false;
            if of.config.virtual_ip.is_some() && self.ends.is_none() {
                self.keepalived.keep_running(now);
                self.next_mend = self.next_mend.min(self.keepalived.startable());
            }
        }
        if !self.keepalived.gate_open() {
            self.remove_address();
        }
        self.tell_state();
    }

    fn hear_agent(&mut self) {
        let Some(agent) = &mut self.agent else { return };
        match agent.hear() {
            Ok(told) => told.into_iter().for_each(|told| self.told(told)),
            Err(error) => {
                tracing::info!(%error, "the agent is gone");
                self.agent_gone();
            }
        }
    }

    /// Nobody would start its applications, and the peer must not count on it.
    fn agent_gone(&mut self) {
        (self.agent, self.about.fit, self.unfit) = (None, false, true);
    }

    fn told(&mut self, told: ToGuard) {
        match told {
            ToGuard::Configure { config } => self.configure(config.map(|config| *config)),
            ToGuard::Answered { number, answer } => self.drive(Event::Answered { number, answer }),
            ToGuard::About { about } => {
                let fit = about.fit && self.ends.is_none();
                let news = About { synced: None, ..about } != About { synced: None, ..self.about };
                self.about = about;
                self.drive(Event::Fit(fit));
                if news {
                    self.say(None);
                }
            }
            ToGuard::Running { targets } => self.running = targets,
            ToGuard::Release => self.drive(Event::Release),
            ToGuard::Stopped => {
                if let Some(closing) = &mut self.closing {
                    closing.stopped = true;
                }
                self.close_on(clock::now());
            }
        }
    }

    /// The same pair goes on with what is new; for another one all is closed first.
    fn configure(&mut self, config: Option<Config>) {
        let now = clock::now();
        match (&mut self.of, config) {
            (Some(of), Some(config)) if of.config.pair == config.pair && of.config.terms == config.terms => {
                // the secret is another one when another peer has come
                if of.config.ways != config.ways || of.config.secret != config.secret {
                    of.wires = Wires::new(&config.ways, &config.secret);
                }
                if of.config.secret != config.secret {
                    of.peer = None;
                }
                let before = std::mem::replace(&mut of.config, config);
                if before.virtual_ip != of.config.virtual_ip || before.keepalived != of.config.keepalived {
                    // not SIGHUP: see `GETS`
                    self.keepalived.kill();
                    of.master = false;
                    if let Some(old) = before.virtual_ip.filter(|old| of.config.virtual_ip.as_ref() != Some(old)) {
                        removed(&old);
                    }
                }
            }
            (_, config) => {
                self.shut();
                self.of = config.map(|config| Of {
                    state: State::new(config.terms, self.run, now),
                    wires: Wires::new(&config.ways, &config.secret),
                    config,
                    peer: None,
                    over: Vec::new(),
                    master: false,
                });
                // what an earlier guard has left
                self.remove_address();
                self.drive(Event::Fit(self.about.fit && self.ends.is_none()));
            }
        }
        if let Some(alone) = self.of.as_ref().map(|of| of.config.alone) {
            self.drive(Event::Alone(alone));
        }
        self.next_mend = now;
        self.tell_state();
    }

    fn drive(&mut self, event: Event) {
        let Some(of) = &mut self.of else { return };
        let before = of.state.role();
        let (state, effects) = step(of.state.clone(), event, clock::now());
        of.state = state;
        let after = of.state.role();
        for effect in effects {
            self.perform(effect);
        }
        if before != after {
            tracing::info!(?before, ?after, "the pair");
            self.say(None);
            self.tell_state();
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Say(message) => self.say(Some(message)),
            Effect::Ask { number, ask } => self.tell(&FromGuard::Ask { number, ask }),
            Effect::Open { .. } => {
                self.closing = None;
                self.gate(true);
            }
            // the role says which
            Effect::Goes { .. } => {}
            Effect::Close { by } => self.close(by),
        }
    }

    fn say(&mut self, message: Option<Message>) {
        let now = clock::now();
        self.next_beat = now.plus(beat::EVERY);
        self.sequence += 1;
        let Some(of) = &mut self.of else { return };
        let role = of.state.role();
        let epoch = match role {
            Role::Active { epoch } | Role::Stopping { epoch, .. } => epoch,
            Role::Standby | Role::Acquiring => self.about.epoch,
        };
        // one that was just started could not take over at once, and nobody should count on it
        let fit = self.about.fit && self.ends.is_none() && of.state.has_waited(now);
        let about = About { role: role.into(), epoch, fit, ..self.about };
        of.wires.send(Beat { run: self.run, sequence: self.sequence, message, about });
    }

    fn tell_state(&mut self) {
        let now = clock::now();
        self.next_tell = now.plus(guard::EVERY);
        let Some(of) = &self.of else { return };
        let (lease, promise) = of.state.left(now);
        let gate = match (self.keepalived.gate_open(), of.config.virtual_ip.is_some(), of.master) {
            (false, ..) => Gate::Closed,
            (true, true, false) => Gate::Opening,
            (true, ..) => Gate::Open,
        };
        let since = |at: BootMillis| now.left(at);
        let state = guard::State {
            role: of.state.role(),
            gate,
            lease,
            promise,
            peer: of.peer.map(|heard| Peer { about: heard.about, heard: since(heard.at) }),
            ways: of.wires.all.iter().map(|way| way.heard.map(since)).collect(),
            keepalived_starts: self.keepalived.starts,
        };
        self.tell(&FromGuard::State { state });
    }

    fn tell(&mut self, message: &FromGuard) {
        if let Some(agent) = &mut self.agent
            && let Err(error) = agent.tell(message)
        {
            tracing::warn!(%error, "the agent does not hear");
            self.agent_gone();
        }
    }
}
