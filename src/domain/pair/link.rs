//! How the two boxes of a pair reach each other before anybody has typed an address: both work the same addresses out of the pair's name.
//!
//! They are link-local (RFC 3927), one network of two for each way: the heartbeat port, and the port of the virtual IP, because its wire is the
//! one that both are on in any case. Several pairs on one wire have different ones, but for one chance in some thousands.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::{
    cluster::names::{PairId, Serial},
    name::PortName,
};

/// Where the guards of a pair say what they say: UDP, over each way.
pub const HEARTBEAT: u16 = 9747;
/// Where the agents of a pair talk: TCP, TLS with both certificates.
pub const PEER: u16 = 9748;

/// One way to the peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    pub port: PortName,
    pub own: Ipv4Net,
    pub peer: Ipv4Addr,
}

/// All ways, that over the heartbeat port first. Each has its network whether the other one is there or not: boxes whose settings differ
/// must meet to hear of it.
pub fn ways(
    pair: &PairId,
    own: &Serial,
    peer: &Serial,
    heartbeat: Option<&PortName>,
    site: Option<&PortName>,
) -> Vec<Way> {
    let way = |number: u64, port: &PortName| {
        let (own, peer) = addresses(pair, number, own < peer);
        Way { port: port.clone(), own, peer }
    };
    let site = site.filter(|port| heartbeat != Some(port));
    heartbeat.map(|port| way(1, port)).into_iter().chain(site.map(|port| way(0, port))).collect()
}

/// Of one way, for the box with the lower serial number or the other one.
fn addresses(pair: &PairId, way: u64, first: bool) -> (Ipv4Net, Ipv4Addr) {
    // 169.254.1.0 to 169.254.254.255 (RFC 3927, 2.1), in networks of four
    const NETWORKS: u64 = 254 * 64;
    let hash = digest(pair.to_string().as_bytes()).wrapping_add(way);
    let network = u32::try_from(hash % NETWORKS).unwrap_or(0) * 4;
    let base = u32::from(Ipv4Addr::new(169, 254, 1, 0)) + network;
    let (one, two) = (Ipv4Addr::from(base + 1), Ipv4Addr::from(base + 2));
    let (own, peer) = if first { (one, two) } else { (two, one) };
    (Ipv4Net::new_assert(own, 30), peer)
}

/// VRRP's number of the pair (RFC 5798, 5.2.3): 1 to 255.
pub fn virtual_router(pair: &PairId) -> u8 {
    u8::try_from(digest(pair.to_string().as_bytes()) % 255).map_or(1, |number| number + 1)
}

/// FNV-1a: to compare, and not to prove anything.
pub fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
