//! When the box unlocks a SIM by itself. A PIN belongs to one SIM; a wrong one costs one of three tries, and after the last one the SIM
//! needs its PUK. So: the PIN of no other SIM, one try in a boot, and never the last one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    ids::{Iccid, Pin},
    modem::{Lock, Modem},
};

/// A PIN that the box keeps, and whose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptPin {
    pub iccid: Iccid,
    pub pin: Pin,
}

/// What must outlive the agent, or it would try again after each restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Memory {
    /// The boot that `tried` is about.
    pub boot_id: String,
    /// The SIMs that got their PIN from the box in this boot, and have not been unlocked since.
    pub tried: BTreeSet<Iccid>,
    /// The SIM that was connected last, or that a person has taken note of.
    pub known: Option<Iccid>,
}

impl Memory {
    /// In another boot each SIM has its try again.
    pub fn in_boot(mut self, boot_id: &str) -> Self {
        if self.boot_id != boot_id {
            self.tried.clear();
            boot_id.clone_into(&mut self.boot_id);
        }
        self
    }
}

/// Why a person is asked for the PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskWhy {
    /// The box has no PIN of this SIM.
    NotKept,
    /// The modem does not tell which SIM it is.
    SimUnknown,
    /// The box has tried once since it was switched on.
    TriedAlready,
    /// One try is left, and it is not the box's.
    LastTry,
}

/// Below it, the box leaves the tries to a person.
const LEAST_TRIES: u8 = 2;

/// The PIN that the box may send now by itself, or why it may not. Kept PINs have been accepted by their SIM: one that the SIM refuses is
/// forgotten at once, so that with unknown tries at most one is ever lost.
///
/// # Errors
/// Why a person is asked.
pub fn by_itself<'k>(modem: &Modem, kept: &'k [KeptPin], memory: &Memory) -> Result<&'k Pin, AskWhy> {
    let iccid = modem.iccid().ok_or(AskWhy::SimUnknown)?;
    if memory.tried.contains(iccid) {
        return Err(AskWhy::TriedAlready);
    }
    let pin = kept.iter().find(|kept| kept.iccid == *iccid).map(|kept| &kept.pin).ok_or(AskWhy::NotKept)?;
    match modem.tries.pin {
        Some(left) if left < LEAST_TRIES => Err(AskWhy::LastTry),
        Some(_) | None => Ok(pin),
    }
}

/// Whether a person's try needs their word that they know what it costs. That nobody knows how many are left is told beside.
pub fn is_risky(modem: &Modem) -> bool {
    let left = match modem.lock {
        Lock::Puk => modem.tries.puk,
        Lock::Pin | Lock::Unknown | Lock::None | Lock::Other => modem.tries.pin,
    };
    left.is_some_and(|left| left < LEAST_TRIES)
}
