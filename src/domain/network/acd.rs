//! IPv4 address conflict detection (RFC 5227): is an address free before it is used, and does it stay ours while it is.
//!
//! ```text
//! Idle → Probing → Clear → Held
//!           └────────┴─→ Refused → Probing …
//! ```
//!
//! One machine for each address of a port. Its caller owns the socket, the clock and the kernel: it hands over each ARP packet
//! that comes in, adds the address after [`Action::Free`] and says so with [`Event::Assigned`]. Nothing is announced before: a
//! change that fails for another reason must not leave our hardware address in the neighbours' tables.
//!
//! A held address that a person typed is defended for ever (section 2.4, case c): the box is of no use to anybody who cannot find it
//! there. One that a DHCP server gave is defended once, and given up when it is contested again at once (case b): the server has others.

use std::{collections::BTreeSet, net::Ipv4Addr};

use serde::{Deserialize, Serialize};

use crate::{box_file::Mac, time::BootMillis};

mod packet;
mod rules;

pub use packet::{ArpPacket, Operation};
pub use rules::step;

/// `ANNOUNCE_NUM`.
pub const ANNOUNCEMENTS: u8 = 2;
/// `ANNOUNCE_INTERVAL`.
pub const ANNOUNCE_INTERVAL: u64 = 2_000;
/// `DEFEND_INTERVAL`, from one defence to the next. Shorter: two boxes that both defend flood the network. Longer: the neighbours
/// go on talking to the other one.
pub const DEFEND_INTERVAL: u64 = 10_000;
/// Before a refused address is asked for again; `RATE_LIMIT_INTERVAL`. Shorter: the network hears more of us than it has to.
/// Longer: an address that became free lies idle.
pub const RETRY_INTERVAL: u64 = 60_000;
/// While another device has our address: how often it is asked whether it is still there. Shorter: noise in a network that has
/// trouble already. Longer: a conflict that was mended long ago is still shown.
pub const RECHECK_INTERVAL: u64 = 20_000;
/// So many questions without an answer, and the other device is gone. Fewer: one that loses packets goes and comes.
pub const RECHECKS: u8 = 3;

/// How an address is asked for, in milliseconds. Times between two values are drawn at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// `PROBE_WAIT`, the longest wait before the first probe: boxes that get their power together don't ask together.
    pub probe_wait: u64,
    /// `PROBE_NUM`.
    pub probes: u8,
    /// `PROBE_MIN`.
    pub probe_min: u64,
    /// `PROBE_MAX`.
    pub probe_max: u64,
    /// `ANNOUNCE_WAIT`, for an answer to the last probe.
    pub announce_wait: u64,
}

impl Timing {
    /// Three probes, over in 160 to 200 ms. Shorter: a device that sleeps between its packets answers too late. Longer: the
    /// person who applies a change waits, and the time is taken from the limit of its verification.
    pub const SHORT: Self = Self { probe_wait: 0, probes: 3, probe_min: 50, probe_max: 70, announce_wait: 60 };
    /// The RFC's own (section 1.1), 4 to 7 s.
    pub const RFC_5227: Self =
        Self { probe_wait: 1_000, probes: 3, probe_min: 1_000, probe_max: 2_000, announce_wait: 2_000 };

    /// The longest time from [`Event::Probe`] to [`Action::Free`], while ticks come when they are due.
    pub fn longest(&self) -> u64 {
        self.probe_wait + u64::from(self.probes.saturating_sub(1)) * self.probe_max + self.announce_wait
    }
}

/// The address in question, and who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub address: Ipv4Addr,
    /// Of the port that has or gets the address.
    pub mac: Mac,
    /// Of all ports of the box: two of them in one network hear each other.
    pub own: BTreeSet<Mac>,
    pub timing: Timing,
    pub keep: Keep,
}

/// For how long an address is defended (RFC 5227, section 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keep {
    /// Case c: typed by a person.
    Always,
    /// Case b: leased. A second conflict within [`DEFEND_INTERVAL`] of a defence, and it is given up.
    UntilContested,
}

/// What [`step`] cannot know by itself.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub claim: &'a Claim,
    pub now: BootMillis,
    /// Any number, a new one for each step.
    pub random: u64,
}

/// Another device that uses our address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Of the packet that was seen last.
    pub mac: Mac,
    pub first: BootMillis,
    pub last: BootMillis,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nobody wants the address.
    #[default]
    Idle,
    /// A probe into a cable that ends nowhere proves nothing.
    AwaitingCarrier { known: Option<Sighting> },
    /// Asking; not in use yet.
    Probing { probes: Probes, known: Option<Sighting> },
    /// Nobody answered; not in use yet, and still listened for.
    Clear,
    /// Somebody else has it. Asked for again at `again`.
    Refused { by: Sighting, again: BootMillis },
    /// In use.
    Held(Held),
}

/// Probes that are still to be sent; with none left, `at` is when the wait for answers ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probes {
    pub left: u8,
    pub at: BootMillis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub round: Round,
    pub conflict: Option<Conflict>,
    /// The last defence.
    pub defended: Option<BootMillis>,
}

/// What is still to be sent because the address is new here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// No carrier.
    Unplugged,
    /// Looking for another user, with the address in use already: after a restart of ours, or in a cable that was plugged anew.
    Probes(Probes),
    Announcements {
        left: u8,
        at: BootMillis,
    },
    Settled,
}

/// Another device uses the address that we hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    pub with: Sighting,
    /// Questions left before it counts as gone.
    pub rechecks: u8,
    pub recheck_at: BootMillis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody wants to use the address, on a port with carrier; without, [`Event::CarrierLost`] follows.
    Probe,
    /// The address is in the kernel, whether it was asked for before or not.
    Assigned,
    /// The address is no longer wanted, or no longer in the kernel.
    Dropped,
    CarrierLost,
    CarrierReturned,
    /// Any ARP packet that the port received. Those that wait come before a tick: an answer must not lose to a late clock.
    Received(ArpPacket),
    /// Time has passed; sent at the time that [`State::deadline`] names.
    Tick,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Broadcast it on the port.
    Send(ArpPacket),
    /// Nobody answered: the address may be used.
    Free,
    /// Another device has the address. Told once, however many packets follow.
    Conflict { mac: Mac },
    /// The address was announced against another device's claim.
    Defended { mac: Mac },
    /// The address must not be used any longer; its server is to be told (RFC 2131, section 4.4.1).
    GiveUp { mac: Mac },
    /// The other device does not answer any more.
    ConflictOver(Sighting),
}

impl State {
    /// When an [`Event::Tick`] is due.
    pub fn deadline(&self) -> Option<BootMillis> {
        match self {
            Self::Idle | Self::AwaitingCarrier { .. } | Self::Clear => None,
            Self::Probing { probes, .. } => Some(probes.at),
            Self::Refused { again, .. } => Some(*again),
            Self::Held(held) => held.deadline(),
        }
    }

    /// The other device, while one is known.
    pub fn conflict(&self) -> Option<&Sighting> {
        match self {
            Self::Idle | Self::Clear => None,
            Self::AwaitingCarrier { known } | Self::Probing { known, .. } => known.as_ref(),
            Self::Refused { by, .. } => Some(by),
            Self::Held(held) => held.conflict.as_ref().map(|c| &c.with),
        }
    }
}

impl Held {
    fn deadline(&self) -> Option<BootMillis> {
        let recheck = self.conflict.map(|c| c.recheck_at);
        match self.round {
            Round::Unplugged => None,
            Round::Probes(Probes { at, .. }) | Round::Announcements { at, .. } => {
                Some(recheck.map_or(at, |recheck| at.min(recheck)))
            }
            Round::Settled => recheck,
        }
    }
}
