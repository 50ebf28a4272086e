//! The way to being online, step by step: what is done, what is under way, and what is in the way.

use serde::{Deserialize, Serialize};

use super::{
    cause::Cause,
    machine::{Phase, State},
    modem::Lock,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Sim,
    Pin,
    Registered,
    Apn,
    Address,
    /// A DNS server answers.
    Dns,
}

impl Step {
    pub const ALL: [Self; 6] = [Self::Sim, Self::Pin, Self::Registered, Self::Apn, Self::Address, Self::Dns];

    pub fn name(self) -> &'static str {
        match self {
            Self::Sim => "sim",
            Self::Pin => "pin",
            Self::Registered => "registered",
            Self::Apn => "apn",
            Self::Address => "address",
            Self::Dns => "dns",
        }
    }

    /// The step that a cause is in the way of.
    pub fn of(cause: &Cause) -> Self {
        match cause {
            Cause::NoManager
            | Cause::NoModem
            | Cause::ModemFailed
            | Cause::ModemSilent
            | Cause::SimMissing
            | Cause::SimError
            | Cause::ModemLocked => Self::Sim,
            Cause::PinNeeded { .. }
            | Cause::PinWrong { .. }
            | Cause::PukNeeded { .. }
            | Cause::PukWrong { .. }
            | Cause::SimDead => Self::Pin,
            Cause::Searching | Cause::NoNetwork | Cause::Denied | Cause::EmergencyOnly | Cause::RoamingForbidden => {
                Self::Registered
            }
            Cause::NoApn
            | Cause::ApnRefused
            | Cause::CredentialsRefused
            | Cause::IpTypeRefused
            | Cause::NotSubscribed
            | Cause::Congested
            | Cause::NetworkTimeout
            | Cause::Dropped
            | Cause::ConnectFailed { .. } => Self::Apn,
            Cause::NoAddress | Cause::AddressCollides | Cause::NeedsPpp | Cause::DhcpSilent => Self::Address,
            Cause::DnsSilent | Cause::NoAnswer => Self::Dns,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub step: Step,
    #[serde(flatten)]
    pub state: ItemState,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ItemState {
    Done,
    /// It is its turn, and nothing is wrong.
    UnderWay,
    /// It is its turn, and this is in the way.
    Failed {
        cause: Cause,
    },
    /// Nobody can be asked: the network has named no DNS server, as private networks do.
    Untested,
    /// Its turn has not come.
    Waiting,
    /// Cellular is switched off.
    Off,
}

/// What the network engine knows of the uplink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uplink {
    pub address: bool,
    /// Whether what is asked through it answers; `None`: it was not asked yet.
    pub answers: Option<bool>,
    /// The network has named no DNS server.
    pub nameless: bool,
}

/// One item a step; at most one has failed.
pub fn checklist(state: &State, uplink: Uplink) -> Vec<Item> {
    let cause = cause(state, uplink);
    let blocked = cause.as_ref().map(Step::of);
    let reached = reached(state, uplink);
    let item = |step: Step| {
        let state = match blocked {
            Some(at) if at < step => ItemState::Waiting,
            Some(at) if at == step => cause.clone().map_or(ItemState::Waiting, |cause| ItemState::Failed { cause }),
            Some(_) | None if step < reached => ItemState::Done,
            Some(_) | None if step > Step::Pin && !state.spec().on => ItemState::Off,
            Some(_) | None if step > Step::Pin && state.is_paused() => ItemState::Waiting,
            Some(_) | None if step == reached && reached != Step::Dns => ItemState::UnderWay,
            Some(_) | None if step == reached && uplink.answers == Some(true) => ItemState::Done,
            Some(_) | None if step == reached && uplink.nameless => ItemState::Untested,
            Some(_) | None if step == reached => ItemState::UnderWay,
            Some(_) | None => ItemState::Waiting,
        };
        Item { step, state }
    };
    Step::ALL.map(item).to_vec()
}

/// The one thing that is to be mended first.
pub fn cause(state: &State, uplink: Uplink) -> Option<Cause> {
    let silent = || (reached(state, uplink) == Step::Dns && uplink.answers == Some(false)).then_some(Cause::DnsSilent);
    state.cause().or_else(silent)
}

/// The first step that is not done, or the last one.
fn reached(state: &State, uplink: Uplink) -> Step {
    let Some(modem) = state.modem() else { return Step::Sim };
    match state.phase() {
        Phase::NoManager | Phase::NoModem | Phase::Failed => Step::Sim,
        _ if modem.sim.is_none() => Step::Sim,
        Phase::Locked => Step::Pin,
        _ if matches!(modem.lock, Lock::Pin | Lock::Puk) => Step::Pin,
        _ if !modem.is_registered() => Step::Registered,
        Phase::Disabled | Phase::Enabled | Phase::Searching => Step::Registered,
        Phase::Registered | Phase::Connecting => Step::Apn,
        Phase::Connected if !uplink.address => Step::Address,
        Phase::Connected => Step::Dns,
    }
}
