//! From a server's message to a [`Lease`]. Every value in it is hostile: it is checked, or it does not get through.
//!
//! What makes an address unusable refuses the whole ([`Refusal`]); what only comes along is left out and noted
//! ([`Anomaly`]). A mask is never guessed: classes are history (RFC 1519), and a wrong guess hides either the gateway
//! or the neighbours.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::{
    anomaly::{Anomaly, Refusal},
    lease::{
        LARGEST_MTU, LONGEST_LEASE, Lease, Lifetimes, MOST_DNS, MOST_NTP, MOST_SEARCH, SHORTEST_LEASE, SMALLEST_MTU,
        SOONEST_T1,
    },
    message::{Message, Options, code},
};
use crate::{name::DomainName, time::BootMillis};

mod routes;

/// Networks wider than this are no subnet of anybody.
const WIDEST_PREFIX: u8 = 8;

impl Lease {
    /// What may be used of an ACK or an OFFER that answers what was asked at `asked`.
    ///
    /// # Errors
    /// The first reason not to take it at all. `forbidden` are the networks that the box has for itself.
    pub fn from_ack(
        message: &Message,
        asked: BootMillis,
        forbidden: &[Ipv4Net],
    ) -> Result<(Self, Vec<Anomaly>), Refusal> {
        let options = &message.options;
        let server = options.server_id.ok_or(Refusal::NoServer)?;
        if !is_host(server) || server == message.yiaddr {
            return Err(Refusal::BadServer { server });
        }
        let address = address(message.yiaddr, options.subnet_mask, forbidden)?;
        let mut check = Check { address, forbidden, notes: Vec::new() };
        let lifetimes = check.lifetimes(options)?;
        check.notes.extend(options.malformed.iter().map(|option| Anomaly::Malformed { option: *option }));
        if let Some(net) = forbidden.iter().find(|net| address.contains(&net.network())) {
            check.notes.push(Anomaly::Overlaps { net: *net });
        }
        let (gateway, routes) = check.routes(options);
        let lease = Self {
            address,
            gateway,
            routes,
            dns: check.hosts(code::DNS, &options.dns, MOST_DNS),
            search: check.search(options),
            host_name: options.host_name.as_deref().and_then(|name| check.name(code::HOST_NAME, name)),
            mtu: options.mtu.filter(|mtu| check.mtu(*mtu)),
            ntp: check.hosts(code::NTP, &options.ntp, MOST_NTP),
            server,
            obtained: asked,
            lifetimes,
        };
        Ok((lease, check.notes))
    }
}

/// No host that DHCP speaks of has one of these (RFC 6890; RFC 3927 section 1.6): this network, loopback, link-local,
/// multicast with class E and the broadcast address.
const NO_HOSTS: [Ipv4Net; 4] = [
    Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 8),
    Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16),
    Ipv4Net::new_assert(Ipv4Addr::new(224, 0, 0, 0), 3),
];

fn is_host(address: Ipv4Addr) -> bool {
    !NO_HOSTS.iter().any(|net| net.contains(&address))
}

/// Whether it is the network's own or its broadcast address; /31 and /32 have neither (RFC 3021).
fn is_edge(address: Ipv4Addr, net: Ipv4Net) -> bool {
    net.prefix_len() < 31 && (address == net.network() || address == net.broadcast())
}

fn address(address: Ipv4Addr, mask: Option<Ipv4Addr>, forbidden: &[Ipv4Net]) -> Result<Ipv4Net, Refusal> {
    if !is_host(address) {
        return Err(Refusal::BadAddress { address });
    }
    if let Some(net) = forbidden.iter().find(|net| net.contains(&address)) {
        return Err(Refusal::Forbidden { address, net: *net });
    }
    let mask = mask.ok_or(Refusal::NoMask)?;
    let net = Ipv4Net::with_netmask(address, mask)
        .ok()
        .filter(|net| net.prefix_len() >= WIDEST_PREFIX)
        .ok_or(Refusal::BadMask { mask })?;
    if is_edge(address, net) { Err(Refusal::BadAddress { address }) } else { Ok(net) }
}

struct Check<'a> {
    address: Ipv4Net,
    forbidden: &'a [Ipv4Net],
    notes: Vec<Anomaly>,
}

impl Check<'_> {
    fn lifetimes(&mut self, options: &Options) -> Result<Lifetimes, Refusal> {
        let lease = match options.lease_time.ok_or(Refusal::NoLeaseTime)? {
            u32::MAX => return Ok(Lifetimes::Infinite),
            seconds if seconds < SHORTEST_LEASE => return Err(Refusal::TooShort { seconds }),
            seconds if seconds > LONGEST_LEASE => {
                self.notes.push(Anomaly::LongLease { seconds });
                LONGEST_LEASE
            }
            seconds => seconds,
        };
        // RFC 2131 section 4.4.5: half, and seven eighths; by hand, since 7/8 of a u32 does not fit one
        let usual = (lease / 2, lease - lease.div_ceil(8));
        let (t1, t2) = (options.t1.unwrap_or(usual.0), options.t2.unwrap_or(usual.1));
        let soon = t1 < SOONEST_T1 && t1 < usual.0;
        let (t1, t2) = if soon || t1 >= t2 || t2 >= lease {
            // a long lease that was cut short has T1 and T2 of its full length
            if lease < LONGEST_LEASE {
                self.notes.push(Anomaly::BadTimers { t1, t2 });
            }
            usual
        } else {
            (t1, t2)
        };
        Ok(Lifetimes::Finite { t1, t2, lease })
    }

    /// A host that this box can reach in principle, other than itself.
    fn usable(&self, host: Ipv4Addr) -> bool {
        is_host(host) && host != self.address.addr() && !self.forbidden.iter().any(|net| net.contains(&host))
    }

    fn hosts(&mut self, option: u8, hosts: &[Ipv4Addr], most: usize) -> Vec<Ipv4Addr> {
        let mut kept = Vec::new();
        for host in hosts.iter().copied() {
            if !self.usable(host) {
                self.notes.push(Anomaly::BadAddress { option, address: host });
            } else if kept.len() == most {
                self.notes.push(Anomaly::TooMany { option });
                break;
            } else if !kept.contains(&host) {
                kept.push(host);
            }
        }
        kept
    }

    fn name(&mut self, option: u8, name: &str) -> Option<String> {
        let checked = name.parse::<DomainName>().ok().map(String::from);
        if checked.is_none() {
            self.notes.push(Anomaly::BadName { option });
        }
        checked
    }

    fn search(&mut self, options: &Options) -> Vec<String> {
        let (option, given) = if options.domain_search.is_empty() {
            (code::DOMAIN_NAME, options.domain_name.as_slice())
        } else {
            (code::DOMAIN_SEARCH, options.domain_search.as_slice())
        };
        if given.len() > MOST_SEARCH {
            self.notes.push(Anomaly::TooMany { option });
        }
        given.iter().take(MOST_SEARCH).filter_map(|name| self.name(option, name)).collect()
    }

    fn mtu(&mut self, mtu: u16) -> bool {
        let fits = (SMALLEST_MTU..=LARGEST_MTU).contains(&mtu);
        if !fits {
            self.notes.push(Anomaly::BadMtu { mtu });
        }
        fits
    }
}
