//! What a person decides of a pair. Both boxes keep the same: see [`PairSettings::revision`].

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::{Terms, link};
use crate::{
    box_file::{BoxFile, Role},
    name::PortName,
    network::spec::{Ipv4Spec, NetworkSpec},
};

/// `POST /v1/pair/settings`, and the file on both boxes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PairSettings {
    /// None: the pair's applications run, and the site reaches them at no address of their own.
    pub virtual_ip: Option<VirtualIp>,
    /// None: the heartbeat goes over the virtual IP's port alone.
    pub heartbeat: Option<PortName>,
    pub registry: Nearness,
    /// Grows with each change. Of two that differ the higher one holds.
    pub revision: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualIp {
    /// With the prefix of the port's own network.
    pub address: Ipv4Net,
    pub port: PortName,
}

/// What the wizard asks beside the address: on which ports of this box. The registry is told none of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PairPorts {
    /// None: the one in whose network the virtual IP is.
    pub virtual_ip: Option<PortName>,
    pub heartbeat: HeartbeatPort,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeartbeatPort {
    /// The box's first one, if it has one.
    #[default]
    Automatic,
    /// Over the virtual IP's port alone.
    None,
    Port(PortName),
}

/// How far the registry is, which says how long a lease must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nearness {
    /// On the site's network: 3 s.
    #[default]
    Site,
    /// Over a WAN, whose hiccups must end nothing: 15 s.
    Wan,
}

/// Why settings cannot be used on a box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "issue", rename_all = "snake_case")]
pub enum SettingsIssue {
    #[error("{port} is no port of this box that the virtual IP can be on")]
    NoSuchPort { port: PortName },
    #[error("{address} is not in the network of {port}, which is {network}")]
    OutsideNetwork { address: Ipv4Net, port: PortName, network: Ipv4Net },
    #[error("{port} has no address of its own yet")]
    PortHasNoAddress { port: PortName },
    #[error("{address} is the address of a box")]
    OwnAddress { address: Ipv4Net },
    #[error("{address} is the gateway")]
    Gateway { address: Ipv4Net },
    #[error("{address} is no host's address")]
    NotAHost { address: Ipv4Net },
    #[error("{address} is in use by {by}")]
    Taken { address: Ipv4Net, by: String },
    #[error("{port} is no heartbeat port of this box")]
    NoHeartbeatPort { port: PortName },
}

impl PairSettings {
    /// What holds until somebody decides: what was said with the activation. `now`: the addresses of the ports. There is no virtual IP
    /// as long as no port is in its network.
    pub fn first(board: &BoxFile, ports: &PairPorts, address: Option<Ipv4Addr>, now: &[(PortName, Ipv4Net)]) -> Self {
        let on = address.and_then(|address| {
            let meant = |name: &PortName| ports.virtual_ip.as_ref().is_none_or(|port| port == name);
            let (port, net) = now.iter().find(|(name, net)| meant(name) && net.contains(&address))?;
            Some(VirtualIp { address: Ipv4Net::new(address, net.prefix_len()).ok()?, port: port.clone() })
        });
        let built = || board.ports.iter().find(|port| port.role == Role::Heartbeat).map(|port| port.name.clone());
        let heartbeat = match &ports.heartbeat {
            HeartbeatPort::Automatic => built(),
            HeartbeatPort::None => None,
            HeartbeatPort::Port(port) => Some(port.clone()),
        };
        Self { virtual_ip: on, heartbeat, ..Self::default() }
    }

    /// What is wrong with what the wizard was told, by the network that the box has now. A port without an address is no fault yet.
    pub fn first_issues(
        board: &BoxFile,
        ports: &PairPorts,
        address: Option<Ipv4Addr>,
        spec: &NetworkSpec,
        now: &[(PortName, Ipv4Net)],
    ) -> Vec<SettingsIssue> {
        let uplink = |name: &PortName| board.ports.iter().any(|port| port.name == *name && port.role == Role::Uplink);
        let mut first = Self::first(board, ports, address, now);
        if first.virtual_ip.is_none() {
            let meant = |name: &PortName| ports.virtual_ip.as_ref().map_or(uplink(name), |port| port == name);
            let near = now.iter().find(|(name, _)| meant(name)).map(|(name, net)| (name.clone(), net.prefix_len()));
            let (port, prefix) = near.or_else(|| Some((ports.virtual_ip.clone()?, 32))).unzip();
            first.virtual_ip = address
                .zip(port)
                .and_then(|(address, port)| Some(VirtualIp { address: Ipv4Net::new(address, prefix?).ok()?, port }));
        }
        let mut issues = first.issues(board, spec, now);
        issues.retain(|issue| !matches!(issue, SettingsIssue::PortHasNoAddress { .. }));
        issues
    }

    pub fn terms(&self) -> Terms {
        Terms::of(match self.registry {
            Nearness::Site => 3_000,
            Nearness::Wan => 15_000,
        })
    }

    /// What must be the same on both boxes.
    pub fn digest(&self) -> u64 {
        let Self { virtual_ip, heartbeat, registry, revision: _ } = self;
        let text = format!(
            "{:?} {:?} {:?} {registry:?}",
            virtual_ip.as_ref().map(|v| v.address.to_string()),
            virtual_ip.as_ref().map(|v| v.port.as_str()),
            heartbeat.as_ref().map(PortName::as_str),
        );
        link::digest(text.as_bytes())
    }

    /// Of two the higher one holds: the later decision, and of those that were made apart, with the same revision, one of them on both boxes.
    pub fn rank(&self) -> (u64, u64) {
        (self.revision, self.digest())
    }

    /// All that is wrong with it on a box with this network. `now`: what the ports have at this moment, for those by DHCP.
    pub fn issues(&self, board: &BoxFile, spec: &NetworkSpec, now: &[(PortName, Ipv4Net)]) -> Vec<SettingsIssue> {
        let mut issues = Vec::new();
        let role = |name: &PortName| board.ports.iter().find(|port| port.name == *name).map(|port| port.role);
        if let Some(port) = self.heartbeat.as_ref().filter(|port| role(port) != Some(Role::Heartbeat)) {
            issues.push(SettingsIssue::NoHeartbeatPort { port: port.clone() });
        }
        let Some(VirtualIp { address, port }) = &self.virtual_ip else { return issues };
        if role(port) != Some(Role::Uplink) {
            issues.push(SettingsIssue::NoSuchPort { port: port.clone() });
            return issues;
        }
        let typed = spec.ports.get(port).map(|port| &port.ipv4);
        let (typed, gateway) = match typed {
            Some(Ipv4Spec::Static { addresses, gateway }) => (addresses.clone(), *gateway),
            Some(Ipv4Spec::Dhcp | Ipv4Spec::Off) | None => (Vec::new(), None),
        };
        let has = now.iter().filter(|(name, _)| name == port).map(|(_, net)| *net);
        let own: Vec<Ipv4Net> = typed.into_iter().chain(has).collect();
        let host = address.addr();
        if host == address.network() && address.prefix_len() < 31
            || host == address.broadcast() && address.prefix_len() < 31
            || host.is_loopback()
            || host.is_multicast()
            || host.is_unspecified()
            || host.is_link_local()
        {
            issues.push(SettingsIssue::NotAHost { address: *address });
        } else if own.is_empty() {
            issues.push(SettingsIssue::PortHasNoAddress { port: port.clone() });
        } else if !own.iter().any(|net| net.trunc() == address.trunc()) {
            issues.push(SettingsIssue::OutsideNetwork {
                address: *address,
                port: port.clone(),
                network: own[0].trunc(),
            });
        }
        if own.iter().any(|net| net.addr() == host) {
            issues.push(SettingsIssue::OwnAddress { address: *address });
        }
        if gateway == Some(host) {
            issues.push(SettingsIssue::Gateway { address: *address });
        }
        issues
    }
}
