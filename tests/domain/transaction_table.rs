//! Every state with every event, as a table for people to review; and the rules of a confirmation, one by one.

use std::{collections::BTreeSet, fmt::Write};

use domain::{
    fault::Fault,
    network::{
        diff::Step,
        kernel::{KernelState, StateHash},
        nameserver::Resolver,
        proof::Proof,
        transaction::{
            Actor, Awaiting, Checks, Confirmation, Digest, Effect, Event, GatewayCheck, LONGEST_WINDOW, Phase, State,
            Transaction, Why, step,
        },
    },
    time::BootMillis,
};

use crate::support::{asking, ip, leased, moving, name};

/// Deadlines of the states below; the events come before it, and ticks at it.
const DEADLINE: BootMillis = BootMillis(100_000);
const NOW: BootMillis = BootMillis(50_000);

fn tx() -> Box<Transaction> {
    Box::new(moving(1))
}

fn checks(answers: Option<bool>) -> Checks {
    let gateway = |answers| GatewayCheck { port: name("lan1"), gateway: ip("10.30.0.1").into(), answers };
    Checks { gateways: answers.map(gateway).into_iter().collect(), ..Checks::default() }
}

fn awaiting(answers: Option<bool>) -> Awaiting {
    Awaiting {
        since: BootMillis(10_000),
        deadline: DEADLINE,
        checks: checks(answers),
        connections: BTreeSet::new(),
        handoff_used: false,
    }
}

fn broken() -> Vec<Step> {
    vec![Step::Dns(Resolver::default())]
}

fn states() -> Vec<(&'static str, State)> {
    let last = tx().steps.len() - 1;
    let rolling = |attempt, retry_at| State::RollingBack { tx: tx(), why: Why::NotConfirmed, attempt, retry_at };
    vec![
        ("Idle", State::Idle),
        ("Planned", State::Planned(tx())),
        ("Armed", State::Armed(tx())),
        ("Armed(asks)", State::Armed(Box::new(asking(1)))),
        ("Asking", State::Asking { tx: Box::new(asking(1)), deadline: DEADLINE }),
        ("Applying(first)", State::Applying { tx: tx(), next: 0, deadline: DEADLINE }),
        ("Applying(last)", State::Applying { tx: tx(), next: last, deadline: DEADLINE }),
        ("Verifying", State::Verifying { tx: tx(), deadline: DEADLINE }),
        ("AwaitingConfirm", State::AwaitingConfirm { tx: tx(), awaiting: awaiting(Some(true)) }),
        ("Committing(saving)", State::Committing { tx: tx(), saved: false }),
        ("Committing(settling)", State::Committing { tx: tx(), saved: true }),
        ("RollingBack(1)", rolling(1, None)),
        ("RollingBack(pause)", rolling(2, Some(DEADLINE))),
        ("RollingBack(3)", rolling(3, None)),
        ("Degraded", State::Degraded { unrestored: broken() }),
    ]
}

fn confirm(token: &Digest, proof: Proof) -> Event {
    Event::Confirm(Confirmation { tx: None, token: token.clone(), proof, automatic: false, untested: false })
}

fn events() -> Vec<(&'static str, Event, BootMillis)> {
    let other: StateHash = KernelState::default().hash();
    let error = || Err("refused".to_owned());
    let missing = Checks { missing: broken(), ..Checks::default() };
    let connections = BTreeSet::new;
    let handoff = |secret: &Digest| Event::Handoff { secret: secret.clone(), proof: Proof::NewAddress };
    vec![
        ("Apply", Event::Apply(Box::new(moving(2))), NOW),
        ("StateRead(as planned)", Event::StateRead(tx().base), NOW),
        ("StateRead(other)", Event::StateRead(other), NOW),
        ("JournalWritten(ok)", Event::JournalWritten(Ok(())), NOW),
        ("JournalWritten(error)", Event::JournalWritten(error()), NOW),
        ("Leased", Event::Leased(Box::new(leased(&tx()))), NOW),
        ("Unusable", Event::Unusable(Why::NoLease { ports: [name("lan1")].into() }), NOW),
        ("StepDone(ok)", Event::StepDone(Ok(())), NOW),
        ("StepDone(error)", Event::StepDone(error()), NOW),
        ("Verified(well)", Event::Verified { checks: checks(Some(true)), connections: connections() }, NOW),
        ("Verified(missing)", Event::Verified { checks: missing, connections: connections() }, NOW),
        ("Confirm(right)", confirm(&tx().confirm, Proof::NewAddress), NOW),
        ("Confirm(wrong)", confirm(&moving(2).confirm, Proof::NewAddress), NOW),
        ("Confirm(late)", confirm(&tx().confirm, Proof::NewAddress), DEADLINE),
        ("Handoff(right)", handoff(&tx().handoff), NOW),
        ("Handoff(wrong)", handoff(&moving(2).handoff), NOW),
        ("Handoff(late)", handoff(&tx().handoff), DEADLINE),
        ("GoBack", Event::GoBack { by: Actor::Console }, NOW),
        ("MoreTime", Event::MoreTime, NOW),
        ("MoreTime(late)", Event::MoreTime, DEADLINE),
        ("SpecSaved(ok)", Event::SpecSaved(Ok(())), NOW),
        ("SpecSaved(error)", Event::SpecSaved(error()), NOW),
        ("Settled(all)", Event::Settled(Vec::new()), NOW),
        ("Settled(some failed)", Event::Settled(broken()), NOW),
        ("Repaired", Event::Repaired, NOW),
        ("Tick(early)", Event::Tick, NOW),
        ("Tick(due)", Event::Tick, DEADLINE),
    ]
}

fn state_name(state: &State) -> String {
    match state {
        State::Idle => "Idle".to_owned(),
        State::Planned(tx) => format!("Planned #{}", tx.id.0),
        State::Armed(_) => "Armed".to_owned(),
        State::Asking { .. } => "Asking".to_owned(),
        State::Applying { next, .. } => format!("Applying({next})"),
        State::Verifying { .. } => "Verifying".to_owned(),
        State::AwaitingConfirm { awaiting, .. } => format!("AwaitingConfirm(until {})", awaiting.deadline.0),
        State::Committing { saved, .. } => format!("Committing(saved: {saved})"),
        State::RollingBack { attempt, retry_at, why, .. } => {
            let pause = retry_at.map(|at| format!(", again at {}", at.0)).unwrap_or_default();
            format!("RollingBack({attempt}{pause}, {})", serde_json::to_value(why).expect("json")["why"])
        }
        State::Degraded { unrestored } => format!("Degraded({})", unrestored.len()),
    }
}

fn effect_name(effect: &Effect) -> String {
    match effect {
        Effect::WriteJournal(Phase::Armed) => "WriteJournal(armed)".to_owned(),
        Effect::WriteJournal(Phase::Awaiting(a)) => {
            format!("WriteJournal(awaiting{})", if a.handoff_used { ", handoff used" } else { "" })
        }
        Effect::WriteJournal(Phase::RollingBack(_)) => "WriteJournal(rolling back)".to_owned(),
        Effect::Refuse(fault) => format!("Refuse({})", fault.code()),
        Effect::CloseJournal(_) => "CloseJournal".to_owned(),
        Effect::Finish(_) => "Finish".to_owned(),
        Effect::ReadState
        | Effect::Ask
        | Effect::Perform(_)
        | Effect::Verify
        | Effect::CutOldConnections
        | Effect::Accepted
        | Effect::MintSession
        | Effect::SaveSpec
        | Effect::Settle
        | Effect::Restore => format!("{effect:?}"),
    }
}

#[test]
fn every_state_meets_every_event() {
    let mut table = String::new();
    for (from, state) in states() {
        let mut ignored = Vec::new();
        for (what, event, now) in events() {
            let (next, effects) = step(state.clone(), event, now);
            if next == state && effects.is_empty() {
                ignored.push(what);
                continue;
            }
            let to = if next == state { "(same)".to_owned() } else { state_name(&next) };
            let effects = effects.iter().map(effect_name).collect::<Vec<_>>().join(", ");
            table += format!("{from:<21} {what:<22} {to:<40} {effects}").trim_end();
            table.push('\n');
        }
        writeln!(table, "{from:<21} ignores: {}\n", ignored.join(", ")).expect("a string takes every line");
    }
    insta::with_settings!({ snapshot_path => "../contracts", prepend_module_to_snapshot => false, omit_expression => true },
        { insta::assert_snapshot!("transaction-table", table) });
}

#[test]
fn a_confirmation_counts_by_what_its_connection_proves() {
    let needs_a_person = Some(Fault::NeedsAPerson);
    let nothing = |proof| Some(Fault::ProvesNothing { proof });
    let (silent, well, none) = (Some(false), Some(true), None);
    let (automatic, untested, plain) = ((true, false), (false, true), (false, false));
    for (proof, gateway, (automatic, untested), refusal) in [
        (Proof::NewAddress, well, automatic, None),
        (Proof::NewAddress, well, plain, None),
        (Proof::NewAddress, silent, plain, None),
        (Proof::NewAddress, silent, automatic, needs_a_person.clone()),
        (Proof::NewAddress, none, automatic, None),
        (Proof::OldConnection, well, plain, nothing(Proof::OldConnection)),
        (Proof::OldConnection, well, untested, nothing(Proof::OldConnection)),
        (Proof::OldAddress, well, plain, nothing(Proof::OldAddress)),
        (Proof::OldAddress, well, untested, nothing(Proof::OldAddress)),
        (Proof::FromTheBox, well, untested, nothing(Proof::FromTheBox)),
        (Proof::NotConnected, well, untested, nothing(Proof::NotConnected)),
        (Proof::ServicePort, well, plain, None),
        (Proof::ServicePort, well, automatic, None),
        (Proof::ServicePort, silent, plain, needs_a_person.clone()),
        (Proof::ServicePort, silent, automatic, needs_a_person.clone()),
        (Proof::ServicePort, silent, untested, None),
        (Proof::ServicePort, silent, (true, true), needs_a_person.clone()),
        (Proof::ServicePort, none, plain, needs_a_person.clone()),
        (Proof::ServicePort, none, automatic, needs_a_person.clone()),
        (Proof::ServicePort, none, untested, None),
        (Proof::Console, well, plain, None),
        (Proof::Console, silent, untested, None),
        (Proof::Console, silent, plain, needs_a_person.clone()),
        (Proof::Console, none, plain, None),
        (Proof::Console, silent, automatic, needs_a_person),
    ] {
        let state = State::AwaitingConfirm { tx: tx(), awaiting: awaiting(gateway) };
        let confirmation = Confirmation { tx: None, token: tx().confirm, proof, automatic, untested };
        let (next, effects) = step(state, Event::Confirm(confirmation), NOW);
        let case = format!("{proof:?} gateway {gateway:?} automatic {automatic} untested {untested}");
        match refusal {
            None => assert_eq!(effects, [Effect::SaveSpec], "{case}"),
            Some(fault) => assert_eq!(effects, [Effect::Refuse(fault)], "{case}"),
        }
        assert_eq!(matches!(next, State::Committing { .. }), effects == [Effect::SaveSpec], "{case}");
    }
}

#[test]
fn a_confirmation_that_names_another_change_keeps_nothing() {
    let state = || State::AwaitingConfirm { tx: tx(), awaiting: awaiting(Some(true)) };
    let named = |id| Confirmation {
        tx: Some(id),
        token: tx().confirm,
        proof: Proof::Console,
        automatic: false,
        untested: true,
    };
    let other = domain::network::transaction::TxId(tx().id.0 + 1);
    let (next, effects) = step(state(), Event::Confirm(named(other)), NOW);
    assert_eq!((next, effects), (state(), vec![Effect::Refuse(Fault::NoChangeOpen { last: None })]));
    assert_eq!(step(state(), Event::Confirm(named(tx().id)), NOW).1, [Effect::SaveSpec]);
}

#[test]
fn only_the_console_needs_no_token() {
    let wrong = moving(2).confirm;
    for proof in [Proof::NewAddress, Proof::ServicePort, Proof::OldAddress] {
        let state = State::AwaitingConfirm { tx: tx(), awaiting: awaiting(Some(true)) };
        let (_, effects) = step(state, confirm(&wrong, proof), NOW);
        assert_eq!(effects, [Effect::Refuse(Fault::WrongToken)], "{proof:?}");
    }
    let state = State::AwaitingConfirm { tx: tx(), awaiting: awaiting(Some(true)) };
    assert_eq!(step(state, confirm(&Digest(String::new()), Proof::Console), NOW).1, [Effect::SaveSpec]);
}

#[test]
fn a_handoff_needs_a_new_connection_to_the_new_address() {
    for proof in [
        Proof::Console,
        Proof::ServicePort,
        Proof::OldConnection,
        Proof::OldAddress,
        Proof::FromTheBox,
        Proof::NotConnected,
    ] {
        let state = State::AwaitingConfirm { tx: tx(), awaiting: awaiting(Some(true)) };
        let (next, effects) = step(state.clone(), Event::Handoff { secret: tx().handoff, proof }, NOW);
        assert_eq!((next, effects), (state, vec![Effect::Refuse(Fault::ProvesNothing { proof })]));
    }
}

#[test]
fn more_time_ends_at_the_longest_window() {
    let mut state = State::AwaitingConfirm { tx: tx(), awaiting: awaiting(Some(true)) };
    for _ in 0..20 {
        state = step(state, Event::MoreTime, NOW).0;
    }
    assert_eq!(state.deadline(), Some(BootMillis(10_000 + LONGEST_WINDOW)));
}

#[test]
fn undoing_is_tried_three_times_and_what_is_left_is_shown() {
    let mut state = State::RollingBack { tx: tx(), why: Why::NotConfirmed, attempt: 1, retry_at: None };
    let mut now = NOW;
    for _ in 0..2 {
        let (next, effects) = step(state, Event::Settled(broken()), now);
        assert_eq!(effects, []);
        now = next.deadline().expect("a pause");
        let (next, effects) = step(next, Event::Tick, now);
        assert_eq!(effects, [Effect::Restore]);
        state = next;
    }
    let (next, effects) = step(state, Event::Settled(broken()), now);
    assert_eq!(next, State::Degraded { unrestored: broken() });
    assert!(matches!(effects[..], [.., Effect::CloseJournal(_), Effect::Finish(_)]));
}
