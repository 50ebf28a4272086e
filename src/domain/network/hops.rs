//! The layered network test: from the cable to the host that the box must reach, and the first hop that is broken.
//!
//! ```text
//! link → address → gateway → DNS → clock → proxy → host
//! ```
//!
//! The agent looks and asks, and brings what it found as [`Findings`]; [`evaluate`] judges. Whoever asks may stop where
//! something is broken: nothing behind it counts. An uplink without a gateway, a box without a proxy and so on are no
//! faults: their hop is skipped and the next ones count.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::nameserver::Nameserver;
use crate::name::PortName;

mod cause;
mod findings;
mod rules;
mod seen;
mod target;

pub use cause::{Cause, Mend};
pub use findings::{
    AddressFinding, Asked, ClockFinding, DnsAnswer, DnsFinding, Findings, GatewayFinding, HostFinding, LinkFinding,
    ProxyFinding, Server,
};
pub use rules::evaluate;
pub use seen::Seen;
pub use target::{BadTarget, DEFAULT_PORT, Host, Target};

/// Seconds that a clock may be off. Shorter: a clock that is being set right counts as wrong. Longer: certificates that
/// were made a moment ago are not valid yet.
pub const CLOCK_TOLERANCE: u64 = 60;

/// In the order in which they are tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hop {
    Link,
    Address,
    Gateway,
    Dns,
    Clock,
    Proxy,
    Host,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    Ok { detail: Detail },
    Broken { cause: Cause },
    Skipped { why: Skip },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Skip {
    /// Nothing can be said while this hop is broken.
    BrokenBefore { hop: Hop },
    /// The box has no such thing, or needs none.
    NotConfigured,
    /// Nobody asked.
    NotTested,
}

/// What there is to say about a hop that works. Times are milliseconds to the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Detail {
    Link {
        /// Mbit/s, where the driver knows.
        speed: Option<u32>,
    },
    Address {
        net: Ipv4Net,
    },
    Gateway {
        gateway: Ipv4Addr,
        millis: u32,
    },
    Dns {
        server: Nameserver,
        millis: u32,
        /// Servers before it that do not help: each lookup waits for them.
        failing: Vec<Nameserver>,
    },
    Clock {
        /// Positive where the box is ahead.
        seconds: i64,
    },
    Proxy {
        millis: u32,
    },
    Host {
        millis: u32,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tested {
    pub hop: Hop,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Each hop once, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Path(pub [Tested; 7]);

/// A test that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The uplink that the path begins at; `None` on a box without uplinks.
    pub uplink: Option<PortName>,
    /// Where it ends; without one the last hop is not tested.
    pub host: Option<Target>,
    pub path: Path,
}

impl Path {
    /// The hop to draw, and to mend first.
    pub fn first_broken(&self) -> Option<(Hop, &Cause)> {
        self.0.iter().find_map(|tested| match &tested.outcome {
            Outcome::Broken { cause } => Some((tested.hop, cause)),
            Outcome::Ok { .. } | Outcome::Skipped { .. } => None,
        })
    }

    pub fn hop(&self, hop: Hop) -> Option<&Outcome> {
        self.0.iter().find(|tested| tested.hop == hop).map(|tested| &tested.outcome)
    }
}
