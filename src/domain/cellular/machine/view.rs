//! What others are told.

use serde::{Deserialize, Serialize};

use super::{ALARM_AFTER, Operation, State};
use crate::{
    cellular::{
        bearer::{self, Link},
        cause::Cause,
        ids::Iccid,
        modem::{FailedReason, Lock, Modem, ModemState, Registration},
        pin::by_itself,
    },
    time::BootMillis,
};

/// How far the box has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    #[default]
    NoManager,
    NoModem,
    Failed,
    Locked,
    Disabled,
    Enabled,
    Searching,
    Registered,
    Connecting,
    Connected,
}

/// The SIM in the slot, against the one that the box knows. A modem sees a SIM that was put in after its start only when the power goes off
/// and on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum SimChange {
    /// The known one is not there any more.
    Missing { known: Iccid },
    /// Another one: its PIN is not known, and its operator may have other APNs.
    Other { known: Iccid },
}

impl State {
    pub fn phase(&self) -> Phase {
        if self.seen.manager.is_none() {
            return Phase::NoManager;
        }
        let Some(modem) = &self.seen.modem else { return Phase::NoModem };
        let connecting = matches!(self.doing.as_ref().map(|doing| &doing.operation), Some(Operation::Connect(_)));
        match modem.state {
            ModemState::Failed => Phase::Failed,
            ModemState::Locked => Phase::Locked,
            ModemState::Unknown | ModemState::Initializing | ModemState::Disabled | ModemState::Enabling => {
                Phase::Disabled
            }
            ModemState::Enabled | ModemState::Disabling => Phase::Enabled,
            ModemState::Searching => Phase::Searching,
            ModemState::Registered if connecting => Phase::Connecting,
            ModemState::Connecting => Phase::Connecting,
            ModemState::Connected if self.held.is_some() => Phase::Connected,
            ModemState::Registered | ModemState::Disconnecting | ModemState::Connected => Phase::Registered,
        }
    }

    /// What the connection in hand gives to the network, or why it cannot be used.
    pub fn link(&self) -> Option<Result<Link, Cause>> {
        let bearer = self.modem()?.bearer(self.held?).filter(|bearer| bearer.connected)?;
        if !self.wants() {
            return None;
        }
        Some(bearer::link(bearer, &self.spec))
    }

    pub fn sim_change(&self) -> Option<SimChange> {
        let known = self.memory.known.clone()?;
        let modem = self.modem()?;
        match modem.iccid() {
            Some(iccid) if *iccid != known => Some(SimChange::Other { known }),
            Some(_) => None,
            None => (modem.failed == FailedReason::SimMissing).then_some(SimChange::Missing { known }),
        }
    }

    /// The one thing that is to be mended first. Nothing is wrong with a box that is not to be online, but its modem and its SIM are told.
    pub fn cause(&self) -> Option<Cause> {
        if self.seen.manager.is_none() {
            return Some(Cause::NoManager);
        }
        let Some(modem) = self.modem() else { return Some(Cause::NoModem) };
        if let Some(cause) = self.not_ready(modem) {
            return Some(cause);
        }
        if !self.spec.on || self.paused {
            return None;
        }
        if let Some(cause) = self.not_registered(modem) {
            return Some(cause);
        }
        if self.spec.apn.is_none() {
            return Some(Cause::NoApn);
        }
        match self.link() {
            Some(Err(cause)) => Some(cause),
            Some(Ok(_)) => self.unfit.clone(),
            None => self.failed.clone(),
        }
    }

    fn not_ready(&self, modem: &Modem) -> Option<Cause> {
        match (modem.state, modem.failed) {
            (ModemState::Failed, FailedReason::SimMissing) => return Some(Cause::SimMissing),
            (ModemState::Failed, FailedReason::SimError) => return Some(Cause::SimError),
            (ModemState::Failed, FailedReason::None | FailedReason::Other) => return Some(Cause::ModemFailed),
            (_, _) => {}
        }
        let left = modem.tries.puk;
        match modem.lock {
            Lock::Pin => {
                let told = self.failed.clone().filter(|cause| matches!(cause, Cause::PinWrong { .. }));
                let why = by_itself(modem, &self.pins, &self.memory).err();
                let sending = self.doing.is_some() && self.spec.on;
                told.or(why.filter(|_| !sending).map(|why| Cause::PinNeeded { why }))
            }
            Lock::Puk if left == Some(0) => Some(Cause::SimDead),
            Lock::Puk => match &self.failed {
                Some(cause @ Cause::PukWrong { .. }) => Some(cause.clone()),
                Some(_) | None => Some(Cause::PukNeeded { left }),
            },
            Lock::Other => Some(Cause::ModemLocked),
            Lock::Unknown | Lock::None => None,
        }
    }

    fn not_registered(&self, modem: &Modem) -> Option<Cause> {
        match modem.registration {
            Registration::Home => None,
            Registration::Roaming => (!self.spec.roaming).then_some(Cause::RoamingForbidden),
            Registration::Denied => Some(Cause::Denied),
            Registration::EmergencyOnly => Some(Cause::EmergencyOnly),
            Registration::Idle | Registration::Searching | Registration::Unknown => match modem.state {
                ModemState::Enabled | ModemState::Searching => {
                    let told = self.failed.clone().filter(|cause| *cause == Cause::NoNetwork);
                    Some(told.unwrap_or(Cause::Searching))
                }
                ModemState::Disabled => self.failed.clone(),
                ModemState::Failed
                | ModemState::Unknown
                | ModemState::Initializing
                | ModemState::Locked
                | ModemState::Disabling
                | ModemState::Enabling
                | ModemState::Registered
                | ModemState::Disconnecting
                | ModemState::Connecting
                | ModemState::Connected => None,
            },
        }
    }

    /// What people are told without asking: the box is to be online by cellular, is not, and either a person must mend it or the box has
    /// tried in vain.
    pub fn alarm(&self) -> Option<Cause> {
        if !self.wants() {
            return None;
        }
        self.cause().filter(|cause| cause.needs_a_person() || self.failures >= ALARM_AFTER || self.seen.modem.is_none())
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// When the box tries again by itself.
    pub fn next_try(&self) -> Option<BootMillis> {
        self.next.filter(|_| self.wants())
    }

    pub fn is_paused(&self) -> bool {
        self.paused
    }

    pub fn up_since(&self) -> Option<BootMillis> {
        self.up_since
    }
}
