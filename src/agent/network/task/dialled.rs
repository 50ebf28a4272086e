//! SIM slots: the modem's task tells which interface a connection has, and what the mobile network gave. From here on it is an uplink like
//! any other: one order, one failover, one plan.

use std::collections::BTreeMap;

use super::Task;
use domain::{
    name::PortName,
    network::{
        effective::dialled,
        issue::{Field, Issue, Rule},
        spec::{Ipv4Spec, Ipv6Spec, NetworkSpec, PortSpec},
        validate::validate,
    },
};

/// A slot's connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialled {
    /// The modem's network interface, also while it is not connected: what an earlier connection left on it is taken away.
    pub interface: Option<String>,
    /// What the mobile network gave; `None`: not connected.
    pub port: Option<PortSpec>,
}

impl Task {
    /// Takes over what a connection gave, or that it ended. What collides with the box's own networks is not used, and said.
    pub(super) async fn dial(&mut self, slot: PortName, told: Dialled) -> Result<(), Vec<Issue>> {
        if self.slots.get(&slot) == Some(&told) {
            return Ok(());
        }
        let interface = told.interface.clone();
        if let Some(earlier) = self.slots.get_mut(&slot).filter(|earlier| earlier.interface != interface)
            && earlier.port.take().is_some()
        {
            // only the interface that is a slot's now is looked at
            self.settle().await;
        }
        self.slots.insert(slot.clone(), told);
        let mut unfit = validate(&self.effective(&self.committed), &self.options.board);
        unfit.retain(|issue| issue.port.as_ref() == Some(&slot));
        if !unfit.is_empty() {
            tracing::error!(%slot, ?unfit, "what the mobile network gave collides with the box's other networks: not used");
            self.slots.insert(slot.clone(), Dialled { interface, port: None });
        }
        self.settle().await;
        if unfit.is_empty() { Ok(()) } else { Err(unfit) }
    }

    /// Brings the kernel to what is told. No drift: it does not wait for the pause between two repairs.
    async fn settle(&mut self) {
        self.repair_at = None;
        self.observe().await;
        self.repair().await;
    }

    /// The spec with what is dialled.
    pub(super) fn dialled(&self, spec: &NetworkSpec) -> NetworkSpec {
        dialled(spec, &self.bearers())
    }

    pub(super) fn bearers(&self) -> BTreeMap<PortName, PortSpec> {
        let there = |(slot, told): (&PortName, &Dialled)| Some((slot.clone(), told.port.clone()?));
        self.slots.iter().filter_map(there).collect()
    }

    /// A slot's interface may have a link before and after a connection; a port has no more than its link.
    pub(super) fn is_connected(&self, name: &PortName) -> bool {
        !self.is_slot(name) || self.slots.get(name).is_some_and(|told| told.port.is_some())
    }

    pub(super) fn is_slot(&self, name: &PortName) -> bool {
        self.options.board.sim_slot().is_some_and(|slot| slot.name == *name)
    }

    /// What only a mobile network decides.
    pub(super) fn typed_for_slot(&self, spec: &NetworkSpec) -> Option<Issue> {
        let slot = &self.options.board.sim_slot()?.name;
        let port = spec.ports.get(slot)?;
        let typed = port.ipv4 != Ipv4Spec::Off
            || port.ipv6.as_ref().is_some_and(|ipv6| *ipv6 != Ipv6Spec::Off)
            || !port.routes.is_empty()
            || port.mtu.is_some();
        typed.then(|| Issue::new(slot, Field::Address, Rule::ByMobileNetwork))
    }
}
