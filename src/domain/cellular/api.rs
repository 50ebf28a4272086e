//! What the agent tells of cellular: `GET /v1/cellular`. There is no secret in it.

use serde::{Deserialize, Serialize};

use super::{
    apn::Suggestion,
    cause::{Action, Cause},
    checklist::{Item, ItemState},
    ids::{Apn, Iccid, Plmn},
    machine::{Phase, SimChange},
    modem::{Lock, Operator, Registration, Tries},
    signal::{Advice, Signal},
    spec::{CellularSpec, Technology},
    usage::{Bytes, Limit, Month},
};
use crate::{name::PortName, time::BootMillis};

/// Samples of the signal that are kept: six hours.
pub const SAMPLES: usize = 360;
/// Milliseconds from one to the next.
pub const SAMPLE_EVERY: u64 = 60_000;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "what is told, and no state")]
pub struct CellularStatus {
    /// The slot of this box, as the uplink order names it; `None`: this box has none, and nothing else here says anything.
    pub slot: Option<PortName>,
    /// When this was told; other times are points of the same clock.
    pub at: BootMillis,
    pub phase: Phase,
    pub spec: CellularSpec,
    /// Whether one is kept.
    pub password: bool,
    /// Whether the PIN of the SIM at hand is kept.
    pub pin: bool,
    /// A person has asked for an end of the connection, which holds until a person asks for a new one or the agent starts anew.
    pub paused: bool,
    pub checklist: Vec<Item>,
    /// The one thing that is to be mended first.
    pub problem: Option<Problem>,
    /// Whether it is an alarm.
    pub alarm: bool,
    pub modem: Option<ModemView>,
    pub sim: Option<SimView>,
    pub sim_change: Option<SimChange>,
    pub network: Option<ServingView>,
    pub connected_since: Option<BootMillis>,
    pub next_try: Option<BootMillis>,
    /// Failures in a row.
    pub failures: u32,
    pub usage: UsageView,
    /// By the SIM's operator, best first.
    pub suggestions: Vec<Suggestion>,
    /// Oldest first.
    pub history: Vec<Sample>,
    /// Why the saved settings are not in force: the file is damaged, and was set aside.
    pub settings_problem: Option<String>,
}

/// How far it has come, for the overview and for whoever watches it change. No number of modem or SIM is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "what is told, and no state")]
pub struct CellularBrief {
    /// `None`: this box has no SIM slot.
    pub slot: Option<PortName>,
    pub at: BootMillis,
    pub on: bool,
    pub paused: bool,
    pub phase: Phase,
    pub checklist: Vec<Item>,
    pub problem: Option<Problem>,
    pub tries: Tries,
    pub apn: Option<Apn>,
    pub next_try: Option<BootMillis>,
    /// Failures in a row.
    pub failures: u32,
    pub connected_since: Option<BootMillis>,
    /// Who serves the modem now; empty where nobody does.
    pub operator: String,
    pub roaming: bool,
    pub technology: Option<Technology>,
    pub bars: Option<u8>,
    pub limit: Option<Limit>,
    pub sim_changed: bool,
}

impl CellularBrief {
    /// Whether the whole way leads out, as far as can be told.
    pub fn is_online(&self) -> bool {
        let done = |item: &Item| matches!(item.state, ItemState::Done | ItemState::Untested);
        !self.checklist.is_empty() && self.checklist.iter().all(done)
    }
}

impl CellularStatus {
    pub fn brief(&self) -> CellularBrief {
        let network = self.network.as_ref();
        CellularBrief {
            slot: self.slot.clone(),
            at: self.at,
            on: self.spec.on,
            paused: self.paused,
            phase: self.phase,
            checklist: self.checklist.clone(),
            problem: self.problem.clone(),
            tries: self.sim.as_ref().map(|sim| sim.tries).unwrap_or_default(),
            apn: self.spec.apn.clone(),
            next_try: self.next_try,
            failures: self.failures,
            connected_since: self.connected_since,
            operator: network.map(|network| network.operator.name.clone()).unwrap_or_default(),
            roaming: network.is_some_and(|network| network.registration == Registration::Roaming),
            technology: network.and_then(|network| network.technology),
            bars: network.and_then(|network| network.bars),
            limit: self.usage.limit,
            sim_changed: self.sim_change.is_some(),
        }
    }

    /// For a support bundle: who the subscriber is stays on the box. An IMEI is the modem's, and support needs it.
    pub fn without_subscriber(mut self) -> Self {
        if let Some(sim) = &mut self.sim {
            (sim.iccid, sim.imsi) = (None, None);
        }
        (self.sim_change, self.spec.user) = (None, None);
        self
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub code: String,
    #[serde(flatten)]
    pub cause: Cause,
    pub action: Action,
}

impl From<Cause> for Problem {
    fn from(cause: Cause) -> Self {
        Self { code: cause.code().to_owned(), action: cause.action(), cause }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModemView {
    pub manufacturer: String,
    pub model: String,
    pub imei: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimView {
    pub iccid: Option<Iccid>,
    pub imsi: Option<String>,
    /// Whose SIM it is.
    pub operator: Option<Plmn>,
    pub operator_name: String,
    pub lock: Lock,
    /// `None` inside: nobody knows.
    pub tries: Tries,
    /// Whether it asks for its PIN.
    pub pin_enabled: Option<bool>,
}

/// The network that serves the modem now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServingView {
    pub registration: Registration,
    pub operator: Operator,
    pub technology: Option<Technology>,
    pub signal: Signal,
    /// 1 to 5.
    pub bars: Option<u8>,
    pub advice: Option<Advice>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UsageView {
    pub this_month: Bytes,
    pub limit: Option<Limit>,
    /// Newest first.
    pub months: Vec<Month>,
}

/// The signal at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    pub at: BootMillis,
    pub bars: Option<u8>,
    #[serde(flatten)]
    pub signal: Signal,
}
