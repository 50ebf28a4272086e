//! The activation's ledger: whatever is stopped, lost, cut off or refused, the registry is asked for one box once, and no answer is lost.

use domain::{
    activation::{
        api::{Away, Draft, LineState, NewOrReplacement, Stage, Step},
        ledger::{Ended, Ledger, Next, Trust, pause},
    },
    cluster::{
        api::{AssociationAsk, BoxInfo},
        names::RequestId,
        problem::Problem,
    },
    fault::Fault,
    secret::Secret,
    time::UnixSeconds,
};
use proptest::prelude::*;

const NOW: UnixSeconds = UnixSeconds(1_795_600_000);

fn parse<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect(text)
}

fn request(number: u32) -> RequestId {
    parse(&format!("request-{number:08}"))
}

/// All questions are answered.
fn answered() -> Ledger {
    Ledger { draft: draft(), code: Some(Secret::new("GH1.x.y")), trust: Some(trust()), ..Ledger::default() }
}

fn draft() -> Draft {
    Draft {
        kind: Some(NewOrReplacement::New),
        power_seen: true,
        cable_seen: true,
        check_seen: true,
        code: None,
        confirmed: true,
        name: Some(parse("box-a1")),
        association: Some(AssociationAsk::none()),
    }
}

fn trust() -> Trust {
    Trust { urls: vec![parse("https://registry.example:9443")], authority: "7".repeat(64) }
}

fn info() -> BoxInfo {
    let info = serde_json::json!({
        "serial": "A-1", "name": "box-a1", "account": "demo", "state": "active", "cluster": null, "cluster_name": null,
        "peer": null, "peer_key": null, "pair": null, "awaits": null, "virtual_ip": null, "certificate": "", "authority": "",
        "not_before": NOW.0, "not_after": NOW.0 + 7_776_000, "urls": [], "now": NOW.0,
    });
    serde_json::from_value(info).expect("a box")
}

fn away() -> Away {
    Away::NoAnswer { host: "registry.example".into(), port: 9443 }
}

fn asks(ledger: &Ledger) -> Option<RequestId> {
    ledger.work.as_ref().map(|work| work.request.clone())
}

#[test]
fn each_step_comes_after_the_one_before_and_the_last_one_makes_a_member() {
    let mut ledger = answered();
    let mut next = ledger.begin(request(1), NOW).expect("begun");
    for step in Step::ALL {
        assert_eq!(next, Next::Do(step));
        let states = ledger.view(false, 0).ledger.into_iter().map(|line| (line.step.cmp(&step), line.state));
        for (place, state) in states {
            let expected = match place {
                std::cmp::Ordering::Less => LineState::Done,
                std::cmp::Ordering::Equal => LineState::Running,
                std::cmp::Ordering::Greater => LineState::Waiting,
            };
            assert_eq!(state, expected, "while {step:?}");
        }
        let ended = if step == Step::Activate { Ended::Taken(Box::new(info())) } else { Ended::Done };
        next = ledger.ended(step, ended, NOW, 0);
    }
    assert_eq!((next, ledger.stage()), (Next::Poll, Stage::Active));
    assert_eq!((ledger.code.as_ref(), &ledger.draft), (None, &Draft::default()), "the code is worth nothing any more");
}

#[test]
fn a_question_that_is_open_begins_nothing() {
    let open: [fn(&mut Ledger); 5] = [
        |l| l.code = None,
        |l| l.trust = None,
        |l| l.draft.confirmed = false,
        |l| l.draft.name = None,
        |l| l.draft.association = None,
    ];
    for change in open {
        let mut ledger = answered();
        change(&mut ledger);
        let before = ledger.clone();
        assert_eq!(ledger.begin(request(1), NOW), Err(Fault::Unanswered));
        assert_eq!(ledger, before);
    }
}

#[test]
fn a_reply_that_was_lost_is_asked_for_with_the_same_request_also_after_a_stop_and_another() {
    let mut ledger = answered();
    ledger.begin(request(1), NOW).expect("begun");
    ledger.ended(Step::Key, Ended::Done, NOW, 0);
    ledger.ended(Step::Registry, Ended::Done, NOW, 0);
    assert!(matches!(ledger.ended(Step::Activate, Ended::Away(away()), NOW, 0), Next::Wait(_)));
    assert_eq!((asks(&ledger), ledger.resume()), (Some(request(1)), Next::Do(Step::Activate)));
    // stopped before the second one comes to the registry: nobody has said yet what became of the first
    ledger.stop().expect("stopped");
    ledger.begin(request(2), NOW).expect("begun");
    assert_eq!(asks(&ledger), Some(request(1)));
    ledger.stop().expect("stopped");
    ledger.begin(request(3), NOW).expect("begun");
    assert_eq!(asks(&ledger), Some(request(1)));
    // a refusal is an answer
    ledger.ended(Step::Key, Ended::Done, NOW, 0);
    ledger.ended(Step::Registry, Ended::Done, NOW, 0);
    ledger.ended(Step::Activate, Ended::Refused(Problem::ServiceNotEnabled), NOW, 0);
    ledger.draft.association = Some(AssociationAsk::none());
    ledger.begin(request(4), NOW).expect("begun");
    assert_eq!(asks(&ledger), Some(request(4)));
}

#[test]
fn once_the_registry_has_taken_the_box_there_is_no_way_back() {
    let mut ledger = answered();
    ledger.begin(request(1), NOW).expect("begun");
    ledger.ended(Step::Key, Ended::Done, NOW, 0);
    ledger.ended(Step::Registry, Ended::Done, NOW, 0);
    ledger.ended(Step::Activate, Ended::Taken(Box::new(info())), NOW, 0);
    let before = ledger.clone();
    assert_eq!(ledger.stop(), Err(Fault::NotAtThisStage { stage: Stage::Working }));
    assert_eq!(ledger, before);
    // an answer whose certificate is of no use is asked for again, by the same request
    ledger.ended(Step::Certificate, Ended::Useless(Away::BadCertificate { detail: "x".into() }), NOW, 0);
    assert_eq!((asks(&ledger), ledger.resume()), (Some(request(1)), Next::Do(Step::Activate)));
}

#[test]
fn a_refusal_reopens_the_question_that_it_is_about_and_no_other() {
    let serial = || parse("A-1");
    let code = [
        Problem::CodeUnknown,
        Problem::CodeRevoked,
        Problem::CodeExpired { at: NOW },
        Problem::CodeUsed { serial: serial() },
    ];
    let cluster = [Problem::ServiceNotEnabled, Problem::NameTaken, Problem::OtherModel { model: parse("B-020") }];
    let neither = [Problem::OtherKey { serial: serial() }, Problem::Forbidden, Problem::Internal];
    let reopened = |problem: &Problem| {
        let mut ledger = answered();
        ledger.begin(request(1), NOW).expect("begun");
        ledger.ended(Step::Key, Ended::Done, NOW, 0);
        ledger.ended(Step::Registry, Ended::Done, NOW, 0);
        ledger.ended(Step::Activate, Ended::Refused(problem.clone()), NOW, 0);
        assert_eq!(ledger.refused.as_ref(), Some(problem));
        assert_eq!(ledger.draft.name, draft().name, "the name stays: {problem:?}");
        (ledger.code.is_none(), ledger.draft.association.is_none())
    };
    for problem in &code {
        assert_eq!(reopened(problem), (true, false), "{problem:?}");
    }
    for problem in &cluster {
        assert_eq!(reopened(problem), (false, true), "{problem:?}");
    }
    for problem in &neither {
        assert_eq!(reopened(problem), (false, false), "{problem:?}");
    }
}

#[test]
fn a_name_that_the_system_does_not_take_keeps_no_box_from_being_a_member() {
    let mut ledger = answered();
    ledger.begin(request(1), NOW).expect("begun");
    for step in [Step::Key, Step::Registry] {
        ledger.ended(step, Ended::Done, NOW, 0);
    }
    ledger.ended(Step::Activate, Ended::Taken(Box::new(info())), NOW, 0);
    ledger.ended(Step::Certificate, Ended::Done, NOW, 0);
    let mut next = Next::Do(Step::HostName);
    for _ in 0..3 {
        next = ledger.ended(Step::HostName, Ended::Away(Away::Here { detail: "x".into() }), NOW, 0);
    }
    assert_eq!(next, Next::Do(Step::Confirm));
}

#[test]
fn an_answer_that_came_by_hand_makes_a_member_without_a_word_of_the_registry() {
    let mut ledger = Ledger::default();
    let next = ledger.brought(request(1), info(), trust(), NOW);
    assert_eq!(next, Next::Do(Step::Certificate));
    ledger.ended(Step::Certificate, Ended::Done, NOW, 0);
    assert_eq!(ledger.ended(Step::HostName, Ended::Done, NOW, 0), Next::Poll);
    assert_eq!((ledger.stage(), ledger.known), (Stage::Active, false));
}

#[derive(Clone, Copy, Debug)]
enum Happens {
    Begin,
    Stop,
    /// The step that is due ends well.
    Works,
    /// The registry is not reached.
    Lost,
    /// The registry does it, and its answer is lost.
    ReplyLost,
    Refuses,
    /// Power cut: the ledger is read back.
    Restart,
}

fn happens() -> impl Strategy<Value = Vec<Happens>> {
    use Happens::{Begin, Lost, Refuses, ReplyLost, Restart, Stop, Works};
    let one = prop_oneof![
        3 => Just(Begin), 2 => Just(Stop), 6 => Just(Works), 2 => Just(Lost), 3 => Just(ReplyLost), 1 => Just(Refuses),
        2 => Just(Restart),
    ];
    proptest::collection::vec(one, 0..40)
}

proptest! {
    /// The registry that has taken a box is never asked for it by another request: that would be another box.
    #[test]
    fn whatever_happens_the_registry_is_asked_for_a_box_by_one_request(all in happens()) {
        let (mut ledger, mut fresh, mut taken) = (answered(), 0, None::<RequestId>);
        for happens in all {
            match happens {
                Happens::Begin => {
                    fresh += 1;
                    if ledger.draft.association.is_none() {
                        ledger.draft.association = Some(AssociationAsk::none());
                    }
                    let _ = ledger.begin(request(fresh), NOW);
                }
                Happens::Stop => drop(ledger.stop()),
                Happens::Restart => {
                    let saved = serde_json::to_vec(&ledger).expect("saved");
                    let read = serde_json::from_slice::<Ledger>(&saved).expect("read");
                    prop_assert_eq!(&read, &ledger);
                    prop_assert_eq!(read.resume(), ledger.resume());
                    ledger = read;
                }
                Happens::Works | Happens::Lost | Happens::ReplyLost | Happens::Refuses => {
                    let Next::Do(step) = ledger.resume() else { continue };
                    let asked = asks(&ledger).expect("something is under way");
                    let reaches = !matches!(happens, Happens::Lost) && step == Step::Activate;
                    if let Some(taken) = taken.as_ref().filter(|_| reaches) {
                        prop_assert_eq!(taken, &asked, "a second box");
                    }
                    let ended = match (happens, step) {
                        (Happens::Refuses, Step::Activate) if taken.is_none() => Ended::Refused(Problem::ServiceNotEnabled),
                        (Happens::Works, Step::Activate) => {
                            taken = Some(asked);
                            Ended::Taken(Box::new(info()))
                        }
                        (Happens::ReplyLost, Step::Activate) => {
                            taken = Some(asked);
                            Ended::Away(away())
                        }
                        (Happens::Works, _) => Ended::Done,
                        _ => Ended::Away(away()),
                    };
                    let pause = ledger.ended(step, ended, NOW, 7);
                    if let Next::Wait(millis) = pause {
                        prop_assert!((1_500..=60_000).contains(&millis), "{}", millis);
                    }
                }
            }
            prop_assert_eq!(ledger.stage() == Stage::Active, ledger.member.is_some());
            if ledger.stage() == Stage::Active {
                prop_assert!(taken.is_some(), "a member that the registry does not know");
            }
        }
    }

    #[test]
    fn pauses_grow_to_a_minute_and_boxes_of_a_site_do_not_come_at_once(failures in 0_u32.., jitter: u8) {
        let pause = pause(failures, jitter);
        prop_assert!((1_500..=60_000).contains(&pause), "{}", pause);
        prop_assert!(failures < 6 || pause >= 45_000);
    }
}
