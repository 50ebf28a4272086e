//! Which uplink the box uses: one order over all of them, wired and cellular, and when to leave it.
//!
//! An uplink is *usable* when it has carrier, an address and a gateway that answers. The first usable one in the order
//! is used. Two rules keep it from flapping: an uplink is given up after [`DOWN_AFTER`] misses in a row, and one that
//! was given up counts again after [`UP_AFTER`] of nothing but answers.
//!
//! Nobody waits for the only uplink. One that was never given up is usable with its first answer; and where none is
//! usable, one with carrier, address and gateway is used all the same, and shown as what it is: a silent gateway may
//! still forward, no default route never does. Between two such the box stays where it is, unless the other one
//! answers.
//!
//! An uplink without a gateway, or that may not be the default route, is never used. A spec is never reverted for
//! anything that happens here.
//!
//! [`step`] is total and synchronous. Its caller owns the kernel and the clock, sends the probes that it is told to and
//! brings each outcome back.

use std::{collections::VecDeque, net::Ipv4Addr};

use serde::{Deserialize, Serialize};

use crate::{name::PortName, time::BootMillis};

mod gateway;
mod rules;
mod view;

pub use gateway::Gateway;
pub use rules::step;
pub use view::{FailoverView, Ranked, Why};

/// Misses in a row before a gateway is silent. Fewer: one lost packet moves the box. More: people see the outage.
pub const DOWN_AFTER: u8 = 3;
/// Answers without a miss before an uplink that was given up is usable again. Shorter: a link that comes and goes takes
/// the box along. Longer: the box stays on the worse uplink, which may cost money.
pub const UP_AFTER: u64 = 10_000;
/// From one probe to the next while all is well. Shorter: packets and wake-ups for nothing. Longer: so much later is a
/// silence noticed.
pub const PROBE_STEADY: u64 = 3_000;
/// The same while something is in doubt. Shorter: a gateway that is busy for a moment misses all three.
pub const PROBE_IN_DOUBT: u64 = 1_000;
/// Without an outcome for so long, a probe counts as missed. Shorter: slow cellular links never answer. Longer: a
/// silence is noticed later, and probes overlap.
pub const ANSWER_LIMIT: u64 = 1_000;
/// Switches that are remembered.
pub const HISTORY: usize = 20;

/// What the kernel says about an uplink, without a question to the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub carrier: bool,
    pub address: bool,
    pub gateway: Option<Ipv4Addr>,
    /// The spec lets it be the default route.
    pub allowed: bool,
}

impl Facts {
    /// The gateway that can be asked.
    pub fn reach(&self) -> Option<Ipv4Addr> {
        self.gateway.filter(|_| self.carrier && self.address)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// From first choice to last.
    uplinks: Vec<Uplink>,
    in_use: Option<PortName>,
    /// Oldest first.
    history: VecDeque<Switch>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Uplink {
    name: PortName,
    facts: Facts,
    gateway: Gateway,
    /// It went silent once, or was usable and lost its carrier, address or gateway: it has to recover.
    given_up: bool,
    probe: Probe,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    Due { at: BootMillis },
    Asked { at: BootMillis },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// All uplinks, from first choice to last; what is not named is gone.
    Observed(Vec<(PortName, Facts)>),
    /// The gateway answered a probe, or was heard otherwise.
    Answered { uplink: PortName, gateway: Ipv4Addr },
    /// A probe came back without an answer: nobody there, or the kernel could not send it.
    Missed { uplink: PortName, gateway: Ipv4Addr },
    /// Time has passed; sent at the time that [`State::deadline`] names.
    Tick,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask the gateway, also of an uplink that is not allowed, because its state is shown; and say within
    /// [`ANSWER_LIMIT`] whether it answered.
    ProbeGateway { uplink: PortName, gateway: Ipv4Addr },
    /// Another uplink is in use: its default route gets the lowest metric.
    Changed(Switch),
}

/// One change of the uplink in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    pub at: BootMillis,
    pub from: Option<PortName>,
    pub to: Option<PortName>,
    pub why: SwitchWhy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SwitchWhy {
    /// There was none before.
    First,
    /// The box does not have the old one any more.
    Removed,
    /// The old one lost its carrier; and so on.
    NoCarrier,
    NoAddress,
    NoGateway,
    NotAllowed,
    GatewaySilent,
    /// The old one was used although it had not recovered, and missed an answer.
    Unsteady,
    /// One before the old one became usable.
    BetterUsable,
    /// A person changed the order.
    Reordered,
}

impl State {
    pub fn in_use(&self) -> Option<&PortName> {
        self.in_use.as_ref()
    }

    /// When an [`Event::Tick`] is due.
    pub fn deadline(&self) -> Option<BootMillis> {
        let asked = self.uplinks.iter().filter(|u| u.facts.reach().is_some());
        asked.map(|u| u.probe.deadline()).min()
    }

    fn uplink(&self, name: &PortName) -> Option<&Uplink> {
        self.uplinks.iter().find(|u| u.name == *name)
    }
}

impl Probe {
    fn deadline(self) -> BootMillis {
        match self {
            Self::Due { at } => at,
            Self::Asked { at } => at.plus(ANSWER_LIMIT),
        }
    }
}
