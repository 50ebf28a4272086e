//! The dead man's switch: what the agent promises, and when the guard stops waiting for it.
//!
//! The agent undoes a change by itself when its time is over. An agent that hangs (SIGSTOP stops every thread of it, a disk that
//! never answers one) cannot; then the guard ends it, whoever supervises starts it anew, and its start undoes the change.

use crate::time::BootMillis;

/// The guard's socket, in the runtime folder.
pub const SOCKET: &str = "guard.sock";
/// After a missed deadline, before the agent is killed. Shorter: an agent on a busy box, which is about to undo the change, is
/// killed for nothing. Longer: nobody reaches a box that hangs.
pub const GRACE: u64 = 2_000;

/// The point in time by which the agent will have told something newer; `None` while no change is open.
///
/// On the wire: eight bytes, little endian, milliseconds of `CLOCK_BOOTTIME`; 0 for none. The guard answers with the same eight
/// bytes once it knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Promise(pub Option<BootMillis>);

impl Promise {
    pub const LENGTH: usize = 8;

    pub fn to_bytes(self) -> [u8; Self::LENGTH] {
        self.0.map_or(0, |at| at.0).to_le_bytes()
    }

    pub fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        match u64::from_le_bytes(bytes) {
            0 => Self(None),
            millis => Self(Some(BootMillis(millis))),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// No agent has said anything, or it has ended.
    #[default]
    Alone,
    /// An agent runs, and has promised this.
    Watching(Promise),
    /// It was killed and has not ended yet; at this time it is killed again.
    Killed { again: BootMillis },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An agent that was not known before has connected.
    Connected,
    Promised(Promise),
    /// Its process has ended.
    Ended,
    /// Time has passed.
    Tick,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// SIGKILL, which a stopped process gets too.
    Kill,
}

/// One transition. A connection that closes is no event: only a process that has ended no longer hangs.
pub fn step(state: State, event: Event, now: BootMillis) -> (State, Option<Effect>) {
    match (state, event) {
        (_, Event::Ended) => (State::Alone, None),
        (_, Event::Connected) => (State::Watching(Promise(None)), None),
        (State::Watching(_), Event::Promised(promise)) => (State::Watching(promise), None),
        // nobody to watch, or it has had its chance
        (State::Alone | State::Killed { .. }, Event::Promised(_)) => (state, None),
        (State::Alone | State::Watching(_) | State::Killed { .. }, Event::Tick) => match state.deadline() {
            Some(at) if at <= now => (State::Killed { again: now.plus(GRACE) }, Some(Effect::Kill)),
            Some(_) | None => (state, None),
        },
    }
}

impl State {
    /// When a [`Event::Tick`] is due.
    pub fn deadline(self) -> Option<BootMillis> {
        match self {
            Self::Alone | Self::Watching(Promise(None)) => None,
            Self::Watching(Promise(Some(at))) => Some(at.plus(GRACE)),
            Self::Killed { again } => Some(again),
        }
    }
}
