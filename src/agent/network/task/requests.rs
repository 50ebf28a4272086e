//! Requests: what each asks for, checked and turned into an event.

use std::{mem, time::Instant};

use super::{Asker, Task, open_connections};
use crate::{
    agent::network::{Apply, Command, Confirm, Origin, checked, report},
    clock,
    domain::{
        fault::Fault,
        network::{
            diff::diff,
            issue::{Field, Issue, Rule},
            plan::{Plan, plan},
            proof::{Proof, judge},
            spec::NetworkSpec,
            transaction::{Confirmation, Digest, Event, State, Transaction, TxId},
            validate::validate,
            wanted::{overlap, wanted},
        },
    },
};

impl Task {
    pub(super) async fn command(&mut self, command: Command) {
        match command {
            Command::Plan { spec, answer } => drop(answer.send(self.plan(&spec).await)),
            Command::Apply { apply, answer } => {
                self.asked_at = Instant::now();
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
            Command::MoreTime { answer } => {
                self.ask(Event::MoreTime, Asker::Done(answer)).await;
                self.publish();
                if let Asker::Done(answer) = mem::replace(&mut self.asker, Asker::Nobody) {
                    drop(answer.send(Ok(())));
                }
            }
        }
    }

    pub(super) async fn plan(&mut self, spec: &NetworkSpec) -> Result<Plan, Fault> {
        self.observe().await;
        checked(self.issues(spec))?;
        Ok(plan(&self.state_now(), &self.committed, &spec.clone().normalised(), &self.options.board))
    }

    pub(super) fn issues(&self, spec: &NetworkSpec) -> Vec<Issue> {
        let mut issues = validate(spec, &self.options.board);
        let changed = spec.ports.iter().filter(|(name, port)| self.committed.port(name) != **port);
        let absent =
            changed.filter(|(name, port)| !port.ipv4.addresses().is_empty() && !self.interfaces.contains_key(*name));
        issues.extend(absent.map(|(name, _)| Issue::new(name, Field::Port, Rule::PortAbsent)));
        issues
    }

    /// The transaction that an apply asks for.
    pub(super) async fn open(&mut self, apply: Apply) -> Result<Transaction, Fault> {
        self.observe().await;
        checked(self.issues(&apply.spec))?;
        let apply = Apply { spec: apply.spec.normalised(), ..apply };
        let before = self.state_now();
        let after = report::attainable(&wanted(&apply.spec, &self.options.board), &self.interfaces);
        if before == after && apply.spec == self.committed {
            return Err(Fault::NothingToDo);
        }
        let between = overlap(&before, &after);
        Ok(Transaction {
            id: TxId(self.last_tx.0 + 1),
            by: apply.by,
            session: apply.session,
            base: apply.base,
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
