//! What can be broken, and what mends it. Pages have the words.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::{box_file::Mac, network::nameserver::Nameserver};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    // link
    NoInterface,
    NoCarrier,
    // address
    NoAddress,
    AddressConflict {
        address: Ipv4Addr,
        mac: Mac,
    },
    DhcpSilent,
    DhcpRefused,
    // gateway
    GatewaySilent {
        gateway: Ipv4Addr,
    },
    /// It is in none of the uplink's networks.
    GatewayOffLink {
        gateway: Ipv4Addr,
    },
    // DNS
    NoDnsServers,
    DnsTimeout {
        server: Nameserver,
    },
    DnsRefused {
        server: Nameserver,
        /// Of the answer (IANA "DNS RCODEs"): 2 SERVFAIL, 5 REFUSED.
        rcode: u16,
    },
    NameUnknown {
        name: String,
    },
    // clock
    TimeServersSilent,
    ClockOff {
        /// Positive where the box is ahead.
        seconds: i64,
    },
    // proxy
    /// No DNS server knows its name.
    ProxyNameUnknown,
    /// Its name leads to the box itself.
    ProxyIsOwn,
    ProxyUnreachable,
    /// Nothing listens on its port.
    ProxyRefused,
    /// 407: no user and password, or wrong ones.
    ProxyAuth,
    ProxyCertificate,
    /// What answers there does not speak as a proxy does.
    NoProxy,
    /// It does not let the box through to the host.
    ProxyForbids {
        status: u16,
    },
    // host
    HostUnreachable,
    /// Nothing listens on its port.
    HostRefused,
    /// Signed by nobody whom the box knows; a proxy that looks into TLS does that too.
    TlsUntrusted,
    TlsExpired,
    TlsNotYetValid,
    /// The certificate is for another name.
    TlsName,
    /// What answers there is no TLS.
    TlsFailed,
    HostStatus {
        status: u16,
    },
}

/// What a person does about a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mend {
    CheckHardware,
    PlugCable,
    SetAddress,
    ChooseOtherAddress,
    /// Look after it, or set the address by hand.
    CheckDhcpServer,
    CheckGateway,
    CorrectGateway,
    AddDnsServer,
    CheckDnsServer,
    ChooseOtherDnsServer,
    CorrectName,
    CheckTimeServers,
    SetClock,
    CheckProxy,
    CorrectProxyPassword,
    AddProxyAuthority,
    AllowHostInProxy,
    OpenFirewall,
    CheckHost,
    AddAuthority,
    RenewCertificate,
}

impl Cause {
    pub fn mend(&self) -> Mend {
        match self {
            Self::NoInterface => Mend::CheckHardware,
            Self::NoCarrier => Mend::PlugCable,
            Self::NoAddress => Mend::SetAddress,
            Self::AddressConflict { .. } => Mend::ChooseOtherAddress,
            Self::DhcpSilent | Self::DhcpRefused => Mend::CheckDhcpServer,
            Self::GatewaySilent { .. } => Mend::CheckGateway,
            Self::GatewayOffLink { .. } => Mend::CorrectGateway,
            Self::NoDnsServers => Mend::AddDnsServer,
            Self::DnsTimeout { .. } => Mend::CheckDnsServer,
            Self::DnsRefused { .. } => Mend::ChooseOtherDnsServer,
            Self::NameUnknown { .. } | Self::TlsName => Mend::CorrectName,
            Self::TimeServersSilent => Mend::CheckTimeServers,
            Self::ClockOff { .. } | Self::TlsNotYetValid => Mend::SetClock,
            Self::ProxyNameUnknown | Self::ProxyIsOwn | Self::ProxyUnreachable | Self::ProxyRefused | Self::NoProxy => {
                Mend::CheckProxy
            }
            Self::ProxyAuth => Mend::CorrectProxyPassword,
            Self::ProxyCertificate => Mend::AddProxyAuthority,
            Self::ProxyForbids { .. } => Mend::AllowHostInProxy,
            Self::HostUnreachable => Mend::OpenFirewall,
            Self::HostRefused | Self::TlsFailed | Self::HostStatus { .. } => Mend::CheckHost,
            Self::TlsUntrusted => Mend::AddAuthority,
            Self::TlsExpired => Mend::RenewCertificate,
        }
    }

    /// Nothing can be said about the hops behind. Many sites let no time server through and everything else works.
    pub(super) fn stops(&self) -> bool {
        *self != Self::TimeServersSilent
    }
}
