//! How good the signal is, in bars that follow what a connection is worth, and what to do about a bad one.

use serde::{Deserialize, Serialize};

/// As the modem measures it; `None` where it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Signal {
    /// dBm
    pub rssi: Option<f64>,
    /// dBm
    pub rsrp: Option<f64>,
    /// dB
    pub rsrq: Option<f64>,
    /// dB
    pub snr: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// Strong, and disturbed: another place or another band helps, a bigger antenna does not.
    Interference,
    /// Weak: the antenna is loose or too small, or the box stands where no signal comes.
    Antenna,
}

/// Above each of these, one bar more (3GPP TS 36.133 has −140 to −44 dBm).
const RSRP: [f64; 4] = [-115.0, -105.0, -95.0, -85.0];
const SNR: [f64; 4] = [-3.0, 1.0, 4.5, 13.0];
/// dBm. What 3G and 2G tell instead.
const RSSI: [f64; 4] = [-105.0, -95.0, -85.0, -75.0];
/// dB. Below it, other cells or devices take most of what is received.
const POOR_RSRQ: f64 = -15.0;

impl Signal {
    /// Of what the modem says: a value that nothing can have (−32768 and the like) is none.
    pub fn sensible(self) -> Self {
        // modems count in steps of their own, and no figure is truer than a tenth
        let tenth = |value: f64| (value * 10.0).round() / 10.0;
        let within =
            |value: Option<f64>, least: f64, most: f64| value.filter(|v| (least..=most).contains(v)).map(tenth);
        Self {
            rssi: within(self.rssi, -130.0, 0.0),
            rsrp: within(self.rsrp, -156.0, -30.0),
            rsrq: within(self.rsrq, -43.0, 20.0),
            snr: within(self.snr, -23.5, 40.0),
        }
    }

    /// Whether anything is known.
    pub fn is_known(&self) -> bool {
        self.rssi.is_some() || self.rsrp.is_some() || self.rsrq.is_some() || self.snr.is_some()
    }

    /// 1 to 5: the worse of strength and clearness.
    pub fn bars(&self) -> Option<u8> {
        let count = |steps: [f64; 4], at_least: fn(f64, f64) -> bool, value: f64| {
            1 + u8::try_from(steps.into_iter().filter(|step| at_least(value, *step)).count()).unwrap_or(0)
        };
        let strength = self.rsrp.map(|v| count(RSRP, |v, step| v > step, v));
        let clearness = self.snr.map(|v| count(SNR, |v, step| v >= step, v));
        let instead = || self.rssi.map(|v| count(RSSI, |v, step| v > step, v));
        strength.into_iter().chain(clearness).min().or_else(instead)
    }

    pub fn advice(&self) -> Option<Advice> {
        let (strong, poor) = (self.rsrp? > RSRP[1], self.rsrq? < POOR_RSRQ);
        match (strong, poor) {
            (true, true) => Some(Advice::Interference),
            (false, true) => Some(Advice::Antenna),
            (_, false) => None,
        }
    }
}

/// Bars of a modem that tells percent only.
pub fn bars_of_quality(percent: u8) -> u8 {
    (percent.min(100) / 20 + 1).min(5)
}
