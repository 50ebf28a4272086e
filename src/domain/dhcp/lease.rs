//! A lease: what a server gave for some time, and what of it may be used.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::time::BootMillis;

/// The shortest lease that is taken, seconds. Shorter: each renewal is a write to the disk and to the kernel, so that a
/// hostile server could keep both busy. Longer: networks with short leases for guests are refused.
pub const SHORTEST_LEASE: u32 = 10;
/// The longest finite lease that is believed, seconds: a year. Shorter: servers are asked more often than they wish.
/// Longer: a mistyped one is never corrected.
pub const LONGEST_LEASE: u32 = 31_536_000;
/// T1 is not believed below this unless it is half of the lease, seconds. Shorter: a server could have itself asked
/// every second. Longer: an administrator who wants frequent renewals before a move is not heard.
pub const SOONEST_T1: u32 = 60;
/// What the C library reads of a resolv.conf (MAXNS).
pub const MOST_DNS: usize = 3;
/// What old C libraries read of a search list (MAXDNSRCH).
pub const MOST_SEARCH: usize = 6;
pub const MOST_NTP: usize = 4;
/// Enough for a site; each is a route in the kernel.
pub const MOST_ROUTES: usize = 16;
/// RFC 791: every host takes 576 bytes, and an interface 68. Below 576 DHCP itself no longer fits.
pub const SMALLEST_MTU: u16 = 576;
/// Jumbo frames as switches have them.
pub const LARGEST_MTU: u16 = 9216;

/// Everything in it has been looked at: see [`Lease::from_ack`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The address with its prefix: `10.20.0.15/24`.
    pub address: Ipv4Net,
    /// The gateway of the default route, of option 121 or else of option 3. It is on the link, or `routes` makes it so.
    pub gateway: Option<Ipv4Addr>,
    /// Routes of option 121 without the default route, those on the link first.
    pub routes: Vec<LeaseRoute>,
    /// First choice first.
    pub dns: Vec<Ipv4Addr>,
    /// Domains to search: option 119, or else the one of option 15.
    pub search: Vec<String>,
    pub host_name: Option<String>,
    pub mtu: Option<u16>,
    pub ntp: Vec<Ipv4Addr>,
    /// The server that gave it (option 54).
    pub server: Ipv4Addr,
    /// When it was asked for; its time runs from there (RFC 2131 section 4.4.1), because the answer's way is not known.
    pub obtained: BootMillis,
    pub lifetimes: Lifetimes,
}

/// A route that came with a lease; without a gateway its destination is on the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRoute {
    pub destination: Ipv4Net,
    pub gateway: Option<Ipv4Addr>,
}

/// Seconds from [`Lease::obtained`]; 0 < `t1` < `t2` < `lease`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifetimes {
    Infinite,
    Finite { t1: u32, t2: u32, lease: u32 },
}

/// A part of a lease that can change when it is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Address,
    Gateway,
    Routes,
    Dns,
    Search,
    HostName,
    Mtu,
    Ntp,
    Server,
    /// Other lengths of time; that it begins anew is no change.
    Lifetimes,
}

impl Lease {
    /// When it must no longer be used.
    pub fn expires(&self) -> Option<BootMillis> {
        self.after(|_, _, lease| lease)
    }

    /// T1: when its server is asked for more time.
    pub fn renew_at(&self) -> Option<BootMillis> {
        self.after(|t1, _, _| t1)
    }

    /// T2: when any server is asked.
    pub fn rebind_at(&self) -> Option<BootMillis> {
        self.after(|_, t2, _| t2)
    }

    pub fn has_expired(&self, now: BootMillis) -> bool {
        self.expires().is_some_and(|end| end <= now)
    }

    fn after(&self, which: impl Fn(u32, u32, u32) -> u32) -> Option<BootMillis> {
        match self.lifetimes {
            Lifetimes::Infinite => None,
            Lifetimes::Finite { t1, t2, lease } => Some(self.obtained.plus(u64::from(which(t1, t2, lease)) * 1_000)),
        }
    }

    /// What is different in `next`, but for the time that it began.
    pub fn changes(&self, next: &Self) -> Vec<Part> {
        [
            (Part::Address, self.address != next.address),
            (Part::Gateway, self.gateway != next.gateway),
            (Part::Routes, self.routes != next.routes),
            (Part::Dns, self.dns != next.dns),
            (Part::Search, self.search != next.search),
            (Part::HostName, self.host_name != next.host_name),
            (Part::Mtu, self.mtu != next.mtu),
            (Part::Ntp, self.ntp != next.ntp),
            (Part::Server, self.server != next.server),
            (Part::Lifetimes, self.lifetimes != next.lifetimes),
        ]
        .into_iter()
        .filter_map(|(part, changed)| changed.then_some(part))
        .collect()
    }
}
