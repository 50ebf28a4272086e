//! What agent and guard tell each other about a pair: a line of JSON a message, over [`SOCKET`].
//!
//! The agent writes configurations, asks the registry and runs the applications. The guard holds lease and promise, opens and closes the gate,
//! and needs no agent to close: whatever the agent has told it to be running is killed when its time is over.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::{Answer, Ask, Role, Terms, beat::About};
use crate::{cluster::names::PairId, secret::Secret};

/// In the runtime folder.
pub const SOCKET: &str = "pair.sock";
/// Milliseconds between two [`FromGuard::State`], at most.
pub const EVERY: u64 = 200;
/// A guard that has said nothing for so long hangs, and cannot close what it has opened: whoever hears it ends it. Shorter: a busy machine ends a
/// healthy one. Longer: what is left of a lease of 3 s is too little to close in.
pub const SILENCE: u64 = 1_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tells", rename_all = "snake_case")]
pub enum ToGuard {
    /// Anew after each connection. `None`: of no pair, all is closed.
    Configure { config: Option<Box<Config>> },
    /// Of the registry, to [`FromGuard::Ask`].
    Answered { number: u64, answer: Answer },
    /// What the peer is to know; role and epoch are the guard's own.
    About { about: About },
    /// Everything that runs and must not run without the lease.
    Running { targets: Vec<Target> },
    /// The end is wanted, or better than going on.
    Release,
    /// The applications have stopped, as a role that stops wants.
    Stopped,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tells", rename_all = "snake_case")]
pub enum FromGuard {
    Ask {
        number: u64,
        ask: Ask,
    },
    /// At once when it changes, and from time to time. Applications run while the role is active; when it stops they stop, and what is left of
    /// them is killed by the time that it names.
    State {
        state: State,
    },
}

/// What a guard needs to know of its pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    pub pair: PairId,
    /// The peer is still to come.
    pub alone: bool,
    pub terms: Terms,
    pub secret: Secret,
    pub ways: Vec<Wire>,
    /// None: no virtual IP, and no keepalived.
    pub virtual_ip: Option<OnInterface>,
    /// Changes with keepalived's file, which is the agent's.
    pub keepalived: u64,
}

/// A way, with the kernel's name of its port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wire {
    pub interface: String,
    pub own: Ipv4Net,
    pub peer: std::net::Ipv4Addr,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnInterface {
    pub address: Ipv4Net,
    pub interface: String,
}

/// Something that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Target {
    /// By its path below the file system of control groups.
    Cgroup { path: String },
    /// By its number and its start (`/proc/<pid>/stat`, field 22).
    Process { pid: i32, started: u64 },
}

/// What a guard sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub role: Role,
    pub gate: Gate,
    /// Milliseconds that are left of what the active relies on; 0 of one that has none.
    pub lease: u64,
    pub promise: u64,
    pub peer: Option<Peer>,
    /// For each way, milliseconds since something came over it.
    pub ways: Vec<Option<u64>>,
    /// How often keepalived was started since the guard was.
    pub keepalived_starts: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    #[default]
    Closed,
    /// Open, and the virtual IP is not there yet.
    Opening,
    /// The virtual IP is here, or there is none.
    Open,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    pub about: About,
    /// Milliseconds since it was heard last.
    pub heard: u64,
}
