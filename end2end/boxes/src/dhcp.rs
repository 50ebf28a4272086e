//! A DHCP and DNS server at a gateway: Debian's dnsmasq, in the gateway's namespace.

use crate::{
    daemon::Daemon,
    error::Result,
    site::{BRIDGE, INTERNET, Network, Site},
};

impl Network {
    /// Gives out addresses of `range` (`"10.20.0.100,10.20.0.150"`) for two minutes, the shortest that dnsmasq can, with
    /// the gateway as router and DNS server. The name `internet.test` is the address beyond the gateway.
    pub fn dhcp(&self, range: &str) -> Result<Daemon> {
        self.ns().daemon(&[
            "dnsmasq",
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--pid-file",
            "--leasefile-ro",
            "--user=root",
            "--no-resolv",
            "--no-hosts",
            "--bind-interfaces",
            "--dhcp-authoritative",
            "--no-ping",
            &format!("--interface={BRIDGE}"),
            &format!("--address=/internet.test/{INTERNET}"),
            &format!("--dhcp-range={range},255.255.255.0,2m"),
        ])
    }
}

impl Site {
    /// A server on each uplink network.
    pub fn dhcp(&self) -> Result<[Daemon; 2]> {
        Ok([self.a.dhcp("10.20.0.100,10.20.0.150")?, self.b.dhcp("10.21.0.100,10.21.0.150")?])
    }
}
