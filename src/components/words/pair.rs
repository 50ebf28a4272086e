//! The pair: who is active, why it is not protected, and what mends it.

use super::{Ports, fault::Explained};
use crate::{
    components::tag::Mood,
    domain::{
        name::PortName,
        network::status::NetworkStatus,
        pair::{
            api::{Fence, Kind, Phase, Refusal},
            readiness::{Reason, Weight},
            settings::SettingsIssue,
        },
    },
    text::Text,
};

pub fn phase(text: Text, phase: &Phase) -> String {
    match phase {
        Phase::Single => text.pair_phase_single().into(),
        Phase::Awaiting { peer } => text.pair_phase_awaiting(peer),
        Phase::Pairing => text.pair_phase_pairing().into(),
        Phase::Standby => text.pair_phase_standby().into(),
        Phase::Acquiring => text.pair_phase_acquiring().into(),
        Phase::Starting => text.pair_phase_starting().into(),
        Phase::Active => text.pair_phase_active().into(),
        Phase::Stopping => text.pair_phase_stopping().into(),
        Phase::Fenced { .. } => text.pair_phase_fenced().into(),
        Phase::Maintenance => text.pair_phase_maintenance().into(),
    }
}

/// How well it is protected.
pub fn protection(text: Text, weight: Option<Weight>) -> (Mood, &'static str) {
    match weight {
        None | Some(Weight::Remark) => (Mood::Ok, text.pair_protected()),
        Some(Weight::Passing) => (Mood::Info, text.pair_passing()),
        Some(Weight::Weakened) => (Mood::Warn, text.pair_weakened()),
        Some(Weight::Unprotected) => (Mood::Bad, text.pair_unprotected()),
    }
}

pub fn mood(weight: Weight) -> Mood {
    match weight {
        Weight::Remark => Mood::Calm,
        Weight::Passing => Mood::Info,
        Weight::Weakened => Mood::Warn,
        Weight::Unprotected => Mood::Bad,
    }
}

pub fn kind(text: Text, kind: Kind) -> &'static str {
    match kind {
        Kind::Start => text.pair_kind_start(),
        Kind::Failover => text.pair_kind_failover(),
        Kind::Switchover => text.pair_kind_switchover(),
        Kind::Drill => text.pair_kind_drill(),
    }
}

/// What is so, and what mends it.
pub fn reason(text: Text, reason: &Reason, ports: Ports<'_>) -> (String, &'static str) {
    let t = text;
    let label = |port: &PortName| ports.say(text, port);
    match reason {
        Reason::NoPeer { awaits: peer } => (t.pair_no_peer_awaits(peer), t.pair_no_peer_awaits_mend()),
        Reason::GuardAway => (t.pair_guard_away().into(), t.pair_guard_away_mend()),
        Reason::RegistryOnPair { address } => (t.pair_registry_on_pair(address), t.pair_registry_on_pair_mend()),
        Reason::TakeoverUnderWay => (t.pair_takeover().into(), t.pair_takeover_mend()),
        Reason::Maintenance { here: true } => (t.pair_maintenance_here().into(), t.pair_maintenance_mend()),
        Reason::Maintenance { here: false } => (t.pair_maintenance_there().into(), t.pair_maintenance_mend()),
        Reason::Fenced { why: Fence::Application { name, reason } } => {
            (t.pair_fenced_application(name, reason), t.pair_fenced_mend())
        }
        Reason::Fenced { why: Fence::Address } => (t.pair_fenced_address().into(), t.pair_fenced_mend()),
        Reason::PeerFenced => (t.pair_peer_fenced().into(), t.pair_peer_fenced_mend()),
        Reason::PeerNotReady => (t.pair_peer_unready().into(), t.pair_peer_unready_mend()),
        Reason::PeerUnreachable { peer } => (t.pair_peer_unreachable(peer), t.pair_peer_unreachable_mend()),
        Reason::RegistryUnreachable { here: true } => (t.pair_registry_here().into(), t.pair_registry_here_mend()),
        Reason::RegistryUnreachable { here: false } => (t.pair_registry_there().into(), t.pair_registry_there_mend()),
        Reason::LeaseUnavailable => (t.pair_lease().into(), t.pair_lease_mend()),
        Reason::SettingsDiffer => (t.pair_settings_differ().into(), t.pair_settings_differ_mend()),
        Reason::SettingsUnusable { issue: it } => {
            (t.pair_settings_unusable(issue(t, it, ports)), t.pair_settings_unusable_mend())
        }
        Reason::NoVirtualIp => (t.pair_no_virtual_ip().into(), t.pair_no_virtual_ip_mend()),
        Reason::AddressConflict { by } => (t.pair_conflict(by), t.pair_conflict_mend()),
        Reason::NoKeepalived => (t.pair_no_keepalived().into(), t.pair_no_keepalived_mend()),
        Reason::ApplicationsDiffer { untaken: None } => {
            (t.pair_applications_differ().into(), t.pair_applications_differ_mend())
        }
        Reason::ApplicationsDiffer { untaken: Some(why) } => (t.pair_untaken(why), t.pair_untaken_mend()),
        Reason::DataTooOld { seconds: Some(seconds) } => (t.pair_data_old(seconds), t.pair_data_mend()),
        Reason::DataTooOld { seconds: None } => (t.pair_data_never().into(), t.pair_data_mend()),
        Reason::VersionsDiffer => (t.pair_versions().into(), t.pair_versions_mend()),
        Reason::NoCarrier { port, here: true } => (t.pair_carrier_here(label(port)), t.pair_carrier_mend()),
        Reason::NoCarrier { port, here: false } => (t.pair_carrier_there(label(port)), t.pair_carrier_mend()),
        Reason::NoHeartbeat { port: None } => (t.pair_one_way().into(), t.pair_one_way_mend()),
        Reason::NoHeartbeat { port: Some(port) } => {
            (t.pair_heartbeat_silent(label(port)), t.pair_heartbeat_silent_mend())
        }
        Reason::NoHeartbeatCarrier { port } => (t.pair_heartbeat_unplugged(label(port)), t.pair_carrier_mend()),
        Reason::LeasedAddress { port } => (t.pair_leased(label(port)), t.pair_leased_mend()),
        Reason::NoWatchdog => (t.pair_watchdog().into(), t.pair_watchdog_mend()),
    }
}

pub fn issue(text: Text, issue: &SettingsIssue, ports: Ports<'_>) -> String {
    let label = |port: &PortName| ports.say(text, port);
    match issue {
        SettingsIssue::NoSuchPort { port } => text.pair_issue_port(label(port)),
        SettingsIssue::OutsideNetwork { address, port, network } => {
            text.pair_issue_outside(address.addr(), network, label(port))
        }
        SettingsIssue::PortHasNoAddress { port } => text.pair_issue_no_address(label(port)),
        SettingsIssue::OwnAddress { address } => text.pair_issue_own(address.addr()),
        SettingsIssue::Gateway { address } => text.pair_issue_gateway(address.addr()),
        SettingsIssue::NotAHost { address } => text.pair_issue_host(address.addr()),
        SettingsIssue::Taken { address, by } => text.pair_issue_taken(address.addr(), by),
        SettingsIssue::NoHeartbeatPort { port } => text.pair_issue_heartbeat(label(port)),
    }
}

pub(super) fn refused(text: Text, why: &Refusal) -> Explained {
    let t = text;
    let (what, next) = (t.pair_refused(), t.pair_refused_next());
    let why = match why {
        Refusal::NoPair => t.pair_refused_no_pair().into(),
        Refusal::Unusable { .. } => t.pair_refused_unusable().into(),
        Refusal::UnusableOnPeer { peer, .. } => t.pair_refused_peer(peer),
        Refusal::PeerAway { peer } => t.pair_refused_away(peer),
        Refusal::PeerNotFit { peer, .. } => t.pair_refused_not_fit(peer),
        Refusal::NobodyActive => t.pair_refused_nobody().into(),
        Refusal::UnderWay => t.pair_refused_under_way().into(),
        Refusal::NotFenced => t.pair_refused_not_fenced().into(),
        Refusal::Network { issue: why } => {
            let (what, next) = (t.pair_refused_network(), t.pair_refused_network_next());
            // the ports' labels are not at hand here; names serve
            return Explained { what, why: issue(text, why, Ports(&NetworkStatus::default())), next };
        }
    };
    Explained { what, why, next }
}
