//! What this box is: the content of `/etc/gatehouse/box.toml`, written by whoever builds the box.

use std::{collections::BTreeSet, fmt, net::Ipv4Addr, str::FromStr};

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::{activation::url::RegistryUrl, name::PortName, network::spec::NetworkSpec};

/// The service port's address, the same on every box, always.
pub const SERVICE_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 100, 198);
/// Prefix length of the service port's network.
pub const SERVICE_PREFIX: u8 = 24;

/// The service port's address with its prefix: `192.168.100.198/24`.
pub fn service_net() -> Ipv4Net {
    Ipv4Net::new_assert(SERVICE_ADDRESS, SERVICE_PREFIX)
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoxFile {
    pub model: String,
    pub serial: String,
    /// In the order of the chassis, left to right.
    #[serde(rename = "port")]
    pub ports: Vec<Port>,
    /// Whom to call, shown as it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<String>,
    /// The registry that the vendor's boxes belong to; with it short codes are possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<PresetRegistry>,
    /// The network of an unopened box.
    #[serde(default)]
    pub factory: NetworkSpec,
}

/// `[registry]`: where the registry is, and whom to trust there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetRegistry {
    /// Tried in this order.
    pub urls: Vec<RegistryUrl>,
    /// Its authority's certificate, as PEM.
    pub ca: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    pub name: PortName,
    /// What is printed on the chassis.
    pub label: String,
    pub role: Role,
    pub device: Device,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A way out to the site's network.
    Uplink,
    /// Where the technician plugs in: a fixed address, never a way out.
    Service,
    /// The direct wire to the peer.
    Heartbeat,
    /// A slot, and no port: the way out through the mobile network. Its interface and its addresses come with the connection.
    Sim,
}

impl Role {
    /// Whether it is a way out.
    pub fn is_uplink(self) -> bool {
        matches!(self, Self::Uplink | Self::Sim)
    }
}

/// How the kernel's interface of a port is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Device {
    /// The permanent hardware address.
    Mac(Mac),
    /// The bus path, as in `/sys/class/net/*/device` (`pci-0000:00:1f.6` is written `0000:00:1f.6`).
    Path(String),
    /// The interface name, for machines whose names never change.
    Name(String),
    /// Of a SIM slot: its modem's IMEI, or `any`.
    Modem(String),
}

/// A 48-bit hardware address, written `02:00:00:00:01:01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mac(pub [u8; 6]);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hardware address is six hexadecimal bytes with colons, as in 02:00:00:00:01:01")]
pub struct BadMac;

impl FromStr for Mac {
    type Err = BadMac;

    fn from_str(text: &str) -> Result<Self, BadMac> {
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next().filter(|p| p.len() == 2).ok_or(BadMac)?;
            // `from_str_radix` alone takes a sign
            if !part.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(BadMac);
            }
            *byte = u8::from_str_radix(part, 16).map_err(|_| BadMac)?;
        }
        if parts.next().is_some() { Err(BadMac) } else { Ok(Self(bytes)) }
    }
}

impl TryFrom<String> for Mac {
    type Error = BadMac;

    fn try_from(text: String) -> Result<Self, BadMac> {
        text.parse()
    }
}

impl From<Mac> for String {
    fn from(mac: Mac) -> Self {
        mac.to_string()
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            let colon = if i == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02x}")?;
        }
        Ok(())
    }
}

/// Why a box file is refused, beyond its syntax.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoxFileProblem {
    #[error("there is no [[port]]; a box has at least a service port")]
    NoPort,
    #[error("port name {0} is used twice")]
    NameTwice(PortName),
    #[error("port {0} has the device of another port")]
    DeviceTwice(PortName),
    #[error("a box has one service port; this file has {0}")]
    ServicePorts(usize),
    #[error("{0} is a SIM slot without a modem, or a port with one")]
    NoModem(PortName),
    #[error("a box has at most one SIM slot; this file has {0}")]
    SimSlots(usize),
    #[error("a box has at most {MAX_PORTS} ports; this file has {0}")]
    TooManyPorts(usize),
    #[error("{field} is empty, longer than 64 characters or has control characters")]
    Text { field: &'static str },
    #[error("[factory] names the port {0}, which is not an uplink of this box")]
    FactoryPort(PortName),
}

/// Routing tables and metrics are numbered by port; more would not fit their ranges.
pub const MAX_PORTS: usize = 64;

impl BoxFile {
    /// All that is wrong with the file's content; empty if it can be used.
    pub fn problems(&self) -> Vec<BoxFileProblem> {
        let mut problems = Vec::new();
        let short = |t: &str| !t.is_empty() && t.chars().count() <= 64 && !t.chars().any(char::is_control);
        if !short(&self.model) {
            problems.push(BoxFileProblem::Text { field: "model" });
        }
        if !short(&self.serial) {
            problems.push(BoxFileProblem::Text { field: "serial" });
        }
        if !self.ports.iter().all(|p| short(&p.label)) {
            problems.push(BoxFileProblem::Text { field: "port.label" });
        }
        if self.ports.is_empty() {
            problems.push(BoxFileProblem::NoPort);
        }
        if self.ports.len() > MAX_PORTS {
            problems.push(BoxFileProblem::TooManyPorts(self.ports.len()));
        }
        let mut seen = BTreeSet::new();
        problems.extend(
            self.ports.iter().filter(|p| !seen.insert(&p.name)).map(|p| BoxFileProblem::NameTwice(p.name.clone())),
        );
        let devices = self.ports.iter().enumerate();
        let again = devices.filter(|(i, p)| self.ports.iter().take(*i).any(|before| before.device == p.device));
        problems.extend(again.map(|(_, p)| BoxFileProblem::DeviceTwice(p.name.clone())));
        let services = self.ports.iter().filter(|p| p.role == Role::Service).count();
        if services != 1 && !self.ports.is_empty() {
            problems.push(BoxFileProblem::ServicePorts(services));
        }
        let unlike = self.ports.iter().filter(|p| (p.role == Role::Sim) != matches!(p.device, Device::Modem(_)));
        problems.extend(unlike.map(|p| BoxFileProblem::NoModem(p.name.clone())));
        let slots = self.ports.iter().filter(|p| p.role == Role::Sim).count();
        if slots > 1 {
            problems.push(BoxFileProblem::SimSlots(slots));
        }
        let named = self.factory.ports.keys().chain(&self.factory.uplink_order).collect::<BTreeSet<_>>();
        let foreign = named.into_iter().filter(|n| self.uplink(n).is_none());
        problems.extend(foreign.map(|n| BoxFileProblem::FactoryPort(n.clone())));
        problems
    }

    pub fn port(&self, name: &PortName) -> Option<&Port> {
        self.ports.iter().find(|p| p.name == *name)
    }

    pub fn uplink(&self, name: &PortName) -> Option<&Port> {
        self.port(name).filter(|p| p.role.is_uplink())
    }

    pub fn uplinks(&self) -> impl Iterator<Item = &Port> {
        self.ports.iter().filter(|p| p.role.is_uplink())
    }

    /// The port's place on the chassis, from 0.
    pub fn index(&self, name: &PortName) -> Option<u32> {
        self.ports.iter().position(|p| p.name == *name).and_then(|i| u32::try_from(i).ok())
    }

    pub fn sim_slot(&self) -> Option<&Port> {
        self.ports.iter().find(|p| p.role == Role::Sim)
    }

    pub fn service_port(&self) -> Option<&Port> {
        self.ports.iter().find(|p| p.role == Role::Service)
    }
}
