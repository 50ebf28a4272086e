//! Requests: what each asks for, checked and turned into an event.

use std::mem;

use futures_util::future::join_all;
use ipnet::IpNet;

use super::{Asker, Task, Timing, blocking, open_connections};
use crate::{
    acd,
    network::{Apply, Command, Confirm, Origin, checked},
};
use domain::{
    fault::Fault,
    network::{
        diff::diff,
        effective::{Leases, dhcp_ports},
        issue::{Field, Issue, Rule},
        kernel::{Address, KernelState},
        plan::{Plan, plan},
        proof::{Proof, judge},
        spec::{Ipv4Spec, NetworkSpec},
        transaction::{AddressConflict, Confirmation, Digest, Event, State, Transaction, TxId},
        validate::validate,
        wanted::overlap,
    },
};
use os::clock;

impl Task {
    pub(super) async fn command(&mut self, command: Command) {
        match command {
            Command::Plan { spec, offers, answer } => drop(answer.send(self.plan(&spec, offers).await)),
            Command::Apply { apply, answer } => {
                self.timing = Timing::start();
                match self.open(*apply).await {
                    Ok(tx) => self.ask(Event::Apply(Box::new(tx)), Asker::Apply(answer)).await,
                    Err(fault) => drop(answer.send(Err(fault))),
                }
            }
            Command::Confirm { confirm, answer } => {
                let confirmation = self.confirmation(confirm);
                self.ask(Event::Confirm(confirmation), Asker::End(answer)).await;
            }
            Command::Handoff { secret, origin, answer } => {
                let proof = self.proof(origin);
                self.ask(Event::Handoff { secret, proof }, Asker::Handoff(answer)).await;
            }
            Command::GoBack { by, answer } => self.ask(Event::GoBack { by }, Asker::End(answer)).await,
            Command::Answer { answer } => drop(answer.send(Ok(()))),
            Command::Lease { port, wish, answer } => drop(answer.send(self.lease(&port, wish).await)),
            Command::Dial { slot, dialled, answer } => drop(answer.send(Ok(self.dial(slot, dialled).await))),
            Command::Fill { spec, answer } => drop(answer.send(self.fill(*spec).await)),
            Command::MoreTime { answer } => {
                self.ask(Event::MoreTime, Asker::Done(answer)).await;
                self.publish();
                if let Asker::Done(answer) = mem::replace(&mut self.asker, Asker::Nobody) {
                    drop(answer.send(Ok(())));
                }
            }
        }
    }

    pub(super) async fn plan(&mut self, spec: &NetworkSpec, offers: Leases) -> Result<Plan, Fault> {
        self.observe().await;
        checked(self.issues(spec))?;
        let mut conditions = self.conditions();
        let in_hand = std::mem::replace(&mut conditions.leases, offers);
        conditions.leases.extend(in_hand);
        Ok(plan(&self.state_now(), &self.committed, &spec.clone().normalised(), &conditions, &self.options.board))
    }

    async fn fill(&mut self, spec: NetworkSpec) -> Result<bool, Fault> {
        checked(validate(&spec, &self.options.board))?;
        let spec = spec.normalised();
        if !matches!(self.state, State::Idle | State::Degraded { .. }) {
            return Err(Fault::NotNow);
        }
        if self.options.paths.has_spec() {
            return Ok(self.committed == spec);
        }
        let (paths, saving) = (self.options.paths.clone(), spec.clone());
        blocking(move || paths.save_spec(&saving)).await.map_err(|error| Fault::NotSaved { error })?;
        tracing::info!("the network of the seed is saved");
        self.committed = spec;
        self.repair_at = None;
        self.observe().await;
        self.repair().await;
        Ok(true)
    }

    pub(super) fn issues(&self, spec: &NetworkSpec) -> Vec<Issue> {
        let mut issues = validate(&self.effective(spec), &self.options.board);
        issues.extend(self.typed_for_slot(spec));
        // what a server gave is not the fault of what is typed now
        let leased = dhcp_ports(spec);
        issues.retain(|i| i.port.as_ref().is_none_or(|port| !leased.contains(port)) || i.field != Field::Address);
        let changed = spec.ports.iter().filter(|(name, port)| self.committed.port(name) != **port);
        let absent = changed.filter(|(name, port)| port.ipv4 != Ipv4Spec::Off && !self.interfaces.contains_key(*name));
        issues.extend(absent.map(|(name, _)| Issue::new(name, Field::Port, Rule::PortAbsent)));
        issues
    }

    /// The transaction that an apply asks for.
    pub(super) async fn open(&mut self, apply: Apply) -> Result<Transaction, Fault> {
        self.observe().await;
        checked(self.issues(&apply.spec))?;
        let apply = Apply { spec: apply.spec.normalised(), ..apply };
        let before = self.state_now();
        let (old_effective, new_effective) = (self.effective(&self.committed), self.effective(&apply.spec));
        let after = self.attainable(&new_effective);
        if before == after && apply.spec == self.committed {
            return Err(Fault::NothingToDo);
        }
        let between = overlap(&before, &after);
        Ok(Transaction {
            id: TxId(self.last_tx.0 + 1),
            by: apply.by,
            session: apply.session,
            base: apply.base,
            leasing: dhcp_ports(&apply.spec).difference(&dhcp_ports(&self.committed)).cloned().collect(),
            probing: self.to_probe(&before, &apply.spec),
            old_effective,
            new_effective,
            old_spec: self.committed.clone(),
            new_spec: apply.spec,
            steps: diff(&before, &between),
            before,
            between,
            after,
            confirm: apply.confirm,
            handoff: apply.handoff,
            window: apply.window,
        })
    }

    /// Typed addresses that the port does not have yet. Without a link nobody can be asked.
    fn to_probe(&self, before: &KernelState, new: &NetworkSpec) -> Vec<Address> {
        let typed = new.ports.iter().flat_map(|(name, port)| {
            port.ipv4.addresses().iter().map(|net| Address { port: name.clone(), net: (*net).into() })
        });
        typed.filter(|a| self.carrier(&a.port) && !before.has_address(a.net.addr())).collect()
    }

    /// Asks for all of them at once, without holding up the task.
    pub(super) fn probe(&mut self) {
        let Some(tx) = self.state.transaction().filter(|tx| !tx.probing.is_empty()) else { return };
        let asked = tx.probing.iter().filter_map(|Address { port, net }| {
            let IpNet::V4(net) = net else { return None };
            let (whose, port, address) = (self.whose(port)?, port.clone(), net.addr());
            Some(async move { acd::in_use(&whose, address).await.map(|with| AddressConflict { port, address, with }) })
        });
        let asked = asked.collect::<Vec<_>>();
        self.probing = Some(Box::pin(async move { join_all(asked).await.into_iter().flatten().next() }));
    }

    pub(super) fn confirmation(&self, confirm: Confirm) -> Confirmation {
        let token = confirm.token.unwrap_or(Digest(String::new()));
        let Confirm { tx, automatic, untested, origin, .. } = confirm;
        Confirmation { tx, token, proof: self.proof(origin), automatic, untested }
    }

    pub(super) fn proof(&self, origin: Origin) -> Proof {
        let connection = match origin {
            Origin::Console => return Proof::Console,
            Origin::Unknown => return Proof::NotConnected,
            Origin::Browser(connection) => connection,
        };
        let State::AwaitingConfirm { tx, awaiting } = &self.state else { return Proof::NotConnected };
        let open = open_connections();
        judge(connection, &open, &awaiting.connections, &tx.after)
    }

    pub(super) async fn ask(&mut self, event: Event, asker: Asker) {
        // one reading of the clock decides between this request and a deadline that it just missed
        let now = clock::now();
        if self.state.deadline().is_some_and(|deadline| deadline <= now) {
            self.drive_at(Event::Tick, now).await;
        }
        self.asker = asker;
        self.drive_at(event, now).await;
        // who waits for an end waits on until it comes
        if let Asker::End(_) = &self.asker
            && let Asker::End(answer) = mem::replace(&mut self.asker, Asker::Nobody)
        {
            self.waiting.push(answer);
        }
    }
}
