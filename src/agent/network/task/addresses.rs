//! The addresses of each port, defended while the kernel has them, and who else uses them.

use std::{collections::BTreeMap, net::Ipv4Addr};

use super::Task;
use crate::defence::{Defence, Finding, Found};
use domain::{
    name::PortName,
    network::{acd::Keep, spec::NetworkSpec, transaction::AddressConflict},
};

impl Task {
    /// Brings each port's defence up to date with what the kernel has.
    pub(super) async fn defend(&mut self) {
        let coming = self.state.transaction().map(|tx| tx.new_spec.clone());
        let specs = [Some(self.committed.clone()), coming];
        let ports = self.interfaces.keys().cloned().collect::<Vec<_>>();
        for port in ports {
            let leased = self.leases.get(&port).map(|lease| (lease.address.addr(), Keep::UntilContested));
            let typed = specs.iter().flatten().flat_map(|spec| typed(spec, &port)).map(|ip| (ip, Keep::Always));
            let mut held = leased.into_iter().chain(typed).collect::<BTreeMap<_, _>>();
            held.retain(|ip, _| self.holds(*ip));
            self.hold(port, held).await;
        }
        let gone = |port: &PortName| !self.interfaces.contains_key(port);
        self.conflicts.retain(|conflict| !gone(&conflict.port));
        self.defences.retain(|port, _| self.interfaces.contains_key(port));
    }

    async fn hold(&mut self, port: PortName, held: BTreeMap<Ipv4Addr, Keep>) {
        let Some(index) = self.interfaces.get(&port).copied() else { return };
        if self.defences.get(&port).is_none_or(|defence| defence.index != index) {
            let (Some(whose), false) = (self.whose(&port), held.is_empty()) else { return };
            match Defence::start(port.clone(), whose, self.found.clone()) {
                Ok(defence) => drop(self.defences.insert(port.clone(), defence)),
                Err(error) => {
                    tracing::error!(%port, %error, "its addresses cannot be defended");
                    return;
                }
            }
        }
        let carrier = self.carrier(&port);
        if let Some(defence) = self.defences.get_mut(&port) {
            defence.hold(held, carrier).await;
        }
    }

    pub(super) async fn found(&mut self, Found { port, address, what }: Found) {
        match what {
            Finding::UsedBy(with) => {
                self.over(&port, address);
                self.conflicts.push(AddressConflict { port, address, with });
            }
            // seen until the address is gone; what follows is the DHCP client's matter
            Finding::GivenUpTo(with) => {
                if let Some(client) = self.dhcp.get(&port).and_then(|p| p.client.as_ref()) {
                    client.conflict(address, with).await;
                }
            }
            Finding::Over => self.over(&port, address),
        }
    }

    fn over(&mut self, port: &PortName, address: Ipv4Addr) {
        self.conflicts.retain(|known| known.port != *port || known.address != address);
    }
}

fn typed(spec: &NetworkSpec, port: &PortName) -> Vec<Ipv4Addr> {
    spec.port(port).ipv4.addresses().iter().map(ipnet::Ipv4Net::addr).collect()
}
