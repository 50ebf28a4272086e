//! What is odd about a server's words: refused whole, or used without the odd part.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

/// Why an offer or a lease is not taken at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    #[error("the server does not say who it is (option 54)")]
    NoServer,
    #[error("{server} cannot be a server's address")]
    BadServer { server: Ipv4Addr },
    #[error("{address} cannot be a host's address")]
    BadAddress { address: Ipv4Addr },
    #[error("{address} is in {net}, which is taken on this box")]
    Forbidden { address: Ipv4Addr, net: Ipv4Net },
    #[error("there is no subnet mask (option 1)")]
    NoMask,
    #[error("{mask} is not a subnet mask")]
    BadMask { mask: Ipv4Addr },
    #[error("there is no lease time (option 51)")]
    NoLeaseTime,
    #[error("a lease of {seconds} s is too short")]
    TooShort { seconds: u32 },
}

/// Something that a person who looks after the network should know. Told once for each server, until its lease is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "anomaly", rename_all = "snake_case")]
pub enum Anomaly {
    /// The whole offer or lease was not taken.
    Refused(Refusal),
    /// An option could not be read.
    Malformed { option: u8 },
    /// A list was longer than what is used of it.
    TooMany { option: u8 },
    /// A name with control characters, or that is no name (options 12, 15 and 119).
    BadName { option: u8 },
    /// An address that no host can have, or of a network that is taken (options 3, 6 and 42).
    BadAddress { option: u8, address: Ipv4Addr },
    /// A gateway that is not on the link; it is not used.
    GatewayOffLink { gateway: Ipv4Addr },
    /// A classless route whose destination or gateway cannot be used.
    BadRoute { destination: Ipv4Net, gateway: Ipv4Addr },
    /// An MTU outside of what IP and Ethernet allow; it is not used.
    BadMtu { mtu: u16 },
    /// T1 and T2 in the wrong order or too soon; the usual ones are used.
    BadTimers { t1: u32, t2: u32 },
    /// A lease longer than what is believed; it is renewed sooner.
    LongLease { seconds: u32 },
    /// The lease's network covers one that is taken on this box; hosts of that one cannot be reached over this port.
    Overlaps { net: Ipv4Net },
    /// A second server answers on this network.
    OtherServer,
    /// A server says no to what another one was asked.
    ForeignNak,
    /// A NAK that does not say whose it is.
    NamelessNak,
}
