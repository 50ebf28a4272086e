//! Causes and actions in English, for the command line and logs; pages translate them.

use std::fmt;

use super::{
    cause::{Action, Cause},
    pin::AskWhy,
};

struct Left(Option<u8>);

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(left) => write!(f, "tries left: {left}"),
            None => f.write_str("nobody knows how many tries are left"),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoManager => f.write_str("ModemManager does not run"),
            Self::NoModem => f.write_str("there is no modem, or it has not started yet"),
            Self::ModemFailed => f.write_str("the modem has failed"),
            Self::ModemSilent => f.write_str("the modem does not answer in time"),
            Self::SimMissing => f.write_str("there is no SIM in the slot, or it was put in after the start"),
            Self::SimError => f.write_str("the SIM cannot be read"),
            Self::PinNeeded { why } => write!(f, "the SIM needs its PIN: {why}"),
            Self::PinWrong { left } => write!(f, "the PIN is wrong; {}", Left(*left)),
            Self::PukNeeded { left } => write!(f, "the SIM is locked and needs its PUK; {}", Left(*left)),
            Self::PukWrong { left } => write!(f, "the PUK is wrong; {}", Left(*left)),
            Self::SimDead => f.write_str("the SIM is locked for ever"),
            Self::ModemLocked => f.write_str("the modem takes only SIMs of some operator"),
            Self::Searching => f.write_str("the modem searches for a network"),
            Self::NoNetwork => f.write_str("the modem finds no network"),
            Self::Denied => f.write_str("the network does not let this SIM in"),
            Self::EmergencyOnly => f.write_str("the network allows emergency calls only"),
            Self::RoamingForbidden => f.write_str("the SIM is abroad, and roaming is not allowed"),
            Self::NoApn => f.write_str("no APN is set"),
            Self::ApnRefused => f.write_str("the network does not know this APN, or not for this SIM"),
            Self::CredentialsRefused => f.write_str("the network refuses user and password"),
            Self::IpTypeRefused => f.write_str("modem or network does not do this IP type"),
            Self::NotSubscribed => f.write_str("the operator does not let this SIM use data"),
            Self::Congested => f.write_str("the network is busy"),
            Self::NetworkTimeout => f.write_str("the network did not answer in time"),
            Self::Dropped => f.write_str("the network has ended the connection"),
            Self::ConnectFailed { error } => write!(f, "the connection failed: {error}"),
            Self::NoAddress => f.write_str("the network gave no address that can be used"),
            Self::AddressCollides => f.write_str("the network gave an address of one of the box's own networks"),
            Self::NeedsPpp => f.write_str("the modem needs PPP, which the box does not speak"),
            Self::DhcpSilent => f.write_str("the modem's DHCP server does not answer"),
            Self::DnsSilent => f.write_str("connected, and no DNS server answers"),
            Self::NoAnswer => f.write_str("connected, and nothing answers"),
        }
    }
}

impl fmt::Display for AskWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotKept => "the box has none of this SIM",
            Self::SimUnknown => "the modem does not tell which SIM it is",
            Self::TriedAlready => "the box has tried once since it was started",
            Self::LastTry => "one try is left, and the box leaves it to a person",
        })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RestartBox => "Wait a minute; if it stays so, restart the box.",
            Self::CallSupport => "Call support.",
            Self::InsertSim => "Put the SIM in, then switch the box off and on.",
            Self::EnterPin => "Enter the PIN: `gatehouse cellular unlock`.",
            Self::EnterPuk => "Enter the PUK that came with the SIM: `gatehouse cellular unlock --puk`.",
            Self::Wait => "Wait: the box tries again by itself.",
            Self::CheckAntenna => "Look at the antenna and at where the box stands.",
            Self::AskOperator => "Ask the SIM's operator.",
            Self::AllowRoaming => "Allow it: `gatehouse cellular set --roaming on`. It may cost more.",
            Self::SetApn => "Set the APN that the operator names: `gatehouse cellular set --apn NAME`.",
            Self::SetCredentials => "Set user and password as the operator names them.",
            Self::SetIpType => "Set another one: `gatehouse cellular set --ip-type ipv4`.",
            Self::Reconnect => "The box tries again by itself; at once: `gatehouse cellular connect`.",
            Self::ChangeLan => "Give the wired network another range of addresses.",
        })
    }
}
