//! What ports are called and what they are up to.

use crate::{
    domain::{
        box_file::Role,
        name::PortName,
        network::status::{NetworkStatus, PortStatus},
    },
    text::Text,
};

/// "Port 1", "Service port (LAN3)": for headings.
pub fn port_title(text: Text, port: &PortStatus) -> String {
    match port.role {
        Role::Uplink => text.port_uplink(&port.label),
        Role::Service => text.port_service(&port.label),
        Role::Heartbeat => text.port_heartbeat(&port.label),
        Role::Sim => text.port_sim(&port.label),
    }
}

/// Finds what is printed on the chassis for a name that the spec or a plan uses.
#[derive(Clone, Copy, Debug)]
pub struct Ports<'a>(pub &'a NetworkStatus);

impl Ports<'_> {
    /// "port 1": within a sentence.
    pub fn say(self, text: Text, name: &PortName) -> String {
        match self.0.port(name) {
            Some(port) => match port.role {
                Role::Uplink => text.port_in_text(&port.label),
                Role::Service => text.port_service_in_text(&port.label),
                Role::Heartbeat => text.port_heartbeat_in_text(&port.label),
                Role::Sim => text.port_sim_in_text().to_owned(),
            },
            None => text.port_in_text(name),
        }
    }

    /// The uplinks from first choice to last; those that the spec does not order follow as on the chassis.
    pub fn uplinks_in_order(self) -> Vec<PortName> {
        let order = &self.0.spec.uplink_order;
        let mut uplinks =
            self.0.ports.iter().filter(|p| p.role.is_uplink()).map(|p| p.name.clone()).collect::<Vec<_>>();
        uplinks.sort_by_key(|name| order.iter().position(|n| n == name).unwrap_or(usize::MAX));
        uplinks
    }
}

/// What a port is up to, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortState {
    /// The kernel has no interface for it.
    Absent,
    NoLink,
    /// Its default route is used now.
    InUse,
    /// It could take over: link, address, a default route of its own.
    Standby,
    Linked,
}

impl PortState {
    pub fn of(port: &PortStatus, network: &NetworkStatus) -> Self {
        let spec = network.effective.port(&port.name);
        if port.link.is_none() {
            Self::Absent
        } else if !port.has_carrier() {
            Self::NoLink
        } else if network.uplink_in_use.as_ref().is_some_and(|u| u.port == port.name) {
            Self::InUse
        } else if port.role.is_uplink() && spec.default_route && spec.ipv4.gateway().is_some() {
            Self::Standby
        } else {
            Self::Linked
        }
    }

    pub fn word(self, text: Text) -> &'static str {
        match self {
            Self::Absent => text.port_state_absent(),
            Self::NoLink => text.port_state_no_link(),
            Self::InUse => text.port_state_in_use(),
            Self::Standby => text.port_state_standby(),
            Self::Linked => text.port_state_linked(),
        }
    }
}
