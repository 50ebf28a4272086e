//! What ModemManager says of its modem, as values. All of it comes from outside: numbers that nobody knows are a variant, texts are
//! made plain, lists are cut.

use serde::{Deserialize, Serialize};

use super::{
    ids::{Iccid, Plmn},
    signal::Signal,
    spec::{Modes, Technology},
};
use crate::plain::plain;

/// ModemManager, and the modem in the slot, as of one reading.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Which ModemManager speaks: another number after it was started anew. `None`: there is none.
    pub manager: Option<u64>,
    pub modem: Option<Modem>,
}

/// `org.freedesktop.ModemManager1.Modem` and what its properties lead to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Modem {
    /// ModemManager's number of the object: another one after the modem was reset or came back.
    pub object: u32,
    /// The IMEI.
    pub equipment: String,
    pub manufacturer: String,
    pub model: String,
    pub state: ModemState,
    pub failed: FailedReason,
    pub lock: Lock,
    pub tries: Tries,
    /// `None` where there is no SIM, or it cannot be read.
    pub sim: Option<Sim>,
    /// Whether the SIM asks for its PIN.
    pub pin_enabled: Option<bool>,
    pub registration: Registration,
    pub operator: Operator,
    pub technology: Option<Technology>,
    /// Percent, of all that ModemManager knows.
    pub quality: Option<u8>,
    pub signal: Option<Signal>,
    pub supported_modes: Vec<Modes>,
    pub current_modes: Modes,
    /// The modem's network interfaces.
    pub interfaces: Vec<String>,
    pub bearers: Vec<Bearer>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sim {
    /// Not told by some modems while the SIM is locked.
    pub iccid: Option<Iccid>,
    pub imsi: Option<String>,
    /// Whose SIM it is, which is not who serves it now.
    pub operator: Option<Plmn>,
    pub operator_name: String,
}

/// Who serves the modem now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    pub code: Option<Plmn>,
    /// As the network calls itself: any text.
    pub name: String,
}

/// Tries left; `None` where the modem does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    pub pin: Option<u8>,
    pub puk: Option<u8>,
}

impl Tries {
    /// Of `UnlockRetries`, which has a number for each lock.
    pub fn of(retries: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut tries = Self::default();
        for (lock, left) in retries {
            // 999 and the like mean that it is not known
            let left = u8::try_from(left).ok().filter(|left| *left <= MOST_TRIES);
            match Lock::from(lock) {
                Lock::Pin => tries.pin = left,
                Lock::Puk => tries.puk = left,
                Lock::Unknown | Lock::None | Lock::Other => {}
            }
        }
        tries
    }
}

/// No SIM gives more of either.
const MOST_TRIES: u8 = 10;

/// `MMModemState`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModemState {
    Failed,
    #[default]
    Unknown,
    Initializing,
    Locked,
    Disabled,
    Disabling,
    Enabling,
    Enabled,
    Searching,
    Registered,
    Disconnecting,
    Connecting,
    Connected,
}

impl From<i32> for ModemState {
    fn from(number: i32) -> Self {
        match number {
            -1 => Self::Failed,
            1 => Self::Initializing,
            2 => Self::Locked,
            3 => Self::Disabled,
            4 => Self::Disabling,
            5 => Self::Enabling,
            6 => Self::Enabled,
            7 => Self::Searching,
            8 => Self::Registered,
            9 => Self::Disconnecting,
            10 => Self::Connecting,
            11 => Self::Connected,
            _ => Self::Unknown,
        }
    }
}

/// `MMModemStateFailedReason`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailedReason {
    #[default]
    None,
    SimMissing,
    SimError,
    Other,
}

impl From<u32> for FailedReason {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::None,
            2 => Self::SimMissing,
            3 => Self::SimError,
            _ => Self::Other,
        }
    }
}

/// `MMModemLock`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lock {
    #[default]
    Unknown,
    None,
    Pin,
    Puk,
    /// The modem serves only some operator's SIMs, and the like. PIN2 and PUK2 lock nothing that we use, and count as none.
    Other,
}

impl From<u32> for Lock {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::Unknown,
            1 | 3 | 5 => Self::None,
            2 => Self::Pin,
            4 => Self::Puk,
            _ => Self::Other,
        }
    }
}

/// `MMModem3gppRegistrationState`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    Idle,
    Home,
    Searching,
    Denied,
    #[default]
    Unknown,
    Roaming,
    EmergencyOnly,
}

impl From<u32> for Registration {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::Idle,
            // with the ones that are for messages only or without fallback to voice
            1 | 6 | 9 => Self::Home,
            2 => Self::Searching,
            3 => Self::Denied,
            5 | 7 | 10 => Self::Roaming,
            8 | 11 => Self::EmergencyOnly,
            _ => Self::Unknown,
        }
    }
}

/// `org.freedesktop.ModemManager1.Bearer`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bearer {
    /// ModemManager's number of the object.
    pub number: u32,
    pub connected: bool,
    pub interface: Option<String>,
    pub ipv4: Option<IpConfig>,
    pub ipv6: Option<IpConfig>,
    /// With what it was made.
    pub apn: String,
    /// Why it was closed last: an error's name.
    pub error: Option<String>,
}

/// `Ip4Config` and `Ip6Config`, unchecked: see [`super::bearer`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IpConfig {
    pub method: Method,
    pub address: Option<String>,
    pub prefix: Option<u32>,
    pub gateway: Option<String>,
    pub dns: Vec<String>,
    pub mtu: Option<u32>,
}

/// `MMBearerIpMethod`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    #[default]
    Unknown,
    Ppp,
    Static,
    Dhcp,
}

impl From<u32> for Method {
    fn from(number: u32) -> Self {
        match number {
            1 => Self::Ppp,
            2 => Self::Static,
            3 => Self::Dhcp,
            _ => Self::Unknown,
        }
    }
}

impl Modem {
    pub fn iccid(&self) -> Option<&Iccid> {
        self.sim.as_ref()?.iccid.as_ref()
    }

    pub fn bearer(&self, number: u32) -> Option<&Bearer> {
        self.bearers.iter().find(|bearer| bearer.number == number)
    }

    pub fn is_registered(&self) -> bool {
        matches!(self.registration, Registration::Home | Registration::Roaming)
    }

    /// The tries of the lock at hand.
    pub fn tries_left(&self) -> Option<u8> {
        match self.lock {
            Lock::Pin => self.tries.pin,
            Lock::Puk => self.tries.puk,
            Lock::Unknown | Lock::None | Lock::Other => None,
        }
    }
}

/// A text of the modem's or the network's, such as an operator's name: one line that commands nothing.
pub fn told(text: &str) -> String {
    plain(text.trim())
}
