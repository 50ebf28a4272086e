//! What a resolver is told: DNS servers, and the domains that complete short names.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::name::{DomainName, PortName};

/// The two lists of resolv.conf(5), first choice first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Resolver {
    pub servers: Vec<Nameserver>,
    #[serde(default)]
    pub search: Vec<DomainName>,
}

/// A link-local server counts on its port only: `fe80::1%lan1` (RFC 4007, section 11). Others are the same everywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nameserver {
    pub address: IpAddr,
    pub port: Option<PortName>,
}

impl Nameserver {
    /// As it is asked by a box that heard of it on this port.
    pub fn on(port: &PortName, address: IpAddr) -> Self {
        Self { address, port: is_link_local(address).then(|| port.clone()) }
    }
}

/// `fe80::/10`.
pub fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(ip) if ip.is_unicast_link_local())
}

impl From<IpAddr> for Nameserver {
    fn from(address: IpAddr) -> Self {
        Self { address, port: None }
    }
}

impl From<Ipv4Addr> for Nameserver {
    fn from(address: Ipv4Addr) -> Self {
        IpAddr::V4(address).into()
    }
}

impl fmt::Display for Nameserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.port {
            Some(port) => write!(f, "{}%{port}", self.address),
            None => write!(f, "{}", self.address),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not the address of a DNS server")]
pub struct NotANameserver;

impl FromStr for Nameserver {
    type Err = NotANameserver;

    fn from_str(text: &str) -> Result<Self, NotANameserver> {
        let (address, port) = match text.split_once('%') {
            Some((address, port)) => (address, Some(port.parse().map_err(|_| NotANameserver)?)),
            None => (text, None),
        };
        Ok(Self { address: address.parse().map_err(|_| NotANameserver)?, port })
    }
}

impl TryFrom<String> for Nameserver {
    type Error = NotANameserver;

    fn try_from(text: String) -> Result<Self, NotANameserver> {
        text.parse()
    }
}

impl From<Nameserver> for String {
    fn from(server: Nameserver) -> Self {
        server.to_string()
    }
}
