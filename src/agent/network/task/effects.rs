//! Performs what the transaction's rules ask for, and brings each result back as the next event.

use std::{mem, time::Instant};

use super::{Asker, Task, blocking, open_connections};
use domain::{
    fault::Fault,
    network::{
        journal::Journal,
        kernel::StateHash,
        transaction::{Effect, Event, Outcome, Phase, State},
    },
};
use os::clock;

impl Task {
    /// Tells everybody how the change ended: first what can be looked at, then those who wait.
    fn finish(&mut self, outcome: &Outcome) {
        tracing::info!(?outcome, "network change ended");
        if let State::Degraded { .. } = self.state {
            // nothing may happen in the kernel that would bring it about
            self.repair_at = Some(clock::now().plus(self.repair_pause));
        }
        if let Asker::End(answer) = mem::replace(&mut self.asker, Asker::Nobody) {
            self.waiting.push(answer);
        }
        self.last = Some(outcome.clone());
        self.publish();
        for answer in self.waiting.drain(..) {
            drop(answer.send(Ok(outcome.clone())));
        }
    }

    pub(super) async fn perform(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::ReadState => Some(Event::StateRead(StateHash::of(&self.state_now(), &self.committed))),
            Effect::WriteJournal(phase) => {
                let armed = phase == Phase::Armed;
                let began = Instant::now();
                let written = self.write_journal(phase).await;
                self.timing.journal += began.elapsed();
                if let Err(error) = &written {
                    tracing::error!(error, "the journal cannot be written");
                }
                armed.then_some(Event::JournalWritten(written))
            }
            Effect::Accepted => {
                self.accepted();
                None
            }
            Effect::Ask => {
                self.timing.asking = Some(Instant::now());
                self.probe();
                self.tend().await;
                self.answered()
            }
            Effect::Perform(number) => {
                if let Some(began) = self.timing.asking.take() {
                    self.timing.neighbours = began.elapsed();
                }
                let step = self.state.transaction()?.steps.get(number)?.clone();
                if let Some(hook) = &self.options.before_write {
                    hook(number, &step);
                }
                Some(Event::StepDone(self.write(&step).await))
            }
            Effect::Verify => {
                self.connections = open_connections();
                self.verify().await;
                None
            }
            Effect::CutOldConnections => {
                self.cut += 1;
                None
            }
            Effect::MintSession => {
                let parent = self.state.transaction().and_then(|tx| tx.session.clone());
                if let Asker::Handoff(answer) = mem::replace(&mut self.asker, Asker::Nobody) {
                    drop(answer.send(Ok(parent)));
                }
                None
            }
            Effect::SaveSpec => Some(Event::SpecSaved(self.save_spec().await)),
            Effect::CloseJournal(outcome) => {
                let (paths, last_tx) = (self.options.paths.clone(), self.last_tx);
                if let Err(error) = blocking(move || paths.close_journal(&outcome, last_tx)).await {
                    tracing::error!(error, "the journal cannot be closed; the next start closes it again");
                }
                None
            }
            Effect::Settle => {
                let target = self.state.transaction()?.after.clone();
                Some(Event::Settled(self.go_to(&target).await))
            }
            Effect::Restore => {
                (self.verifying, self.probing) = (None, None);
                let target = self.old_state(self.state.transaction()?);
                Some(Event::Settled(self.go_to(&target).await))
            }
            Effect::Finish(outcome) => {
                self.finish(&outcome);
                None
            }
            Effect::Refuse(fault) => {
                let fault = match fault {
                    Fault::NoChangeOpen { .. } => Fault::NoChangeOpen { last: self.last.clone() },
                    other => other,
                };
                mem::replace(&mut self.asker, Asker::Nobody).refuse(fault);
                None
            }
        }
    }

    fn accepted(&mut self) {
        if let Some(tx) = self.state.transaction() {
            self.last_tx = tx.id;
            tracing::info!(tx = tx.id.0, by = tx.by.describe(), steps = tx.steps.len(), "network change begins");
        }
        // before the answer: whoever has it and looks must not see a box without a change
        self.publish();
        if let Asker::Apply(answer) = mem::replace(&mut self.asker, Asker::Nobody) {
            drop(answer.send(Ok(self.last_tx)));
        }
    }

    async fn save_spec(&mut self) -> Result<(), String> {
        let Some(tx) = self.state.transaction() else { return Err("no change is open".to_owned()) };
        let (spec, paths) = (tx.new_spec.clone(), self.options.paths.clone());
        let saving = spec.clone();
        let saved = blocking(move || paths.save_spec(&saving)).await;
        if saved.is_ok() {
            self.committed = spec;
            self.spec_problem = None;
        } else {
            // the rename may have been done and only the folder's fsync have failed: the next start must not find
            // a spec that nobody confirmed
            let (paths, old) = (self.options.paths.clone(), self.committed.clone());
            if let Err(error) = blocking(move || paths.save_spec(&old)).await {
                tracing::error!(error, "the old spec cannot be saved again");
            }
        }
        saved
    }

    async fn write_journal(&mut self, phase: Phase) -> Result<(), String> {
        let Some(tx) = self.state.transaction() else { return Ok(()) };
        let undoing = matches!(phase, Phase::RollingBack(_));
        let journal = Journal { boot_id: self.boot_id.clone(), transaction: tx.clone(), phase };
        let paths = self.options.paths.clone();
        blocking(move || match paths.write_journal(&journal) {
            // without a journal the next start goes to the saved spec; with the old one it would wait for the change again
            Err(error) if undoing => paths.forget_journal().and(Err(error)),
            other => other,
        })
        .await
    }
}
