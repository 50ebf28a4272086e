//! What is wanted of the network. Saved as `network.toml`, sent as JSON.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use crate::name::{DomainName, PortName};

/// Of a link that carries IPv6 (RFC 8200, section 5); the kernel switches it off on a smaller one.
pub const SMALLEST_IPV6_MTU: u16 = 1280;

/// The wanted network of one box. The service port is not in it: its address is fixed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// The uplinks from first choice to last. Uplinks that are not named follow, in the order of the chassis.
    #[serde(default)]
    pub uplink_order: Vec<PortName>,
    /// Uplink ports; one that is missing here is off.
    #[serde(default)]
    pub ports: BTreeMap<PortName, PortSpec>,
}

/// The wanted state of one uplink port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortSpec {
    pub ipv4: Ipv4Spec,
    /// Where it is not said: see [`PortSpec::ipv6`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<Ipv6Spec>,
    /// DNS servers, first choice first. Instead of those that a DHCP server or a router names, where any is named.
    #[serde(default)]
    pub dns: Vec<IpAddr>,
    /// Domains that complete short names, first choice first. Instead of those that a DHCP server names, where any is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub search: Vec<DomainName>,
    /// Ways to networks behind this port other than the default route.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<StaticRoute>,
    /// Bytes of the largest packet; what the DHCP server says, or else 1500, where it is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u16>,
    /// Whether the port's gateway may become the box's default route.
    #[serde(default = "yes")]
    pub default_route: bool,
    /// Whether the management pages answer on this port.
    #[serde(default)]
    pub manage: bool,
}

/// A network, and who forwards to it; without a gateway it is on the link.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaticRoute {
    pub destination: Ipv4Net,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Ipv4Addr>,
}

fn yes() -> bool {
    true
}

impl Default for PortSpec {
    fn default() -> Self {
        Self {
            ipv4: Ipv4Spec::Off,
            ipv6: None,
            dns: Vec::new(),
            search: Vec::new(),
            routes: Vec::new(),
            mtu: None,
            default_route: true,
            manage: false,
        }
    }
}

/// Where a port's IPv4 addresses come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "lowercase", deny_unknown_fields)]
pub enum Ipv4Spec {
    /// No IPv4 on this port.
    #[default]
    Off,
    /// Address, gateway and DNS servers from a DHCP server (RFC 2131).
    Dhcp,
    /// Addresses typed by a person. The host part is kept: `10.20.0.15/24`.
    Static {
        addresses: Vec<Ipv4Net>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gateway: Option<Ipv4Addr>,
    },
}

impl Ipv4Spec {
    /// Those that are typed; what a lease gives is in [`super::effective::effective`].
    pub fn addresses(&self) -> &[Ipv4Net] {
        match self {
            Self::Off | Self::Dhcp => &[],
            Self::Static { addresses, .. } => addresses,
        }
    }

    pub fn gateway(&self) -> Option<Ipv4Addr> {
        match self {
            Self::Off | Self::Dhcp => None,
            Self::Static { gateway, .. } => *gateway,
        }
    }
}

/// Where a port's IPv6 addresses come from. Off or not, the kernel gives each port its link-local address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "lowercase", deny_unknown_fields)]
pub enum Ipv6Spec {
    /// No IPv6 on this port: router advertisements are not listened to.
    #[default]
    Off,
    /// Addresses, gateway and DNS servers from router advertisements (RFC 4862, RFC 8106).
    Auto,
    /// Addresses typed by a person; router advertisements are not listened to.
    Static {
        addresses: Vec<Ipv6Net>,
        /// In one of the networks, or a router's link-local address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gateway: Option<Ipv6Addr>,
    },
}

impl Ipv6Spec {
    /// Those that are typed.
    pub fn addresses(&self) -> &[Ipv6Net] {
        match self {
            Self::Off | Self::Auto => &[],
            Self::Static { addresses, .. } => addresses,
        }
    }

    pub fn gateway(&self) -> Option<Ipv6Addr> {
        match self {
            Self::Off | Self::Auto => None,
            Self::Static { gateway, .. } => *gateway,
        }
    }
}

impl PortSpec {
    /// What was asked for, or else: automatic on a port that has IPv4, as every computer does it; off on one that has not. Below
    /// [`SMALLEST_IPV6_MTU`] a link has no IPv6.
    pub fn ipv6(&self) -> Ipv6Spec {
        let too_small = self.mtu.is_some_and(|mtu| mtu < SMALLEST_IPV6_MTU);
        match (&self.ipv6, &self.ipv4) {
            (Some(asked), _) => asked.clone(),
            (None, Ipv4Spec::Dhcp | Ipv4Spec::Static { .. }) if !too_small => Ipv6Spec::Auto,
            (None, _) => Ipv6Spec::Off,
        }
    }

    /// The same wish in its shortest form: what is usual is not said.
    pub fn normalised(mut self) -> Self {
        let usual = Self { ipv6: None, ..self.clone() }.ipv6();
        self.ipv6 = self.ipv6.filter(|asked| *asked != usual);
        self
    }

    /// Neither IPv4 nor IPv6.
    pub fn is_off(&self) -> bool {
        self.ipv4 == Ipv4Spec::Off && self.ipv6() == Ipv6Spec::Off
    }

    /// The DNS servers that count: those of a port that is off cannot be reached.
    pub fn servers(&self) -> &[IpAddr] {
        if self.is_off() { &[] } else { &self.dns }
    }

    /// The domains that count, likewise.
    pub fn domains(&self) -> &[DomainName] {
        if self.is_off() { &[] } else { &self.search }
    }
}

impl NetworkSpec {
    /// The port's spec; off if it is not named.
    pub fn port(&self, name: &PortName) -> PortSpec {
        self.ports.get(name).cloned().unwrap_or_default()
    }

    /// The same wish in its shortest form: a port that is off is not named. Two specs that mean the same are equal then.
    pub fn normalised(mut self) -> Self {
        self.ports = self.ports.into_iter().map(|(name, port)| (name, port.normalised())).collect();
        self.ports.retain(|_, port| *port != PortSpec::default());
        self
    }

    /// The same spec with one port changed.
    pub fn with_port(&self, name: PortName, port: PortSpec) -> Self {
        let mut spec = self.clone();
        spec.ports.insert(name, port);
        spec
    }
}
