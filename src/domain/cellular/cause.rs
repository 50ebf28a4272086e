//! What keeps the box from being online by cellular: one cause at a time, with a code, and what to do about it. Pages have the words.

use serde::{Deserialize, Serialize};

use super::{
    modem::{Lock, Modem, ModemState, Registration},
    pin::AskWhy,
};
use crate::plain::plain;

/// One cause. Codes are a contract with manuals: never reused, never renumbered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    // the modem
    /// ModemManager is not on the message bus.
    NoManager,
    NoModem,
    /// The modem says that it has failed, for a reason that is not the SIM.
    ModemFailed,
    /// It does not answer in the time that is usual.
    ModemSilent,
    // the SIM
    SimMissing,
    SimError,
    /// The PIN is needed, and the box does not send one by itself.
    PinNeeded {
        why: AskWhy,
    },
    PinWrong {
        left: Option<u8>,
    },
    PukNeeded {
        left: Option<u8>,
    },
    PukWrong {
        left: Option<u8>,
    },
    /// No try of the PUK is left: the SIM is of no use any more.
    SimDead,
    /// The modem serves other operators' SIMs only.
    ModemLocked,
    // the network
    Searching,
    /// Nothing was found for so long that something is wrong.
    NoNetwork,
    Denied,
    EmergencyOnly,
    RoamingForbidden,
    // the connection
    NoApn,
    /// There is no such APN, or not for this SIM.
    ApnRefused,
    CredentialsRefused,
    /// Modem or network has no IPv6, or no IPv4.
    IpTypeRefused,
    /// The operator does not let this SIM use data.
    NotSubscribed,
    Congested,
    NetworkTimeout,
    Dropped,
    /// Another reason, in ModemManager's own word for it.
    ConnectFailed {
        error: String,
    },
    // the address
    /// The network gave none, or none that can be used.
    NoAddress,
    /// The network that it gave is one of the box's own.
    AddressCollides,
    /// What was dialled needs PPP, which the box does not speak.
    NeedsPpp,
    DhcpSilent,
    // beyond
    DnsSilent,
    NoAnswer,
}

impl Cause {
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoManager => "CE-101",
            Self::NoModem => "CE-102",
            Self::ModemFailed => "CE-103",
            Self::ModemSilent => "CE-104",
            Self::SimMissing => "CE-201",
            Self::SimError => "CE-202",
            Self::PinNeeded { .. } => "CE-203",
            Self::PinWrong { .. } => "CE-204",
            Self::PukNeeded { .. } => "CE-205",
            Self::PukWrong { .. } => "CE-206",
            Self::SimDead => "CE-207",
            Self::ModemLocked => "CE-208",
            Self::Searching => "CE-301",
            Self::NoNetwork => "CE-302",
            Self::Denied => "CE-303",
            Self::EmergencyOnly => "CE-304",
            Self::RoamingForbidden => "CE-305",
            Self::NoApn => "CE-401",
            Self::ApnRefused => "CE-402",
            Self::CredentialsRefused => "CE-403",
            Self::IpTypeRefused => "CE-404",
            Self::NotSubscribed => "CE-405",
            Self::Congested => "CE-406",
            Self::NetworkTimeout => "CE-407",
            Self::Dropped => "CE-408",
            Self::ConnectFailed { .. } => "CE-409",
            Self::NoAddress => "CE-501",
            Self::AddressCollides => "CE-502",
            Self::NeedsPpp => "CE-503",
            Self::DhcpSilent => "CE-504",
            Self::DnsSilent => "CE-601",
            Self::NoAnswer => "CE-602",
        }
    }

    /// What to do about it.
    pub fn action(&self) -> Action {
        match self {
            Self::NoManager | Self::ModemFailed | Self::ModemSilent => Action::RestartBox,
            Self::NoModem | Self::SimDead | Self::ModemLocked | Self::NeedsPpp => Action::CallSupport,
            Self::SimMissing | Self::SimError => Action::InsertSim,
            Self::PinNeeded { .. } | Self::PinWrong { .. } => Action::EnterPin,
            Self::PukNeeded { .. } | Self::PukWrong { .. } => Action::EnterPuk,
            Self::Searching | Self::Congested | Self::NetworkTimeout | Self::Dropped => Action::Wait,
            Self::NoNetwork => Action::CheckAntenna,
            Self::Denied | Self::EmergencyOnly | Self::NotSubscribed | Self::DnsSilent | Self::NoAnswer => {
                Action::AskOperator
            }
            Self::RoamingForbidden => Action::AllowRoaming,
            Self::NoApn | Self::ApnRefused => Action::SetApn,
            Self::CredentialsRefused => Action::SetCredentials,
            Self::IpTypeRefused => Action::SetIpType,
            Self::ConnectFailed { .. } | Self::NoAddress | Self::DhcpSilent => Action::Reconnect,
            Self::AddressCollides => Action::ChangeLan,
        }
    }

    /// Whether only a person can mend it, so that trying again at short intervals is for nothing.
    pub fn needs_a_person(&self) -> bool {
        match self.action() {
            Action::RestartBox | Action::Wait | Action::CheckAntenna | Action::Reconnect => false,
            Action::CallSupport
            | Action::InsertSim
            | Action::EnterPin
            | Action::EnterPuk
            | Action::AskOperator
            | Action::AllowRoaming
            | Action::SetApn
            | Action::SetCredentials
            | Action::SetIpType
            | Action::ChangeLan => true,
        }
    }

    /// Whether a reset of the modem may mend it.
    pub fn blames_the_modem(&self) -> bool {
        matches!(
            self,
            Self::ModemFailed
                | Self::ModemSilent
                | Self::NoNetwork
                | Self::NetworkTimeout
                | Self::Dropped
                | Self::ConnectFailed { .. }
                | Self::NoAddress
                | Self::DhcpSilent
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    RestartBox,
    CallSupport,
    /// Put the SIM in, then power off and on.
    InsertSim,
    EnterPin,
    EnterPuk,
    /// Nothing: the box tries again by itself.
    Wait,
    CheckAntenna,
    AskOperator,
    AllowRoaming,
    SetApn,
    SetCredentials,
    SetIpType,
    Reconnect,
    /// Give the wired network another range.
    ChangeLan,
}

/// How an operation ended, where it did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The name of the error without its prefix: `MobileEquipment.SimPuk`, `Core.Retry`.
    Refused { error: String },
    /// No answer in the time that the operation has.
    Late,
    /// Modem or ModemManager went away meanwhile.
    Gone,
}

/// What all of ModemManager's errors begin with.
const PREFIX: &str = "org.freedesktop.ModemManager1.Error.";

impl Failure {
    /// Of a D-Bus error's name, which is anybody's text.
    pub fn refused(name: &str) -> Self {
        match name {
            "org.freedesktop.DBus.Error.NoReply" | "org.freedesktop.DBus.Error.TimedOut" => Self::Late,
            "org.freedesktop.DBus.Error.UnknownObject"
            | "org.freedesktop.DBus.Error.UnknownMethod"
            | "org.freedesktop.DBus.Error.ServiceUnknown"
            | "org.freedesktop.DBus.Error.NameHasNoOwner" => Self::Gone,
            name => Self::Refused { error: plain(name.strip_prefix(PREFIX).unwrap_or(name)) },
        }
    }

    /// Worth the same question again at once.
    pub fn is_busy(&self) -> bool {
        match self {
            Self::Refused { error } => {
                matches!(error.as_str(), "Core.Retry" | "Core.InProgress" | "MobileEquipment.SimBusy")
            }
            Self::Late | Self::Gone => false,
        }
    }

    /// Whether a PIN or PUK was wrong, and so has cost a try.
    pub fn is_wrong_secret(&self) -> bool {
        match self {
            Self::Refused { error } => {
                matches!(error.as_str(), "MobileEquipment.IncorrectPassword" | "MobileEquipment.SimPuk")
            }
            Self::Late | Self::Gone => false,
        }
    }

    /// Why there is no connection. `modem` as it is now: one error stands for several things.
    pub fn of_connect(&self, modem: Option<&Modem>) -> Cause {
        match self {
            Self::Late => Cause::ModemSilent,
            Self::Gone => Cause::NoModem,
            Self::Refused { error } => of_error(error, modem),
        }
    }
}

/// Of an error's name without the prefix. The numbers are those of 3GPP TS 27.007, section 9.2.
fn of_error(error: &str, modem: Option<&Modem>) -> Cause {
    let registration = modem.map_or(Registration::Unknown, |modem| modem.registration);
    let tries = modem.map(|modem| modem.tries).unwrap_or_default();
    let name = error.strip_prefix("MobileEquipment.").unwrap_or(error);
    match name {
        // 10; 13, 15
        "SimNotInserted" => Cause::SimMissing,
        "SimFailure" | "SimWrong" => Cause::SimError,
        // 11, 12, 16
        "SimPin" => Cause::PinNeeded { why: AskWhy::NotKept },
        "SimPuk" => Cause::PukNeeded { left: tries.puk },
        "IncorrectPassword" => Cause::PinWrong { left: tries.pin },
        // 5 to 7, 40 to 47
        "PhSimPin" | "PhFsimPin" | "PhFsimPuk" | "NetworkPin" | "NetworkPuk" | "NetworkSubsetPin"
        | "NetworkSubsetPuk" | "ServicePin" | "ServicePuk" | "CorpPin" | "CorpPuk" => Cause::ModemLocked,
        // 30; 31 comes after 0.1 s where the network says no, and after a minute where there is none
        "NoNetwork" => Cause::NoNetwork,
        "NetworkTimeout" => match registration {
            Registration::Denied => Cause::Denied,
            Registration::EmergencyOnly => Cause::EmergencyOnly,
            Registration::Searching | Registration::Idle | Registration::Unknown => Cause::NoNetwork,
            Registration::Home | Registration::Roaming => Cause::NetworkTimeout,
        },
        // 32, 54
        "NetworkNotAllowed" | "NotAllowedEmergencyOnly" => Cause::EmergencyOnly,
        // 102 to 106, 111, 112, 115, 125: the SIM, the modem, or the place
        "ImsiUnknownInHss"
        | "ImsiUnknownInVlr"
        | "IllegalUe"
        | "IllegalMe"
        | "ImeiNotAccepted"
        | "PlmnNotAllowed"
        | "AreaNotAllowed"
        | "NotAuthorizedForCsg"
        | "NotAllowedRestricted"
        | "NotAttachedRestricted" => Cause::Denied,
        // 113
        "RoamingNotAllowedInArea" => Cause::RoamingForbidden,
        // 107, 108, 114, 132, 177: no data for this subscription
        "PsServicesNotAllowed"
        | "PsAndNonPsServicesNotAllowed"
        | "PsServicesNotAllowedInPlmn"
        | "ServiceOptionNotSupported"
        | "OperatorDeterminedBarring" => Cause::NotSubscribed,
        // 133 is what networks say to an APN that the SIM has no right to; 127, 179
        "ServiceOptionNotSubscribed"
        | "MissingOrUnknownApn"
        | "RequestedApnNotSupported"
        | "DnnNotSupportedInSlice" => Cause::ApnRefused,
        // 149; 129
        "PdpAuthFailure" | "UserAuthenticationFailed" => Cause::CredentialsRefused,
        // 128
        "UnknownPdpAddressOrType" | "Ipv4OnlyAllowed" | "Ipv6OnlyAllowed" | "Core.Unsupported" => Cause::IpTypeRefused,
        // 117, 122, 126, 134
        "NetworkFailureAttach"
        | "Congestion"
        | "InsufficientResources"
        | "ServiceOptionOutOfOrder"
        | "TemporarilyOutOfService" => Cause::Congested,
        // 136, 110
        "RegularDeactivation" | "ImplicitlyDetached" => Cause::Dropped,
        "Core.Unauthorized" => match (modem.map(|m| m.lock), registration) {
            (Some(Lock::Pin), _) => Cause::PinNeeded { why: AskWhy::NotKept },
            (Some(Lock::Puk), _) => Cause::PukNeeded { left: tries.puk },
            (Some(Lock::Other), _) => Cause::ModemLocked,
            (_, Registration::Roaming) => Cause::RoamingForbidden,
            (_, _) => Cause::Denied,
        },
        "Core.WrongState" if modem.is_some_and(|modem| modem.state == ModemState::Failed) => Cause::ModemFailed,
        _ => Cause::ConnectFailed { error: error.to_owned() },
    }
}
