//! How long certificates live, and when they are renewed.

use serde::{Deserialize, Serialize};

use crate::time::UnixSeconds;

const DAY: u64 = 86_400;
/// Of a box's certificate. Shorter: a box that is off over a season needs a person. Longer: what was stolen works longer.
pub const DAYS: u64 = 90;
/// A certificate is valid from a little before it was made, for boxes whose clocks are a little behind.
pub const BACKDATED: u64 = 300;
/// Of the registry's server. It is renewed by itself; a box whose clock is further off than this and [`SERVER_BACKDATED`] is told so.
pub const SERVER_DAYS: u64 = 365;
pub const SERVER_BACKDATED: u64 = DAY;
/// An administrator's word that a box whose certificate has run out may have a new one.
pub const LATE_HOURS: u64 = 72;

/// From when until when a certificate is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    pub not_before: UnixSeconds,
    pub not_after: UnixSeconds,
}

impl Validity {
    pub fn of_box(now: UnixSeconds) -> Self {
        Self {
            not_before: UnixSeconds(now.0.saturating_sub(BACKDATED)),
            not_after: UnixSeconds(now.0.saturating_add(DAYS * DAY)),
        }
    }

    pub fn of_server(now: UnixSeconds) -> Self {
        Self {
            not_before: UnixSeconds(now.0.saturating_sub(SERVER_BACKDATED)),
            not_after: UnixSeconds(now.0.saturating_add(SERVER_DAYS * DAY)),
        }
    }

    /// When two thirds of its life are over.
    pub fn renew_at(&self) -> UnixSeconds {
        let life = self.not_after.0.saturating_sub(self.not_before.0);
        UnixSeconds(self.not_before.0.saturating_add(life / 3 * 2))
    }

    pub fn standing(&self, now: UnixSeconds) -> Standing {
        if now < self.not_before {
            Standing::NotYet
        } else if now > self.not_after {
            Standing::Expired
        } else if now >= self.renew_at() {
            Standing::Renew
        } else {
            Standing::Good
        }
    }
}

/// Where in its life a certificate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Of a certificate that was good already, this says that the clock went back.
    NotYet,
    Good,
    /// Good, and to be renewed.
    Renew,
    Expired,
}
