//! What is around a box: the networks that its uplinks are plugged into, and the technician's laptop.
//!
//! ```text
//!  network A: 10.20.0.0/24 and 10.30.0.0/24 on one wire   gateways 10.20.0.1, 10.30.0.1 ── lan1 of each box, laptop
//!  network B: 10.21.0.0/24                                gateway 10.21.0.1             ── lan2 of each box
//!  service wire, one a box: 192.168.100.0/24                                            ── lan3, laptop (.197)
//!  heartbeat, without addresses                                                         ── lan4 of Debian boxes
//! ```
//! Each network is a bridge in a namespace of its own, so that further hosts can be attached. A gateway doesn't forward;
//! it is "the internet", too: 203.0.113.1.

use crate::{error::Result, ns::Ns};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

/// The bridge of each network.
pub const BRIDGE: &str = "br0";
/// An address beyond each gateway, for tests of reachability.
pub const INTERNET: &str = "203.0.113.1";
/// Where a box always answers on its service port.
pub const SERVICE_ADDRESS: std::net::Ipv4Addr = std::net::Ipv4Addr::new(192, 168, 100, 198);
/// The technician's end of the service wire.
pub const TECHNICIAN: &str = "192.168.100.197/24";

/// One wire with a bridge, and whoever answers at the bridge itself.
#[derive(Debug, Clone)]
pub struct Network {
    ns: Ns,
}

impl Network {
    /// `addresses` (with prefix) are the gateway's; none makes a plain switch. `mac` is the bridge's.
    pub fn new(mac: &str, addresses: &[&str]) -> Result<Self> {
        let ns = Ns::new()?;
        ns.bridge(BRIDGE, mac)?;
        let mut lines: Vec<String> = addresses.iter().map(|a| format!("addr add {a} dev {BRIDGE}")).collect();
        if !addresses.is_empty() {
            lines.push(format!("addr add {INTERNET}/32 dev lo"));
        }
        if !lines.is_empty() {
            ns.ip_batch(&lines)?;
        }
        Ok(Self { ns })
    }

    /// The namespace of the gateway and the bridge.
    pub fn ns(&self) -> &Ns {
        &self.ns
    }

    /// A wire from the bridge, where its end is called `outer` (and is up), to `inner` in another namespace, which stays
    /// down: a box brings its own ports up.
    pub fn attach(&self, outer: &str, other: &Ns, inner: &str, mac: &str) -> Result<()> {
        // The kernel tells of a carrier up to a second late where both ends happen to have the same index
        // (linkwatch_urgent_event), so that they never have.
        static INDEX: AtomicU32 = AtomicU32::new(1000);
        let index = INDEX.fetch_add(1, Ordering::Relaxed);
        self.ns.ip_batch(&[
            format!("link add {outer} index {index} type veth peer name {inner} address {mac} netns {}", other.path()),
            format!("link set {outer} master {BRIDGE} up"),
        ])
    }

    /// Another host on this network, with an address (and prefix), on its interface `eth0`.
    pub fn host(&self, name: &str, mac: &str, address: &str) -> Result<Ns> {
        let ns = Ns::new()?;
        self.attach(name, &ns, "eth0", mac)?;
        ns.ip_batch(&[format!("addr add {address} dev eth0"), "link set eth0 up".into()])?;
        Ok(ns)
    }

    /// An interface of this machine on this network, with an address (and prefix), until it is dropped.
    pub fn here(&self, interface: &str, mac: &str, address: &str) -> Result<Leg> {
        let leg = Leg { ns: Ns::current()?, interface: interface.to_owned() };
        self.attach("here", &leg.ns, interface, mac)?;
        leg.ns.ip_batch(&[format!("addr add {address} dev {interface}"), format!("link set {interface} up")])?;
        Ok(leg)
    }

    /// Takes a wire away, and says nothing when it is gone already.
    pub(crate) fn detach(&self, outer: &str) {
        drop(self.ns.ip(&format!("link del {outer}")));
    }
}

/// See [`Network::here`].
#[derive(Debug)]
pub struct Leg {
    ns: Ns,
    interface: String,
}

impl Drop for Leg {
    fn drop(&mut self) {
        drop(self.ns.ip(&format!("link del {}", self.interface)));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Uplink {
    A,
    B,
}

/// Both uplink networks. Clones are the same site; it lasts as long as one of them.
#[derive(Debug, Clone)]
pub struct Site {
    pub a: Network,
    pub b: Network,
    heartbeat: Arc<Mutex<Option<Network>>>,
}

impl Site {
    pub fn new() -> Result<Self> {
        Ok(Self {
            a: Network::new("02:00:00:00:0a:01", &["10.20.0.1/24", "10.30.0.1/24"])?,
            b: Network::new("02:00:00:00:0b:01", &["10.21.0.1/24"])?,
            heartbeat: Arc::default(),
        })
    }

    /// The direct wire of all boxes here that have such a port.
    pub fn heartbeat(&self) -> Result<Network> {
        let mut made = self.heartbeat.lock().unwrap_or_else(PoisonError::into_inner);
        match &*made {
            Some(network) => Ok(network.clone()),
            None => Ok(made.insert(Network::new("02:00:00:00:0c:01", &[])?).clone()),
        }
    }

    pub fn network(&self, uplink: Uplink) -> &Network {
        match uplink {
            Uplink::A => &self.a,
            Uplink::B => &self.b,
        }
    }
}

/// Where the technician sits: a namespace of their own, or the one that this process lives in. Its interfaces stay as
/// they are when the box restarts, because a browser gives up what it is loading when an interface changes.
#[derive(Debug)]
pub(crate) struct Technician {
    pub ns: Ns,
    /// To take away at the end, where the namespace itself doesn't end.
    interface: Option<String>,
}

impl Technician {
    /// A laptop with a leg on the service wire (`svc0`) and one on network A (`site0`).
    pub fn laptop(number: u8, service: &Network, site: &Site) -> Result<Self> {
        let ns = Ns::new()?;
        // The laptop has been there for a while: no address of its own appears only when a browser is loading a page.
        ns.sysctl("ipv6/conf/default/accept_dad", "0")?;
        let last = 199 + number;
        site.a.attach(&format!("laptop{number}"), &ns, "site0", &format!("02:00:00:01:{number:02x}:01"))?;
        let this = Self { ns, interface: None };
        this.plug_in(number, service, "svc0")?;
        this.ns.ip_batch(&[
            format!("addr add 10.20.0.{last}/24 dev site0"),
            format!("addr add 10.30.0.{last}/24 dev site0"),
            "link set site0 up".into(),
        ])?;
        Ok(this)
    }

    /// This machine, by an interface of the given name on the service wire.
    pub fn here(number: u8, service: &Network, interface: &str) -> Result<Self> {
        let this = Self { ns: Ns::current()?, interface: Some(interface.to_owned()) };
        this.plug_in(number, service, interface)?;
        Ok(this)
    }

    fn plug_in(&self, number: u8, service: &Network, interface: &str) -> Result<()> {
        service.attach("technician", &self.ns, interface, &format!("02:00:00:01:{number:02x}:03"))?;
        // Ask again for a silent neighbour after 50 ms and not 1 s: a box that has just started is found at once.
        self.ns.sysctl(&format!("ipv4/neigh/{interface}/retrans_time_ms"), "50")?;
        self.ns.ip_batch(&[format!("addr add {TECHNICIAN} dev {interface}"), format!("link set {interface} up")])
    }
}

impl Drop for Technician {
    fn drop(&mut self) {
        if let Some(interface) = &self.interface {
            drop(self.ns.ip(&format!("link del {interface}")));
        }
    }
}
