//! Alarms in words: what is wrong and what mends it. The number is said beside it, because manuals go by it.

use super::Ports;
use crate::{
    components::tag::Mood,
    domain::alarms::{Cause, Kind, Severity},
    text::Text,
};

pub fn severity(text: Text, severity: Severity) -> (Mood, &'static str) {
    match severity {
        Severity::Critical => (Mood::Bad, text.severity_critical()),
        Severity::Major => (Mood::Bad, text.severity_major()),
        Severity::Minor => (Mood::Warn, text.severity_minor()),
        Severity::Warning => (Mood::Info, text.severity_warning()),
    }
}

pub fn alarm(text: Text, kind: Kind) -> &'static str {
    match kind {
        Kind::PortAbsent => text.alarm_port_absent(),
        Kind::NoLink => text.alarm_no_link(),
        Kind::NoUplink => text.alarm_no_uplink(),
        Kind::GatewaySilent => text.alarm_gateway_silent(),
        Kind::AddressConflict => text.alarm_address_conflict(),
        Kind::DuplicateIpv6 => text.alarm_duplicate_ipv6(),
        Kind::NoLease => text.alarm_no_lease(),
        Kind::ChangeUndone => text.alarm_change_undone(),
        Kind::UndoIncomplete => text.alarm_undo_incomplete(),
        Kind::SettingsDamaged => text.alarm_settings_damaged(),
        Kind::NoDns => text.alarm_no_dns(),
        Kind::OtherDhcpServer => text.alarm_other_dhcp_server(),
        Kind::ServicePortFails => text.alarm_service_port_fails(),
        Kind::KernelDiffers => text.alarm_kernel_differs(),
        Kind::ClockWrong => text.alarm_clock_wrong(),
        Kind::TimeServersSilent => text.alarm_time_servers_silent(),
        Kind::StorageFull => text.alarm_storage_full(),
        Kind::LogNotWritten => text.alarm_log_not_written(),
        Kind::LogBroken => text.alarm_log_broken(),
        Kind::PasswordOld => text.alarm_password_old(),
        Kind::RegistryAway => text.alarm_registry_away(),
        Kind::CertificateOver => text.alarm_certificate_over(),
        Kind::NoMember => text.alarm_no_member(),
        Kind::NoCellular => text.alarm_no_cellular(),
        Kind::SimChanged => text.alarm_sim_changed(),
        Kind::DataLimitNear => text.alarm_data_limit_near(),
        Kind::DataLimitReached => text.alarm_data_limit_reached(),
        Kind::PairUnprotected => text.alarm_pair_unprotected(),
        Kind::PairTakenOver => text.alarm_pair_taken_over(),
        Kind::PairFenced => text.alarm_pair_fenced(),
    }
}

/// What to do, and the page to do it on.
pub fn mend_alarm(text: Text, cause: &Cause) -> (&'static str, Option<String>) {
    let port = || cause.subject.as_ref().map(|port| format!("/network/{port}"));
    let page = |path: &str| Some(path.to_owned());
    match cause.kind {
        Kind::PortAbsent => (text.mend_port_absent(), port()),
        Kind::NoLink => (text.mend_no_link(), port()),
        Kind::NoUplink => (text.mend_no_uplink(), page("/network/test")),
        Kind::GatewaySilent => (text.mend_gateway_silent(), page("/network/test")),
        Kind::AddressConflict => (text.mend_address_conflict(), port()),
        Kind::DuplicateIpv6 => (text.mend_duplicate_ipv6(), port()),
        Kind::NoLease => (text.mend_no_lease(), port()),
        Kind::ChangeUndone => (text.mend_change_undone(), page("/network/change")),
        Kind::UndoIncomplete => (text.mend_undo_incomplete(), page("/network")),
        Kind::SettingsDamaged => (text.mend_settings_damaged(), page("/system")),
        Kind::NoDns => (text.mend_no_dns(), page("/network")),
        Kind::OtherDhcpServer => (text.mend_other_dhcp_server(), page("/network")),
        Kind::ServicePortFails => (text.mend_service_port_fails(), page("/network")),
        Kind::KernelDiffers => (text.mend_kernel_differs(), page("/network")),
        Kind::ClockWrong | Kind::TimeServersSilent => (text.mend_clock(), page("/system/time")),
        Kind::StorageFull => (text.mend_storage_full(), None),
        Kind::LogNotWritten | Kind::LogBroken => (text.mend_log(), page("/system/audit")),
        Kind::PasswordOld => (text.mend_password_old(), page("/system/password")),
        Kind::RegistryAway => (text.mend_registry_away(), page("/cluster")),
        Kind::CertificateOver => (text.mend_certificate_over(), page("/cluster")),
        Kind::NoMember => (text.mend_no_member(), page("/activate")),
        Kind::NoCellular => (text.mend_no_cellular(), page("/cellular")),
        Kind::SimChanged => (text.mend_sim_changed(), page("/cellular/sim")),
        Kind::PairUnprotected => (text.mend_pair_unprotected(), page("/cluster/pair")),
        Kind::PairTakenOver => (text.mend_pair_taken_over(), page("/cluster/pair")),
        Kind::PairFenced => (text.mend_pair_fenced(), page("/cluster/pair")),
        Kind::DataLimitNear | Kind::DataLimitReached => (text.mend_data_limit(), page("/cellular/settings")),
    }
}

/// `port LAN1`, `change 7`, `network.toml`; nothing where it is about the box.
pub fn subject(text: Text, cause: &Cause, ports: Ports) -> Option<String> {
    let subject = cause.subject.as_ref()?;
    Some(match cause.kind {
        Kind::ChangeUndone => text.alarm_change(subject),
        _ => subject.parse().map_or_else(|_| subject.clone(), |name| ports.say(text, &name)),
    })
}
