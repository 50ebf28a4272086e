//! What is wrong, from what the tasks publish. Nothing here waits or remembers.

use std::collections::BTreeSet;

use super::{Cause, Kind};
use crate::{
    activation::api::{Activation, Renewal},
    audit::{AuditState, Chain},
    auth::policy::PasswordState,
    box_file::Role,
    cellular::{api::CellularStatus, machine::SimChange, usage::Limit},
    load::Load,
    network::{
        failover,
        spec::Ipv4Spec,
        status::{Detection, NetworkStatus, PortStatus},
        transaction::{Outcome, Why},
    },
    pair::{
        api::{Kind as Began, PairStatus, Phase},
        readiness::{Reason, Weight},
    },
    service_port::ServicePortStatus,
    settings::{SettingsStatus, clock::Judgement},
    time::{MADE, UnixSeconds},
};

/// Seconds for which a take-over that nobody asked for is told.
const TOLD: u64 = 24 * 3600;
/// Of a hundred.
const NEARLY_FULL: u64 = 90;

/// What the tasks publish.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'s> {
    pub network: &'s NetworkStatus,
    pub settings: &'s SettingsStatus,
    pub service_port: &'s ServicePortStatus,
    pub load: Load,
    pub audit: &'s AuditState,
    pub password: PasswordState,
    pub activation: &'s Activation,
    /// What was kept of the activation could not be read.
    pub activation_damaged: bool,
    pub cellular: &'s CellularStatus,
    pub pair: &'s PairStatus,
    pub now: UnixSeconds,
}

pub fn present(seen: Seen) -> BTreeSet<Cause> {
    let mut found = BTreeSet::new();
    ports(seen.network, &mut found);
    network(seen.network, &mut found);
    care(seen, &mut found);
    fleet(seen, &mut found);
    cellular(seen.cellular, &mut found);
    pair(seen.pair, seen.now, &mut found);
    found
}

fn of(kind: Kind) -> Cause {
    Cause { kind, subject: None }
}

fn at(kind: Kind, subject: impl ToString) -> Cause {
    Cause { kind, subject: Some(subject.to_string()) }
}

/// Uplinks that the spec gives an address.
fn configured(network: &NetworkStatus) -> impl Iterator<Item = &PortStatus> {
    network.ports.iter().filter(|p| p.role == Role::Uplink && !matches!(network.spec.port(&p.name).ipv4, Ipv4Spec::Off))
}

fn ports(network: &NetworkStatus, found: &mut BTreeSet<Cause>) {
    for port in configured(network) {
        if port.link.is_none() {
            found.insert(at(Kind::PortAbsent, &port.name));
        } else if !port.has_carrier() {
            found.insert(at(Kind::NoLink, &port.name));
        }
    }
    for ranked in &network.failover.uplinks {
        use failover::Why as Use;
        if matches!(ranked.why, Use::GatewaySilent { .. } | Use::InUseThoughSilent { .. }) {
            found.insert(at(Kind::GatewaySilent, &ranked.uplink));
        }
    }
    found.extend(network.conflicts.iter().map(|conflict| at(Kind::AddressConflict, &conflict.port)));
    for port in &network.ports {
        if port.addresses.iter().any(|address| address.duplicates == Detection::Duplicate) {
            found.insert(at(Kind::DuplicateIpv6, &port.name));
        }
    }
    for (name, dhcp) in &network.dhcp {
        let linked = network.port(name).is_some_and(PortStatus::has_carrier);
        if linked && dhcp.view.lease.is_none() && dhcp.view.problem.is_some() {
            found.insert(at(Kind::NoLease, name));
        }
    }
}

fn network(network: &NetworkStatus, found: &mut BTreeSet<Cause>) {
    let transaction = &network.transaction;
    // a box that is new, or in the middle of a change, is not broken
    if network.uplink_in_use.is_none() && configured(network).next().is_some() && transaction.open.is_none() {
        found.insert(of(Kind::NoUplink));
    }
    match &transaction.last {
        None | Some(Outcome::Committed { .. } | Outcome::RolledBack { reason: Why::Asked { .. }, .. }) => {}
        Some(Outcome::RolledBack { tx, .. }) => {
            found.insert(at(Kind::ChangeUndone, tx.0));
        }
    }
    if transaction.degraded > 0 {
        found.insert(of(Kind::UndoIncomplete));
    }
    if network.drift > 0 {
        found.insert(of(Kind::KernelDiffers));
    }
    let nobody = network.dns.servers.is_empty() || network.dns.foreign.is_some();
    if network.uplink_in_use.is_some() && nobody {
        found.insert(of(Kind::NoDns));
    }
    if network.spec_problem.is_some() {
        found.insert(at(Kind::SettingsDamaged, "network.toml"));
    }
}

fn care(seen: Seen, found: &mut BTreeSet<Cause>) {
    match seen.service_port {
        ServicePortStatus::NoLink | ServicePortStatus::Checking | ServicePortStatus::Serving { .. } => {}
        ServicePortStatus::Silent { .. } => drop(found.insert(of(Kind::OtherDhcpServer))),
        ServicePortStatus::Failed { .. } => drop(found.insert(of(Kind::ServicePortFails))),
    }
    match seen.settings.clock.judge(seen.now, MADE) {
        Judgement::Wrong { .. } | Judgement::BeforeBuild => drop(found.insert(of(Kind::ClockWrong))),
        Judgement::Silent => drop(found.insert(of(Kind::TimeServersSilent))),
        Judgement::Right { .. } | Judgement::Unchecked => {}
    }
    if seen.settings.problem.is_some() {
        found.insert(at(Kind::SettingsDamaged, "settings.toml"));
    }
    let Load { storage_used, storage_total, .. } = seen.load;
    if storage_total > 0 && u128::from(storage_used) * 100 >= u128::from(storage_total) * u128::from(NEARLY_FULL) {
        found.insert(of(Kind::StorageFull));
    }
    if seen.audit.failing.is_some() {
        found.insert(of(Kind::LogNotWritten));
    }
    if seen.audit.chain != Chain::Unbroken {
        found.insert(of(Kind::LogBroken));
    }
    if seen.password.old(seen.now).is_some() {
        found.insert(of(Kind::PasswordOld));
    }
}

/// The cause stands on the page of cellular: there is one alarm, whatever it is.
fn cellular(cellular: &CellularStatus, found: &mut BTreeSet<Cause>) {
    let Some(slot) = &cellular.slot else { return };
    if cellular.alarm {
        found.insert(at(Kind::NoCellular, slot));
    }
    if matches!(cellular.sim_change, Some(SimChange::Other { .. })) {
        found.insert(at(Kind::SimChanged, slot));
    }
    match cellular.usage.limit {
        None | Some(Limit::Far) => {}
        Some(Limit::Near) => drop(found.insert(at(Kind::DataLimitNear, slot))),
        Some(Limit::Reached) => drop(found.insert(at(Kind::DataLimitReached, slot))),
    }
    if cellular.settings_problem.is_some() {
        found.insert(at(Kind::SettingsDamaged, "cellular.toml"));
    }
}

fn fleet(seen: Seen, found: &mut BTreeSet<Cause>) {
    if seen.activation_damaged {
        found.insert(at(Kind::SettingsDamaged, "activation.json"));
    }
    let Some(member) = &seen.activation.member else { return };
    if member.left.is_some() {
        found.insert(of(Kind::NoMember));
        return;
    }
    if member.renewal == Some(Renewal::NeedsAgreement) {
        found.insert(of(Kind::CertificateOver));
    }
    if member.away.is_some() {
        found.insert(of(Kind::RegistryAway));
    }
}

/// What somebody wants, maintenance, is no alarm; a fence has its own.
fn pair(pair: &PairStatus, now: UnixSeconds, found: &mut BTreeSet<Cause>) {
    let wanted = |reason: &Reason| matches!(reason, Reason::Maintenance { .. } | Reason::Fenced { .. });
    if pair.reasons.iter().any(|reason| reason.weight() == Weight::Unprotected && !wanted(reason)) {
        found.insert(of(Kind::PairUnprotected));
    }
    if let Phase::Fenced { .. } = pair.phase {
        found.insert(of(Kind::PairFenced));
    }
    let last = pair.history.first().filter(|last| last.kind == Began::Failover);
    if last.is_some_and(|last| now.0.saturating_sub(last.at.0) < TOLD) {
        found.insert(of(Kind::PairTakenOver));
    }
}
