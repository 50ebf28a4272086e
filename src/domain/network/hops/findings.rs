//! What was seen and asked, without a judgement.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::{box_file::Mac, network::nameserver::Nameserver};

/// Of one uplink, as far as somebody asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    pub link: Asked<LinkFinding>,
    pub address: Asked<AddressFinding>,
    pub gateway: Asked<GatewayFinding>,
    /// About the name that the box itself has to resolve: the proxy's where there is one, else the host's. Not
    /// configured where that is an address.
    pub dns: Asked<DnsFinding>,
    pub clock: Asked<ClockFinding>,
    pub proxy: Asked<ProxyFinding>,
    /// Through the proxy where there is one.
    pub host: Asked<HostFinding>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked<T> {
    #[default]
    NotTested,
    NotConfigured,
    Found(T),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFinding {
    NoInterface,
    Down,
    /// Mbit/s, where the driver knows.
    Up {
        speed: Option<u32>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFinding {
    None,
    DhcpSilent,
    /// NAK, or an offer that cannot be used.
    DhcpRefused,
    /// Also while the box uses and defends it.
    Conflict {
        address: Ipv4Addr,
        mac: Mac,
    },
    Has(Ipv4Net),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayFinding {
    OffLink { gateway: Ipv4Addr },
    Silent { gateway: Ipv4Addr },
    Answers { gateway: Ipv4Addr, millis: u32 },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsFinding {
    pub name: String,
    /// In the order of the box's resolver; empty where it has none.
    pub servers: Vec<Server>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub address: Nameserver,
    pub answer: DnsAnswer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsAnswer {
    Resolved {
        millis: u32,
    },
    /// NXDOMAIN, or no address for the name.
    Unknown,
    /// Any other RCODE.
    Refused {
        rcode: u16,
    },
    Timeout,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockFinding {
    Silent,
    /// Seconds against the time server's; positive where the box is ahead.
    Differs {
        seconds: i64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyFinding {
    /// No DNS server knows its name.
    NameUnknown,
    /// It leads to the box itself.
    Own,
    Unreachable,
    Refused,
    Auth,
    Certificate,
    /// What answers there is no proxy.
    NoProxy,
    /// Its answer to `CONNECT` where that is neither 2xx nor 407.
    Forbids {
        status: u16,
    },
    Connected {
        millis: u32,
    },
}

impl ProxyFinding {
    /// How long it took to let us through.
    pub fn millis(self) -> Option<u32> {
        match self {
            Self::Connected { millis } => Some(millis),
            Self::NameUnknown
            | Self::Own
            | Self::Unreachable
            | Self::Refused
            | Self::Auth
            | Self::Certificate
            | Self::NoProxy
            | Self::Forbids { .. } => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostFinding {
    Unreachable,
    Refused,
    TlsUntrusted,
    TlsExpired,
    TlsNotYetValid,
    TlsName,
    TlsFailed,
    /// It answered, but not with what it is asked for.
    Status {
        status: u16,
    },
    Answers {
        millis: u32,
    },
}
