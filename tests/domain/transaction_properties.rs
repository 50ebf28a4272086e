//! Random lives of a box: answers that come or fail, people who ask anything at any time, clocks that run on.

use std::collections::BTreeMap;

use domain::{
    network::{
        kernel::KernelState,
        proof::Proof,
        transaction::{
            Actor, Checks, Confirmation, Digest, Effect, Event, GatewayCheck, Outcome, Phase, State, Transaction, TxId,
            Why, step,
        },
    },
    time::BootMillis,
};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::support::{asking, ip, leased, moving, name};

/// What happens next. Most of the time the last effect is answered, so that lives get somewhere.
#[derive(Clone, Debug)]
enum Happens {
    Answer {
        well: bool,
    },
    Confirm {
        of: u64,
        proof: Proof,
        automatic: bool,
        untested: bool,
    },
    Handoff {
        of: u64,
        proof: Proof,
    },
    /// Any event at all, whether it fits or not.
    Stray(usize),
    Deadline,
    Apply,
}

fn proof() -> impl Strategy<Value = Proof> + Clone {
    select(vec![
        Proof::NewAddress,
        Proof::NewAddress,
        Proof::ServicePort,
        Proof::Console,
        Proof::OldConnection,
        Proof::OldAddress,
        Proof::FromTheBox,
        Proof::NotConnected,
    ])
}

fn life() -> impl Strategy<Value = Vec<(Happens, u64)>> {
    // how many transactions ago the secret was made
    let of = select(vec![0, 0, 0, 0, 1, 2_u64]);
    let confirm = (of.clone(), proof(), any::<bool>(), any::<bool>())
        .prop_map(|(of, proof, automatic, untested)| Happens::Confirm { of, proof, automatic, untested });
    let happens = prop_oneof![
        30 => prop::bool::weighted(0.98).prop_map(|well| Happens::Answer { well }),
        5 => confirm,
        4 => (of, proof()).prop_map(|(of, proof)| Happens::Handoff { of, proof }),
        2 => (0..15_usize).prop_map(Happens::Stray),
        2 => Just(Happens::Deadline),
        3 => Just(Happens::Apply),
    ];
    vec((happens, prop_oneof![9 => 0..600_u64, 1 => select(vec![30_000, 90_000])]), 1..200)
}

#[derive(Default)]
struct Life {
    state: State,
    now: BootMillis,
    pending: Option<Effect>,
    applied: u64,
    // what the checks below remember
    armed: bool,
    saved: bool,
    closed: Vec<Outcome>,
    minted: BTreeMap<TxId, usize>,
    finished: usize,
}

fn checks(well: bool) -> Checks {
    let gateway = GatewayCheck { port: name("lan1"), gateway: ip("10.30.0.1").into(), answers: well };
    Checks { gateways: vec![gateway], ..Checks::default() }
}

impl Life {
    fn event(&mut self, happens: &Happens) -> Option<Event> {
        Some(match happens {
            Happens::Apply => {
                self.applied += 1;
                let tx = if self.applied.is_multiple_of(2) { asking(self.applied) } else { moving(self.applied) };
                Event::Apply(Box::new(tx))
            }
            Happens::Deadline => {
                self.now = self.now.max(self.state.deadline()?);
                Event::Tick
            }
            Happens::Confirm { of, proof, automatic, untested } => Event::Confirm(Confirmation {
                tx: None,
                token: moving(self.ago(*of)).confirm,
                proof: *proof,
                automatic: *automatic,
                untested: *untested,
            }),
            Happens::Handoff { of, proof } => Event::Handoff { secret: moving(self.ago(*of)).handoff, proof: *proof },
            Happens::Answer { well } => self.answer(*well)?,
            Happens::Stray(which) => self.stray(*which),
        })
    }

    fn ago(&self, of: u64) -> u64 {
        self.state.transaction().map_or(self.applied, |tx| tx.id.0).saturating_sub(of)
    }

    fn answer(&mut self, well: bool) -> Option<Event> {
        let result = if well { Ok(()) } else { Err("refused".to_owned()) };
        let failed = || if well { Vec::new() } else { moving(1).steps };
        let connections = std::collections::BTreeSet::new();
        Some(match self.pending.take()? {
            Effect::ReadState if well => Event::StateRead(self.state.transaction()?.base),
            Effect::ReadState => Event::StateRead(KernelState::default().hash()),
            Effect::WriteJournal(_) => Event::JournalWritten(result),
            Effect::Ask if well => Event::Leased(Box::new(leased(self.state.transaction()?))),
            Effect::Ask => Event::Unusable(Why::NoLease { ports: [name("lan1")].into() }),
            Effect::Perform(_) => Event::StepDone(result),
            Effect::Verify => Event::Verified { checks: checks(well), connections },
            Effect::SaveSpec => Event::SpecSaved(result),
            Effect::Settle | Effect::Restore => Event::Settled(failed()),
            Effect::CutOldConnections
            | Effect::Accepted
            | Effect::MintSession
            | Effect::CloseJournal(_)
            | Effect::Finish(_)
            | Effect::Refuse(_) => return None,
        })
    }

    fn stray(&self, which: usize) -> Event {
        let base = self.state.transaction().map_or(KernelState::default().hash(), |tx| tx.base);
        let error = || Err("stray".to_owned());
        let mut events = vec![
            Event::StateRead(base),
            Event::JournalWritten(Ok(())),
            Event::JournalWritten(error()),
            Event::Leased(Box::new(leased(&moving(1)))),
            Event::Unusable(Why::NoLease { ports: [].into() }),
            Event::StepDone(Ok(())),
            Event::StepDone(error()),
            Event::Verified { checks: checks(true), connections: [].into() },
            Event::GoBack { by: Actor::Console },
            Event::MoreTime,
            Event::SpecSaved(error()),
            Event::Settled(Vec::new()),
            Event::Settled(moving(1).steps),
            Event::Repaired,
            Event::Tick,
        ];
        events.swap_remove(which)
    }

    fn live(&mut self, happens: &Happens, pause: u64) {
        self.now = self.now.plus(pause);
        let Some(event) = self.event(happens) else { return };
        let before = std::mem::take(&mut self.state);
        let (next, effects) = step(before.clone(), event.clone(), self.now);
        for effect in &effects {
            self.check(&before, &event, effect);
        }
        if let (State::Committing { saved: false, .. }, Event::SpecSaved(Ok(()))) = (&before, &event) {
            self.saved = true;
        }
        if effects.iter().any(|e| matches!(e, Effect::Refuse(_))) {
            assert!(next == before || next == State::Idle, "a refusal changes nothing");
        }
        self.state = next;
        let asked = |e: &&Effect| {
            matches!(
                e,
                Effect::ReadState
                    | Effect::WriteJournal(Phase::Armed)
                    | Effect::Ask
                    | Effect::Perform(_)
                    | Effect::Verify
                    | Effect::SaveSpec
                    | Effect::Settle
                    | Effect::Restore
            )
        };
        let pending = effects.iter().rev().find(asked).cloned();
        self.pending = pending.or(self.pending.take());
    }

    fn check(&mut self, before: &State, event: &Event, effect: &Effect) {
        match effect {
            Effect::ReadState => {
                assert!(self.closed.is_empty(), "closed but never finished");
                (self.armed, self.saved) = (false, false);
            }
            Effect::WriteJournal(Phase::Armed) => self.armed = true,
            Effect::WriteJournal(Phase::Awaiting(_) | Phase::RollingBack(_)) => assert!(self.armed),
            Effect::Ask => assert!(self.armed, "no lease is taken before the journal is written"),
            Effect::Perform(_) => assert!(self.armed, "the journal comes before the first step"),
            Effect::SaveSpec => {
                assert!(valid(before, event, self.now), "saved without a valid confirmation: {event:?}");
            }
            Effect::Restore => assert!(!self.saved, "a saved spec is never undone"),
            Effect::CloseJournal(outcome) => self.closed.push(outcome.clone()),
            Effect::Finish(outcome) => {
                assert_eq!(self.closed, std::slice::from_ref(outcome), "one CloseJournal before each Finish");
                self.closed.clear();
                self.finished += 1;
                assert_eq!(self.saved, matches!(outcome, Outcome::Committed { .. }));
            }
            Effect::MintSession => {
                let tx = before.transaction().expect("open").id;
                let minted = self.minted.entry(tx).or_default();
                *minted += 1;
                assert_eq!(*minted, 1, "one session a handoff");
                assert!(before.deadline().expect("deadline") > self.now, "no session after the deadline");
            }
            Effect::Verify | Effect::CutOldConnections | Effect::Accepted | Effect::Settle | Effect::Refuse(_) => {}
        }
    }
}

/// The rule said a second time, in other words.
fn valid(state: &State, event: &Event, now: BootMillis) -> bool {
    let (State::AwaitingConfirm { tx, awaiting }, Event::Confirm(c)) = (state, event) else { return false };
    let well = awaiting.checks.gateways.iter().all(|g| g.answers);
    let proven = match c.proof {
        Proof::Console => true,
        Proof::NewAddress => c.token == tx.confirm,
        Proof::ServicePort => c.token == tx.confirm && (well || c.untested),
        Proof::OldConnection | Proof::OldAddress | Proof::FromTheBox | Proof::NotConnected => false,
    };
    proven && now < awaiting.deadline && (well || !c.automatic)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_promises_hold(life in life()) {
        let mut box_ = Life::default();
        for (happens, pause) in &life {
            box_.live(happens, *pause);
        }
    }

    #[test]
    fn an_expired_change_can_only_be_undone(life in life(), late in 0..200_000_u64) {
        let mut box_ = Life::default();
        for (happens, pause) in &life {
            box_.live(happens, *pause);
            let State::AwaitingConfirm { tx, awaiting } = &box_.state else { continue };
            let now = awaiting.deadline.plus(late);
            for event in persons(tx) {
                let (next, effects) = step(box_.state.clone(), event.clone(), now);
                prop_assert_eq!(&next, &box_.state, "{:?}", event);
                prop_assert!(matches!(effects[..], [Effect::Refuse(_)]), "{:?}", event);
            }
            let (next, _) = step(box_.state.clone(), Event::Tick, now);
            let undone = matches!(next, State::RollingBack { .. });
            prop_assert!(undone);
        }
    }
}

fn persons(tx: &Transaction) -> Vec<Event> {
    let confirm = |token: &Digest, proof| {
        Event::Confirm(Confirmation { tx: None, token: token.clone(), proof, automatic: false, untested: true })
    };
    vec![
        confirm(&tx.confirm, Proof::NewAddress),
        confirm(&tx.confirm, Proof::Console),
        Event::Handoff { secret: tx.handoff.clone(), proof: Proof::NewAddress },
        Event::MoreTime,
    ]
}

/// The random lives above would prove nothing if they never got anywhere.
#[test]
fn random_lives_reach_both_ends() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (mut finished, mut minted, mut saved) = (0, 0, 0);
    for _ in 0..300 {
        let mut box_ = Life::default();
        for (happens, pause) in life().new_tree(&mut runner).expect("life").current() {
            box_.live(&happens, pause);
            saved += usize::from(matches!(box_.state, State::Committing { saved: true, .. }));
        }
        finished += box_.finished;
        minted += box_.minted.len();
    }
    assert!(finished > 100 && minted > 10 && saved > 20, "{finished} finished, {minted} handoffs, {saved} saved");
}
