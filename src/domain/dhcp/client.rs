//! The client of one port, from "there is a cable" to an address that is kept.
//!
//! [`step`] is total and synchronous. Two things are apart in it: the conversation with servers ([`State`]) and the
//! lease that the box remembers ([`Remembered`]), which may be in use in any state. So a lease stays in use while a
//! better one is looked for, and ends exactly with its time, whatever the conversation is about.
//!
//! What another server than the lease's own says can add to it, but never takes it away: its NAK is noted, nothing
//! more.

use std::{collections::BTreeSet, net::Ipv4Addr};

use serde::{Deserialize, Serialize};

use super::{
    anomaly::Anomaly,
    compose::Settings,
    lease::Lease,
    timing::{CARRIER_GRACE, PROBE_LIMIT},
};
use crate::time::BootMillis;

mod answers;
mod ask;
mod event;
mod rules;
mod turn;
mod view;

pub use event::{Action, Event, Lost, News, To};
pub use rules::step;
pub use view::{ClientView, Problem, StateName};

/// What a step is given from outside.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub now: BootMillis,
    /// A fresh random number, not a guessable one: the xid is made of it.
    pub random: u64,
    pub settings: &'a Settings,
}

/// A lease that the box knows of, and what may be done with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    pub lease: Lease,
    pub standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The port has its address, and keeps it while it is confirmed: also after a restart of the agent, and when a
    /// change is undone.
    InUse,
    /// Its time has not run out; the address is not on the port.
    Valid,
    /// From before a reboot: its times are of a clock that began anew. It is asked for, and not used without an answer.
    EarlierBoot,
    /// Its time is over. The address is still a wish.
    Lapsed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody wants a lease.
    Stopped,
    /// No carrier.
    Down {
        since: BootMillis,
    },
    /// About to send DISCOVER.
    Init {
        at: BootMillis,
    },
    /// DISCOVER is out. `other` is an offer that waits for the remembered lease's own server to speak first.
    Selecting {
        attempt: Attempt,
        other: Option<Box<Lease>>,
    },
    /// REQUEST for an offer is out.
    Requesting {
        attempt: Attempt,
        offer: Box<Lease>,
    },
    /// Granted, and being probed with ARP before its first use (RFC 2131 section 4.4.1, RFC 5227).
    Checking {
        attempt: Attempt,
        lease: Box<Lease>,
        source: Source,
    },
    Bound {
        renew_at: Option<BootMillis>,
    },
    Renewing {
        attempt: Attempt,
    },
    Rebinding {
        attempt: Attempt,
    },
    /// About to ask for the remembered lease.
    InitReboot {
        at: BootMillis,
    },
    /// REQUEST for the remembered lease is out.
    Rebooting {
        attempt: Attempt,
    },
    /// After a NAK, a conflict or an unusable lease.
    BackOff {
        until: BootMillis,
    },
    /// A person gave the lease back, and has not asked for another one.
    Released {
        carrier: bool,
    },
}

/// Where the lease comes from that is being probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Granted,
    /// No server answers; it is the remembered one.
    Remembered,
}

/// One question to the servers, with its repetitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub xid: u32,
    /// When the client began to look for, or to prolong, a lease: what `secs` counts from.
    pub began: BootMillis,
    /// What a lease's time is counted from, if this is answered: the first message under this xid.
    pub asked: BootMillis,
    /// `secs` of the last message.
    pub secs: u16,
    /// Messages sent, from 1.
    pub tries: u32,
    /// When the next one is due.
    pub again: BootMillis,
}

/// All that the client knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    state: State,
    since: BootMillis,
    remembered: Option<Remembered>,
    /// Since when a lease is in use without a break.
    held_since: BootMillis,
    /// NAKs, conflicts and unusable leases since the last success.
    failures: u32,
    /// When the last attempt began, so that they keep their distance.
    last_attempt: Option<BootMillis>,
    problem: Option<Problem>,
    noted: BTreeSet<(Ipv4Addr, Anomaly)>,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            state: State::Stopped,
            since: BootMillis(0),
            remembered: None,
            held_since: BootMillis(0),
            failures: 0,
            last_attempt: None,
            problem: None,
            noted: BTreeSet::new(),
        }
    }
}

impl Client {
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The lease whose address the port has now.
    pub fn lease(&self) -> Option<&Lease> {
        self.remembered.as_ref().filter(|r| r.standing == Standing::InUse).map(|r| &r.lease)
    }

    /// When a [`Event::Tick`] is due.
    pub fn deadline(&self) -> Option<BootMillis> {
        let ends = self.running_lease().and_then(Lease::expires);
        match &self.state {
            State::Stopped | State::Released { .. } => None,
            State::Down { since } => {
                let gone = self.lease().map(|_| since.plus(CARRIER_GRACE));
                gone.into_iter().chain(ends).min()
            }
            state => state.due().into_iter().chain(ends).min(),
        }
    }

    /// The remembered lease, if it may be used.
    fn running_lease(&self) -> Option<&Lease> {
        self.remembered
            .as_ref()
            .filter(|r| match r.standing {
                Standing::InUse | Standing::Valid => true,
                Standing::EarlierBoot | Standing::Lapsed => false,
            })
            .map(|r| &r.lease)
    }
}

impl State {
    /// When it goes on by itself.
    fn due(&self) -> Option<BootMillis> {
        match self {
            Self::Stopped | Self::Down { .. } | Self::Released { .. } => None,
            Self::Init { at } | Self::InitReboot { at } => Some(*at),
            Self::Selecting { attempt, .. }
            | Self::Requesting { attempt, .. }
            | Self::Renewing { attempt }
            | Self::Rebinding { attempt }
            | Self::Rebooting { attempt }
            | Self::Checking { attempt, .. } => Some(attempt.again),
            Self::Bound { renew_at } => *renew_at,
            Self::BackOff { until } => Some(*until),
        }
    }

    /// The question that an answer must belong to.
    fn attempt(&self) -> Option<&Attempt> {
        match self {
            Self::Selecting { attempt, .. }
            | Self::Requesting { attempt, .. }
            | Self::Checking { attempt, .. }
            | Self::Renewing { attempt }
            | Self::Rebinding { attempt }
            | Self::Rebooting { attempt } => Some(attempt),
            Self::Stopped
            | Self::Down { .. }
            | Self::Init { .. }
            | Self::InitReboot { .. }
            | Self::Bound { .. }
            | Self::BackOff { .. }
            | Self::Released { .. } => None,
        }
    }
}

impl Attempt {
    /// For the answer to a probe.
    fn probing(self, now: BootMillis) -> Self {
        Self { again: now.plus(PROBE_LIMIT), ..self }
    }
}
