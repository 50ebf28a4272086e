//! What others are told: the machine's state, with what the task knows beside it.

use std::collections::VecDeque;

use super::{uplink::UplinkOf, usage::Counted};
use crate::network::Published;
use domain::{
    cellular::{
        api::{CellularStatus, ModemView, Problem, SAMPLES, Sample, ServingView, SimView, UsageView},
        apn::{LIST, Suggestion, suggestions},
        checklist::{cause, checklist},
        ids::Plmn,
        machine::State,
        modem::{Modem, Sim},
        signal::bars_of_quality,
        usage::limit,
    },
    name::PortName,
    time::{BootMillis, UnixSeconds},
};
use os::disk;

/// The signal of the last hours, and what goes with the SIM.
#[derive(Default)]
pub(super) struct Beside {
    history: VecDeque<Sample>,
    suggestions: (Option<Plmn>, Vec<Suggestion>),
    pub settings_problem: Option<String>,
}

impl Beside {
    pub(super) fn new(settings_problem: Option<String>) -> Self {
        Self { settings_problem, ..Self::default() }
    }

    pub(super) fn sample(&mut self, state: &State, at: BootMillis) {
        let modem = state.modem();
        let signal = modem.and_then(|modem| modem.signal).unwrap_or_default();
        self.history.push_back(Sample { at, bars: modem.and_then(bars), signal });
        while self.history.len() > SAMPLES {
            self.history.pop_front();
        }
    }

    /// The list is read again only for another operator's SIM.
    pub(super) fn suggest(&mut self, state: &State) {
        let operator = state.modem().and_then(|modem| modem.sim.as_ref()).and_then(|sim| sim.operator.clone());
        if operator == self.suggestions.0 {
            return;
        }
        let list = disk::read(LIST.as_ref()).ok().flatten().unwrap_or_default();
        let found = operator.as_ref().map(|operator| suggestions(operator, &list)).unwrap_or_default();
        self.suggestions = (operator, found);
    }
}

/// What the status is made of.
pub(super) struct Sources<'t> {
    pub slot: &'t PortName,
    pub state: &'t State,
    pub uplink: &'t UplinkOf,
    pub published: &'t Published,
    pub counted: &'t Counted,
    pub beside: &'t Beside,
    pub now: BootMillis,
    pub wall: UnixSeconds,
}

pub(super) fn status(of: &Sources) -> CellularStatus {
    let Sources { state, beside, .. } = of;
    let uplink = of.uplink.view(of.published);
    let used = of.counted.usage().this_month(of.wall);
    CellularStatus {
        slot: Some(of.slot.clone()),
        at: of.now,
        phase: state.phase(),
        spec: state.spec().clone(),
        password: state.has_password(),
        pin: state.keeps_pin(),
        paused: state.is_paused(),
        checklist: checklist(state, uplink),
        problem: cause(state, uplink).map(Problem::from),
        alarm: state.alarm().is_some(),
        modem: state.modem().map(modem_view),
        sim: state.modem().and_then(|modem| Some(sim_view(modem, modem.sim.as_ref()?))),
        sim_change: state.sim_change(),
        network: state.modem().filter(|modem| modem.is_registered()).map(serving),
        connected_since: state.up_since(),
        next_try: state.next_try(),
        failures: state.failures(),
        usage: UsageView {
            this_month: used,
            limit: state.spec().limit.map(|_| limit(used, state.spec().limit)),
            months: of.counted.usage().months.clone(),
        },
        suggestions: beside.suggestions.1.clone(),
        history: beside.history.iter().copied().collect(),
        settings_problem: beside.settings_problem.clone(),
    }
}

fn modem_view(modem: &Modem) -> ModemView {
    ModemView { manufacturer: modem.manufacturer.clone(), model: modem.model.clone(), imei: modem.equipment.clone() }
}

fn sim_view(modem: &Modem, sim: &Sim) -> SimView {
    SimView {
        iccid: sim.iccid.clone(),
        imsi: sim.imsi.clone(),
        operator: sim.operator.clone(),
        operator_name: sim.operator_name.clone(),
        lock: modem.lock,
        tries: modem.tries,
        pin_enabled: modem.pin_enabled,
    }
}

fn serving(modem: &Modem) -> ServingView {
    let signal = modem.signal.unwrap_or_default();
    ServingView {
        registration: modem.registration,
        operator: modem.operator.clone(),
        technology: modem.technology,
        signal,
        bars: bars(modem),
        advice: signal.advice(),
    }
}

fn bars(modem: &Modem) -> Option<u8> {
    let measured = modem.signal.as_ref().and_then(domain::cellular::signal::Signal::bars);
    measured.or_else(|| modem.quality.map(bars_of_quality))
}
