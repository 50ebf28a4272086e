//! What the agent does with what it finds on disk when it starts.

use std::collections::BTreeSet;

use domain::{
    network::{
        journal::{Found, Journal},
        transaction::{Awaiting, Checks, Effect, Outcome, Phase, State, TxId, Why, start},
    },
    time::BootMillis,
};

use crate::support::moving;

const DEADLINE: BootMillis = BootMillis(100_000);

fn awaiting() -> Awaiting {
    Awaiting {
        since: BootMillis(10_000),
        deadline: DEADLINE,
        checks: Checks::default(),
        connections: BTreeSet::new(),
        handoff_used: true,
    }
}

fn phases() -> [Phase; 3] {
    [Phase::Armed, Phase::Awaiting(awaiting()), Phase::RollingBack(Why::NotInKernel)]
}

fn found(phase: Phase) -> Found {
    Found::Journal(Box::new(Journal { boot_id: "this".into(), transaction: moving(7), phase }))
}

fn closes(effects: &[Effect], expected: &Outcome) -> bool {
    effects == [Effect::CloseJournal(expected.clone()), Effect::Finish(expected.clone())]
}

#[test]
fn without_a_journal_nothing_happens() {
    assert_eq!(start(Found::Nothing, "this", &moving(7).old_spec, BootMillis(1)), (State::Idle, Vec::new()));
}

#[test]
fn a_torn_journal_is_told_and_put_away() {
    let (state, effects) = start(Found::Unreadable, "this", &moving(7).old_spec, BootMillis(1));
    assert_eq!(state, State::Idle);
    assert!(closes(&effects, &Outcome::RolledBack { tx: TxId(0), reason: Why::JournalUnreadable }));
}

#[test]
fn after_a_reboot_the_change_is_gone_whatever_its_phase_and_time() {
    for phase in phases() {
        for now in [BootMillis(0), BootMillis(99_999), DEADLINE, BootMillis(u64::MAX)] {
            let (state, effects) = start(found(phase.clone()), "other", &moving(7).old_spec, now);
            assert_eq!(state, State::Idle);
            assert!(closes(&effects, &Outcome::RolledBack { tx: TxId(7), reason: Why::Reboot }), "{phase:?}");
        }
    }
}

#[test]
fn in_the_same_boot_time_left_is_used_and_time_over_undoes() {
    for (phase, now, why) in [
        (Phase::Awaiting(awaiting()), BootMillis(99_999), None),
        (Phase::Awaiting(awaiting()), DEADLINE, Some(Why::AgentRestarted)),
        (Phase::Awaiting(awaiting()), BootMillis(u64::MAX), Some(Why::AgentRestarted)),
        (Phase::Armed, BootMillis(0), Some(Why::AgentRestarted)),
        (Phase::Armed, DEADLINE, Some(Why::AgentRestarted)),
        (Phase::RollingBack(Why::NotInKernel), BootMillis(0), Some(Why::NotInKernel)),
        (Phase::RollingBack(Why::NotInKernel), DEADLINE, Some(Why::NotInKernel)),
    ] {
        let (state, effects) = start(found(phase.clone()), "this", &moving(7).old_spec, now);
        let tx = Box::new(moving(7));
        match why {
            None => {
                assert_eq!(state, State::AwaitingConfirm { tx, awaiting: awaiting() });
                assert_eq!(effects, [Effect::CutOldConnections]);
            }
            Some(why) => {
                let journal = Effect::WriteJournal(Phase::RollingBack(why.clone()));
                assert_eq!(state, State::RollingBack { tx, why, attempt: 1, retry_at: None }, "{phase:?}");
                assert_eq!(effects, [journal, Effect::Restore]);
            }
        }
    }
}

#[test]
fn a_spec_that_was_saved_is_kept_in_this_boot_and_the_next() {
    for phase in phases() {
        for boot in ["this", "other"] {
            for now in [BootMillis(0), DEADLINE, BootMillis(u64::MAX)] {
                let (state, effects) = start(found(phase.clone()), boot, &moving(7).new_spec, now);
                assert_eq!(state, State::Committing { tx: Box::new(moving(7)), saved: true }, "{phase:?} {boot}");
                let committed = Outcome::Committed { tx: TxId(7) };
                assert_eq!(effects, [Effect::CloseJournal(committed), Effect::Settle]);
            }
        }
    }
}

/// A change whose specs are equal mends drift. Its journal says nothing about whether it was kept, and there is nothing to lose.
#[test]
fn a_change_without_a_new_spec_is_not_taken_for_saved() {
    let mut transaction = moving(7);
    transaction.new_spec = transaction.old_spec.clone();
    let committed = transaction.old_spec.clone();
    let journal = Journal { boot_id: "this".into(), transaction, phase: Phase::Armed };
    let (state, _) = start(Found::Journal(Box::new(journal)), "this", &committed, BootMillis(0));
    assert!(matches!(state, State::RollingBack { why: Why::AgentRestarted, .. }));
}
