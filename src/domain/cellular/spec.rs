//! What is wanted of cellular. Saved as `cellular.toml`; password and PINs are kept elsewhere.

use serde::{Deserialize, Serialize};

use super::ids::{Apn, Plmn};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CellularSpec {
    /// Whether data goes over the mobile network.
    pub on: bool,
    /// `None`: nobody has chosen one yet, and nothing is connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apn: Option<Apn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    pub auth: Auth,
    pub ip_type: IpType,
    /// Whether data may go over other operators' networks.
    pub roaming: bool,
    /// `None`: the network's own choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<Plmn>,
    /// `None`: the modem's own choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub technology: Option<Technology>,
    /// Bytes; what the network says, or else 1500, where it is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u16>,
    /// Megabytes (10⁶ bytes) of a calendar month, after which the box warns. It goes on all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// How user and password are proven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    #[default]
    None,
    Pap,
    Chap,
    /// Whichever of the two the network asks for.
    Both,
}

impl Auth {
    pub const ALL: [Self; 4] = [Self::None, Self::Pap, Self::Chap, Self::Both];

    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pap => "pap",
            Self::Chap => "chap",
            Self::Both => "both",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|auth| auth.name() == name)
    }

    /// `MMBearerAllowedAuth`.
    pub fn bits(self) -> u32 {
        match self {
            Self::None => 1,
            Self::Pap => 2,
            Self::Chap => 4,
            Self::Both => 6,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IpType {
    #[default]
    Ipv4,
    Ipv6,
    Ipv4v6,
}

impl IpType {
    pub const ALL: [Self; 3] = [Self::Ipv4, Self::Ipv6, Self::Ipv4v6];

    pub fn name(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Ipv4v6 => "ipv4v6",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ip| ip.name() == name)
    }

    /// `MMBearerIpFamily`.
    pub fn bits(self) -> u32 {
        match self {
            Self::Ipv4 => 1,
            Self::Ipv6 => 2,
            Self::Ipv4v6 => 4,
        }
    }
}

/// A generation of the mobile network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Technology {
    #[serde(rename = "2g")]
    Second,
    #[serde(rename = "3g")]
    Third,
    #[serde(rename = "4g")]
    Fourth,
    #[serde(rename = "5g")]
    Fifth,
}

impl Technology {
    pub const ALL: [Self; 4] = [Self::Second, Self::Third, Self::Fourth, Self::Fifth];

    pub fn name(self) -> &'static str {
        match self {
            Self::Second => "2g",
            Self::Third => "3g",
            Self::Fourth => "4g",
            Self::Fifth => "5g",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|technology| technology.name() == name)
    }

    /// `MMModemMode`.
    pub fn mode(self) -> u32 {
        match self {
            Self::Second => 1 << 1,
            Self::Third => 1 << 2,
            Self::Fourth => 1 << 3,
            Self::Fifth => 1 << 4,
        }
    }

    /// The best one of an `MMModemAccessTechnology` mask.
    pub fn best_of(mask: u32) -> Option<Self> {
        const FIFTH: u32 = 1 << 15;
        // LTE, LTE-M, NB-IoT
        const FOURTH: u32 = 1 << 14 | 1 << 16 | 1 << 17;
        // UMTS, HSDPA, HSUPA, HSPA, HSPA+
        const THIRD: u32 = 0b1_1111 << 5;
        // GSM, GSM compact, GPRS, EDGE
        const SECOND: u32 = 0b1111 << 1;
        [(FIFTH, Self::Fifth), (FOURTH, Self::Fourth), (THIRD, Self::Third), (SECOND, Self::Second)]
            .into_iter()
            .find(|(bits, _)| mask & bits != 0)
            .map(|(_, technology)| technology)
    }
}

impl CellularSpec {
    /// Whether another connection follows from the change; MTU and limit need none.
    pub fn reconnects(&self, other: &Self) -> bool {
        let key = |spec: &Self| {
            let Self { on, apn, user, auth, ip_type, roaming, operator, technology, mtu: _, limit: _ } = spec.clone();
            (on, apn, user, auth, ip_type, roaming, operator, technology)
        };
        key(self) != key(other)
    }
}

/// What a modem may use and likes best (`MMModemMode` masks; nothing preferred is 0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modes {
    pub allowed: u32,
    pub preferred: u32,
}

/// The combination to set, where the current one is not what is wanted; `None` also where the modem has none that fits.
/// `freed`: a wish was taken back, so that the modem may use all it can again. Without one, what somebody else has set stays.
pub fn modes(wanted: Option<Technology>, freed: bool, current: Modes, supported: &[Modes]) -> Option<Modes> {
    let width = |modes: &&Modes| (modes.allowed.count_ones(), modes.preferred == 0);
    let best = match wanted.map(Technology::mode) {
        None if freed => supported.iter().max_by_key(width)?,
        None => return None,
        Some(mode) => {
            let preferring =
                supported.iter().filter(|m| m.preferred == mode && m.allowed & mode != 0).max_by_key(width);
            preferring.or_else(|| supported.iter().find(|m| m.allowed == mode))?
        }
    };
    (*best != current).then_some(*best)
}
