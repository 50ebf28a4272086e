//! The kernel's side: reading it, writing to it, verifying a change, repairing drift.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv6Addr},
};

use futures_util::future::join_all;
use ipnet::IpNet;

use super::{LONGEST_REPAIR_PAUSE, REPAIR_PAUSE, Task, blocking};
use crate::{
    kernel::{Kernel, router, sysctl},
    network::{dns, report},
};
use domain::{
    name::PortName,
    network::{
        diff::{Step, diff},
        kernel::{Address, KernelState, Object},
        status::Origin,
        transaction::{Checks, Duplicate, Event, GatewayCheck, State, Transaction},
        wanted::wanted,
    },
};
use os::clock;

/// The kernel counts in whole seconds, and reads and writes pass each other. Smaller: lifetimes are written again and again.
/// Larger: an address outlives its lease by as much.
const LIFETIME_SLACK: u32 = 2;

impl Task {
    pub(super) async fn write(&mut self, step: &Step) -> Result<(), String> {
        match step {
            // what the kernel made of a router's word becomes a typed address: it is there, and stays
            Step::Add(Object::Address(address)) if self.is_routers(address) => {
                self.kernel.keep_address(address, None, &self.interfaces).await
            }
            Step::Add(Object::Address(address)) => {
                self.kernel.add_address(address, self.lifetime(address), &self.interfaces).await
            }
            Step::Add(object) => self.kernel.add(object, &self.interfaces).await,
            Step::Delete(object) => self.kernel.delete(object, &self.interfaces).await,
            Step::Dns(resolver) => {
                let (path, resolver) = (self.options.paths.resolv_conf.clone(), resolver.clone());
                let zones = self.zones();
                blocking(move || dns::write(&path, &resolver, &zones)).await
            }
        }
    }

    fn is_routers(&self, address: &Address) -> bool {
        let here = |index| self.interfaces.get(&address.port) == Some(&index);
        let same = |net: IpNet| net.addr() == address.net.addr();
        self.observed.addresses.iter().any(|a| a.origin == Origin::Router && here(a.index) && same(a.net))
    }

    pub(super) fn zones(&self) -> dns::Zones {
        let name = |index: &u32| self.observed.links.iter().find(|link| link.status.index == *index);
        let zone = |(port, index): (&PortName, &u32)| Some((port.clone(), name(index)?.status.interface.clone()));
        self.interfaces.iter().filter_map(zone).collect()
    }

    /// Goes from whatever is there to `target`; the steps that failed come back.
    pub(super) async fn go_to(&mut self, target: &KernelState) -> Vec<Step> {
        self.observe().await;
        let mut failed = Vec::new();
        for step in diff(&self.state_now(), target) {
            if let Err(error) = self.write(&step).await {
                tracing::warn!(?step, error, "a step failed");
                failed.push(step);
            }
        }
        self.observe().await;
        failed
    }

    /// Reads the kernel again and asks the gateways, without holding up the task.
    pub(super) async fn verify(&mut self) {
        self.observe().await;
        let Some(tx) = self.state.transaction() else { return };
        let missing = diff(&self.state_now(), &tx.between);
        tracing::info!(
            tx = tx.id.0,
            microseconds = self.timing.asked.elapsed().as_micros(),
            journal = self.timing.journal.as_micros(),
            neighbours = self.timing.neighbours.as_micros(),
            missing = missing.len(),
            "asked, written and read back"
        );
        let status = report::ports(&self.observed, &self.options.board, &self.slots);
        // another order changes what each uplink is good for
        let reordered = tx.new_spec.uplink_order != tx.old_spec.uplink_order;
        let changed =
            tx.new_effective.ports.iter().filter(|(name, port)| reordered || tx.old_effective.port(name) != **port);
        let used = changed.filter(|(_, port)| !port.is_off());
        let mut checks = Checks { missing, ..Checks::default() };
        let mut asked = Vec::new();
        for (name, port) in used {
            let carrier = status.iter().any(|p| p.name == *name && p.has_carrier());
            if !carrier {
                checks.no_carrier.push(name.clone());
            }
            let gateways = port.ipv4.gateway().map(IpAddr::from).into_iter();
            for gateway in gateways.chain(port.ipv6().gateway().map(IpAddr::from)) {
                let Some(index) = self.interfaces.get(name) else { continue };
                let (kernel, index, port) = (self.kernel.clone(), *index, name.clone());
                asked.push(async move {
                    let answers = carrier && kernel.answers(index, gateway).await;
                    GatewayCheck { port, gateway, answers }
                });
            }
        }
        let duplicates = duplicates(self.kernel.clone(), self.detected(tx));
        self.verifying = Some(Box::pin(async move {
            checks.duplicates = duplicates.await;
            // another's address must not speak to its gateway
            if checks.duplicates.is_empty() {
                checks.gateways = join_all(asked).await;
            }
            checks
        }));
    }

    /// New IPv6 addresses that the kernel asks its neighbours about; without a link it asks nobody yet.
    fn detected(&self, tx: &Transaction) -> Vec<(u32, PortName, Ipv6Addr)> {
        let old = tx.before.addresses().collect::<BTreeSet<_>>();
        let new = tx.between.addresses().filter(|a| !old.contains(a) && self.carrier(&a.port));
        new.filter_map(|Address { port, net }| match net {
            IpNet::V6(net) => Some((*self.interfaces.get(port)?, port.clone(), net.addr())),
            IpNet::V4(_) => None,
        })
        .collect()
    }

    /// Seconds that the kernel shall keep an address; `None` for ever. It takes it away by itself then, even if this process is
    /// gone: nobody uses another's address for longer than it was given.
    fn lifetime(&self, address: &Address) -> Option<u32> {
        let lease = self.leases.get(&address.port).filter(|lease| address.net == IpNet::V4(lease.address))?;
        let left = lease.expires()?.left(clock::now()).div_ceil(1000);
        Some(u32::try_from(left).unwrap_or(u32::MAX - 1).max(1))
    }

    /// Brings the lifetimes of our addresses up to date: after a renewal, and where a lease's address became a typed one or the
    /// other way round. Not while a change is open: going back must find its addresses as they were.
    async fn lifetimes(&mut self) {
        if !matches!(self.state, State::Idle | State::Degraded { .. }) {
            return;
        }
        let ours = self.observed.addresses.iter().filter(|a| a.ours);
        let known = ours.filter_map(|a| match a.net {
            IpNet::V4(net) => {
                let port = self.interfaces.iter().find(|(_, i)| **i == a.index)?.0.clone();
                Some((Address { port, net: net.into() }, a.valid))
            }
            IpNet::V6(_) => None,
        });
        for (address, valid) in known.collect::<Vec<_>>() {
            let wanted = self.lifetime(&address);
            let fits = match (valid, wanted) {
                (None, None) => true,
                (Some(has), Some(wants)) => has.abs_diff(wants) <= LIFETIME_SLACK,
                (None, Some(_)) | (Some(_), None) => false,
            };
            if !fits && let Err(error) = self.kernel.keep_address(&address, wanted, &self.interfaces).await {
                tracing::warn!(%error, address = %address.net, "its lifetime cannot be set");
            }
        }
    }

    pub(super) async fn observe(&mut self) {
        match self.kernel.observe().await {
            Ok(observed) => self.observed = observed,
            Err(error) => {
                tracing::error!(%error, "the kernel's network state cannot be read");
                return;
            }
        }
        let interfaces = report::interfaces(&self.observed, &self.options.board, &self.slots);
        if interfaces != self.interfaces {
            for link in &self.observed.links {
                if interfaces.values().any(|i| *i == link.status.index) {
                    sysctl::prepare(&link.status.interface);
                    let port = interfaces.iter().find(|(_, index)| **index == link.status.index).map(|(port, _)| port);
                    if link.autoconf.is_some() && port.is_some_and(|port| self.listens(port)) {
                        // what routers said before this process was there, only they know
                        router::solicit(link.status.index);
                    }
                }
            }
            self.interfaces = interfaces;
        }
    }

    pub(super) fn state_now(&self) -> KernelState {
        let resolver = dns::read(&self.options.paths.resolv_conf, &self.zones()).unwrap_or_default();
        report::kernel_state(&self.observed, &self.interfaces, resolver)
    }

    /// Puts back what is ours and went missing, and takes away what is ours and should not be there.
    pub(super) async fn repair(&mut self) {
        let target = match &self.state {
            State::Idle | State::Degraded { .. } => wanted(&self.effective(&self.committed), &self.options.board),
            State::AwaitingConfirm { tx, .. } => tx.between.clone(),
            State::Planned(_)
            | State::Armed(_)
            | State::Asking { .. }
            | State::Applying { .. }
            | State::Verifying { .. }
            | State::Committing { .. }
            | State::RollingBack { .. } => return,
        };
        if self.repair_at.is_some_and(|at| at > clock::now()) {
            return;
        }
        let target = report::attainable(&target, &self.interfaces);
        let steps = diff(&self.state_now(), &target);
        let dns_missing = dns::read(&self.options.paths.resolv_conf, &self.zones()).is_none();
        if steps.is_empty() && !dns_missing {
            self.lifetimes().await;
            (self.drift, self.repair_pause) = (0, REPAIR_PAUSE);
            self.drive(Event::Repaired).await;
            return;
        }
        tracing::info!(steps = steps.len(), "repairing drift");
        if dns_missing {
            drop(self.write(&Step::Dns(target.dns.clone())).await);
        }
        let failed = self.go_to(&target).await;
        self.lifetimes().await;
        self.drift = failed.len();
        // somebody may be undoing it again and again: each repair waits longer than the one before
        self.repair_at = Some(clock::now().plus(self.repair_pause));
        self.repair_pause = (self.repair_pause * 2).min(LONGEST_REPAIR_PAUSE);
    }
}

async fn duplicates(kernel: Kernel, asked: Vec<(u32, PortName, Ipv6Addr)>) -> Vec<Duplicate> {
    let found = kernel.duplicates(asked.iter().map(|(index, _, ip)| (*index, IpAddr::V6(*ip))).collect()).await;
    let is_found = |(index, _, ip): &(u32, PortName, Ipv6Addr)| found.contains(&(*index, IpAddr::V6(*ip)));
    asked.into_iter().filter(is_found).map(|(_, port, address)| Duplicate { port, address }).collect()
}
