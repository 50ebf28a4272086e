//! A DHCP and DNS server at a gateway: Debian's dnsmasq, in the gateway's namespace.

use crate::{
    daemon::Daemon,
    error::Result,
    ns::Ns,
    registry::{REGISTRY_ADDRESS, REGISTRY_NAME},
    site::{BRIDGE, INTERNET, Network, Site},
};

impl Ns {
    /// Gives out addresses of `range` (`"10.20.0.100,10.20.0.150"`) on an interface, for two minutes, the shortest that dnsmasq
    /// can, with itself as router and DNS server unless `more` says otherwise. The name `internet.test` is the address beyond
    /// the gateway, `registry.test` that of [`crate::Registry`].
    pub fn dnsmasq(&self, interface: &str, range: &str, more: &[&str]) -> Result<Daemon> {
        let interface = format!("--interface={interface}");
        let (name, range) =
            (format!("--address=/internet.test/{INTERNET}"), format!("--dhcp-range={range},255.255.255.0,2m"));
        let registry = format!("--address=/{REGISTRY_NAME}/{REGISTRY_ADDRESS}");
        let mut argv = vec![
            "dnsmasq",
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--pid-file",
            "--leasefile-ro",
            "--user=root",
            "--no-resolv",
            "--no-hosts",
            // a resolver that knows this much of the world is there: "no such name", and not "refused"
            "--local=/com/",
            "--bind-interfaces",
            "--dhcp-authoritative",
            "--no-ping",
            &interface,
            &name,
            &registry,
            &range,
        ];
        argv.extend(more);
        self.daemon(&argv)
    }
}

impl Network {
    /// A server on this uplink network.
    pub fn dhcp(&self, range: &str) -> Result<Daemon> {
        self.ns().dnsmasq(BRIDGE, range, &[])
    }
}

impl Site {
    /// A server on each uplink network.
    pub fn dhcp(&self) -> Result<[Daemon; 2]> {
        Ok([self.a.dhcp("10.20.0.100,10.20.0.150")?, self.b.dhcp("10.21.0.100,10.21.0.150")?])
    }
}
