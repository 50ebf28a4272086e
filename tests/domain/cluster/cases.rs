//! The registry's cases by name, as far as rules decide them.

use super::support::*;
use domain::{
    cluster::{
        activate,
        association::{self, Association, Joiner},
        clusters,
        codes::{self, Proof},
        key::{Key, Record},
        lease, leave, pairs,
        problem::{NoPeer, Problem},
        record::{HostState, TokenState},
        renew,
        view::{Draft, View},
    },
    time::UnixSeconds,
};

/// A fleet with the cluster `c-a1` of the boxes A1 and, as its peer, B1.
fn paired() -> Fleet {
    let mut fleet = Fleet::new();
    let code = fleet.code("acme", "t1");
    fleet.activate(&joining("A1", code, new_cluster("site", None))).expect("first");
    let code = fleet.code("acme", "t2");
    fleet.activate(&joining("B1", code, into_cluster(&parse("c-a1"), Some("A1")))).expect("second");
    assert_eq!(fleet.peer("A1").as_deref(), Some("B1"));
    fleet
}

fn one() -> Fleet {
    let mut fleet = Fleet::new();
    let code = fleet.code("acme", "t1");
    fleet.activate(&joining("A1", code, new_cluster("site", None))).expect("first");
    fleet
}

fn not_the_peer(serial: &str, why: NoPeer) -> Problem {
    Problem::PeerCannotBeChosen { serial: parse(serial), why }
}

#[test]
fn two_boxes_want_one_peer_and_the_second_is_told() {
    let mut fleet = one();
    let (one, two) = (fleet.code("acme", "t2"), fleet.code("acme", "t3"));
    let cluster = parse("c-a1");
    let b = joining("B1", one, into_cluster(&cluster, Some("A1")));
    let c = joining("C1", two, into_cluster(&cluster, Some("A1")));
    let first = fleet.decide(|view| activate::activate(view, &b, &call())).expect("b may");
    let second = fleet.decide(|view| activate::activate(view, &c, &call())).expect("c may, too, so far");
    assert!(fleet.commit(&first));
    assert!(!fleet.commit(&second), "only one of both");
    let told = fleet.activate(&c).expect_err("told");
    assert_eq!(told, not_the_peer("A1", NoPeer::Paired { peer: parse("B1") }));
    assert!(fleet.get(&Key::Host(parse("C1"))).is_none(), "nothing is half-done");
}

#[test]
fn two_boxes_that_name_each_other_at_once_become_one_pair() {
    let mut fleet = Fleet::new();
    let (one, two) = (fleet.code("acme", "t1"), fleet.code("acme", "t2"));
    let a = joining("A1", one, new_cluster("site", Some("B1")));
    let b = joining("B1", two, new_cluster("site", Some("A1")));
    let first = fleet.decide(|view| activate::activate(view, &a, &call())).expect("a may");
    let second = fleet.decide(|view| activate::activate(view, &b, &call())).expect("b may");
    assert!(fleet.commit(&first));
    assert!(!fleet.commit(&second));
    fleet.activate(&b).expect("finds its place kept");
    assert_eq!(fleet.peer("A1").as_deref(), Some("B1"));
    assert_eq!(fleet.peer("B1").as_deref(), Some("A1"));
}

#[test]
fn removal_and_activation_cannot_both_win() {
    for activation_first in [true, false] {
        let mut fleet = Fleet::new();
        let account = parse("acme");
        let id = parse("c-x");
        fleet.run(|v| clusters::create(v, &account, &id, parse("x"), None, &call())).expect("made");
        let code = fleet.code("acme", "t1");
        let a = joining("A1", code, into_cluster(&id, None));
        let removal = fleet.decide(|v| clusters::remove(v, &account, &id, &call())).expect("is empty");
        let activation = fleet.decide(|v| activate::activate(v, &a, &call())).expect("is there");
        if activation_first {
            assert!(fleet.commit(&activation) && !fleet.commit(&removal));
            let told = fleet.run(|v| clusters::remove(v, &account, &id, &call())).expect_err("blocked");
            assert_eq!(told, Problem::NotEmpty { blockers: vec![parse("A1")] });
        } else {
            assert!(fleet.commit(&removal) && !fleet.commit(&activation));
            assert_eq!(fleet.activate(&a).expect_err("gone"), Problem::NotFound);
        }
    }
}

#[test]
fn a_lost_reply_is_asked_again_and_answered_the_same() {
    let mut fleet = one();
    let again = Proof::Code { token: parse("t1"), hash: "hash of t1".into() };
    let a = joining("A1", again.clone(), new_cluster("site", None));
    let before = fleet.records();
    let told = fleet.activate(&a).expect("the same");
    assert_eq!(told.cluster.expect("is in one").0, parse("c-a1"));
    assert_eq!(fleet.records(), before, "nothing is done twice");
    let clone = activate::Joining { key: "another key".into(), ..a };
    assert_eq!(fleet.activate(&clone).expect_err("a cloned serial"), Problem::OtherKey { serial: parse("A1") });
}

#[test]
fn a_cloned_serial_with_a_fresh_code_is_refused_until_the_box_is_removed() {
    let mut fleet = one();
    let code = fleet.code("acme", "t2");
    let clone = activate::Joining { key: "another key".into(), ..joining("A1", code, Association::None) };
    assert_eq!(fleet.activate(&clone).expect_err("refused"), Problem::OtherKey { serial: parse("A1") });
    let account = parse("acme");
    for step in [leave::Step::Remove, leave::Step::Force] {
        fleet.run(|v| leave::step(v, &account, &parse("A1"), step, &call())).expect("removed");
    }
    fleet.activate(&clone).expect("free again");
    assert_eq!(fleet.host("A1").key, "another key");
}

#[test]
fn a_box_is_not_its_own_peer() {
    let mut fleet = Fleet::new();
    let code = fleet.code("acme", "t1");
    let told = fleet.activate(&joining("A1", code, new_cluster("site", Some("A1")))).expect_err("refused");
    assert_eq!(told, not_the_peer("A1", NoPeer::Itself));
}

#[test]
fn wrong_model_account_and_cluster_are_refused_by_name() {
    let mut fleet = one();
    let (cluster, code) = (parse("c-a1"), fleet.code("acme", "t2"));
    let other_model =
        activate::Joining { model: parse("EB-2"), ..joining("B1", code.clone(), into_cluster(&cluster, Some("A1"))) };
    assert_eq!(fleet.activate(&other_model).expect_err("model"), Problem::OtherModel { model: parse("EB-1") });
    let unknown = activate::Joining { model: parse("EB-9"), ..joining("B1", code.clone(), Association::None) };
    assert_eq!(fleet.activate(&unknown).expect_err("unknown"), Problem::ModelUnknown { model: parse("EB-9") });
    let elsewhere = joining("B1", code, new_cluster("elsewhere", Some("A1")));
    assert_eq!(fleet.activate(&elsewhere).expect_err("cluster"), not_the_peer("A1", NoPeer::OtherCluster));
    let foreign = fleet.code("other", "t3");
    let told = fleet.activate(&joining("B1", foreign.clone(), into_cluster(&cluster, None))).expect_err("account");
    assert_eq!(told, Problem::NotFound, "what others have is not there");
    let told = fleet.activate(&joining("B1", foreign, new_cluster("ours", Some("A1")))).expect_err("account");
    assert_eq!(told, not_the_peer("A1", NoPeer::OtherCluster));
    let early = fleet.code("fresh", "t4");
    let told = fleet.activate(&joining("B1", early.clone(), new_cluster("ours", None))).expect_err("service");
    assert_eq!(told, Problem::ServiceNotEnabled);
    fleet.activate(&joining("B1", early, Association::None)).expect("stand-alone needs no service");
}

#[test]
fn a_reserved_box_activates_only_into_its_cluster_and_pair() {
    let mut fleet = Fleet::new();
    let code = fleet.code("acme", "t1");
    fleet.activate(&joining("A1", code, new_cluster("site", Some("B1")))).expect("waits for its peer");
    assert_eq!(fleet.host("A1").awaits, Some(parse("B1")));
    let reserved = Problem::Reserved { serial: parse("B1"), cluster: parse("c-a1"), peer: Some(parse("A1")) };
    let code = fleet.code("acme", "t2");
    let elsewhere = [Association::None, new_cluster("elsewhere", None), into_cluster(&parse("c-a1"), Some("C1"))];
    for association in elsewhere {
        let told = fleet.activate(&joining("B1", code.clone(), association)).expect_err("elsewhere");
        assert_eq!(told, reserved);
    }
    let third = fleet.code("acme", "t3");
    let told = fleet.activate(&joining("C1", third, into_cluster(&parse("c-a1"), Some("A1")))).expect_err("waits");
    assert_eq!(told, not_the_peer("A1", NoPeer::Waits { serial: parse("B1") }));
    let foreign = fleet.code("other", "t4");
    let told = fleet.activate(&joining("B1", foreign, Association::Automatic)).expect_err("another account");
    assert_eq!(told, Problem::OtherAccount);
    fleet.activate(&joining("B1", code, Association::Automatic)).expect("automatic goes where it is kept");
    assert_eq!(fleet.peer("B1").as_deref(), Some("A1"));
    assert_eq!(fleet.reservation("B1"), None);
}

#[test]
fn a_cancelled_reservation_frees_both() {
    let mut fleet = Fleet::new();
    let code = fleet.code("acme", "t1");
    fleet.activate(&joining("A1", code, new_cluster("site", Some("B1")))).expect("waits");
    let told = fleet.run(|v| pairs::cancel(v, &parse("other"), &parse("B1"), &call())).expect_err("not theirs");
    assert_eq!(told, Problem::NotFound);
    fleet.run(|v| pairs::cancel(v, &parse("acme"), &parse("B1"), &call())).expect("cancelled");
    assert_eq!(fleet.host("A1").awaits, None);
    let code = fleet.code("acme", "t2");
    fleet.activate(&joining("B1", code, Association::None)).expect("free");
}

#[test]
fn expired_reused_revoked_and_altered_codes_say_so() {
    let mut fleet = one();
    let used = Proof::Code { token: parse("t1"), hash: "hash of t1".into() };
    let told = fleet.activate(&joining("B1", used, Association::None)).expect_err("reused");
    assert_eq!(told, Problem::CodeUsed { serial: parse("A1") });
    fleet.code("acme", "t2");
    let altered = Proof::Code { token: parse("t2"), hash: "hash of something else".into() };
    let told = fleet.activate(&joining("B1", altered, Association::None)).expect_err("altered");
    assert_eq!(told, Problem::CodeUnknown);
    let code = fleet.code("acme", "t3");
    let late = domain::cluster::account::Call { now: UnixSeconds(NOW.0 + 3601), ..call() };
    let b = joining("B1", code.clone(), Association::None);
    let told = fleet.run(|v| activate::activate(v, &b, &late)).expect_err("expired");
    assert_eq!(told, Problem::CodeExpired { at: UnixSeconds(NOW.0 + 3600) });
    fleet.run(|v| codes::revoke(v, &parse("acme"), &parse("t3"), &call())).expect("revoked");
    let told = fleet.activate(&b).expect_err("revoked");
    assert_eq!(told, Problem::CodeRevoked);
    assert!(
        matches!(fleet.get(&Key::Token(parse("t3"))), Some(Record::Token(t)) if t.state == TokenState::Revoked { at: NOW })
    );
    let told = fleet.run(|v| codes::revoke(v, &parse("acme"), &parse("t1"), &call())).expect_err("used");
    assert_eq!(told, Problem::CodeUsed { serial: parse("A1") });
}

#[test]
fn a_request_by_hand_is_answered_once() {
    let mut fleet = Fleet::new();
    let by_hand = || Proof::Hand { account: parse("acme"), nonce: "n1".into() };
    let a = joining("A1", by_hand(), Association::None);
    fleet.activate(&a).expect("answered");
    fleet.activate(&a).expect("the same answer for the same box");
    let other = joining("B1", by_hand(), Association::None);
    assert_eq!(fleet.activate(&other).expect_err("replayed"), Problem::Replayed);
    for step in [leave::Step::Remove, leave::Step::Force] {
        fleet.run(|v| leave::step(v, &parse("acme"), &parse("A1"), step, &call())).expect("removed");
    }
    assert_eq!(fleet.activate(&a).expect_err("an old file does not bring a removed box back"), Problem::Replayed);
}

#[test]
fn automatic_pairs_with_the_one_that_is_alone_and_asks_where_there_are_several() {
    let mut fleet = Fleet::new();
    for (serial, token) in [("A1", "t1"), ("B1", "t2"), ("C1", "t3")] {
        let code = fleet.code("acme", token);
        fleet.activate(&joining(serial, code, Association::Automatic)).expect("joins");
    }
    assert_eq!(fleet.peer("B1").as_deref(), Some("A1"), "the second box finds the first");
    assert_eq!(fleet.peer("C1"), None);
    assert_ne!(fleet.host("C1").cluster, fleet.host("A1").cluster, "a full cluster is not joined");
    let code = fleet.code("acme", "t4");
    fleet.activate(&joining("D1", code, new_cluster("third", None))).expect("joins");
    let code = fleet.code("acme", "t5");
    let told = fleet.activate(&joining("E1", code, Association::Automatic)).expect_err("asks");
    let clusters = vec![parse("c-c1"), parse("c-d1")];
    assert_eq!(told, Problem::ChooseCluster { clusters });
}

#[test]
fn every_box_of_the_cluster_is_listed_with_the_reason() {
    let mut fleet = paired();
    let cluster = parse("c-a1");
    for (serial, token, peer) in [("C1", "t3", None), ("D1", "t4", Some("X9")), ("E1", "t5", None)] {
        let code = fleet.code("acme", token);
        fleet.activate(&joining(serial, code, into_cluster(&cluster, peer))).expect("joins");
    }
    fleet.run(|v| leave::step(v, &parse("acme"), &parse("E1"), leave::Step::Remove, &call())).expect("drains");
    let (serial, model, account) = (parse("N1"), parse("EB-1"), parse("acme"));
    let joiner = Joiner { serial: &serial, model: &model, account: &account };
    let mut view = View::default();
    let listed = loop {
        match association::candidates(&Draft::new(&view), joiner, &cluster) {
            Err(domain::cluster::view::Stop::Need(wants)) => wants.iter().for_each(|w| fleet.load(&mut view, w)),
            other => break other.expect("listed"),
        }
    };
    let reasons = listed.into_iter().map(|c| (c.serial.to_string(), c.why_not)).collect::<Vec<_>>();
    let expected = [
        ("A1", Some(NoPeer::Paired { peer: parse("B1") })),
        ("B1", Some(NoPeer::Paired { peer: parse("A1") })),
        ("C1", None),
        ("D1", Some(NoPeer::Waits { serial: parse("X9") })),
        ("E1", Some(NoPeer::NotActive { state: "draining".into() })),
    ];
    assert_eq!(reasons, expected.map(|(serial, why)| (serial.to_owned(), why)));
}

#[test]
fn the_active_box_is_decommissioned_step_by_step() {
    let mut fleet = paired();
    let (account, a, b) = (parse("acme"), parse("A1"), parse("B1"));
    let hold = fleet.run(|v| lease::acquire(v, &a, 7, None, &call())).expect("nobody has it");
    assert_eq!(hold.epoch, 1);
    let told = fleet.run(|v| lease::acquire(v, &b, 8, None, &call())).expect_err("held");
    assert_eq!(told, Problem::LeaseHeld { holder: a.clone(), epoch: 1 });
    let told = fleet.run(|v| leave::step(v, &account, &a, leave::Step::Force, &call())).expect_err("by mistake");
    assert_eq!(told, Problem::NotPending);
    fleet.run(|v| leave::step(v, &account, &a, leave::Step::Remove, &call())).expect("drains");
    fleet.run(|v| lease::held(v, &a, 1)).expect("goes on until its applications are away");
    let told = fleet.run(|v| lease::acquire(v, &a, 9, None, &call())).expect_err("takes none anew");
    assert_eq!(told, Problem::WrongState { state: "draining".into() });
    fleet.run(|v| leave::step(v, &account, &a, leave::Step::Drained, &call())).expect("leaves");
    let told = fleet.run(|v| lease::held(v, &a, 1)).expect_err("lost");
    assert_eq!(told, Problem::LeaseLost { epoch: 1 });
    assert_eq!(fleet.run(|v| lease::acquire(v, &b, 10, None, &call())).expect("free").epoch, 2);
    let state = fleet.run(|v| leave::step(v, &account, &a, leave::Step::Left, &call())).expect("gone");
    assert_eq!(state, HostState::Removed { at: NOW, forced: false });
    assert_eq!((fleet.peer("B1"), fleet.host("B1").epoch), (None, 2));
    let host = fleet.host("A1").clone();
    assert_eq!(renew::belongs(&host, &host.key), Err(Problem::HostRemoved { at: NOW }));
    // a later pair of the same box begins above
    let code = fleet.code("acme", "t9");
    fleet.activate(&joining("C1", code, into_cluster(&parse("c-a1"), Some("B1")))).expect("a new peer");
    assert_eq!(fleet.run(|v| lease::acquire(v, &parse("C1"), 11, None, &call())).expect("granted").epoch, 3);
}

#[test]
fn a_dead_peer_is_replaced_and_stays_fenced() {
    let mut fleet = paired();
    let (account, a, b, c) = (parse("acme"), parse("A1"), parse("B1"), parse("C1"));
    fleet.run(|v| lease::acquire(v, &b, 7, None, &call())).expect("the survivor is active");
    fleet.run(|v| pairs::replace(v, &account, &a, &c, &call())).expect("replaced");
    fleet.run(|v| lease::held(v, &b, 1)).expect("the survivor goes on");
    let host = fleet.host("A1").clone();
    assert_eq!(renew::belongs(&host, &host.key), Err(Problem::HostReplaced { by: Some(c.clone()) }));
    let code = fleet.code("acme", "t3");
    fleet.activate(&joining("C1", code, Association::Automatic)).expect("takes the place");
    assert_eq!(fleet.peer("B1").as_deref(), Some("C1"));
    fleet.run(|v| lease::held(v, &b, 1)).expect("and still goes on");
    let told = fleet.run(|v| lease::acquire(v, &c, 9, None, &call())).expect_err("held");
    assert_eq!(told, Problem::LeaseHeld { holder: b, epoch: 1 });
}

#[test]
fn a_certificate_that_has_run_out_is_renewed_once_an_administrator_agrees() {
    let mut fleet = one();
    let later = domain::cluster::account::Call { now: UnixSeconds(NOW.0 + 91 * 86_400), ..call() };
    let a = parse("A1");
    let renew = |fleet: &mut Fleet, key: &str| fleet.run(|v| renew::renew(v, &a, key, certificate(), &later)).map(drop);
    assert_eq!(renew(&mut fleet, "key of A1"), Err(Problem::RenewalNotAgreed));
    fleet.run(|v| renew::agree_late(v, &parse("acme"), &a, &later)).expect("agreed");
    assert_eq!(renew(&mut fleet, "another key"), Err(Problem::NoCertificate));
    assert_eq!(renew(&mut fleet, "key of A1"), Ok(()));
    assert_eq!(fleet.host("A1").late_until, None, "once");
}

#[test]
fn codes_of_problems_are_a_contract() {
    let why = NoPeer::Itself;
    let samples = [
        (Problem::NotSignedIn, "GH-801", 401),
        (Problem::CodeUnknown, "GH-821", 403),
        (Problem::OtherKey { serial: parse("A1") }, "GH-834", 409),
        (Problem::PeerCannotBeChosen { serial: parse("A1"), why }, "GH-843", 409),
        (Problem::NotEmpty { blockers: vec![] }, "GH-850", 409),
        (Problem::LeaseLost { epoch: 1 }, "GH-861", 409),
    ];
    for (problem, code, status) in samples {
        assert_eq!((problem.code(), problem.status()), (code, status));
    }
}
