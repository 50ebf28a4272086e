//! The typed addresses of each port, defended while the kernel has them, and who else uses them.

use std::{collections::BTreeSet, net::Ipv4Addr};

use super::Task;
use crate::{
    agent::defence::{Defence, Found},
    domain::{
        name::PortName,
        network::{spec::NetworkSpec, transaction::AddressConflict},
    },
};

impl Task {
    /// Brings each port's defence up to date with what the kernel has.
    pub(super) async fn defend(&mut self) {
        let coming = self.state.transaction().map(|tx| tx.new_spec.clone());
        let specs = [Some(self.committed.clone()), coming];
        let ports = self.interfaces.keys().cloned().collect::<Vec<_>>();
        for port in ports {
            let typed = specs.iter().flatten().flat_map(|spec| typed(spec, &port)).collect::<BTreeSet<_>>();
            let held = typed.into_iter().filter(|ip| self.holds(*ip)).collect::<BTreeSet<_>>();
            self.hold(port, held).await;
        }
        let gone = |port: &PortName| !self.interfaces.contains_key(port);
        self.conflicts.retain(|conflict| !gone(&conflict.port));
        self.defences.retain(|port, _| self.interfaces.contains_key(port));
    }

    async fn hold(&mut self, port: PortName, held: BTreeSet<Ipv4Addr>) {
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

    pub(super) fn found(&mut self, Found { port, address, with }: Found) {
        self.conflicts.retain(|known| known.port != port || known.address != address);
        self.conflicts.extend(with.map(|with| AddressConflict { port, address, with }));
    }
}

fn typed(spec: &NetworkSpec, port: &PortName) -> Vec<Ipv4Addr> {
    spec.port(port).ipv4.addresses().iter().map(ipnet::Ipv4Net::addr).collect()
}
