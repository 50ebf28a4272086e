//! The transitions. Every pair of state and event is named here, or falls through to "refused" or "too late, ignored".

use super::{
    Actor, Awaiting, CONFIRM_WINDOW, Confirmation, Digest, Effect, Event, LEASE_LIMIT, LONGEST_WINDOW, Leased, Outcome,
    Phase, RESTORE_ATTEMPTS, RESTORE_PAUSE, State, Transaction, VERIFY_LIMIT, Why,
};
use crate::{
    fault::Fault,
    network::{diff::Step, journal::Found, nameserver::Resolver, proof::Proof},
    time::BootMillis,
};

type Next = (State, Vec<Effect>);

/// The state to start in, given what is on disk.
///
/// Same boot and time left: the change goes on waiting. Otherwise it is undone; after a reboot the kernel is empty and only the
/// committed spec is applied, so there is nothing to restore.
pub fn start(found: Found, boot_id: &str, committed: &super::NetworkSpec, now: BootMillis) -> Next {
    let journal = match found {
        Found::Nothing => return (State::Idle, Vec::new()),
        Found::Unreadable => {
            let outcome = Outcome::RolledBack { tx: super::TxId(0), reason: Why::JournalUnreadable };
            return (State::Idle, vec![Effect::CloseJournal(outcome.clone()), Effect::Finish(outcome)]);
        }
        Found::Journal(journal) => *journal,
    };
    let tx = Box::new(journal.transaction);
    // the spec was saved and the power went before the journal was deleted
    if tx.new_spec == *committed && tx.new_spec != tx.old_spec {
        return commit_saved(tx);
    }
    if journal.boot_id != boot_id {
        let outcome = Outcome::RolledBack { tx: tx.id, reason: Why::Reboot };
        return (State::Idle, vec![Effect::CloseJournal(outcome.clone()), Effect::Finish(outcome)]);
    }
    match journal.phase {
        Phase::Awaiting(awaiting) if awaiting.deadline > now => {
            (State::AwaitingConfirm { tx, awaiting }, vec![Effect::CutOldConnections])
        }
        Phase::Awaiting(_) | Phase::Armed => roll_back(tx, Why::AgentRestarted),
        Phase::RollingBack(why) => roll_back(tx, why),
    }
}

/// One transition.
pub fn step(state: State, event: Event, now: BootMillis) -> Next {
    match (state, event) {
        (State::Idle | State::Degraded { .. }, Event::Apply(tx)) => (State::Planned(tx), vec![Effect::ReadState]),
        (State::Planned(tx), Event::StateRead(hash)) if hash == tx.base => {
            (State::Armed(tx), vec![Effect::WriteJournal(Phase::Armed)])
        }
        (State::Planned(_), Event::StateRead(_)) => (State::Idle, vec![Effect::Refuse(Fault::PlanOutdated)]),
        (State::Armed(tx), Event::JournalWritten(Ok(()))) if !tx.leasing.is_empty() || !tx.probing.is_empty() => {
            let deadline = now.plus(LEASE_LIMIT);
            (State::Asking { tx, deadline }, vec![Effect::Accepted, Effect::Ask])
        }
        (State::Asking { mut tx, .. }, Event::Leased(leased)) => {
            tx.learn(*leased);
            perform(tx, 0, now.plus(VERIFY_LIMIT))
        }
        (State::Asking { tx, deadline }, Event::Tick) if deadline <= now => {
            let ports = tx.leasing.clone();
            roll_back(tx, Why::NoLease { ports })
        }
        (State::Armed(tx), Event::JournalWritten(Ok(()))) => {
            let deadline = now.plus(VERIFY_LIMIT);
            let (state, mut effects) = perform(tx, 0, deadline);
            effects.insert(0, Effect::Accepted);
            (state, effects)
        }
        (State::Armed(_), Event::JournalWritten(Err(error))) => {
            (State::Idle, vec![Effect::Refuse(Fault::NotSaved { error })])
        }
        (State::Applying { tx, next, deadline }, Event::StepDone(Ok(()))) => perform(tx, next + 1, deadline),
        (State::Applying { tx, next, .. }, Event::StepDone(Err(error))) => step_failed(tx, next, error),
        (State::Verifying { tx, .. }, Event::Verified { checks, connections }) => {
            let deadline = now.plus(tx.window);
            verified(tx, Awaiting { since: now, deadline, checks, connections, handoff_used: false })
        }
        // a tick of an earlier deadline may still be on its way
        (State::Applying { tx, deadline, .. } | State::Verifying { tx, deadline }, Event::Tick) if deadline <= now => {
            roll_back(tx, Why::VerifyTooLong)
        }

        // a server that gives another address in the window: what is kept in the end is what is there then
        (State::AwaitingConfirm { mut tx, awaiting }, Event::Leased(leased)) => {
            tx.learn(*leased);
            let effects = vec![Effect::WriteJournal(Phase::Awaiting(awaiting.clone()))];
            (State::AwaitingConfirm { tx, awaiting }, effects)
        }
        (
            State::Asking { tx, .. }
            | State::Applying { tx, .. }
            | State::Verifying { tx, .. }
            | State::AwaitingConfirm { tx, .. },
            Event::Unusable(why),
        ) => roll_back(tx, why),
        (State::AwaitingConfirm { tx, awaiting }, Event::Confirm(confirmation)) => {
            match confirmed(&tx, &awaiting, &confirmation, now) {
                Ok(()) => (State::Committing { tx, saved: false }, vec![Effect::SaveSpec]),
                Err(fault) => (State::AwaitingConfirm { tx, awaiting }, vec![Effect::Refuse(fault)]),
            }
        }
        (State::AwaitingConfirm { tx, awaiting }, Event::Handoff { secret, proof }) => {
            hand_off(tx, awaiting, &secret, proof, now)
        }
        // past the deadline the change is as good as undone: nobody prolongs it
        (State::AwaitingConfirm { tx, awaiting }, Event::MoreTime) if awaiting.deadline <= now => {
            (State::AwaitingConfirm { tx, awaiting }, vec![Effect::Refuse(Fault::NoChangeOpen { last: None })])
        }
        (State::AwaitingConfirm { tx, awaiting }, Event::MoreTime) => more_time(tx, awaiting),
        (State::AwaitingConfirm { tx, awaiting }, Event::Tick) => {
            if awaiting.deadline > now {
                (State::AwaitingConfirm { tx, awaiting }, Vec::new())
            } else {
                roll_back(tx, Why::NotConfirmed)
            }
        }
        (
            State::Asking { tx, .. }
            | State::Applying { tx, .. }
            | State::Verifying { tx, .. }
            | State::AwaitingConfirm { tx, .. },
            Event::GoBack { by },
        ) => roll_back(tx, Why::Asked { by }),

        (State::Committing { tx, saved: false }, Event::SpecSaved(Ok(()))) => commit_saved(tx),
        (State::Committing { tx, saved: false }, Event::SpecSaved(Err(error))) => {
            roll_back(tx, Why::NotSaved { error })
        }
        (State::Committing { tx, saved: true }, Event::Settled(failed)) => {
            let outcome = Outcome::Committed { tx: tx.id };
            (after(failed), vec![Effect::Finish(outcome)])
        }

        (State::RollingBack { tx, why, attempt, .. }, Event::Settled(failed)) => {
            restored(tx, why, attempt, failed, now)
        }
        (State::RollingBack { tx, why, attempt, retry_at: Some(at) }, Event::Tick) if at <= now => {
            (State::RollingBack { tx, why, attempt, retry_at: None }, vec![Effect::Restore])
        }
        (State::Degraded { .. }, Event::Repaired) => (State::Idle, Vec::new()),

        (state, event) => {
            let refusal = refuse(&state, &event, now);
            (state, refusal.map(Effect::Refuse).into_iter().collect())
        }
    }
}

/// What a person is told whose request does not fit the state; `None` for results and ticks that came too late.
fn refuse(state: &State, event: &Event, now: BootMillis) -> Option<Fault> {
    match event {
        Event::Apply(_) => state
            .transaction()
            .map(|tx| Fault::Busy { by: tx.by.clone(), left: state.deadline().map_or(0, |d| d.left(now)) }),
        Event::Confirm(_) | Event::Handoff { .. } | Event::GoBack { .. } | Event::MoreTime => {
            Some(if state.transaction().is_some() { Fault::NotNow } else { Fault::NoChangeOpen { last: None } })
        }
        Event::StateRead(_)
        | Event::JournalWritten(_)
        | Event::Leased(_)
        | Event::Unusable(_)
        | Event::StepDone(_)
        | Event::Verified { .. }
        | Event::SpecSaved(_)
        | Event::Settled(_)
        | Event::Repaired
        | Event::Tick => None,
    }
}

fn perform(tx: Box<Transaction>, next: usize, deadline: BootMillis) -> Next {
    if next < tx.steps.len() {
        (State::Applying { tx, next, deadline }, vec![Effect::Perform(next)])
    } else {
        (State::Verifying { tx, deadline }, vec![Effect::Verify])
    }
}

fn verified(tx: Box<Transaction>, awaiting: Awaiting) -> Next {
    if !awaiting.checks.missing.is_empty() {
        return roll_back(tx, Why::NotInKernel);
    }
    if let Some(found) = awaiting.checks.duplicates.first() {
        return roll_back(tx, Why::Duplicate(found.clone()));
    }
    let effects = vec![Effect::WriteJournal(Phase::Awaiting(awaiting.clone())), Effect::CutOldConnections];
    (State::AwaitingConfirm { tx, awaiting }, effects)
}

fn step_failed(tx: Box<Transaction>, number: usize, error: String) -> Next {
    let step = tx.steps.get(number).cloned().unwrap_or(Step::Dns(Resolver::default()));
    roll_back(tx, Why::StepFailed { step, error })
}

fn roll_back(tx: Box<Transaction>, why: Why) -> Next {
    let effects = vec![Effect::WriteJournal(Phase::RollingBack(why.clone())), Effect::Restore];
    (State::RollingBack { tx, why, attempt: 1, retry_at: None }, effects)
}

fn restored(tx: Box<Transaction>, why: Why, attempt: u8, failed: Vec<Step>, now: BootMillis) -> Next {
    if !failed.is_empty() && attempt < RESTORE_ATTEMPTS {
        let retry_at = Some(now.plus(RESTORE_PAUSE));
        return (State::RollingBack { tx, why, attempt: attempt + 1, retry_at }, Vec::new());
    }
    let outcome = Outcome::RolledBack { tx: tx.id, reason: why };
    (after(failed), vec![Effect::CutOldConnections, Effect::CloseJournal(outcome.clone()), Effect::Finish(outcome)])
}

fn commit_saved(tx: Box<Transaction>) -> Next {
    let outcome = Outcome::Committed { tx: tx.id };
    (State::Committing { tx, saved: true }, vec![Effect::CloseJournal(outcome), Effect::Settle])
}

fn after(failed: Vec<Step>) -> State {
    if failed.is_empty() { State::Idle } else { State::Degraded { unrestored: failed } }
}

/// Whether this confirmation counts.
fn confirmed(tx: &Transaction, awaiting: &Awaiting, c: &Confirmation, now: BootMillis) -> Result<(), Fault> {
    if !same(&c.token, &tx.confirm) && c.proof != Proof::Console {
        return Err(Fault::WrongToken);
    }
    if awaiting.deadline <= now || c.tx.is_some_and(|named| named != tx.id) {
        return Err(Fault::NoChangeOpen { last: None });
    }
    if c.automatic && !awaiting.checks.all_well() {
        return Err(Fault::NeedsAPerson);
    }
    match c.proof {
        Proof::NewAddress => Ok(()),
        Proof::Console if awaiting.checks.all_well() || c.untested => Ok(()),
        Proof::ServicePort if awaiting.checks.proven_by_gateway() || (c.untested && !c.automatic) => Ok(()),
        Proof::Console | Proof::ServicePort => Err(Fault::NeedsAPerson),
        Proof::OldConnection | Proof::OldAddress | Proof::FromTheBox | Proof::NotConnected => {
            Err(Fault::ProvesNothing { proof: c.proof })
        }
    }
}

fn hand_off(tx: Box<Transaction>, mut awaiting: Awaiting, secret: &Digest, proof: Proof, now: BootMillis) -> Next {
    let refusal = if awaiting.deadline <= now {
        Some(Fault::NoChangeOpen { last: None })
    } else if !same(secret, &tx.handoff) || awaiting.handoff_used {
        Some(Fault::WrongToken)
    } else if proof != Proof::NewAddress {
        Some(Fault::ProvesNothing { proof })
    } else {
        None
    };
    if let Some(fault) = refusal {
        return (State::AwaitingConfirm { tx, awaiting }, vec![Effect::Refuse(fault)]);
    }
    awaiting.handoff_used = true;
    let effects = vec![Effect::WriteJournal(Phase::Awaiting(awaiting.clone())), Effect::MintSession];
    (State::AwaitingConfirm { tx, awaiting }, effects)
}

fn more_time(tx: Box<Transaction>, mut awaiting: Awaiting) -> Next {
    let latest = awaiting.since.plus(LONGEST_WINDOW.max(tx.window));
    let wanted = awaiting.deadline.plus(CONFIRM_WINDOW.min(tx.window));
    awaiting.deadline = wanted.min(latest);
    let effects = vec![Effect::WriteJournal(Phase::Awaiting(awaiting.clone()))];
    (State::AwaitingConfirm { tx, awaiting }, effects)
}

impl super::Transaction {
    fn learn(&mut self, leased: Leased) {
        let Leased { new_effective, between, after, steps } = leased;
        (self.new_effective, self.between, self.after, self.steps) = (new_effective, between, after, steps);
    }
}

/// Equal in constant time for equal lengths: the comparison itself tells nothing about the digits.
fn same(a: &Digest, b: &Digest) -> bool {
    a.0.len() == b.0.len() && a.0.bytes().zip(b.0.bytes()).fold(0, |d, (x, y)| d | (x ^ y)) == 0
}

impl Actor {
    /// For logs, in English.
    pub fn describe(&self) -> String {
        match self {
            Self::Console => "the console".to_owned(),
            Self::Session { from } => format!("a browser at {from}"),
            Self::Machine => "the box itself".to_owned(),
        }
    }
}
