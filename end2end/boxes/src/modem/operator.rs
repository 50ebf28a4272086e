//! The operator's network: a gateway that answers, names, and a DHCP server for sessions whose address the modem does not tell.

use super::spec::Lease;
use crate::{
    daemon::Daemon,
    error::Result,
    ns::Ns,
    site::{BRIDGE, Network},
};
use std::net::Ipv4Addr;

/// The operator's end of the wire.
const OUTER: &str = "session";
pub(super) const INTERFACE: &str = "wwan0";

#[derive(Debug)]
pub(super) struct Operator {
    network: Network,
    number: u8,
    _names: Daemon,
}

impl Operator {
    /// Of the box with this number: 10.64.0.0/24 is the first one's.
    pub fn new(number: u8) -> Result<Self> {
        let network = Network::new(&format!("02:00:00:03:{number:02x}:01"), &[&format!("{}/24", host(number, 1))])?;
        let range = format!("{},{}", host(number, 100), host(number, 150));
        let names = network.ns().dnsmasq(BRIDGE, &range, &[])?;
        Ok(Self { network, number, _names: names })
    }

    pub fn ns(&self) -> &Ns {
        self.network.ns()
    }

    pub fn gateway(&self) -> Ipv4Addr {
        host(self.number, 1)
    }

    pub fn lease(&self) -> Lease {
        Lease { address: host(self.number, 34), prefix: 24, gateway: self.gateway(), dns: self.gateway() }
    }

    /// The modem's interface appears in the box; without a session nothing passes.
    pub fn attach(&self, to: &Ns) -> Result<()> {
        self.network.attach(OUTER, to, INTERFACE, &format!("02:00:00:03:{:02x}:02", self.number))?;
        self.session(false)
    }

    /// It is gone.
    pub fn detach(&self) {
        self.network.detach(OUTER);
    }

    pub fn session(&self, on: bool) -> Result<()> {
        self.ns().ip(&format!("link set {OUTER} {}", if on { "up" } else { "down" }))
    }
}

fn host(number: u8, last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 63 + number, 0, last)
}
