//! What there is to do now. Nothing is changed here.

use super::{Connect, Operation, RESET_AFTER, RESET_PAUSE, State};
use crate::{
    cellular::{
        cause::Cause,
        modem::{FailedReason, Lock, Modem, ModemState, Registration},
        pin::by_itself,
        spec::modes,
    },
    time::BootMillis,
};

impl State {
    pub(super) fn choose(&self, now: BootMillis) -> Option<Operation> {
        self.seen.manager?;
        let modem = self.seen.modem.as_ref()?;
        let may = self.next.is_none_or(|next| next <= now);
        if !self.wants() {
            let connected = modem.bearers.iter().any(|bearer| bearer.connected);
            return (may && connected).then_some(Operation::Disconnect);
        }
        match modem.state {
            ModemState::Failed if modem.failed == FailedReason::Other => self.reset(now),
            ModemState::Locked if modem.lock == Lock::Pin => {
                let pin = by_itself(modem, &self.pins, &self.memory).ok()?.clone();
                Some(Operation::SendPin { pin, sim: modem.iccid().cloned(), keep: false })
            }
            ModemState::Disabled if may => self.reset_if_due(now).or(Some(Operation::Enable)),
            ModemState::Enabled | ModemState::Searching if may => self.reset_if_due(now).or_else(|| self.named(modem)),
            ModemState::Registered => self.registered(modem, may, now),
            ModemState::Connected => self.connected(modem, may),
            ModemState::Failed
            | ModemState::Locked
            | ModemState::Disabled
            | ModemState::Enabled
            | ModemState::Searching
            | ModemState::Unknown
            | ModemState::Initializing
            | ModemState::Disabling
            | ModemState::Enabling
            | ModemState::Disconnecting
            | ModemState::Connecting => None,
        }
    }

    fn registered(&self, modem: &Modem, may: bool, now: BootMillis) -> Option<Operation> {
        if modem.registration == Registration::Roaming && !self.spec.roaming {
            return None;
        }
        let other = modes(self.spec.technology, self.freed, modem.current_modes, &modem.supported_modes);
        if let Some(other) = other.filter(|other| self.modes_set != Some(*other)) {
            return Some(Operation::SetModes(other));
        }
        // ModemManager's states and bearers do not change in one moment
        if !may || self.held.is_some() {
            return None;
        }
        // attempts pile up, and a second one that comes up takes the traffic along
        let stray = modem.bearers.first().map(|bearer| Operation::DeleteBearer(bearer.number));
        stray.or_else(|| self.reset_if_due(now)).or_else(|| self.connection())
    }

    /// ModemManager goes to the operator that is named in the connection.
    fn named(&self, modem: &Modem) -> Option<Operation> {
        let elsewhere = self.spec.operator.is_some() && !modem.is_registered();
        if elsewhere { self.connection() } else { None }
    }

    fn connection(&self) -> Option<Operation> {
        self.spec.apn.as_ref()?;
        let connect = Connect { spec: self.spec.clone(), password: self.password.clone() };
        Some(Operation::Connect(Box::new(connect)))
    }

    fn connected(&self, modem: &Modem, may: bool) -> Option<Operation> {
        let forbidden = modem.registration == Registration::Roaming && !self.spec.roaming;
        if forbidden || self.stale {
            return may.then_some(Operation::Disconnect);
        }
        let stray = modem.bearers.iter().find(|bearer| Some(bearer.number) != self.held);
        stray.filter(|_| may).map(|bearer| Operation::DeleteBearer(bearer.number))
    }

    /// After each so many failures, where the modem may be to blame.
    fn reset_if_due(&self, now: BootMillis) -> Option<Operation> {
        let blamed = self.failed.as_ref().is_some_and(Cause::blames_the_modem);
        if self.failures >= RESET_AFTER && blamed { self.reset(now) } else { None }
    }

    fn reset(&self, now: BootMillis) -> Option<Operation> {
        let rested = self.last_reset.is_none_or(|last| last.plus(RESET_PAUSE) <= now);
        rested.then_some(Operation::Reset)
    }
}
