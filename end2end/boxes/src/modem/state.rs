//! The modem itself: its power, the SIM in it, where it is registered and its one data session. What it does unasked is left in
//! `unasked`, for whoever holds the terminals.

use super::{
    at::{Refusal, cme},
    card::{Card, Lock},
    spec::{Air, Lease, Registration, SimSpec, Start},
};
use std::collections::BTreeMap;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unasked {
    /// An unsolicited result code, on all terminals.
    Line(String),
    Session(bool),
    Reset,
}

#[derive(Debug)]
enum Slot {
    AsKnown,
    /// Another SIM was put in, or it was taken out.
    Changed(Option<SimSpec>),
}

#[derive(Debug)]
pub(super) struct State {
    pub on: bool,
    /// The SIM that the modem knows; it looks into the slot only when its power comes.
    pub card: Option<Card>,
    /// What is in the slot.
    slot: Slot,
    pub air: Air,
    /// `+CFUN`: 1 with the radio on.
    pub function: u8,
    /// `+COPS`: 0 numbers the operator by name, 2 by code.
    pub operator_format: u8,
    /// Its own choice of operator, or a person's.
    pub chosen: bool,
    /// The contexts that were defined: type and APN.
    pub contexts: BTreeMap<u8, (String, String)>,
    pub session: bool,
    pub lease: Lease,
    pub unasked: Vec<Unasked>,
}

impl State {
    pub fn new(start: Start) -> Self {
        Self {
            on: false,
            card: start.sim.map(Card::new),
            slot: Slot::AsKnown,
            air: Air::default(),
            function: 1,
            operator_format: 0,
            chosen: false,
            contexts: BTreeMap::new(),
            session: false,
            lease: start.lease,
            unasked: Vec::new(),
        }
    }

    /// `None`: no SIM.
    pub fn lock(&self) -> Option<Lock> {
        self.card.as_ref().map(Card::lock)
    }

    pub fn card(&mut self) -> Result<&mut Card, Refusal> {
        self.card.as_mut().ok_or(cme(cme::NO_SIM))
    }

    pub fn registration(&self) -> Registration {
        let may = self.function == 1 && self.lock() == Some(Lock::Open);
        if may { self.air.registration } else { Registration::Idle }
    }

    /// The power comes or goes: with it go the session, what was told and what was chosen.
    pub fn power(&mut self, on: bool) {
        self.end_session(false);
        self.on = on;
        if !on {
            return;
        }
        if let Slot::Changed(sim) = std::mem::replace(&mut self.slot, Slot::AsKnown) {
            self.card = sim.map(Card::new);
        }
        if let Some(card) = &mut self.card {
            card.power_came();
        }
        (self.function, self.operator_format, self.chosen) = (1, 0, false);
        self.contexts.clear();
    }

    pub fn put_in(&mut self, sim: Option<SimSpec>) {
        self.slot = Slot::Changed(sim);
    }

    pub fn set_air(&mut self, air: Air) {
        let (registration, before) = (self.registration(), std::mem::replace(&mut self.air, air));
        if self.registration() != registration || self.air.serving != before.serving {
            self.say_registration();
        }
        if self.air.signal != before.signal {
            self.say(format!("^RSSI: {}", self.csq()));
            self.say(self.hcsq());
        }
        if !self.registration().serves() {
            self.end_session(true);
        }
    }

    pub fn set_function(&mut self, function: u8) {
        self.function = function;
        if function != 1 {
            self.end_session(true);
        }
        self.say_registration();
    }

    pub fn begin_session(&mut self, apn: &str, credentials: (&str, &str)) -> Result<(), Refusal> {
        if !self.registration().serves() {
            return Err(cme(cme::NO_NETWORK));
        }
        let apns = &self.card()?.spec.apns;
        let Some(apn) = apns.iter().find(|known| known.name.eq_ignore_ascii_case(apn)) else {
            return Err(cme(cme::NOT_SUBSCRIBED));
        };
        if apn.credentials.as_ref().is_some_and(|(user, password)| (user.as_str(), password.as_str()) != credentials) {
            return Err(cme(cme::PDP_AUTHENTICATION));
        }
        self.session = true;
        self.unasked.push(Unasked::Session(true));
        self.say("^NDISSTAT:1,,,\"IPV4\"".into());
        Ok(())
    }

    /// `told`: ModemManager hears of it.
    pub fn end_session(&mut self, told: bool) {
        if std::mem::take(&mut self.session) {
            self.unasked.push(Unasked::Session(false));
            if told {
                self.say("^NDISSTAT:0,,,\"IPV4\"".into());
            }
        }
    }

    /// A person's choice, or (`None`) the modem's own.
    pub fn choose(&mut self, code: Option<&str>) -> Result<(), Refusal> {
        let mut air = self.air.clone();
        match code {
            None if !self.chosen => return Ok(()),
            // who is at home serves again
            None => air.registration = Registration::Home,
            Some(code) if code == air.serving.0 && air.registration.serves() => {}
            Some(code) => {
                let Some(visible) = air.others.iter().position(|visible| visible.code == code) else {
                    return Err(cme(cme::NO_NETWORK));
                };
                if air.others[visible].forbidden {
                    air.registration = Registration::Denied;
                } else {
                    let other = &mut air.others[visible];
                    std::mem::swap(&mut air.serving.0, &mut other.code);
                    std::mem::swap(&mut air.serving.1, &mut other.name);
                    let home = self.card.as_ref().is_some_and(|card| card.spec.home() == air.serving.0);
                    air.registration = if home { Registration::Home } else { Registration::Roaming };
                }
            }
        }
        self.chosen = code.is_some();
        let denied = air.registration == Registration::Denied;
        self.set_air(air);
        if denied { Err(cme(cme::NO_NETWORK)) } else { Ok(()) }
    }

    /// 3GPP 27.007, 8.5: strength in steps of 2 dB from -113 dBm.
    pub fn csq(&self) -> i16 {
        if self.function == 1 { ((self.air.signal.rssi + 113) >> 1).clamp(0, 31) } else { 99 }
    }

    /// Huawei's, of which each value has a step and a start of its own.
    pub fn hcsq(&self) -> String {
        if !self.registration().serves() {
            return "^HCSQ:\"NOSERVICE\"".into();
        }
        let signal = self.air.signal;
        let values = [
            (signal.rssi + 121).clamp(0, 96),
            (signal.rsrp + 141).clamp(0, 97),
            (signal.snr * 5 + 101).clamp(0, 251),
            (signal.rsrq * 2 + 40).clamp(0, 34),
        ];
        values.iter().fold("^HCSQ:\"LTE\"".into(), |line, value| line + "," + &value.to_string())
    }

    /// `<stat>`, and where it serves the cell and the technology (7: LTE).
    pub fn registration_line(&self) -> String {
        let registration = self.registration();
        let cell = if registration.serves() { ",\"2F10\",\"0A34C101\",7" } else { "" };
        format!("{}{cell}", registration.code())
    }

    pub fn say_registration(&mut self) {
        let line = self.registration_line();
        for name in ["CREG", "CGREG", "CEREG"] {
            self.say(format!("+{name}: {line}"));
        }
    }

    fn say(&mut self, line: String) {
        if self.on {
            self.unasked.push(Unasked::Line(line));
        }
    }
}
