//! A refusal asks the question again that it is about, and no other.

use domain::{
    activation::{
        Malformed,
        api::{Draft, Offered, Stage, Step},
        ledger::{Ended, Next},
        wizard::{Page, first_open},
    },
    cluster::problem::{NoPeer, Problem},
};

use super::support::*;

/// Each refusal, and the question that is open after it; the review where no answer is wrong.
pub fn problems() -> Vec<(Problem, Page)> {
    let serial = || parse("7F3K-2219");
    let of_code = [
        Problem::CodeMalformed { why: Malformed::CutOff },
        Problem::CodeUnknown,
        Problem::CodeExpired { at: NOW },
        Problem::CodeUsed { serial: serial() },
        Problem::CodeRevoked,
        Problem::CodeOtherModel { model: parse("B-020") },
        Problem::OtherAccount,
        Problem::HostRemoved { at: NOW },
        Problem::HostReplaced { by: None },
    ];
    let of_cluster = [
        Problem::ServiceNotEnabled,
        Problem::OtherModel { model: parse("B-020") },
        Problem::PeerCannotBeChosen { serial: serial(), why: NoPeer::Itself },
        Problem::Reserved { serial: serial(), cluster: parse("c-1"), peer: None },
        Problem::ChooseCluster { clusters: Vec::new() },
        Problem::NameTaken,
        Problem::CodeOtherCluster { cluster: parse("c-1") },
        Problem::NotFound,
        Problem::invalid("association", "x"),
    ];
    let of_nothing = [
        Problem::OtherKey { serial: serial() },
        Problem::AlreadyActive { serial: serial() },
        Problem::ModelUnknown { model: parse("B-020") },
        Problem::BadSigningRequest { detail: "x".into() },
        Problem::Replayed,
        Problem::NoCertificate,
        Problem::RenewalNotAgreed,
        Problem::NotSignedIn,
        Problem::WrongPassword,
        Problem::SlowDown { seconds: 1 },
        Problem::Forbidden,
        Problem::BadRequest { detail: "x".into() },
        Problem::Contended,
        Problem::Unknown,
        Problem::Internal,
        Problem::NotEmpty { blockers: Vec::new() },
        Problem::NotPending,
        Problem::WrongState { state: "leaving".into() },
        Problem::NoPeer { serial: serial() },
        Problem::LeaseHeld { holder: serial(), epoch: 1 },
        Problem::LeaseLost { epoch: 1 },
    ];
    let with = |page| move |problem| (problem, page);
    let of_code = of_code.into_iter().map(with(Page::Code));
    let of_cluster = of_cluster.into_iter().map(with(Page::Cluster));
    of_code.chain(of_cluster).chain(of_nothing.into_iter().map(with(Page::Review))).collect()
}

/// What is left of the answers.
fn left(page: Page) -> Draft {
    match page {
        Page::Code => Draft { code: None, ..draft() },
        Page::Cluster => Draft { association: None, ..draft() },
        _ => draft(),
    }
}

#[test]
fn a_refused_step_opens_the_question_that_it_is_about_and_keeps_every_other_answer() {
    for (problem, page) in problems() {
        for step in [Step::Registry, Step::Activate, Step::Confirm] {
            let mut ledger = at(step);
            let next = ledger.ended(step, Ended::Refused(problem.clone()), NOW, 0);
            assert_eq!((ledger.stage(), first_open(&ledger.draft)), (Stage::Answering, page), "{problem:?}");
            assert_eq!(ledger.draft, left(page), "{problem:?}");
            assert_eq!(ledger.view(false, 0).refused, Some(problem.clone()));
            assert_eq!(ledger.code.is_none(), page == Page::Code, "{problem:?}");
            // what can be chosen is asked for anew; it may be another now
            let expected = if page == Page::Cluster { Next::Ask } else { Next::Rest };
            assert_eq!((next, ledger.offered.is_none()), (expected, page != Page::Review), "{problem:?}");
        }
    }
}

#[test]
fn a_refused_code_opens_the_same_question_while_the_wizard_is_answered() {
    for (problem, page) in problems() {
        let mut ledger = answered();
        ledger.code_refused(problem.clone());
        assert_eq!(ledger.draft, left(page), "{problem:?}");
        assert_eq!((ledger.resume(), ledger.refused.as_ref()), (Next::Rest, Some(&problem)), "{problem:?}");
    }
}

#[test]
fn a_registry_that_was_away_is_asked_until_it_has_said_something() {
    let mut ledger = answered();
    ledger.typed(code(2), trust());
    assert_eq!(ledger.resume(), Next::Ask);
    for n in 1..4 {
        assert!(matches!(ledger.unasked(silent(), NOW, 0), Next::Wait(_)));
        assert_eq!((ledger.resume(), ledger.asking.as_ref().expect("asks").failures), (Next::Ask, n));
        let waiting = ledger.view(false, 5).waiting.expect("waits");
        assert_eq!((waiting.why, waiting.again_in), (silent(), 5));
        assert_eq!(waiting.code_until, draft().code.expect("seen").expires, "until when the code is good");
    }
    ledger.offered(Offered { at: NOW, preview: preview() });
    assert_eq!((ledger.resume(), ledger.view(false, 0).waiting), (Next::Rest, None));
}
