//! What a test says of a SIM and of the network around the modem.

use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// A SIM as it comes out of the letter. `SimSpec { pin_left: 1, ..SimSpec::default() }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimSpec {
    pub iccid: String,
    /// Its first digits are the operator's code: three for the country, two for the network.
    pub imsi: String,
    /// What the SIM calls its operator.
    pub operator: String,
    pub pin: String,
    /// Whether it wants the PIN when the power comes.
    pub asks_pin: bool,
    pub puk: String,
    pub pin_left: u8,
    pub puk_left: u8,
    /// What it may connect to.
    pub apns: Vec<Apn>,
}

/// An access point that the SIM's contract has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Apn {
    pub name: String,
    /// User and password, where it wants them.
    #[serde(default)]
    pub credentials: Option<(String, String)>,
}

impl Default for SimSpec {
    /// China Mobile's, with PIN 1234, PUK 12345678 and the access points `cmnet` and `private.iot` (user `meter`, password `s3cret`).
    fn default() -> Self {
        let private = Apn { credentials: Some(("meter".into(), "s3cret".into())), ..Apn::open("private.iot") };
        Self {
            iccid: "89860012345678901234".into(),
            imsi: "460001234567890".into(),
            operator: "CMCC".into(),
            pin: "1234".into(),
            asks_pin: true,
            puk: "12345678".into(),
            pin_left: 3,
            puk_left: 10,
            apns: vec![Apn::open("cmnet"), private],
        }
    }
}

impl SimSpec {
    /// The same one, which asks for no PIN.
    pub fn without_pin() -> Self {
        Self { asks_pin: false, ..Self::default() }
    }

    /// Another one, China Unicom's, with the access point `3gnet`; it asks for no PIN.
    pub fn other() -> Self {
        Self {
            iccid: "89860109876543210987".into(),
            imsi: "460019876543210".into(),
            operator: "UNICOM".into(),
            asks_pin: false,
            apns: vec![Apn::open("3gnet")],
            ..Self::default()
        }
    }

    pub(super) fn home(&self) -> &str {
        self.imsi.get(..5).unwrap_or_default()
    }
}

impl Apn {
    /// One that wants no credentials.
    pub fn open(name: &str) -> Self {
        Self { name: name.into(), credentials: None }
    }
}

/// What the networks do around the modem; [`super::Modem::set`] changes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Air {
    pub registration: Registration,
    /// Who serves: the code, as `46000`, and the name.
    pub serving: (String, String),
    /// Whom a scan finds besides.
    pub others: Vec<Visible>,
    pub signal: Signal,
    /// How a data session gets its address; of the next session.
    pub addressing: Addressing,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visible {
    pub code: String,
    pub name: String,
    /// It denies this SIM.
    pub forbidden: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    Idle,
    Home,
    Searching,
    Denied,
    Roaming,
}

impl Registration {
    /// 3GPP 27.007, 7.2, `<stat>`.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Idle => 0,
            Self::Home => 1,
            Self::Searching => 2,
            Self::Denied => 3,
            Self::Roaming => 5,
        }
    }

    pub(super) fn serves(self) -> bool {
        match self {
            Self::Home | Self::Roaming => true,
            Self::Idle | Self::Searching | Self::Denied => false,
        }
    }
}

/// In dBm and dB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Signal {
    pub rssi: i16,
    pub rsrp: i16,
    pub rsrq: i16,
    pub snr: i16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Addressing {
    /// The modem tells it.
    Static,
    /// The modem tells none: the operator's DHCP server does, on `wwan0`.
    Dhcp,
}

impl Default for Signal {
    /// A fair one.
    fn default() -> Self {
        Self { rssi: -69, rsrp: -93, rsrq: -10, snr: 12 }
    }
}

impl Default for Air {
    /// China Mobile serves at home; Unicom could be used, Telecom denies.
    fn default() -> Self {
        let visible = |code: &str, name: &str, forbidden| Visible { code: code.into(), name: name.into(), forbidden };
        Self {
            registration: Registration::Home,
            serving: ("46000".into(), "CHINA MOBILE".into()),
            others: vec![visible("46001", "CHN-UNICOM", false), visible("46011", "CHN-CT", true)],
            signal: Signal::default(),
            addressing: Addressing::Static,
        }
    }
}

/// What the operator gives a session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Lease {
    pub address: Ipv4Addr,
    pub prefix: u8,
    pub gateway: Ipv4Addr,
    pub dns: Ipv4Addr,
}

/// What the modem's process is started with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Start {
    pub sim: Option<SimSpec>,
    pub lease: Lease,
}

/// What the modem's process is told, a line of JSON each; it answers each with one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Order {
    Air,
    SetAir(Air),
    /// The network ends the session.
    NetDrop,
    Power(bool),
    /// In the slot from now on; the modem sees it when its power comes again.
    Sim(Option<SimSpec>),
    /// The commands that came in since the start.
    Sent,
}

/// What it says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Said {
    /// Unasked, once: the terminals.
    Ports([String; 2]),
    /// Unasked: a data session has begun or ended.
    Session(bool),
    /// Unasked: it was told to restart itself.
    Reset,
    Done,
    Air(Air),
    Sent(Vec<String>),
    Refused(String),
}
