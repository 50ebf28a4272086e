//! What the agent says of the pair, and what it is told: the messages behind `/v1/pair` of the agent's API (`domain/api.rs` lists the calls).

use serde::{Deserialize, Serialize};

use super::{
    readiness::Reason,
    settings::{Nearness, PairSettings, SettingsIssue, VirtualIp},
};
use crate::{cluster::names::Serial, name::PortName, time::UnixSeconds};

/// `GET /v1/pair`. Also in the overview.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PairStatus {
    pub phase: Phase,
    /// Since when.
    pub since: Option<UnixSeconds>,
    /// The epoch of the active one, as far as it is known here; 0: none yet.
    pub epoch: u64,
    pub settings: PairSettings,
    pub peer: Option<PeerStatus>,
    /// The ways to the peer, the heartbeat port first.
    pub ways: Vec<WayStatus>,
    /// Why the pair is not protected, the worst first, and what is worth a remark. Empty for a box that is of no pair.
    pub reasons: Vec<Reason>,
    /// Whether this box has the virtual IP now.
    pub address_here: bool,
    /// The newest first, at most 50.
    pub history: Vec<Takeover>,
    /// A switchover or a drill that somebody has asked for and that is not over.
    pub under_way: Option<Kind>,
}

/// Where this box is as one of a pair.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// Of no pair: its applications run here, always.
    #[default]
    Single,
    /// Of no pair yet; the peer was named and is not activated.
    Awaiting {
        peer: Serial,
    },
    /// Of a pair, and its guard has not said anything yet.
    Pairing,
    Standby,
    /// It has asked the registry for the lease.
    Acquiring,
    /// It has the lease; address and applications come up.
    Starting,
    Active,
    Stopping,
    /// It does not take over until somebody says so.
    Fenced {
        why: Fence,
    },
    /// Somebody works on it; it does not take over.
    Maintenance,
}

/// Why a box keeps away from the lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fence", rename_all = "snake_case")]
pub enum Fence {
    /// This application did not start here, as often as it was tried.
    Application { name: String, reason: String },
    /// The virtual IP did not come up: keepalived does not run, or another machine has the address.
    Address,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerStatus {
    pub serial: Serial,
    pub name: Option<String>,
    /// None: nothing was heard of it since the guard was started.
    pub heard: Option<PeerHeard>,
}

/// What the peer says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerHeard {
    /// Milliseconds ago.
    pub ago: u64,
    pub about: super::beat::About,
}

impl PeerHeard {
    pub fn is_there(&self) -> bool {
        self.ago < super::beat::GONE
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayStatus {
    pub port: PortName,
    pub label: String,
    pub carrier: bool,
    /// Whether something comes over it.
    pub heard: bool,
}

/// Why a box became active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Nobody was active before: after a start of both.
    Start,
    /// The other one was active, and is heard no more or has given up.
    Failover,
    Switchover,
    Drill,
}

/// What became of one application at a take-over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppOutcome {
    pub name: String,
    /// Milliseconds until it was healthy.
    pub took: Option<u64>,
    /// Why it is not.
    pub failed: Option<String>,
}

/// One take-over by this box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Takeover {
    pub at: UnixSeconds,
    pub epoch: u64,
    pub kind: Kind,
    /// Milliseconds from the last sign of the box that was active, or from its release, until each was there here.
    pub lease: u64,
    pub address: Option<u64>,
    /// Until all applications were healthy, or had failed.
    pub applications: Option<u64>,
    pub outcomes: Vec<AppOutcome>,
    /// Of a drill and a switchover: how long a client on the site's network had no answer, in milliseconds.
    pub client_gap: Option<u64>,
}

/// `POST /v1/pair/settings`. On both boxes, or on none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingsRequest {
    pub virtual_ip: Option<VirtualIp>,
    pub heartbeat: Option<PortName>,
    pub registry: Nearness,
}

/// `POST /v1/pair/maintenance`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintenanceRequest {
    pub on: bool,
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    #[error("this box is of no pair")]
    NoPair,
    #[error("the settings cannot be used on this box: {}", list(.issues))]
    Unusable { issues: Vec<SettingsIssue> },
    #[error("the settings cannot be used on the peer {peer}: {}", list(.issues))]
    UnusableOnPeer { peer: Serial, issues: Vec<SettingsIssue> },
    #[error("the peer {peer} does not answer, so that the change cannot be made on both boxes")]
    PeerAway { peer: Serial },
    #[error("the peer {peer} could not take over now: {why}")]
    PeerNotFit { peer: Serial, why: String },
    #[error("neither of the two boxes is active")]
    NobodyActive,
    #[error("something like this is under way")]
    UnderWay,
    #[error("this box is not fenced")]
    NotFenced,
    #[error("the network would not have the pair's virtual IP any more: {issue}")]
    Network { issue: SettingsIssue },
}

fn list(issues: &[SettingsIssue]) -> String {
    issues.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Refusal {
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoPair => "GH-760",
            Self::Unusable { .. } => "GH-761",
            Self::UnusableOnPeer { .. } => "GH-762",
            Self::PeerAway { .. } => "GH-763",
            Self::PeerNotFit { .. } => "GH-764",
            Self::NobodyActive => "GH-765",
            Self::UnderWay => "GH-766",
            Self::NotFenced => "GH-767",
            Self::Network { .. } => "GH-768",
        }
    }
}
