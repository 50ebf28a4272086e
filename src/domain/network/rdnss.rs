//! DNS servers from router advertisements (RFC 8106, section 5.1): who may be asked, and for how long.
//!
//! The kernel checks that an advertisement came from a router on the link, and hands its options on as they are
//! (`RTM_NEWNDUSEROPT`). Anybody on the link can send one: what does not make sense is left out, option by option.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
};

use super::validate::{MAX_DNS, is_ipv6_host};
use crate::{name::PortName, time::BootMillis};

/// `struct nduseroptmsg`.
const HEADER: usize = 16;
const AF_INET6: u8 = 10;
/// Type of a router advertisement (RFC 4861, section 4.2).
const ROUTER_ADVERTISEMENT: u8 = 134;
/// ND option type (RFC 8106, section 5.1).
const RDNSS: u8 = 25;
/// Servers remembered of one port; more would only push out those that answer.
const MOST: usize = 8;
/// Seconds that a server counts without being named again; all ones would be for ever. Shorter: none, routers repeat themselves
/// every few minutes. Longer: a router that was taken away decides for weeks whom the box asks.
pub const LONGEST: u32 = 24 * 60 * 60;

/// One server of one advertisement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advert {
    /// The kernel's number of the interface that it came in by.
    pub index: u32,
    pub server: Ipv6Addr,
    /// Seconds from now; 0 takes it back.
    pub lifetime: u32,
}

/// Reads the body of one `RTM_NEWNDUSEROPT` message. What is cut short, of another kind, or no server that could be asked, is left
/// out.
pub fn read(message: &[u8]) -> Vec<Advert> {
    let Some((header, rest)) = message.split_at_checked(HEADER) else { return Vec::new() };
    let length = usize::from(u16::from_ne_bytes([header[2], header[3]]));
    let index = u32::from_ne_bytes([header[4], header[5], header[6], header[7]]);
    if header[0] != AF_INET6 || header[8] != ROUTER_ADVERTISEMENT {
        return Vec::new();
    }
    let Some(mut options) = rest.get(..length) else { return Vec::new() };
    let mut found = Vec::new();
    while let [kind, units, ..] = *options {
        // a length of 0 would never end (RFC 4861, section 4.6)
        let Some((option, more)) = options.split_at_checked(usize::from(units) * 8).filter(|_| units > 0) else {
            break;
        };
        if kind == RDNSS {
            found.extend(servers(index, option));
        }
        options = more;
    }
    found
}

/// Type, length, two reserved bytes, the lifetime, then whole addresses.
fn servers(index: u32, option: &[u8]) -> Vec<Advert> {
    let Some((&[_, _, _, _, a, b, c, d], addresses)) = option.split_first_chunk() else { return Vec::new() };
    let lifetime = u32::from_be_bytes([a, b, c, d]);
    let (addresses, rest) = addresses.as_chunks::<16>();
    if !rest.is_empty() {
        return Vec::new();
    }
    let servers = addresses.iter().map(|octets| Ipv6Addr::from(*octets));
    servers
        .filter(|ip| is_ipv6_host(*ip) || ip.is_unicast_link_local())
        .map(|server| Advert { index, server, lifetime })
        .collect()
}

/// What was heard on each port and still counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolvers {
    heard: BTreeMap<PortName, Vec<(Ipv6Addr, BootMillis)>>,
}

impl Resolvers {
    /// A server that is known already keeps its place, so that an advertisement that is repeated changes nothing.
    pub fn hear(&mut self, port: &PortName, advert: Advert, now: BootMillis) {
        let known = self.heard.entry(port.clone()).or_default();
        let until = now.plus(u64::from(advert.lifetime.min(LONGEST)) * 1000);
        match known.iter_mut().find(|(server, _)| *server == advert.server) {
            Some((_, end)) => *end = until,
            None => known.push((advert.server, until)),
        }
        known.truncate(MOST);
        self.expire(now);
    }

    /// Forgets the servers whose time is over.
    pub fn expire(&mut self, now: BootMillis) {
        for servers in self.heard.values_mut() {
            servers.retain(|(_, until)| *until > now);
        }
        self.heard.retain(|_, servers| !servers.is_empty());
    }

    /// Forgets what was heard on ports that do not listen any more.
    pub fn keep(&mut self, listens: impl Fn(&PortName) -> bool) {
        self.heard.retain(|port, _| listens(port));
    }

    /// When the next one is over.
    pub fn deadline(&self) -> Option<BootMillis> {
        self.heard.values().flatten().map(|(_, until)| *until).min()
    }

    /// First heard first, as many as a resolver asks.
    pub fn servers(&self) -> BTreeMap<PortName, Vec<IpAddr>> {
        let of =
            |servers: &Vec<(Ipv6Addr, BootMillis)>| servers.iter().take(MAX_DNS).map(|(ip, _)| (*ip).into()).collect();
        self.heard.iter().map(|(port, servers)| (port.clone(), of(servers))).collect()
    }
}
