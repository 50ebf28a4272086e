//! Who of a pair is active: one of the two, or nobody, and never both.
//!
//! ```text
//!             registry: one lease, for one of the two, that ends by itself
//!            ↗ acquire, renew, release                     ↖
//!  box A ────────── heartbeat: ask, promise, released ────────── box B
//! ```
//! The active goes on while *either* its lease *or* the standby's promise ("I will not acquire for one TTL") holds. So neither an outage of
//! the registry nor the end of the standby stops it; both together do. The standby acquires only when its promise has run out *and* the
//! registry grants. Whoever has just started may have promised before, and waits for one TTL.
//!
//! The active counts from the moment that it *sent* what was answered, and less than the TTL; standby and registry count from when they
//! heard it, and all of it. So the active's end is always the earlier one, as long as the clocks' rates differ by less than [`Terms`] leaves.
//!
//! [`step`] is total and synchronous. Its caller owns the clock (`CLOCK_BOOTTIME`), the two ways out, and what is opened and closed: the
//! virtual IP's gate and the applications. `tests/domain/pair/model.rs` looks for two actives in all that can happen.

pub mod api;
pub mod beat;
pub mod guard;
pub mod keepalived;
pub mod link;
pub mod peer;
pub mod readiness;
mod rules;
pub mod settings;

use serde::{Deserialize, Serialize};

pub use rules::step;

use crate::time::BootMillis;

/// What is agreed between the boxes and the registry. Milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Terms {
    /// How long a lease and a promise are.
    pub ttl: u64,
    /// How long the active relies on one.
    pub relies: u64,
    /// When all is closed at the latest; what lies between is for applications to stop in.
    pub ends: u64,
    /// From one ask to the next. An acquire that is not answered for twice as long is given up.
    pub every: u64,
}

impl Terms {
    /// 85 % to rely on, and 3 % for clocks that do not agree: crystals differ by less than a thousandth.
    pub fn of(ttl: u64) -> Self {
        Self { ttl, relies: ttl * 85 / 100, ends: ttl * 97 / 100, every: (ttl / 5).max(1) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Role {
    Standby,
    /// It has asked the registry. It promises nothing now.
    Acquiring,
    Active {
        epoch: u64,
    },
    /// What is open is being closed, and is by then.
    Stopping {
        epoch: u64,
        by: BootMillis,
    },
}

/// Tells messages apart, also those of one that was started anew: an answer to a question of an earlier life is none, and what was said
/// before the last question is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    /// Another one for each start.
    pub run: u64,
    /// Grows.
    pub number: u64,
}

/// What goes over the heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "says", rename_all = "snake_case")]
pub enum Message {
    /// Of the active: "promise that you will not acquire".
    Ask { of: Stamp, epoch: u64 },
    /// Of the standby, to that ask and to no other.
    Promise { to: Stamp },
    /// "I have closed what I had open in this epoch."
    Released { of: Stamp, epoch: u64 },
}

/// What the registry is asked, and with which number it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Of whoever holds the lease already: it begins anew, in another epoch. `released`: the epoch that the other one has told to be over, which
    /// the registry may not have heard.
    Acquire {
        released: Option<u64>,
    },
    Renew {
        epoch: u64,
    },
    Release {
        epoch: u64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// Of an acquire or a renewal.
    Granted { epoch: u64 },
    /// The other one has it, or nobody of this epoch.
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Time has passed; sent at the time that [`State::deadline`] names.
    Tick,
    Heard(Message),
    Answered {
        number: u64,
        answer: Answer,
    },
    /// All is closed that [`Effect::Close`] named.
    Closed,
    /// Whether this box may become active: its data is that of the current epoch, its applications can run, nobody maintains it.
    Fit(bool),
    /// Whether the other box is still to come: the registry has told of none, and whoever comes has nothing to take over with before it has
    /// heard this one.
    Alone(bool),
    /// The end is wanted, or is better than going on: a switchover, no carrier on the only uplink, an application that does not start.
    Release,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Say(Message),
    Ask {
        number: u64,
        ask: Ask,
    },
    /// The virtual IP's gate first, then the applications with this epoch.
    Open {
        epoch: u64,
    },
    /// The lease is of another epoch now, without a moment in which nobody else was kept away.
    Goes {
        epoch: u64,
    },
    /// Applications and gate, killed where they are not closed by then; say [`Event::Closed`].
    Close {
        by: BootMillis,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    terms: Terms,
    role: Role,
    fit: bool,
    alone: bool,
    /// It does not acquire before: what it has promised, what it may have promised before it was started, and pauses.
    not_before: BootMillis,
    /// The end of what it may have promised before it was started; nothing cuts it short.
    waits: BootMillis,
    run: u64,
    /// The end of what it has promised.
    promised: BootMillis,
    /// The last question that it has promised something to. `None`: to none, or to two lives of the other one, of which nobody can say which is
    /// the later.
    heard: Option<Stamp>,
    /// The epoch that the other one has told to be over, since its last question.
    released: Option<u64>,
    /// What the other one has asked while this one was acquiring: it is promised when that has come to nothing. Otherwise two that ask at the
    /// same pace would never hear each other.
    kept_waiting: Option<Stamp>,
    lease: Hold,
    promise: Hold,
    /// Of the last ask.
    number: u64,
    asked: Option<Asked>,
    /// The last ask for a promise, and when it was sent.
    asked_promise: Option<(Stamp, BootMillis)>,
    next_ask: BootMillis,
}

/// What the active relies on, from when it sent what was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Hold {
    until: BootMillis,
    ends: BootMillis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Asked {
    number: u64,
    ask: Ask,
    sent: BootMillis,
}

impl State {
    /// As it is started at `now`. `run`: a number that no earlier start had.
    pub fn new(terms: Terms, run: u64, now: BootMillis) -> Self {
        let waits = now.plus(terms.ttl);
        Self {
            terms,
            role: Role::Standby,
            fit: false,
            alone: false,
            not_before: waits,
            waits,
            run,
            promised: BootMillis::default(),
            heard: None,
            released: None,
            kept_waiting: None,
            lease: Hold::default(),
            promise: Hold::default(),
            number: 0,
            asked: None,
            asked_promise: None,
            next_ask: now,
        }
    }

    pub fn role(&self) -> Role {
        self.role
    }

    /// When an [`Event::Tick`] is due.
    pub fn deadline(&self) -> BootMillis {
        match self.role {
            Role::Standby => self.not_before,
            Role::Acquiring => self.given_up(),
            Role::Active { .. } => self.next_ask.min(self.relies_until()),
            Role::Stopping { by, .. } => by,
        }
    }

    /// What is left of lease and promise at `now`, in milliseconds.
    pub fn left(&self, now: BootMillis) -> (u64, u64) {
        (self.lease.until.left(now), self.promise.until.left(now))
    }

    /// Whether what it may have promised before it was started is over.
    pub fn has_waited(&self, now: BootMillis) -> bool {
        self.waits <= now
    }

    /// Until when the active may go on.
    pub fn relies_until(&self) -> BootMillis {
        if self.alone { BootMillis(u64::MAX) } else { self.lease.until.max(self.promise.until) }
    }

    fn ends(&self) -> BootMillis {
        self.lease.ends.max(self.promise.ends)
    }

    fn given_up(&self) -> BootMillis {
        self.asked.map_or(BootMillis::default(), |asked| asked.sent.plus(2 * self.terms.every))
    }

    fn hold(&self, sent: BootMillis) -> Hold {
        Hold { until: sent.plus(self.terms.relies), ends: sent.plus(self.terms.ends) }
    }
}
