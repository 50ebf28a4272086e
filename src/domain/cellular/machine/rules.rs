//! What each event changes.

use super::{Ask, Doing, Effect, Event, FIRST_PAUSE, LONGEST_PAUSE, Operation, SEARCH_LIMIT, STEADY, State, Success};
use crate::{
    cellular::{
        cause::{Cause, Failure},
        ids::{Apn, Iccid, Pin},
        modem::{Lock, Modem, ModemState, Registration, Seen},
        pin::{AskWhy, KeptPin, is_risky},
        request::PinChange,
        spec::CellularSpec,
    },
    fault::Fault,
    secret::Secret,
    time::BootMillis,
};

/// Between two tries of what only clears the way.
const SHORT_PAUSE: u64 = 5_000;
/// A modem that was reset is left alone for so long.
const AFTER_RESET: u64 = 20_000;

/// One transition.
pub fn step(state: State, event: Event, now: BootMillis) -> (State, Vec<Effect>) {
    let mut turn = Turn { state, effects: Vec::new(), now };
    if turn.state.next.is_some_and(|next| next <= now) {
        turn.state.next = None;
    }
    match event {
        Event::Seen(seen) => turn.seen(*seen),
        Event::Done { number, result } => turn.done(number, result),
        Event::Set { spec, password } => turn.set(*spec, password),
        Event::Ask(ask) => turn.asked(ask),
        Event::Kept(written) => turn.kept(written),
        Event::Fits(unfit) => turn.state.unfit = unfit,
        Event::Tick => turn.tick(),
    }
    turn.go_on();
    (turn.state, turn.effects)
}

struct Turn {
    state: State,
    effects: Vec<Effect>,
    now: BootMillis,
}

impl Turn {
    fn seen(&mut self, seen: Seen) {
        let before = std::mem::replace(&mut self.state.seen, seen);
        if before.manager != self.state.seen.manager {
            // nobody of the old one will answer, and what it held is held by nobody
            if let Some(doing) = self.state.doing.take() {
                self.answer(&doing, Err(Fault::Cellular { cause: Cause::NoManager }));
            }
            self.lose();
            self.state.next = None;
        }
        let object = |seen: &Seen| seen.modem.as_ref().map(|modem| modem.object);
        if object(&before) != object(&self.state.seen) {
            self.lose();
            self.state.modes_set = None;
            // another modem, and perhaps another SIM
            self.state.doing.take_if(|doing| doing.unwritten);
        }
        self.notice_unlocked();
        self.notice_the_end();
        self.adopt();
        self.search();
    }

    /// The connection is gone without a word about it.
    fn lose(&mut self) {
        (self.state.held, self.state.up_since, self.state.unfit) = (None, None, None);
        self.state.stale = false;
    }

    /// A SIM that has taken its PIN has all its tries again: the next time that it asks, after a reset of the modem, the box may answer.
    fn notice_unlocked(&mut self) {
        let Some(modem) = self.state.seen.modem.as_ref().filter(|modem| modem.lock == Lock::None) else { return };
        if modem.iccid().is_some_and(|sim| self.state.memory.tried.remove(sim)) {
            self.effects.push(Effect::Keep(self.state.memory.clone()));
        }
    }

    fn notice_the_end(&mut self) {
        let (Some(held), Some(modem)) = (self.state.held, &self.state.seen.modem) else { return };
        let bearer = modem.bearer(held);
        if bearer.is_some_and(|bearer| bearer.connected) {
            return;
        }
        let ending = self.state.doing.as_ref().map(|doing| &doing.operation);
        if !self.state.wants() || self.state.stale || matches!(ending, Some(Operation::Disconnect | Operation::Reset)) {
            return self.lose();
        }
        let forbidden = modem.registration == Registration::Roaming && !self.state.spec.roaming;
        let error = bearer.and_then(|bearer| bearer.error.as_deref());
        let cause = match error {
            _ if forbidden => Cause::RoamingForbidden,
            Some(error) => Failure::refused(error).of_connect(Some(modem)),
            None => Cause::Dropped,
        };
        if self.state.up_since.is_some_and(|since| since.plus(STEADY) <= self.now) {
            self.state.failures = 0;
        }
        self.lose();
        self.fail(cause);
    }

    /// A connection of an agent before this one, if it is what is wanted.
    fn adopt(&mut self) {
        if self.state.held.is_some() || self.state.doing.is_some() || !self.state.wants() {
            return;
        }
        let Some(modem) = &self.state.seen.modem else { return };
        let wanted = self.state.spec.apn.as_ref().map(Apn::as_str);
        let mut connected = modem.bearers.iter().filter(|bearer| bearer.connected);
        if let (Some(only), None) = (connected.next(), connected.next())
            && Some(only.apn.as_str()) == wanted
        {
            let number = only.number;
            self.up(number);
        }
    }

    fn up(&mut self, bearer: u32) {
        self.state.held = Some(bearer);
        self.state.up_since = Some(self.now);
        self.state.failed = None;
        self.note_sim();
    }

    fn note_sim(&mut self) {
        let iccid = self.iccid();
        if iccid.is_some() && iccid != self.state.memory.known {
            self.state.memory.known = iccid;
            self.effects.push(Effect::Keep(self.state.memory.clone()));
        }
    }

    fn search(&mut self) {
        let searching = self.state.wants()
            && self.state.seen.modem.as_ref().is_some_and(|modem| {
                matches!(modem.state, ModemState::Enabled | ModemState::Searching) && !modem.is_registered()
            });
        match self.state.searching_since {
            _ if !searching => self.state.searching_since = None,
            None => self.state.searching_since = Some(self.now),
            Some(_) => {}
        }
    }

    fn tick(&mut self) {
        if let Some(doing) = self.state.doing.take_if(|doing| doing.over() <= self.now) {
            self.ended(doing, Err(Failure::Late));
        }
        if self.state.searching_since.is_some_and(|since| since.plus(SEARCH_LIMIT) <= self.now) {
            self.state.searching_since = Some(self.now);
            let cause = match self.state.seen.modem.as_ref().map(|modem| modem.registration) {
                Some(Registration::Denied) => Cause::Denied,
                Some(Registration::EmergencyOnly) => Cause::EmergencyOnly,
                Some(_) | None => Cause::NoNetwork,
            };
            self.fail(cause);
        }
    }

    /// One more failure in a row, and a pause after it.
    fn fail(&mut self, cause: Cause) {
        self.state.failures = self.state.failures.saturating_add(1);
        let doubled = FIRST_PAUSE.saturating_mul(1 << (self.state.failures - 1).min(16));
        let pause = if cause.needs_a_person() { LONGEST_PAUSE } else { doubled.min(LONGEST_PAUSE) };
        self.state.next = Some(self.now.plus(pause));
        self.state.failed = Some(cause);
    }

    fn afresh(&mut self) {
        (self.state.failures, self.state.failed, self.state.next) = (0, None, None);
    }

    fn set(&mut self, spec: CellularSpec, password: Option<Secret>) {
        let before = std::mem::replace(&mut self.state.spec, spec);
        let other_password = std::mem::replace(&mut self.state.password, password) != self.state.password;
        self.note_sim();
        if !before.reconnects(&self.state.spec) && !other_password {
            return;
        }
        self.state.freed |= before.technology.is_some() && self.state.spec.technology.is_none();
        self.state.modes_set = None;
        self.state.paused = false;
        self.afresh();
        self.end_connection();
    }

    /// Also one that is only being made.
    fn end_connection(&mut self) {
        self.state.stale = self.state.held.is_some();
        let connecting = self.state.doing.take_if(|doing| matches!(doing.operation, Operation::Connect(_)));
        if connecting.is_some() && self.state.seen.modem.is_some() {
            self.begin(Operation::Disconnect, false);
        }
    }

    fn asked(&mut self, ask: Ask) {
        let result = match ask {
            Ask::Connect => Some(self.connect()),
            Ask::Disconnect => {
                self.state.paused = true;
                self.afresh();
                self.end_connection();
                Some(Ok(()))
            }
            Ask::NoteSim => {
                self.note_sim();
                Some(Ok(()))
            }
            Ask::Unlock { pin, keep, last } => {
                let operation = Operation::SendPin { pin, sim: self.iccid(), keep };
                self.sim_operation(operation, Lock::Pin, last)
            }
            Ask::Puk { puk, pin, keep, last } => {
                let operation = Operation::SendPuk { puk, pin, sim: self.iccid(), keep };
                self.sim_operation(operation, Lock::Puk, last)
            }
            Ask::Pin(PinChange::Forget) => {
                let sim = self.iccid();
                self.keep_pins(|pins| pins.retain(|kept| Some(&kept.iccid) != sim.as_ref()));
                Some(Ok(()))
            }
            Ask::Pin(change) => {
                let operation = Operation::Pin { change, sim: self.iccid() };
                self.sim_operation(operation, Lock::None, false)
            }
        };
        if let Some(result) = result {
            self.effects.push(Effect::Answer(result));
        }
    }

    fn connect(&mut self) -> Result<(), Fault> {
        self.state.paused = false;
        if !self.state.spec.on {
            return Err(Fault::NotNow);
        }
        if self.state.held.is_none() {
            self.afresh();
        }
        Ok(())
    }

    /// A person's try of a PIN or PUK; `None`: the answer comes later. What cannot succeed is not sent, since it might cost a try.
    fn sim_operation(&mut self, operation: Operation, lock: Lock, last: bool) -> Option<Result<(), Fault>> {
        let refuse = |cause| Some(Err(Fault::Cellular { cause }));
        if self.state.seen.manager.is_none() {
            return refuse(Cause::NoManager);
        }
        let Some(modem) = &self.state.seen.modem else { return refuse(Cause::NoModem) };
        match (modem.lock, lock) {
            (Lock::Pin, Lock::Pin) | (Lock::Puk, Lock::Puk) | (Lock::None, Lock::None) => {}
            (Lock::Puk, _) => return refuse(Cause::PukNeeded { left: modem.tries.puk }),
            (Lock::Pin, _) => return refuse(Cause::PinNeeded { why: AskWhy::NotKept }),
            (Lock::Other, _) => return refuse(Cause::ModemLocked),
            (Lock::Unknown | Lock::None, _) => return Some(Err(Fault::NotNow)),
        }
        if modem.sim.is_none() {
            return refuse(Cause::SimMissing);
        }
        if lock != Lock::None && modem.tries_left() == Some(0) {
            return refuse(if lock == Lock::Puk { Cause::SimDead } else { Cause::PukNeeded { left: modem.tries.puk } });
        }
        if !last && is_risky(modem) {
            return match lock {
                Lock::Puk => refuse(Cause::PukNeeded { left: modem.tries.puk }),
                Lock::Pin | Lock::None | Lock::Unknown | Lock::Other => {
                    refuse(Cause::PinNeeded { why: AskWhy::LastTry })
                }
            };
        }
        if self.state.doing.is_some() {
            return Some(Err(Fault::NotNow));
        }
        self.begin(operation, true);
        None
    }

    fn kept(&mut self, written: bool) {
        let Some(doing) = &mut self.state.doing else { return };
        if !doing.unwritten {
            return;
        }
        if written {
            doing.unwritten = false;
            let (number, operation) = (doing.number, doing.operation.clone());
            self.effects.push(Effect::Perform { number, operation });
        } else {
            // a try that is not on the disk would be made again after a restart
            self.state.doing = None;
        }
    }

    fn done(&mut self, number: u64, result: Result<Success, Failure>) {
        if let Some(doing) = self.state.doing.take_if(|doing| doing.number == number) {
            self.ended(doing, result);
        }
    }

    fn ended(&mut self, doing: Doing, result: Result<Success, Failure>) {
        let modem = self.state.seen.modem.clone();
        let told = match (&doing.operation, result) {
            (Operation::SendPin { pin, sim, keep }, result) => self.pin_ended(pin, sim.as_ref(), *keep, result),
            (Operation::SendPuk { pin, sim, keep, .. }, result) => self.puk_ended(pin, sim.as_ref(), *keep, result),
            (Operation::Pin { change, sim }, result) => self.change_ended(change, sim.as_ref(), result),
            (Operation::Connect(_), Ok(Success::Connected(bearer))) => {
                self.up(bearer);
                Ok(())
            }
            (Operation::Connect(_), Ok(Success::Done)) => {
                self.fail(Cause::NoAddress);
                Err(Cause::NoAddress)
            }
            (Operation::Connect(_) | Operation::Enable, Err(failure)) => {
                let cause = failure.of_connect(modem.as_ref());
                self.fail(cause.clone());
                Err(cause)
            }
            (Operation::Reset, _) => {
                self.state.last_reset = Some(self.now);
                self.state.next = Some(self.now.plus(AFTER_RESET));
                Ok(())
            }
            (Operation::Disconnect | Operation::DeleteBearer(_), Err(failure)) => {
                self.state.next = Some(self.now.plus(SHORT_PAUSE));
                Err(failure.of_connect(modem.as_ref()))
            }
            (Operation::SetModes(_), Err(failure)) => Err(failure.of_connect(modem.as_ref())),
            (Operation::Disconnect, Ok(_)) => {
                self.lose();
                Ok(())
            }
            (Operation::Enable | Operation::SetModes(_) | Operation::DeleteBearer(_), Ok(_)) => Ok(()),
        };
        self.answer(&doing, told.map_err(|cause| Fault::Cellular { cause }));
    }

    fn pin_ended(
        &mut self,
        pin: &Pin,
        sim: Option<&Iccid>,
        keep: bool,
        result: Result<Success, Failure>,
    ) -> Result<(), Cause> {
        let tries = self.state.seen.modem.as_ref().map(|modem| modem.tries).unwrap_or_default();
        match result {
            Ok(_) => {
                self.accepted(pin, sim, keep);
                Ok(())
            }
            Err(failure) if failure.is_wrong_secret() => {
                self.refused(pin, sim);
                let locked = failure == Failure::refused("MobileEquipment.SimPuk");
                let cause =
                    if locked { Cause::PukNeeded { left: tries.puk } } else { Cause::PinWrong { left: tries.pin } };
                self.state.failed = Some(cause.clone());
                Err(cause)
            }
            Err(failure) => Err(failure.of_connect(self.state.seen.modem.as_ref())),
        }
    }

    fn puk_ended(
        &mut self,
        pin: &Pin,
        sim: Option<&Iccid>,
        keep: bool,
        result: Result<Success, Failure>,
    ) -> Result<(), Cause> {
        match result {
            Ok(_) => {
                self.accepted(pin, sim, keep);
                Ok(())
            }
            Err(failure) if failure.is_wrong_secret() => {
                let left = self.state.seen.modem.as_ref().and_then(|modem| modem.tries.puk);
                let cause = if left == Some(0) { Cause::SimDead } else { Cause::PukWrong { left } };
                self.state.failed = Some(cause.clone());
                Err(cause)
            }
            Err(failure) => Err(failure.of_connect(self.state.seen.modem.as_ref())),
        }
    }

    fn change_ended(
        &mut self,
        change: &PinChange,
        sim: Option<&Iccid>,
        result: Result<Success, Failure>,
    ) -> Result<(), Cause> {
        let kept = self.state.pins.iter().any(|kept| Some(&kept.iccid) == sim);
        match (change, result) {
            (PinChange::Change { new_pin, .. }, Ok(_)) if kept => self.accepted(new_pin, sim, true),
            (PinChange::Disable { .. }, Ok(_)) => self.forget(sim),
            (PinChange::Change { .. } | PinChange::Enable { .. } | PinChange::Forget, Ok(_)) => {}
            (change, Err(failure)) if failure.is_wrong_secret() => {
                match change {
                    PinChange::Change { pin, .. } | PinChange::Enable { pin } | PinChange::Disable { pin } => {
                        self.refused(pin, sim);
                    }
                    PinChange::Forget => {}
                }
                return Err(Cause::PinWrong { left: self.state.seen.modem.as_ref().and_then(|m| m.tries.pin) });
            }
            (_, Err(failure)) => return Err(failure.of_connect(self.state.seen.modem.as_ref())),
        }
        Ok(())
    }

    /// The SIM has taken it. Until it is seen unlocked, it is not sent again.
    fn accepted(&mut self, pin: &Pin, sim: Option<&Iccid>, keep: bool) {
        self.afresh();
        self.state.memory.tried.extend(sim.cloned());
        self.notice_unlocked();
        if let (true, Some(iccid)) = (keep, sim) {
            let kept = KeptPin { iccid: iccid.clone(), pin: pin.clone() };
            self.keep_pins(|pins| {
                pins.retain(|other| other.iccid != kept.iccid);
                pins.push(kept);
            });
        }
    }

    /// The SIM has refused it: it is never sent to it again.
    fn refused(&mut self, pin: &Pin, sim: Option<&Iccid>) {
        self.keep_pins(|pins| pins.retain(|kept| Some(&kept.iccid) != sim || kept.pin != *pin));
    }

    fn forget(&mut self, sim: Option<&Iccid>) {
        self.keep_pins(|pins| pins.retain(|kept| Some(&kept.iccid) != sim));
    }

    fn keep_pins(&mut self, change: impl FnOnce(&mut Vec<KeptPin>)) {
        let before = self.state.pins.clone();
        change(&mut self.state.pins);
        if before != self.state.pins {
            self.effects.push(Effect::KeepPins(self.state.pins.clone()));
        }
    }

    fn iccid(&self) -> Option<Iccid> {
        self.state.seen.modem.as_ref().and_then(Modem::iccid).cloned()
    }

    fn answer(&mut self, doing: &Doing, result: Result<(), Fault>) {
        if doing.asked {
            self.effects.push(Effect::Answer(result));
        }
    }

    fn begin(&mut self, operation: Operation, asked: bool) {
        self.state.number += 1;
        let number = self.state.number;
        let doing = Doing { number, operation: operation.clone(), since: self.now, asked, unwritten: false };
        self.state.doing = Some(doing);
        self.effects.push(Effect::Perform { number, operation });
    }

    /// The next operation, if none is under way.
    fn go_on(&mut self) {
        if self.state.doing.is_some() {
            return;
        }
        match self.state.choose(self.now) {
            None => {}
            Some(operation @ Operation::SendPin { .. }) => {
                self.state.memory.tried.extend(self.iccid());
                self.state.number += 1;
                let (number, since) = (self.state.number, self.now);
                self.state.doing = Some(Doing { number, operation, since, asked: false, unwritten: true });
                self.effects.push(Effect::Keep(self.state.memory.clone()));
            }
            Some(operation) => {
                if let Operation::SetModes(modes) = &operation {
                    (self.state.modes_set, self.state.freed) = (Some(*modes), false);
                }
                self.begin(operation, false);
            }
        }
    }
}
