//! What the pair's values are called on the command line, and what mends what is wrong.

use crate::domain::pair::{
    api::{Fence, Kind, Phase},
    readiness::{Reason, Weight},
};

pub(super) fn phase(phase: &Phase) -> String {
    match phase {
        Phase::Single => "stands alone".into(),
        Phase::Awaiting { peer } => format!("waits for its peer {peer}"),
        Phase::Pairing => "becomes one of a pair".into(),
        Phase::Standby => "standby".into(),
        Phase::Acquiring => "standby, asks for the lease".into(),
        Phase::Starting => "active, applications come up".into(),
        Phase::Active => "active".into(),
        Phase::Stopping => "gives up".into(),
        Phase::Fenced { why } => format!("fenced: {}", fence(why)),
        Phase::Maintenance => "being maintained".into(),
    }
}

fn fence(why: &Fence) -> String {
    match why {
        Fence::Application { name, reason } => format!("{name} does not start here: {reason}"),
        Fence::Address => "the virtual IP does not come up here".into(),
    }
}

pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Start => "start",
        Kind::Failover => "failover",
        Kind::Switchover => "switchover",
        Kind::Drill => "drill",
    }
}

pub(super) fn weight(weight: Option<Weight>) -> &'static str {
    match weight {
        None | Some(Weight::Remark) => "protected",
        Some(Weight::Passing) => "not yet protected",
        Some(Weight::Weakened) => "protected, but weakened",
        Some(Weight::Unprotected) => "ready, but not protected",
    }
}

/// What it is, and what mends it.
pub(super) fn reason(reason: &Reason) -> (String, &'static str) {
    match reason {
        Reason::NoPeer { awaits: peer } => {
            (format!("its peer {peer} is not activated yet"), "Activate it, with this box as its peer.")
        }
        Reason::GuardAway => {
            ("the guard does not run, which holds the lease".into(), "Look at the log of gatehouse-guard.")
        }
        Reason::RegistryOnPair { address } => (
            format!("the registry at {address} is one of the two boxes"),
            "Run it on a third machine: it would be gone with the box.",
        ),
        Reason::TakeoverUnderWay => ("a take-over is under way".into(), "Wait."),
        Reason::Maintenance { here: true } => ("this box is being maintained".into(), "gatehouse pair maintenance off"),
        Reason::Maintenance { here: false } => ("the peer is being maintained".into(), "End the maintenance there."),
        Reason::Fenced { why } => (fence(why), "Mend the cause, then: gatehouse pair clear"),
        Reason::PeerUnreachable { peer } => (
            format!("the peer {peer} is not heard"),
            "Is it on? Check the cables of heartbeat and uplink of both boxes.",
        ),
        Reason::RegistryUnreachable { here: true } => {
            ("this box does not reach the registry".into(), "See `gatehouse network test`.")
        }
        Reason::RegistryUnreachable { here: false } => {
            ("the peer does not reach the registry".into(), "See the network test there.")
        }
        Reason::LeaseUnavailable => (
            "the registry does not give this box the lease".into(),
            "Another box holds it, or this one is being removed: see the cluster's page.",
        ),
        Reason::SettingsDiffer => {
            ("the two boxes have other settings of the pair".into(), "Save them again on the active box.")
        }
        Reason::SettingsUnusable { issue } => {
            (format!("the pair's settings do not fit this box: {issue}"), "Change the port or the virtual IP.")
        }
        Reason::NoVirtualIp => ("there is no virtual IP".into(), "gatehouse pair set --virtual-ip … --port …"),
        Reason::AddressConflict { by } => (
            format!("the device {by} uses the virtual IP, too"),
            "Find it by its hardware address, and give it another address.",
        ),
        Reason::NoKeepalived => ("keepalived does not run, which has the virtual IP".into(), "Is it installed?"),
        Reason::ApplicationsDiffer { untaken: None } => (
            "the two boxes have other applications".into(),
            "Wait until they are copied; if it stays, see the agent's log of the peer.",
        ),
        Reason::ApplicationsDiffer { untaken: Some(why) } => (
            format!("the peer cannot use an application: {why}"),
            "Bring what it needs onto the peer, or remove it here.",
        ),
        Reason::PeerFenced => {
            ("the peer stays away from the lease".into(), "See why there, mend it, and there: gatehouse pair clear")
        }
        Reason::PeerNotReady => (
            "the peer cannot take over yet".into(),
            "Wait a moment; if it stays, `gatehouse pair show` on the peer says why.",
        ),
        Reason::DataTooOld { seconds: Some(seconds) } => (
            format!("the standby's data is {seconds} s late"),
            "See whether the heartbeat's wire works; what was written since would be lost.",
        ),
        Reason::DataTooOld { seconds: None } => {
            ("the standby has no data of this epoch yet".into(), "Wait for the first copy.")
        }
        Reason::VersionsDiffer => {
            ("the two boxes run other versions".into(), "Update the standby, switch over, update the other one.")
        }
        Reason::NoCarrier { port, here: true } => {
            (format!("{port} has no cable in it, which is to have the virtual IP"), "Plug it in.")
        }
        Reason::NoCarrier { port, here: false } => {
            (format!("{port} of the peer has no cable in it, which is to have the virtual IP"), "Plug it in.")
        }
        Reason::NoHeartbeat { port: None } => (
            "there is only one way to the peer".into(),
            "Connect the boxes by a wire of their own: gatehouse pair set --heartbeat PORT",
        ),
        Reason::NoHeartbeat { port: Some(port) } => {
            (format!("nothing comes over the heartbeat's wire at {port}"), "Check that it leads to the peer.")
        }
        Reason::NoHeartbeatCarrier { port } => (format!("the heartbeat port {port} has no cable in it"), "Plug it in."),
        Reason::LeasedAddress { port } => (
            format!("{port} has its address by DHCP: another one may come, and the virtual IP not fit any more"),
            "Reserve the address at the DHCP server, or type it in.",
        ),
        Reason::NoWatchdog => (
            "this box has no hardware watchdog: a kernel that stands still is ended by nobody".into(),
            "A remark only.",
        ),
    }
}
