//! A member: what it is told, what it misses, and how it ends.

use domain::{
    activation::{
        api::{LeftBecause, Renewal, Stage, Step},
        ledger::{ByHand, Ledger, Next},
        validity::Validity,
    },
    cluster::{api::BoxInfo, problem::Problem},
    time::UnixSeconds,
};

use super::support::*;

fn later(seconds: u64) -> UnixSeconds {
    UnixSeconds(NOW.0 + seconds)
}

fn member(ledger: &Ledger) -> &domain::activation::api::Member {
    ledger.member.as_ref().expect("a member")
}

#[test]
fn a_certificate_is_due_after_two_thirds_and_then_waits_for_a_person() {
    for (at, renewal) in [(LIFE / 3 * 2 - 1, None), (LIFE / 3 * 2, Some(Renewal::Due)), (LIFE + 1, Some(Renewal::Due))]
    {
        let mut ledger = active();
        ledger.told(info(), later(at));
        assert_eq!(member(&ledger).renewal, renewal, "told after {at}");
        let mut ledger = active();
        ledger.away(silent(), later(at));
        assert_eq!(member(&ledger).renewal, renewal, "away after {at}");
    }
    let mut ledger = active();
    assert!(ledger.refused_as_member(&Problem::RenewalNotAgreed, later(LIFE + 1)));
    assert_eq!((member(&ledger).renewal, ledger.stage()), (Some(Renewal::NeedsAgreement), Stage::Active));
    // a registry that is away meanwhile makes it no other question
    ledger.away(silent(), later(LIFE + 2));
    assert_eq!(member(&ledger).renewal, Some(Renewal::NeedsAgreement));
    let validity = Validity { not_before: later(LIFE), not_after: later(3 * LIFE) };
    ledger.renewed("CCCC".into(), validity, later(LIFE + 3));
    let member = member(&ledger);
    assert_eq!((member.renewal, member.validity, member.away.as_ref()), (None, validity, None));
    assert_eq!((member.info.certificate.as_str(), member.info.not_after), ("CCCC", validity.not_after));
}

#[test]
fn since_when_the_registry_is_away_is_kept_until_it_is_back() {
    let mut ledger = active();
    ledger.away(silent(), later(1));
    ledger.away(silent(), later(9));
    assert_eq!(member(&ledger).away.as_ref().map(|away| away.since), Some(later(1)));
    let moved = BoxInfo { urls: vec![parse("https://moved.example")], ..info() };
    ledger.told(moved.clone(), later(10));
    assert_eq!((member(&ledger).away.as_ref(), member(&ledger).told), (None, later(10)));
    assert_eq!(ledger.trust.as_ref().expect("kept").urls, moved.urls);
    ledger.told(BoxInfo { urls: Vec::new(), ..info() }, later(11));
    assert_eq!(ledger.trust.as_ref().expect("kept").urls, moved.urls, "a registry that is nowhere is none");
}

#[test]
fn a_box_that_is_gone_keeps_nothing_by_which_it_was_known() {
    let cases = [
        (Problem::HostRemoved { at: later(5) }, LeftBecause::Removed { at: later(5) }),
        (Problem::HostReplaced { by: None }, LeftBecause::Replaced { at: later(7) }),
    ];
    for (problem, because) in cases {
        let mut ledger = active();
        assert!(!ledger.is_done_with_its_key());
        assert!(ledger.refused_as_member(&problem, later(7)));
        assert_eq!((ledger.stage(), ledger.resume()), (Stage::Left, Next::Rest));
        assert_eq!(member(&ledger).left, Some(because));
        assert_eq!((ledger.trust.as_ref(), ledger.code.as_ref(), ledger.known), (None, None, false));
        assert!(ledger.is_done_with_its_key());
        // and can be activated anew, with a key that something has begun to use
        ledger.by_hand = Some(ByHand { text: "GH1R.x".into() });
        assert!(!ledger.is_done_with_its_key());
        ledger.typed(code(2), trust());
        ledger.draft = draft();
        assert_eq!(ledger.begin(request(2), later(9)), Ok(Next::Do(Step::Key)));
    }
}

#[test]
fn other_refusals_make_nobody_leave() {
    let ends = |problem: &Problem| {
        matches!(problem, Problem::HostRemoved { .. } | Problem::HostReplaced { .. } | Problem::RenewalNotAgreed)
    };
    for (problem, _) in super::refused::problems().into_iter().filter(|(problem, _)| !ends(problem)) {
        let mut ledger = active();
        assert!(!ledger.refused_as_member(&problem, NOW), "{problem:?}");
        assert_eq!(ledger, active(), "{problem:?}");
    }
    assert!(!answered().refused_as_member(&Problem::HostRemoved { at: NOW }, NOW), "it is no member");
}

#[test]
fn signs_of_life_are_not_worth_a_write_and_changes_are() {
    let told = |ledger: &Ledger, info: BoxInfo, at| {
        let mut ledger = ledger.clone();
        ledger.told(info, at);
        ledger.lasting()
    };
    let ledger = active();
    assert_eq!(told(&ledger, BoxInfo { now: later(50), ..info() }, later(50)), ledger.lasting());
    assert_ne!(told(&ledger, BoxInfo { state: "draining".into(), ..info() }, later(50)), ledger.lasting());
    for step in Step::ALL {
        let mut other = at(step);
        let before = other.lasting();
        other.ended(step, well(step), later(1), 0);
        assert_ne!(other.lasting(), before, "{step:?} is saved");
    }
}
