//! The order of the steps, what is tried again and after how long, and what a stop keeps.

use std::cmp::Ordering;

use domain::{
    activation::{
        api::{Away, LineState, Stage, Step},
        ledger::{Ended, Next, pause},
    },
    cluster::problem::Problem,
    fault::Fault,
};

use super::support::*;

#[test]
fn each_step_comes_once_in_its_order_and_the_code_goes_at_the_end() {
    let mut ledger = answered();
    let mut next = ledger.begin(request(1), NOW).expect("answered");
    let mut done = Vec::new();
    while let Next::Do(step) = next {
        assert_eq!((ledger.stage(), ledger.resume(), asked(&ledger)), (Stage::Working, next, Some(request(1))));
        for line in ledger.view(false, 0).ledger {
            let expected = match line.step.cmp(&step) {
                Ordering::Less => LineState::Done,
                Ordering::Equal => LineState::Running,
                Ordering::Greater => LineState::Waiting,
            };
            assert_eq!(line.state, expected, "{:?} while {step:?}", line.step);
        }
        done.push(step);
        next = ledger.ended(step, well(step), NOW, 0);
    }
    assert_eq!((done.as_slice(), next, ledger.stage()), (Step::ALL.as_slice(), Next::Poll, Stage::Active));
    let member = ledger.member.as_ref().expect("a member");
    assert_eq!((&member.info, member.activated, member.left.as_ref()), (&info(), NOW, None));
    assert_eq!((ledger.code.as_ref(), ledger.work.as_ref(), ledger.known), (None, None, true));
    // the registry's own word on where it is replaces the code's; whom to trust does not change by it
    let trust = ledger.trust.expect("kept");
    assert_eq!((trust.urls, trust.authority), (info().urls, super::support::trust().authority));
}

#[test]
fn what_came_by_hand_begins_at_its_certificate_and_needs_no_registry() {
    let mut ledger = answered();
    let mut next = ledger.brought(request(9), info(), trust(), NOW);
    let mut done = Vec::new();
    while let Next::Do(step) = next {
        done.push(step);
        next = ledger.ended(step, Ended::Done, NOW, 0);
    }
    assert_eq!((done, next), (vec![Step::Certificate, Step::HostName], Next::Poll));
    assert!(!ledger.known && ledger.stage() == Stage::Active);
    let last = ledger.view(false, 0).ledger.pop().expect("lines");
    assert_eq!((last.step, last.state), (Step::Confirm, LineState::Waiting));
    ledger.told(info(), NOW);
    assert_eq!(ledger.view(false, 0).ledger.pop().expect("lines").state, LineState::Done);
}

#[test]
fn a_step_that_did_not_work_is_done_again_with_the_same_request() {
    for step in Step::ALL {
        let mut ledger = at(step);
        // of the host name it is known that it is not worth more than three
        let times = if step == Step::HostName { 2 } else { 5 };
        for n in 1..=times {
            let next = ledger.ended(step, Ended::Away(silent()), NOW, 255);
            assert_eq!(next, Next::Wait(pause(n, 255)), "{step:?} {n}");
            assert_eq!((ledger.resume(), asked(&ledger)), (Next::Do(step), Some(request(1))), "{step:?}");
            let lines = ledger.view(false, 7).ledger;
            assert_eq!(lines.iter().find(|line| line.step == step).expect("line").state, LineState::Retrying);
        }
        assert_eq!(ledger.view(false, 7).waiting.expect("waits").why, silent());
        ledger.ended(step, well(step), NOW, 0);
        assert!(ledger.work.is_none_or(|work| work.failures == 0 && work.away.is_none()), "{step:?}");
    }
}

#[test]
fn a_name_that_the_system_does_not_take_costs_no_membership() {
    let mut ledger = at(Step::HostName);
    let mut fail = || ledger.ended(Step::HostName, Ended::Away(silent()), NOW, 0);
    assert_eq!([fail(), fail()].map(|next| matches!(next, Next::Wait(_))), [true; 2]);
    assert_eq!(fail(), Next::Do(Step::Confirm));
}

#[test]
fn what_another_step_brings_late_changes_nothing() {
    for step in Step::ALL {
        let ledger = at(step);
        for other in Step::ALL.into_iter().filter(|other| *other != step) {
            for ended in [well(other), Ended::Away(silent()), Ended::Refused(Problem::CodeRevoked)] {
                let mut same = ledger.clone();
                assert_eq!(same.ended(other, ended, NOW, 0), Next::Rest);
                assert_eq!(same, ledger, "{step:?} and late {other:?}");
            }
        }
    }
}

#[test]
fn an_answer_that_is_of_no_use_is_asked_for_again_unless_it_came_by_hand() {
    let useless = || Ended::Useless(Away::BadCertificate { detail: "x".into() });
    for step in [Step::Certificate, Step::HostName, Step::Confirm] {
        let mut ledger = at(step);
        assert!(matches!(ledger.ended(step, useless(), NOW, 0), Next::Wait(_)));
        assert_eq!((ledger.resume(), asked(&ledger)), (Next::Do(Step::Activate), Some(request(1))));
        assert_eq!(ledger.stop(), Ok(()), "nothing is had of the registry");
        assert_eq!(ledger.unsure, Some(request(1)));
    }
    let mut ledger = answered();
    ledger.brought(request(9), info(), trust(), NOW);
    assert!(matches!(ledger.ended(Step::Certificate, useless(), NOW, 0), Next::Wait(_)));
    assert_eq!(ledger.resume(), Next::Do(Step::Certificate));
}

#[test]
fn a_request_that_nobody_knows_about_outlives_every_stop() {
    let mut ledger = at(Step::Activate);
    ledger.ended(Step::Activate, Ended::Away(silent()), NOW, 0);
    assert_eq!(ledger.stop(), Ok(()));
    assert!(matches!(ledger.stop(), Err(Fault::NotAtThisStage { .. })), "nothing is under way");
    for n in 2..6 {
        // stopped where the registry was not asked again: at the key, and on the way to it
        let next = ledger.begin(request(n), NOW);
        assert_eq!((next, asked(&ledger)), (Ok(Next::Do(Step::Key)), Some(request(1))), "{n}");
        if n % 2 == 0 {
            ledger.ended(Step::Key, Ended::Done, NOW, 0);
            ledger.ended(Step::Registry, Ended::Away(silent()), NOW, 0);
        }
        ledger = read_back(&ledger);
        assert_eq!(ledger.stop(), Ok(()));
    }
    // nor does a registry that refuses before it is asked, nor the same code typed again
    ledger.begin(request(7), NOW).expect("answered");
    ledger.ended(Step::Key, Ended::Done, NOW, 0);
    ledger.ended(Step::Registry, Ended::Refused(Problem::Forbidden), NOW, 0);
    ledger.typed(code(1), trust());
    ledger.begin(request(8), NOW).expect("answered");
    assert_eq!(asked(&ledger), Some(request(1)));
}

#[test]
fn a_request_ends_with_a_no_with_another_code_and_with_the_end() {
    let mut no = at(Step::Activate);
    no.stop().expect("stopped");
    no.begin(request(2), NOW).expect("answered");
    for step in [Step::Key, Step::Registry] {
        no.ended(step, Ended::Done, NOW, 0);
    }
    no.ended(Step::Activate, Ended::Refused(Problem::Forbidden), NOW, 0);
    no.begin(request(3), NOW).expect("answered");
    assert_eq!(asked(&no), Some(request(3)));

    let mut other = at(Step::Activate);
    other.stop().expect("stopped");
    other.typed(code(2), trust());
    other.begin(request(2), NOW).expect("answered");
    assert_eq!(asked(&other), Some(request(2)));

    let early = |step| {
        let mut ledger = at(step);
        ledger.stop().expect("stopped");
        ledger.begin(request(2), NOW).expect("answered");
        asked(&ledger)
    };
    assert_eq!([Step::Key, Step::Registry].map(early), [Some(request(2)), Some(request(2))], "it was never asked");
    assert_eq!(active().unsure, None);
}

#[test]
fn a_box_that_was_taken_cannot_go_back() {
    for step in [Step::Certificate, Step::HostName, Step::Confirm] {
        let mut ledger = at(step);
        let before = ledger.clone();
        assert_eq!(ledger.stop(), Err(Fault::NotAtThisStage { stage: Stage::Working }));
        assert_eq!(ledger, before);
    }
}

#[test]
fn nothing_begins_before_all_is_answered_or_twice() {
    let open: [fn(&mut domain::activation::ledger::Ledger); 5] = [
        |ledger| ledger.code = None,
        |ledger| ledger.trust = None,
        |ledger| ledger.draft.confirmed = false,
        |ledger| ledger.draft.name = None,
        |ledger| ledger.draft.association = None,
    ];
    for open in open {
        let mut ledger = answered();
        open(&mut ledger);
        let before = ledger.clone();
        assert_eq!(ledger.begin(request(1), NOW), Err(Fault::Unanswered));
        assert_eq!(ledger, before);
    }
    for (mut ledger, stage) in [(at(Step::Key), Stage::Working), (active(), Stage::Active)] {
        assert_eq!(ledger.begin(request(2), NOW), Err(Fault::NotAtThisStage { stage }));
        assert_eq!(ledger.answering(), Err(Fault::NotAtThisStage { stage }));
    }
}

#[test]
fn pauses_grow_to_a_minute_and_a_registry_may_ask_for_ten() {
    let expected = [(1, 2_000), (2, 4_000), (3, 8_000), (4, 16_000), (5, 32_000), (6, 60_000), (u32::MAX, 60_000)];
    for (failures, longest) in expected {
        assert_eq!((pause(failures, 255), pause(failures, 0)), (longest, longest / 4 * 3), "{failures}");
        for jitter in 0..=255 {
            assert!((longest / 4 * 3..=longest).contains(&pause(failures, jitter)), "{failures} {jitter}");
        }
    }
    for (seconds, expected) in [(1, 1_500), (30, 30_000), (600, 600_000), (u64::MAX, 600_000)] {
        let busy = || Away::Unwell { problem: Problem::SlowDown { seconds } };
        let mut ledger = at(Step::Activate);
        assert_eq!(ledger.ended(Step::Activate, Ended::Away(busy()), NOW, 0), Next::Wait(expected));
        let mut ledger = answered();
        assert_eq!(ledger.unasked(busy(), NOW, 0), Next::Wait(expected));
    }
}
