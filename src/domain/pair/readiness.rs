//! Whether the pair is protected, and if not, why: each reason names one thing that can be mended.

use serde::{Deserialize, Serialize};

use super::{
    api::{Fence, PeerHeard},
    settings::{PairSettings, SettingsIssue},
};
use crate::{cluster::names::Serial, name::PortName};

/// Older data is worth a reason: seconds without a copy, beyond the application's own interval.
pub const TOO_OLD: u32 = 300;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// The peer is named and not activated yet: no fault.
    NoPeer {
        awaits: Serial,
    },
    /// The process that holds the lease does not run: nothing can take over here.
    GuardAway,
    /// The registry's machine is one of the pair: it would be gone together with the box that it is needed for.
    RegistryOnPair {
        address: String,
    },
    TakeoverUnderWay,
    Maintenance {
        here: bool,
    },
    Fenced {
        why: Fence,
    },
    /// The peer stays away from the lease until somebody says so.
    PeerFenced,
    PeerUnreachable {
        peer: Serial,
    },
    RegistryUnreachable {
        here: bool,
    },
    /// The registry is there and gives this box no lease.
    LeaseUnavailable,
    SettingsDiffer,
    /// The settings do not fit this box's ports any more.
    SettingsUnusable {
        issue: SettingsIssue,
    },
    NoVirtualIp,
    /// Another device of the site answers for it, too.
    AddressConflict {
        by: String,
    },
    /// keepalived, which has the virtual IP, does not run.
    NoKeepalived,
    ApplicationsDiffer {
        /// What the peer cannot use, for people.
        untaken: Option<String>,
    },
    DataTooOld {
        seconds: Option<u32>,
    },
    VersionsDiffer,
    /// The port of the virtual IP has no cable in it.
    NoCarrier {
        port: PortName,
        here: bool,
    },
    /// There is only one way to the peer: the heartbeat port is not set, or nothing comes over it.
    NoHeartbeat {
        port: Option<PortName>,
    },
    NoHeartbeatCarrier {
        port: PortName,
    },
    /// The port's own address is a DHCP lease, so that the network of the virtual IP may change.
    LeasedAddress {
        port: PortName,
    },
    /// The standby says that it could not take over, and nothing else says why: it has just started, or has not all yet.
    PeerNotReady,
    /// A remark: a kernel that stands still is ended by nobody.
    NoWatchdog,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Worth knowing; the pair is protected.
    Remark,
    /// Passes by itself.
    Passing,
    /// The pair is protected, and one more fault would end that.
    Weakened,
    /// If the active box dies now, nobody takes over.
    Unprotected,
}

impl Reason {
    pub fn weight(&self) -> Weight {
        match self {
            Self::NoWatchdog | Self::LeasedAddress { .. } => Weight::Remark,
            Self::TakeoverUnderWay | Self::NoPeer { .. } => Weight::Passing,
            Self::NoHeartbeat { .. }
            | Self::NoHeartbeatCarrier { .. }
            | Self::VersionsDiffer
            | Self::RegistryUnreachable { here: _ }
            | Self::DataTooOld { seconds: Some(_) } => Weight::Weakened,
            Self::GuardAway
            | Self::RegistryOnPair { .. }
            | Self::Maintenance { .. }
            | Self::Fenced { .. }
            | Self::PeerUnreachable { .. }
            | Self::LeaseUnavailable
            | Self::SettingsDiffer
            | Self::SettingsUnusable { .. }
            | Self::NoVirtualIp
            | Self::AddressConflict { .. }
            | Self::NoKeepalived
            | Self::ApplicationsDiffer { .. }
            | Self::PeerFenced
            | Self::PeerNotReady
            | Self::DataTooOld { seconds: None }
            | Self::NoCarrier { .. } => Weight::Unprotected,
        }
    }
}

/// The heaviest of all; `None`: protected, and nothing to remark.
pub fn heaviest(reasons: &[Reason]) -> Option<Weight> {
    reasons.iter().map(Reason::weight).max()
}

/// What is known on one box.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what is seen, each of its own, and no state")]
pub struct Facts<'a> {
    /// None: of no pair.
    pub peer: Option<&'a Serial>,
    pub awaits: Option<&'a Serial>,
    pub settings: &'a PairSettings,
    pub issues: &'a [SettingsIssue],
    pub guard: bool,
    pub keepalived: bool,
    pub starting: bool,
    pub maintenance: bool,
    pub fence: Option<&'a Fence>,
    pub registry: bool,
    /// The registry's address, where it is one of the pair's boxes.
    pub registry_on_pair: Option<&'a str>,
    pub lease_refused: bool,
    pub heard: Option<PeerHeard>,
    /// What this box says of itself.
    pub own: super::beat::About,
    /// Of the port of the virtual IP.
    pub carrier: bool,
    pub leased: bool,
    pub heartbeat_carrier: bool,
    pub heartbeat_heard: bool,
    pub watchdog: bool,
    /// Whether an application has data that is copied; then also for how long none was, here or there.
    pub copies: bool,
    /// Whose hardware address answers for the virtual IP beside this box's own.
    pub conflict: Option<&'a str>,
    /// What the peer cannot use of the applications.
    pub untaken: Option<&'a str>,
    /// Somebody wants this box to give up.
    pub planned: bool,
}

/// All reasons, the heaviest first; of the same weight, in the order of [`Reason`].
pub fn reasons(facts: &Facts<'_>) -> Vec<Reason> {
    let mut found = match (facts.peer, facts.awaits) {
        (Some(peer), _) => of_two(facts, peer),
        (None, Some(awaits)) => of_one(facts, awaits),
        (None, None) => Vec::new(),
    };
    found.sort_by_key(|reason| std::cmp::Reverse(reason.weight()));
    found
}

/// Of a box whose peer is still to come.
fn of_one(facts: &Facts<'_>, awaits: &Serial) -> Vec<Reason> {
    let guard = (!facts.guard).then_some(Reason::GuardAway);
    let maintenance = facts.maintenance.then_some(Reason::Maintenance { here: true });
    let fence = facts.fence.map(|why| Reason::Fenced { why: why.clone() });
    let conflict = facts.conflict.map(|by| Reason::AddressConflict { by: by.to_owned() });
    let waits = Reason::NoPeer { awaits: awaits.clone() };
    guard.into_iter().chain(maintenance).chain(fence).chain(conflict).chain([waits]).collect()
}

fn of_two(facts: &Facts<'_>, peer: &Serial) -> Vec<Reason> {
    let mut found = Vec::new();
    let mut when = |it: bool, reason: Reason| {
        if it {
            found.push(reason);
        }
    };
    let there = facts.heard.filter(PeerHeard::is_there).map(|heard| heard.about);
    when(!facts.guard, Reason::GuardAway);
    if let Some(address) = facts.registry_on_pair {
        when(true, Reason::RegistryOnPair { address: address.to_owned() });
    }
    when(facts.starting, Reason::TakeoverUnderWay);
    when(facts.maintenance, Reason::Maintenance { here: true });
    when(there.is_some_and(|peer| peer.maintenance), Reason::Maintenance { here: false });
    if let Some(why) = facts.fence {
        when(true, Reason::Fenced { why: why.clone() });
    }
    when(there.is_some_and(|peer| peer.fenced), Reason::PeerFenced);
    when(facts.guard && there.is_none(), Reason::PeerUnreachable { peer: peer.clone() });
    when(!facts.registry, Reason::RegistryUnreachable { here: true });
    when(there.is_some_and(|peer| !peer.registry), Reason::RegistryUnreachable { here: false });
    when(facts.lease_refused, Reason::LeaseUnavailable);
    when(there.is_some_and(|peer| peer.settings != facts.own.settings), Reason::SettingsDiffer);
    if let Some(issue) = facts.issues.first() {
        when(true, Reason::SettingsUnusable { issue: issue.clone() });
    }
    when(facts.settings.virtual_ip.is_none(), Reason::NoVirtualIp);
    if let Some(by) = facts.conflict {
        when(true, Reason::AddressConflict { by: by.to_owned() });
    }
    when(facts.guard && facts.settings.virtual_ip.is_some() && !facts.keepalived, Reason::NoKeepalived);
    let untaken = facts.untaken.map(str::to_owned);
    when(there.is_some_and(|peer| peer.applications != facts.own.applications), Reason::ApplicationsDiffer { untaken });
    if facts.copies {
        let standby = there.filter(|_| facts.own.role == super::beat::Told::Active).unwrap_or(facts.own);
        when(
            standby.role != super::beat::Told::Active && standby.synced.is_none_or(|age| age > TOO_OLD),
            Reason::DataTooOld { seconds: standby.synced },
        );
    }
    when(there.is_some_and(|peer| peer.version != facts.own.version), Reason::VersionsDiffer);
    if let Some(virtual_ip) = &facts.settings.virtual_ip {
        when(!facts.carrier, Reason::NoCarrier { port: virtual_ip.port.clone(), here: true });
        when(there.is_some_and(|peer| !peer.carrier), Reason::NoCarrier { port: virtual_ip.port.clone(), here: false });
    }
    match &facts.settings.heartbeat {
        None => when(true, Reason::NoHeartbeat { port: None }),
        Some(port) if !facts.heartbeat_carrier => when(true, Reason::NoHeartbeatCarrier { port: port.clone() }),
        Some(port) => {
            when(there.is_some() && !facts.heartbeat_heard, Reason::NoHeartbeat { port: Some(port.clone()) });
        }
    }
    if let Some(virtual_ip) = facts.settings.virtual_ip.as_ref().filter(|_| facts.leased) {
        when(true, Reason::LeasedAddress { port: virtual_ip.port.clone() });
    }
    when(!facts.watchdog, Reason::NoWatchdog);
    let explained = facts.starting || facts.planned || found.iter().any(|it| it.weight() == Weight::Unprotected);
    let unready = facts.own.role == super::beat::Told::Active && there.is_some_and(|peer| !peer.fit);
    if unready && !explained {
        found.push(Reason::PeerNotReady);
    }
    found
}
