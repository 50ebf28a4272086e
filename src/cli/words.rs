//! The domain's values in English. Pages translate; the command line and scripts get these.

mod dhcp;
mod hops;

use std::collections::BTreeSet;

use crate::domain::{
    fault::Fault,
    name::PortName,
    network::{
        issue::Field,
        plan::{Change, Item, Verb},
        transaction::{ChecksView, Outcome, PhaseView, Why},
    },
    pair::api::Refusal,
    service_port::{Failure, ServicePortStatus},
};

pub(super) use dhcp::dhcp;
pub(super) use hops::{cause, hop, mend};

/// What a person can do about a refusal.
pub(super) fn next_step(fault: &Fault) -> Option<&'static str> {
    Some(match fault {
        Fault::Invalid { issues } if issues.iter().all(|issue| issue.field == Field::Host) => return None,
        Fault::Invalid { issues } if issues.iter().all(|issue| issue.field.is_setting()) => return None,
        Fault::Invalid { .. } => "Correct the file and try again.",
        Fault::Busy { .. } => {
            "Keep the open change with `gatehouse network confirm`, or end it with `gatehouse network rollback`."
        }
        Fault::PlanOutdated => "Run the command again; it plans anew.",
        Fault::NoChangeOpen { .. } => "See `gatehouse network show` for what is in force.",
        Fault::NotNow => "Try again in a few seconds.",
        Fault::NeedsAPerson => "See the checks in `gatehouse status`; keep it all the same with --untested.",
        Fault::Forbidden | Fault::NotSignedIn | Fault::ServicePortOnly => {
            "On the console this is root's to ask: try with sudo."
        }
        Fault::NotByDhcp => "See `gatehouse network show` for the ports, and the spec for how each gets its address.",
        Fault::NoLink => "Check the cable, then try again.",
        Fault::CutsOff { .. } => {
            "Come by the service port or another address; or give it back all the same with --yes."
        }
        Fault::AgentAway => "Is it running, and may you use its socket? Look at its log, or try with sudo.",
        Fault::NotSaved { .. } => "Is the disk full? See `df /var/lib/gatehouse`.",
        Fault::ClockNotSet { .. } => "A time server sets the clock, too: see `gatehouse settings time`.",
        Fault::ProxyFails { cause } => mend(cause.mend()),
        Fault::SeedUnusable { .. } => "Correct the file and check it again. docs/seed-file.md has every key.",
        Fault::Internal { .. } => "The agent's log has more: look for the operation's number.",
        Fault::ChangeOpen { .. } => {
            "Keep the change with `gatehouse network confirm`, or end it with `gatehouse network rollback`; then try again."
        }
        Fault::PowerRefused { reason: None } => "Use the power button; or restart what the box runs in.",
        Fault::PowerRefused { reason: Some(_) } => "See `systemd-inhibit --list` for what holds it up.",
        Fault::BadCertificate { .. } => {
            "Nothing was changed. See `gatehouse certificate install --help` for what is needed."
        }
        Fault::Registry { .. } => "docs/registry.md has every code of the registry.",
        Fault::RegistryAway { .. } => {
            "Mend what is named; `gatehouse network test` shows the way. An activation that has begun goes on by itself."
        }
        Fault::CodeUnreadable { .. } | Fault::CodeOver { .. } | Fault::NoPresetRegistry => {
            "Ask whoever made the code for a new one, and paste it whole."
        }
        Fault::BroughtUnusable { .. } => "Make a new request with `gatehouse activate --offline` and have it answered.",
        Fault::NotAtThisStage { .. } => "See `gatehouse activate --status`.",
        Fault::Unanswered => "See `gatehouse activate --help` for what must be said.",
        Fault::NotActivated => "Activate the box first: `gatehouse activate`.",
        Fault::FleetSignInFirst => "Say --user; the password is asked for.",
        Fault::Cellular { .. } => "See `gatehouse cellular show` for what to do.",
        Fault::Application { .. } => "See `gatehouse app list`.",
        Fault::Pair { why: Refusal::Network { .. } } => {
            "Change or remove the virtual IP first, with `gatehouse pair set`; then change the network."
        }
        Fault::Pair { .. } => "See `gatehouse pair show`.",
        Fault::NoSimSlot => "Use a wired port.",
        Fault::WrongPassword
        | Fault::NoCandidate
        | Fault::GoingDown
        | Fault::SlowDown { .. }
        | Fault::SetupFirst
        | Fault::SetupDone
        | Fault::BadPassword { .. }
        | Fault::NoSuchSession { .. }
        | Fault::NoSuchAlarm { .. }
        | Fault::NothingToDo
        | Fault::WrongToken
        | Fault::ProvesNothing { .. }
        | Fault::Malformed { .. }
        | Fault::NotFound => return None,
    })
}

/// `+ address 10.20.0.15/24 on lan1`
pub(super) fn change(change: &Change) -> String {
    let sign = match (&change.what, change.verb) {
        (Item::UplinkOrder { .. } | Item::DnsOrder { .. }, _) => '=',
        (_, Verb::Adds) => '+',
        (_, Verb::Removes) => '−',
    };
    format!("{sign} {}", item(&change.what))
}

fn item(item: &Item) -> String {
    match item {
        Item::Address { port, net } => format!("address {net} on {port}"),
        Item::Dhcp { port } => format!("DHCP on {port}"),
        Item::Ipv6Auto { port, place: Some(_) } => format!("automatic IPv6 on {port}"),
        Item::Ipv6Auto { port, place: None } => format!("automatic IPv6 on {port}, not as default route"),
        Item::DefaultRoute { port, gateway, place: 1 } => format!("default route via {gateway} on {port}"),
        Item::DefaultRoute { port, gateway, place } => {
            format!("default route via {gateway} on {port}, choice {place}")
        }
        Item::PortGateway { port, gateway } => format!("gateway {gateway} for replies on {port}"),
        Item::Route { port, destination, gateway: Some(gateway) } => {
            format!("route to {destination} via {gateway} on {port}")
        }
        Item::Route { port, destination, gateway: None } => format!("route to {destination} on the link of {port}"),
        Item::Mtu { port, mtu } => format!("MTU {mtu} on {port}"),
        Item::Dns { server } => format!("DNS server {server}"),
        Item::Search { domain } => format!("domain {domain}, for short names"),
        Item::DnsOrder { servers } => format!("DNS servers in this order: {}", list(servers)),
        Item::Management { port } => format!("management pages on {port}"),
        Item::UplinkOrder { ports } => format!("uplinks in this order: {}", list(ports)),
    }
}

pub(super) fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn names(ports: &BTreeSet<PortName>) -> String {
    list(&ports.iter().collect::<Vec<_>>())
}

pub(super) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Committed { tx } => format!("change {} is kept", tx.0),
        Outcome::RolledBack { tx, reason } => format!("change {} was undone: {}", tx.0, why(reason)),
    }
}

/// Whether a laptop at the service port gets an address.
pub(super) fn service_port(status: &ServicePortStatus) -> String {
    match status {
        ServicePortStatus::NoLink => "no cable".to_owned(),
        ServicePortStatus::Checking => "looks whether another DHCP server is there".to_owned(),
        ServicePortStatus::Serving { .. } => "gives a laptop its address".to_owned(),
        ServicePortStatus::Silent { other: Some(other), .. } => {
            format!("! gives no addresses: another DHCP server, {other}, answers on this wire")
        }
        ServicePortStatus::Silent { other: None, .. } => {
            "! gives no addresses: another DHCP server answers on this wire".to_owned()
        }
        ServicePortStatus::Failed { why } => match why {
            Failure::NotInstalled => "! gives no addresses: dnsmasq is not installed".to_owned(),
            Failure::CannotStart { reason } => format!("! gives no addresses: dnsmasq cannot be started: {reason}"),
            Failure::Ended { reason } => format!("! gives no addresses: dnsmasq ended: {reason}"),
            Failure::CannotCheck { reason } => format!("! gives no addresses: cannot look for other servers: {reason}"),
        },
    }
}

fn why(why: &Why) -> String {
    match why {
        Why::NotConfirmed => "nobody kept it in time".to_owned(),
        Why::Asked { by } => format!("{} asked for it", by.describe()),
        Why::StepFailed { error, .. } => format!("the kernel refused a step: {error}"),
        Why::NotInKernel => "the kernel does not have what was written".to_owned(),
        Why::VerifyTooLong => "the check of the new network took too long".to_owned(),
        Why::NoLease { ports } => format!("no DHCP server gave an address on {}", names(ports)),
        Why::Conflict(found) => {
            format!("another device has {} on {}: {}", found.address, found.port, found.with)
        }
        Why::Duplicate(found) => format!("another device has {} on {}", found.address, found.port),
        Why::LeaseUnfit { issues } => format!("what the DHCP server gave cannot be used: {}", list(issues)),
        Why::Reboot => "the box was started anew".to_owned(),
        Why::AgentRestarted => "the agent was started anew".to_owned(),
        Why::JournalUnreadable => "its journal could not be read".to_owned(),
        Why::NotSaved { error } => format!("it could not be saved: {error}"),
    }
}

/// `waits to be kept, 87 s left`
pub(super) fn phase(phase: &PhaseView) -> String {
    match phase {
        PhaseView::Planned | PhaseView::Armed => "is about to start".to_owned(),
        PhaseView::Asking { ports } if ports.is_empty() => "asks whether the new address is free".to_owned(),
        PhaseView::Asking { ports } => format!("asks the DHCP server on {}", names(ports)),
        PhaseView::Applying { step, of } => format!("is being made, step {} of {of}", step + 1),
        PhaseView::Verifying => "is being checked".to_owned(),
        PhaseView::AwaitingConfirm { left, .. } => format!("waits to be kept, {} s left", left.div_ceil(1000)),
        PhaseView::Committing => "is being kept".to_owned(),
        PhaseView::RollingBack => "is being undone".to_owned(),
    }
}

/// What the box found, one line each.
pub(super) fn checks(checks: &ChecksView) -> Vec<String> {
    let no_carrier = |port: &PortName| format!("! {port} has no cable, or nobody at its other end");
    let gateways = checks.gateways.iter().map(|g| {
        let (mark, says) = if g.answers { ('✓', "answers") } else { ('!', "does not answer") };
        format!("{mark} gateway {} on {} {says}", g.gateway, g.port)
    });
    checks.no_carrier.iter().map(no_carrier).chain(gateways).collect()
}

/// `3 d 4 h`, `4 h 5 min`, `5 min`, `42 s`: the two figures that matter.
pub(super) fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// In binary units with one digit: `1.5 GiB`.
pub(super) fn bytes(bytes: u64) -> String {
    let mut unit = (bytes, 0, "B");
    for name in ["KiB", "MiB", "GiB", "TiB"] {
        if unit.0 < 1024 {
            break;
        }
        unit = (unit.0 / 1024, unit.0 % 1024, name);
    }
    let (whole, rest, name) = unit;
    if name == "B" { format!("{whole} B") } else { format!("{whole}.{} {name}", rest * 10 / 1024) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_units_that_people_read() {
        for (seconds, text) in
            [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3_700, "1 h 1 min"), (90_000, "1 d 1 h"), (864_000, "10 d 0 h")]
        {
            assert_eq!(duration(seconds), text);
        }
        for (count, text) in
            [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536 << 20, "1.5 GiB"), (u64::MAX, "16777215.9 TiB")]
        {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn what_is_left_is_never_told_too_short() {
        let left = |left| PhaseView::AwaitingConfirm { left, window: 90_000, checks: ChecksView::default() };
        assert_eq!(phase(&left(86_001)), "waits to be kept, 87 s left");
        assert_eq!(phase(&left(0)), "waits to be kept, 0 s left");
    }
}
