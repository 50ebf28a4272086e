//! DHCP on the task's side: which ports have a client, what their leases mean, and that they outlive the process.

use std::{collections::BTreeSet, net::Ipv4Addr};

use super::{Task, blocking};
use crate::{
    acd::Whose,
    dhcp::{Client, Report, Setup, What, settings},
    network::{LeaseWish, report, store::Kept},
};
use domain::{
    box_file::Mac,
    dhcp::client::{ClientView, Remembered, Standing},
    fault::Fault,
    name::PortName,
    network::{
        diff::diff,
        effective::{Conditions, Leases, dhcp_ports, effective},
        issue::Issue,
        kernel::KernelState,
        spec::NetworkSpec,
        transaction::{Event, Leased, State, Transaction, Why},
        validate::validate,
        wanted::{overlap, wanted},
    },
};
use os::clock;

/// What the task knows of one port's DHCP.
#[derive(Debug, Default)]
pub(super) struct Port {
    pub client: Option<Client>,
    pub view: ClientView,
    /// Why the lease in hand is not used.
    pub unfit: Vec<Issue>,
}

impl Task {
    /// The leases that may be used now.
    pub(super) fn live(&self) -> Leases {
        let now = clock::now();
        self.leases.iter().filter(|(_, l)| !l.has_expired(now)).map(|(name, l)| (name.clone(), l.clone())).collect()
    }

    pub(super) fn effective(&self, spec: &NetworkSpec) -> NetworkSpec {
        effective(spec, &self.conditions())
    }

    pub(super) fn conditions(&self) -> Conditions {
        Conditions {
            leases: self.live(),
            bearers: self.bearers(),
            advertised: self.resolvers.servers(),
            uplink: self.preferred.clone(),
        }
    }

    /// The ports that need a client: those of the saved spec, and those of a change that is not being undone.
    fn asking(&self) -> BTreeSet<PortName> {
        let mut ports = dhcp_ports(&self.dialled(&self.committed));
        match &self.state {
            State::RollingBack { .. } => {}
            state => ports.extend(state.transaction().map(|tx| dhcp_ports(&tx.new_spec)).unwrap_or_default()),
        }
        ports.retain(|name| self.interfaces.contains_key(name));
        ports
    }

    /// Starts and stops clients, and tells them of their cables.
    pub(super) async fn tend(&mut self) {
        let asking = self.asking();
        let known = self.dhcp.keys().cloned().collect::<Vec<_>>();
        for name in known {
            let replaced = self
                .dhcp
                .get(&name)
                .and_then(|p| p.client.as_ref())
                .is_some_and(|client| self.interfaces.get(&name).is_some_and(|index| *index != client.index));
            if !asking.contains(&name) || replaced {
                // an interface that is gone takes its lease along; one that nobody wants any more gives it back
                let release = self.interfaces.contains_key(&name) && !replaced;
                if let Some(client) = self.dhcp.remove(&name).and_then(|port| port.client) {
                    client.stop(release).await;
                }
                if self.leases.remove(&name).is_some() && release {
                    self.kept.leases.remove(&name);
                    self.keep().await;
                }
            }
        }
        for name in asking {
            if !self.dhcp.contains_key(&name) {
                self.start_client(&name);
            }
            let carrier = self.carrier(&name);
            if let Some(client) = self.dhcp.get_mut(&name).and_then(|p| p.client.as_mut()) {
                client.carrier(carrier).await;
            }
        }
    }

    fn start_client(&mut self, name: &PortName) {
        let Some(index) = self.interfaces.get(name).copied() else { return };
        let Some(link) = self.observed.links.iter().find(|l| l.status.index == index) else { return };
        let Some(mac) = link.status.mac else { return };
        let setup = Setup {
            port: name.clone(),
            index,
            interface: link.status.interface.clone(),
            settings: settings(mac),
            own: self.own_macs(),
            remembered: self.remembered(name),
            carrier: link.status.carrier,
        };
        let client = Client::start(setup, self.reports.clone());
        let client = client.inspect_err(|error| tracing::error!(port = %name, %error, "no DHCP client")).ok();
        self.dhcp.insert(name.clone(), Port { client, ..Port::default() });
    }

    /// The port as it speaks ARP, while it has hardware.
    pub(super) fn whose(&self, name: &PortName) -> Option<Whose> {
        let index = *self.interfaces.get(name)?;
        let mac = self.observed.links.iter().find(|l| l.status.index == index)?.status.mac?;
        Some(Whose { index, mac, own: self.own_macs() })
    }

    /// Whether the kernel has this address of ours.
    pub(super) fn holds(&self, address: Ipv4Addr) -> bool {
        let here = |index| self.interfaces.values().any(|i| *i == index);
        self.observed.addresses.iter().any(|a| a.ours && a.net.addr() == address && here(a.index))
    }

    pub(super) fn own_macs(&self) -> BTreeSet<Mac> {
        let ours = self.interfaces.values();
        ours.filter_map(|i| self.observed.links.iter().find(|l| l.status.index == *i)?.status.mac).collect()
    }

    pub(super) fn carrier(&self, name: &PortName) -> bool {
        let index = self.interfaces.get(name);
        self.observed.links.iter().any(|l| Some(&l.status.index) == index && l.status.carrier)
    }

    /// The lease that an earlier process had on this port.
    fn remembered(&self, name: &PortName) -> Option<Remembered> {
        let lease = self.kept.leases.get(name)?.clone();
        let standing = if self.kept.boot_id != self.boot_id {
            Standing::EarlierBoot
        } else if self.leases.contains_key(name) {
            Standing::InUse
        } else {
            Standing::Valid
        };
        Some(Remembered { lease, standing })
    }

    async fn keep(&mut self) {
        self.kept.boot_id.clone_from(&self.boot_id);
        let (paths, kept) = (self.options.paths.clone(), self.kept.clone());
        if let Err(error) = blocking(move || paths.keep_leases(&kept)).await {
            tracing::error!(error, "the leases cannot be saved; after a restart the box asks for new ones");
        }
    }

    pub(super) async fn reported(&mut self, report: Report) {
        let Report { port: name, client, what } = report;
        let Some(port) = self.dhcp.get_mut(&name).filter(|p| p.client.as_ref().is_some_and(|c| c.number == client))
        else {
            return;
        };
        match what {
            What::View(view) => port.view = *view,
            What::Remember(lease) => {
                match lease {
                    Some(lease) => drop(self.kept.leases.insert(name, *lease)),
                    None => drop(self.kept.leases.remove(&name)),
                }
                self.keep().await;
            }
            What::Bound(lease) => {
                self.leases.insert(name.clone(), *lease);
                self.weigh(&name);
                self.leases_changed().await;
            }
            What::Lost(_) => {
                self.leases.remove(&name);
                port.unfit.clear();
                self.leases_changed().await;
            }
        }
    }

    /// What a person asks of a lease. Not while a change is open: its end may need the lease.
    pub(super) async fn lease(&mut self, name: &PortName, wish: LeaseWish) -> Result<(), Fault> {
        let now = clock::now();
        if let Some(tx) = self.state.transaction() {
            let left = self.state.deadline().map_or(0, |deadline| deadline.left(now));
            return Err(Fault::Busy { by: tx.by.clone(), left });
        }
        let port = self.dhcp.get(name).ok_or(Fault::NotByDhcp)?;
        let client = port.client.as_ref().ok_or(Fault::NotByDhcp)?;
        let address = self.leases.get(name).map(|lease| lease.address.addr());
        match wish {
            LeaseWish::Renew if !self.carrier(name) => return Err(Fault::NoLink),
            LeaseWish::Renew => client.renew().await,
            LeaseWish::Release { unless_at: Some(by) } if address == Some(by) => {
                return Err(Fault::CutsOff { address: by });
            }
            LeaseWish::Release { .. } => client.release().await,
        }
        tracing::info!(port = %name, ?wish, "a person asks");
        Ok(())
    }

    /// A lease that collides with the rest of the box is not used: what a person typed counts more than what a server says.
    fn weigh(&mut self, name: &PortName) {
        let spec = match self.state.transaction() {
            Some(tx) if dhcp_ports(&tx.new_spec).contains(name) => &tx.new_spec,
            _ => &self.committed,
        };
        let mut unfit = validate(&self.effective(spec), &self.options.board);
        unfit.retain(|issue| issue.port.as_ref() == Some(name));
        if !unfit.is_empty() {
            tracing::error!(port = %name, ?unfit, "the lease collides with the box's other networks: not used");
            self.leases.remove(name);
        }
        if let Some(port) = self.dhcp.get_mut(name) {
            port.unfit = unfit;
        }
    }

    pub(super) async fn leases_changed(&mut self) {
        match &self.state {
            State::Asking { .. } => {
                if let Some(event) = self.answered() {
                    self.drive(event).await;
                }
            }
            State::Applying { tx, .. } | State::Verifying { tx, .. } | State::AwaitingConfirm { tx, .. } => {
                let live = self.live();
                let ports = tx.leasing.iter().filter(|p| !live.contains_key(*p)).cloned().collect::<BTreeSet<_>>();
                if !ports.is_empty() {
                    self.drive(Event::Unusable(Why::NoLease { ports })).await;
                } else if let State::AwaitingConfirm { tx, .. } = &self.state {
                    let leased = self.leased(tx);
                    self.drive(Event::Leased(Box::new(leased))).await;
                }
            }
            State::Idle
            | State::Degraded { .. }
            | State::Planned(_)
            | State::Armed(_)
            | State::Committing { .. }
            | State::RollingBack { .. } => {}
        }
        // a lease that comes or goes is no drift: it does not wait for the pause between two repairs
        self.repair_at = None;
        self.observe().await;
        self.repair().await;
    }

    /// What follows from the neighbours' and the servers' answers; `None` while some are missing.
    pub(super) fn answered(&self) -> Option<Event> {
        let State::Asking { tx, .. } = &self.state else { return None };
        let unfit =
            tx.leasing.iter().filter_map(|p| self.dhcp.get(p)).flat_map(|p| p.unfit.clone()).collect::<Vec<_>>();
        if !unfit.is_empty() {
            return Some(Event::Unusable(Why::LeaseUnfit { issues: unfit }));
        }
        let live = self.live();
        let all = self.probing.is_none() && tx.leasing.iter().all(|p| live.contains_key(p));
        all.then(|| Event::Leased(Box::new(self.leased(tx))))
    }

    /// What to go back to: an old lease may have been renewed since, or be over.
    pub(super) fn old_state(&self, tx: &Transaction) -> KernelState {
        let by_lease = !dhcp_ports(&tx.old_spec).is_empty();
        let again = self.attainable(&self.effective(&tx.old_spec));
        // the routers may name other DNS servers by now
        if by_lease { again } else { KernelState { dns: again.dns, ..tx.before.clone() } }
    }

    /// What the two specs mean now, and the way from one to the other.
    fn leased(&self, tx: &Transaction) -> Leased {
        let new_effective = self.effective(&tx.new_spec);
        let before = self.old_state(tx);
        let after = self.attainable(&new_effective);
        let between = overlap(&before, &after);
        let steps = diff(&self.state_now(), &between);
        Leased { new_effective, between, after, steps }
    }

    pub(super) fn attainable(&self, spec: &NetworkSpec) -> KernelState {
        report::attainable(&wanted(spec, &self.options.board), &self.interfaces)
    }
}

impl Kept {
    /// Those that the kernel may still have: of this boot, and not over.
    pub(super) fn in_use(&self, boot_id: &str) -> Leases {
        if self.boot_id != boot_id {
            return Leases::new();
        }
        let now = clock::now();
        self.leases.iter().filter(|(_, l)| !l.has_expired(now)).map(|(n, l)| (n.clone(), l.clone())).collect()
    }
}
