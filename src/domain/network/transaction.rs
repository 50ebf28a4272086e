//! The transaction: a network change that undoes itself unless somebody proves that it works.
//!
//! ```text
//! Idle → Planned → Armed → [Asking →] Applying(i) → Verifying → AwaitingConfirm → Committing → Idle
//!                             └──────────────┴────────────┴─────────────┴─────→ RollingBack → Idle | Degraded
//! ```
//!
//! [`step`] is total and synchronous. Its caller owns the kernel, the disk and the clock: it performs the effects in their
//! order and brings each result back as the next event. The rules themselves are in [`rules`].

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use serde::{Deserialize, Serialize};

use super::{
    diff::Step,
    issue::Issue,
    kernel::{Address, KernelState, StateHash},
    proof::{Connection, Proof},
    spec::NetworkSpec,
};
use crate::{box_file::Mac, fault::Fault, name::PortName, time::BootMillis};

mod rules;
mod view;

pub use rules::{start, step};
pub use view::{ChecksView, OpenView, PhaseView, TransactionView};

/// Time for a person to answer. Shorter: a browser's certificate warning eats it up. Longer: a box cut off stays so.
pub const CONFIRM_WINDOW: u64 = 90_000;
/// However often it is prolonged, a change is undone after this.
pub const LONGEST_WINDOW: u64 = 600_000;
/// For a DHCP server to answer. Shorter: a switch port that blocks for half a minute after the link came up (spanning tree), or a
/// server that pings an address before it offers it, counts as silent. Longer: a person waits at a page for nothing.
pub const LEASE_LIMIT: u64 = 40_000;
/// For applying and verifying together. Shorter: a slow gateway's ARP answer counts as silence. Longer: a hung step keeps the
/// box in between.
pub const VERIFY_LIMIT: u64 = 10_000;
/// For undoing or for saving a change. Shorter: the guard ends an agent that waits for a slow disk. Longer: nobody reaches a box
/// whose agent hangs in it.
pub const RESTORE_LIMIT: u64 = 10_000;
/// Pause before a failed restore is tried again.
pub const RESTORE_PAUSE: u64 = 500;
/// Restores before the rest is left to the drift repair and shown as degraded.
pub const RESTORE_ATTEMPTS: u8 = 3;

/// A number that names a transaction, also after its end. Never reused on one box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TxId(pub u64);

/// SHA-256 of a secret, as 64 hexadecimal digits. The secret itself is never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Hash)]
#[serde(transparent)]
pub struct Digest(pub String);

/// Who started something, as told to others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    /// The command line on the box.
    Console,
    /// A signed-in browser, by its address.
    Session { from: String },
    /// The box itself.
    Machine,
}

/// An open change, whole: enough to finish or to undo it without asking anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    pub id: TxId,
    pub by: Actor,
    /// The session that applied; a handoff goes on from it.
    pub session: Option<Digest>,
    /// The state the plan was made from.
    pub base: StateHash,
    pub old_spec: NetworkSpec,
    pub new_spec: NetworkSpec,
    /// The same two with what the leases give: [`super::effective::effective`].
    pub old_effective: NetworkSpec,
    pub new_effective: NetworkSpec,
    /// Ports that the new spec changes to DHCP: nothing is applied before each has a lease.
    pub leasing: BTreeSet<PortName>,
    /// Typed IPv4 addresses that are new on their ports: nothing is applied before the neighbours were asked (RFC 5227). For IPv6
    /// the kernel asks, once it has them.
    pub probing: Vec<Address>,
    /// What was in the kernel before, to go back to.
    pub before: KernelState,
    /// Both states at once, while nobody has said "keep".
    pub between: KernelState,
    pub after: KernelState,
    /// From `before` to `between`.
    pub steps: Vec<Step>,
    pub confirm: Digest,
    pub handoff: Digest,
    /// Milliseconds to wait for a confirmation.
    pub window: u64,
}

/// An address that was found in use by another device (RFC 5227).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressConflict {
    pub port: PortName,
    pub address: Ipv4Addr,
    /// The other device's hardware address.
    pub with: Mac,
}

/// An IPv6 address that duplicate address detection found in use (RFC 4862, section 5.4). The kernel does not say by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    pub port: PortName,
    pub address: Ipv6Addr,
}

/// What a transaction waits for while its ports ask for leases, known at last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    pub new_effective: NetworkSpec,
    pub between: KernelState,
    pub after: KernelState,
    pub steps: Vec<Step>,
}

/// What the journal says about how far a transaction got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Steps may have been written.
    Armed,
    Awaiting(Awaiting),
    RollingBack(Why),
}

/// What is known while the person is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaiting {
    pub since: BootMillis,
    pub deadline: BootMillis,
    pub checks: Checks,
    /// Connections to the management pages that were open when the steps were written.
    pub connections: BTreeSet<Connection>,
    /// The handoff mints one session, once.
    pub handoff_used: bool,
}

/// What the box found when it looked at its new state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// Objects that should be in the kernel and are not.
    pub missing: Vec<Step>,
    /// New addresses that others have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duplicates: Vec<Duplicate>,
    /// Ports of the new spec without a link.
    pub no_carrier: Vec<PortName>,
    pub gateways: Vec<GatewayCheck>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayCheck {
    pub port: PortName,
    pub gateway: IpAddr,
    /// It answered ARP, or a neighbour solicitation.
    pub answers: bool,
}

impl Checks {
    /// Nothing that a person should look at before keeping the change.
    pub fn all_well(&self) -> bool {
        self.no_carrier.is_empty() && self.gateways.iter().all(|g| g.answers)
    }

    /// The box itself has seen the new network answer.
    pub fn proven_by_gateway(&self) -> bool {
        self.all_well() && !self.gateways.is_empty()
    }
}

/// Why a change was undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// Nobody said "keep" in time.
    NotConfirmed,
    Asked {
        by: Actor,
    },
    /// The kernel refused a step.
    StepFailed {
        step: Step,
        error: String,
    },
    /// The kernel does not have what was written.
    NotInKernel,
    /// Verifying took too long.
    VerifyTooLong,
    /// No DHCP server gave these ports an address in time, or the address was taken away before anybody said "keep".
    NoLease {
        ports: BTreeSet<PortName>,
    },
    /// Another device has the address.
    Conflict(AddressConflict),
    /// The kernel found that another device has the IPv6 address.
    Duplicate(Duplicate),
    /// What a DHCP server gave does not fit the rest of the box.
    LeaseUnfit {
        issues: Vec<Issue>,
    },
    /// The box was started anew in the window.
    Reboot,
    /// The agent ended in the middle of the change, or past its deadline.
    AgentRestarted,
    /// The journal could not be read after a power cut.
    JournalUnreadable,
    /// The new spec could not be saved.
    NotSaved {
        error: String,
    },
}

/// How a transaction ended; kept until the next one ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum Outcome {
    Committed { tx: TxId },
    RolledBack { tx: TxId, reason: Why },
}

impl Outcome {
    pub fn tx(&self) -> TxId {
        match self {
            Self::Committed { tx } | Self::RolledBack { tx, .. } => *tx,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Idle,
    /// The kernel is read again, to see whether the plan still fits.
    Planned(Box<Transaction>),
    /// The journal is being written; nothing has changed.
    Armed(Box<Transaction>),
    /// The journal is written; DHCP servers are asked for leases, and the neighbours for the new addresses. Nothing has changed in
    /// the kernel.
    Asking {
        tx: Box<Transaction>,
        deadline: BootMillis,
    },
    Applying {
        tx: Box<Transaction>,
        next: usize,
        deadline: BootMillis,
    },
    Verifying {
        tx: Box<Transaction>,
        deadline: BootMillis,
    },
    AwaitingConfirm {
        tx: Box<Transaction>,
        awaiting: Awaiting,
    },
    /// The new spec is being saved, then the overlap removed.
    Committing {
        tx: Box<Transaction>,
        saved: bool,
    },
    RollingBack {
        tx: Box<Transaction>,
        why: Why,
        attempt: u8,
        /// Set between two attempts.
        retry_at: Option<BootMillis>,
    },
    /// Undone, but for these steps; the drift repair goes on trying.
    Degraded {
        unrestored: Vec<Step>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A person applies a plan.
    Apply(Box<Transaction>),
    /// Answers [`Effect::ReadState`].
    StateRead(StateHash),
    /// Answers [`Effect::WriteJournal`] with phase `Armed`.
    JournalWritten(Result<(), String>),
    /// All leases are in hand, and what they mean; and the new addresses are free.
    Leased(Box<Leased>),
    /// A lease was refused or taken away again, or an address is another device's.
    Unusable(Why),
    /// Answers [`Effect::Perform`].
    StepDone(Result<(), String>),
    /// Answers [`Effect::Verify`].
    Verified { checks: Checks, connections: BTreeSet<Connection> },
    /// Somebody says "keep".
    Confirm(Confirmation),
    /// A browser at the new address shows the handoff.
    Handoff { secret: Digest, proof: Proof },
    /// Somebody says "go back now".
    GoBack { by: Actor },
    /// Somebody asks for more time.
    MoreTime,
    /// Answers [`Effect::SaveSpec`].
    SpecSaved(Result<(), String>),
    /// Answers [`Effect::Settle`] and [`Effect::Restore`] with the steps that failed.
    Settled(Vec<Step>),
    /// The drift repair found nothing left to do.
    Repaired,
    /// Time has passed; sent at the deadline that [`State::deadline`] names.
    Tick,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// The change that is meant, where the caller names one; a late confirmation never keeps the next change then.
    pub tx: Option<TxId>,
    pub token: Digest,
    pub proof: Proof,
    /// The page did it by itself; refused while something needs a person's eye.
    pub automatic: bool,
    /// The person keeps it without a test. Counts over the service port and on the console.
    pub untested: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    ReadState,
    /// Write and fsync the journal. `Armed` is answered; the others are not waited for.
    WriteJournal(Phase),
    /// Have the ports of `leasing` ask for leases, and ask by ARP for the addresses of `probing`: [`Event::Leased`] when all of that
    /// is well.
    Ask,
    /// Perform `steps[i]`.
    Perform(usize),
    /// Read the kernel again, probe the gateways, take the socket table.
    Verify,
    /// Close management connections that were accepted before now.
    CutOldConnections,
    /// The request is accepted: answer whoever applied.
    Accepted,
    /// Mint one session for the browser at the new address.
    MintSession,
    SaveSpec,
    /// Save how it ended, delete the journal.
    CloseJournal(Outcome),
    /// Go to the `after` state.
    Settle,
    /// Go to the `before` state.
    Restore,
    /// It is over: answer whoever waits, tell everybody.
    Finish(Outcome),
    /// The event is refused; nothing changed.
    Refuse(Fault),
}

impl State {
    /// When a [`Event::Tick`] is due.
    pub fn deadline(&self) -> Option<BootMillis> {
        match self {
            Self::Asking { deadline, .. } | Self::Applying { deadline, .. } | Self::Verifying { deadline, .. } => {
                Some(*deadline)
            }
            Self::AwaitingConfirm { awaiting, .. } => Some(awaiting.deadline),
            Self::RollingBack { retry_at, .. } => *retry_at,
            Self::Idle | Self::Planned(_) | Self::Armed(_) | Self::Committing { .. } | Self::Degraded { .. } => None,
        }
    }

    /// By when something new is known of an open change, whatever happens: see [`crate::guard`].
    pub fn promise(&self, now: BootMillis) -> Option<BootMillis> {
        match self {
            Self::Asking { .. } | Self::Applying { .. } | Self::Verifying { .. } | Self::AwaitingConfirm { .. } => {
                self.deadline()
            }
            Self::Committing { .. } | Self::RollingBack { .. } => Some(now.plus(RESTORE_LIMIT)),
            Self::Idle | Self::Planned(_) | Self::Armed(_) | Self::Degraded { .. } => None,
        }
    }

    /// The open transaction.
    pub fn transaction(&self) -> Option<&Transaction> {
        match self {
            Self::Planned(tx)
            | Self::Armed(tx)
            | Self::Asking { tx, .. }
            | Self::Applying { tx, .. }
            | Self::Verifying { tx, .. }
            | Self::AwaitingConfirm { tx, .. }
            | Self::Committing { tx, .. }
            | Self::RollingBack { tx, .. } => Some(tx),
            Self::Idle | Self::Degraded { .. } => None,
        }
    }
}
