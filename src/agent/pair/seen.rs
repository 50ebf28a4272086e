//! What the box's ports say about a pair: where the ways to the peer are, and whether the virtual IP's port can be used.

use std::collections::BTreeMap;

use domain::{
    name::PortName,
    network::{spec::Ipv4Spec, status::NetworkStatus},
    pair::{
        guard::{OnInterface, Wire},
        link::Way,
        settings::{PairSettings, SettingsIssue, VirtualIp},
    },
};
use ipnet::{IpNet, Ipv4Net};

use crate::acd;

/// Who on the site has a virtual IP already, other than this box. Takes 0.2 s.
pub async fn taken(status: &NetworkStatus, virtual_ip: &VirtualIp) -> Option<SettingsIssue> {
    let VirtualIp { address, port } = virtual_ip;
    let link = status.ports.iter().find(|it| it.name == *port)?.link.as_ref()?;
    let own = status.ports.iter().filter_map(|port| port.link.as_ref()?.mac).collect();
    let whose = acd::Whose { index: link.index, mac: link.mac?, own };
    let by = acd::in_use(&whose, address.addr()).await?;
    Some(SettingsIssue::Taken { address: *address, by: by.to_string() })
}

/// One look at the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    ports: BTreeMap<PortName, Seen>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    label: String,
    interface: Option<String>,
    carrier: bool,
    leased: bool,
    addresses: Vec<Ipv4Net>,
}

impl Ports {
    pub fn of(status: &NetworkStatus) -> Self {
        let ports = status.ports.iter().map(|port| {
            let link = port.link.as_ref();
            let addresses = port.addresses.iter().filter(|address| address.ours);
            let seen = Seen {
                label: port.label.clone(),
                interface: link.map(|link| link.interface.clone()),
                carrier: link.is_some_and(|link| link.carrier),
                leased: status.spec.ports.get(&port.name).is_some_and(|port| port.ipv4 == Ipv4Spec::Dhcp),
                addresses: addresses
                    .filter_map(|address| match address.net {
                        IpNet::V4(net) => Some(net),
                        IpNet::V6(_) => None,
                    })
                    .collect(),
            };
            (port.name.clone(), seen)
        });
        Self { ports: ports.collect() }
    }

    /// Whether the network was not read yet.
    pub fn is_empty(&self) -> bool {
        self.ports.is_empty()
    }

    pub fn label(&self, port: &PortName) -> String {
        self.ports.get(port).map_or_else(|| port.to_string(), |seen| seen.label.clone())
    }

    pub fn interface(&self, port: &PortName) -> Option<&str> {
        self.ports.get(port)?.interface.as_deref()
    }

    pub fn carrier(&self, port: &PortName) -> bool {
        self.ports.get(port).is_some_and(|seen| seen.carrier)
    }

    pub fn leased(&self, port: &PortName) -> bool {
        self.ports.get(port).is_some_and(|seen| seen.leased)
    }

    /// What each port has now, of what is ours.
    pub fn addresses(&self) -> Vec<(PortName, Ipv4Net)> {
        self.ports.iter().flat_map(|(name, seen)| seen.addresses.iter().map(|net| (name.clone(), *net))).collect()
    }

    /// The ways whose ports are there.
    pub fn wires(&self, ways: &[Way]) -> Vec<Wire> {
        let wire = |way: &Way| {
            let interface = self.interface(&way.port)?.to_owned();
            Some(Wire { interface, own: way.own, peer: way.peer })
        };
        ways.iter().filter_map(wire).collect()
    }

    pub fn virtual_ip(&self, settings: &PairSettings) -> Option<OnInterface> {
        let virtual_ip = settings.virtual_ip.as_ref()?;
        let interface = self.interface(&virtual_ip.port)?.to_owned();
        Some(OnInterface { address: virtual_ip.address, interface })
    }
}
