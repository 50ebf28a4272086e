//! What a runner's control socket asks of a modem, so that Playwright and a person can do what a Rust test does.

use super::{Air, Modem, SimSpec};
use crate::{
    appliance::Appliance,
    error::{Error, Result},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{Mutex, PoisonError};

/// `{"do":"modem","what":"set","air":{"registration":"denied"}}`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Asked {
    /// A modem into the box's slot; another one if there is one. Without `sim` there is none in it.
    Fit {
        sim: Option<SimSpec>,
    },
    /// The modem out of the box, and ModemManager with it.
    Remove,
    /// What the networks do from now on; what isn't named stays.
    Set {
        air: Value,
    },
    NetDrop,
    PowerCycle,
    Unplug,
    Replug,
    SwapSim {
        sim: Option<SimSpec>,
    },
    Sent,
    KillManager,
    StartManager,
}

/// The modem that a runner holds for a box, if any.
pub type Holder = Mutex<Option<Modem>>;

/// Does it; what was asked for is the answer.
pub(crate) fn answer(appliance: &Appliance, holder: &Holder, asked: Asked) -> Result<Option<Value>> {
    let mut held = holder.lock().unwrap_or_else(PoisonError::into_inner);
    let asked = match asked {
        Asked::Fit { sim } => {
            *held = None; // first: both would be in the same place
            *held = Some(Modem::plug(appliance, sim)?);
            return Ok(None);
        }
        Asked::Remove => {
            *held = None;
            return Ok(None);
        }
        others => others,
    };
    let modem = held.as_ref().ok_or_else(|| Error::Refused("there is no modem in this box".into()))?;
    match asked {
        Asked::Fit { .. } | Asked::Remove => {}
        Asked::Set { air } => {
            let mut wrong = None;
            modem.set(|now| match changed(now, air) {
                Ok(new) => *now = new,
                Err(error) => wrong = Some(error),
            })?;
            return wrong.map_or(Ok(None), |error| Err(error.into()));
        }
        Asked::NetDrop => modem.net_drop()?,
        Asked::PowerCycle => modem.power_cycle()?,
        Asked::Unplug => modem.unplug()?,
        Asked::Replug => modem.replug()?,
        Asked::SwapSim { sim } => modem.swap_sim(sim)?,
        Asked::Sent => return Ok(Some(serde_json::to_value(modem.sent()?)?)),
        Asked::KillManager => modem.kill_manager(),
        Asked::StartManager => modem.start_manager()?,
    }
    Ok(None)
}

fn changed(now: &Air, change: Value) -> serde_json::Result<Air> {
    let mut all = serde_json::to_value(now)?;
    merge(&mut all, change);
    serde_json::from_value(all)
}

/// As a merge patch (RFC 7396), without taking away.
fn merge(into: &mut Value, change: Value) {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            for (name, value) in change {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, change) => *into = change,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modem::{Registration, Signal};
    use serde_json::json;

    #[test]
    fn what_a_change_does_not_name_stays() {
        let now = Air { serving: ("46001".into(), "CHN-UNICOM".into()), ..Air::default() };
        let new = changed(&now, json!({ "registration": "roaming", "signal": { "rsrp": -120 } })).unwrap();
        let signal = Signal { rsrp: -120, ..now.signal };
        assert_eq!(new, Air { registration: Registration::Roaming, signal, ..now.clone() });
        assert!(changed(&now, json!({ "registraton": "home" })).is_err(), "a slip of the pen is told");
    }
}
