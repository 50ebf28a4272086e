//! The wizard: which question comes next, what an answer makes worthless, and what can be had of what the registry told.

use std::net::Ipv4Addr;

use domain::{
    activation::{
        api::{Activation, Answers, CodeSeen, Draft, NewOrReplacement, Offered, Stage},
        wizard::{Page, answer, first_open, judge, next, prefill, reachable, suggested, suggested_name},
    },
    cluster::{
        api::{AssociationAsk, AssociationKind, BoxRecord, CandidateInfo, Joinable, Preview, Reserved, WhyNot},
        problem::{NoPeer, Problem},
    },
    pair::settings::{HeartbeatPort, PairPorts},
    time::UnixSeconds,
};
use proptest::prelude::*;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
const PAGES: [Page; 10] = [
    Page::Kind,
    Page::Power,
    Page::Cable,
    Page::Check,
    Page::Code,
    Page::Confirm,
    Page::Cluster,
    Page::Review,
    Page::Progress,
    Page::Done,
];

fn parse<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect(text)
}

fn seen() -> CodeSeen {
    CodeSeen {
        short: false,
        urls: vec![parse("https://registry.example")],
        token: None,
        account: None,
        cluster: None,
        model: None,
        expires: Some(NOW),
    }
}

fn full() -> Draft {
    Draft {
        kind: Some(NewOrReplacement::New),
        power_seen: true,
        cable_seen: true,
        check_seen: true,
        code: Some(seen()),
        confirmed: true,
        name: Some(parse("box-one")),
        association: Some(AssociationAsk::none()),
        ports: PairPorts::default(),
    }
}

fn preview() -> Preview {
    Preview {
        account: parse("demo"),
        account_name: parse("Demo"),
        service: true,
        used: false,
        expires: None,
        cluster: None,
        clusters: vec![joinable("c-1", None, &[("B-1", None), ("B-2", Some(NoPeer::Paired { peer: parse("B-3") }))])],
        reserved: None,
        prepared: None,
        now: NOW,
    }
}

fn joinable(id: &str, why_not: Option<WhyNot>, candidates: &[(&str, Option<NoPeer>)]) -> Joinable {
    let candidates = candidates.iter().map(|(serial, why)| CandidateInfo {
        serial: parse(serial),
        name: parse("box-two"),
        state: "active".into(),
        why_not: why.as_ref().map(WhyNot::from),
    });
    Joinable {
        id: parse(id),
        name: parse("Line 1"),
        model: Some(parse("B-012")),
        why_not,
        candidates: candidates.collect(),
    }
}

fn into(cluster: &str, peer: Option<&str>) -> AssociationAsk {
    AssociationAsk {
        kind: AssociationKind::Manual,
        cluster: Some(parse(cluster)),
        peer: peer.map(parse),
        ..AssociationAsk::none()
    }
}

fn into_new(name: &str, peer: Option<&str>) -> AssociationAsk {
    AssociationAsk { cluster: None, new_cluster: Some(parse(name)), ..into("c-1", peer) }
}

fn automatic() -> AssociationAsk {
    AssociationAsk { kind: AssociationKind::Automatic, ..AssociationAsk::none() }
}

fn reserved(replaces: Option<&str>) -> Reserved {
    Reserved {
        cluster: parse("c-1"),
        peer: Some(parse("B-1")),
        virtual_ip: Some(Ipv4Addr::new(10, 20, 0, 99)),
        replaces: replaces.map(parse),
    }
}

fn record() -> BoxRecord {
    BoxRecord {
        serial: parse("B-0"),
        model: None,
        name: None,
        label: None,
        site: None,
        cluster: None,
        peer: None,
        virtual_ip: None,
        uplinks: None,
        reserve: false,
    }
}

/// Each question, and the draft in which nothing but it is open.
fn open() -> [(Page, Draft); 8] {
    [
        (Page::Kind, Draft { kind: None, ..full() }),
        (Page::Power, Draft { power_seen: false, ..full() }),
        (Page::Cable, Draft { cable_seen: false, ..full() }),
        (Page::Check, Draft { check_seen: false, ..full() }),
        (Page::Code, Draft { code: None, ..full() }),
        (Page::Confirm, Draft { confirmed: false, ..full() }),
        (Page::Cluster, Draft { name: None, ..full() }),
        (Page::Cluster, Draft { association: None, ..full() }),
    ]
}

fn at(stage: Stage, draft: Draft) -> Activation {
    Activation { stage, draft, ..Activation::default() }
}

#[test]
fn the_first_open_question_comes_next_and_the_review_when_there_is_none() {
    for (page, draft) in open() {
        for stage in [Stage::Unopened, Stage::Answering, Stage::Left] {
            assert_eq!((first_open(&draft), next(&at(stage, draft.clone()))), (page, page), "{stage:?}");
        }
    }
    // each answered in its turn leads to the one after it
    let mut draft = Draft::default();
    let mut asked = Vec::new();
    while first_open(&draft) != Page::Review {
        let page = first_open(&draft);
        asked.push(page);
        match page {
            Page::Kind => draft.kind = full().kind,
            Page::Power => draft.power_seen = true,
            Page::Cable => draft.cable_seen = true,
            Page::Check => draft.check_seen = true,
            Page::Code => draft.code = full().code,
            Page::Confirm => draft.confirmed = true,
            _ => (draft.name, draft.association) = (full().name, full().association),
        }
    }
    assert_eq!(asked, Page::QUESTIONS[..7]);
    assert_eq!((draft.clone(), first_open(&draft)), (full(), Page::Review));
    assert_eq!(next(&at(Stage::Working, full())), Page::Progress);
    assert_eq!(next(&at(Stage::Active, Draft::default())), Page::Done);
}

#[test]
fn one_can_go_back_and_not_past_what_is_open() {
    for (open, draft) in open() {
        let activation = at(Stage::Answering, draft);
        for page in PAGES {
            assert_eq!(reachable(&activation, page), page <= open, "{page:?} while {open:?} is open");
        }
    }
    for (stage, only) in [(Stage::Working, Page::Progress), (Stage::Active, Page::Done)] {
        for page in PAGES {
            assert_eq!(reachable(&at(stage, full()), page), page == only, "{page:?} while {stage:?}");
        }
    }
    let back = PAGES.map(Page::before);
    assert_eq!((back[0], back[1], back[7]), (None, Some(Page::Kind), Some(Page::Cluster)));
    assert_eq!((back[8], back[9]), (None, None), "from what has begun nothing leads back");
}

#[test]
fn words_of_addresses_are_one_for_each_page() {
    let words = PAGES.map(Page::word).into_iter().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(words.len(), PAGES.len());
}

#[test]
fn an_answer_makes_worthless_what_depends_on_it_and_nothing_else() {
    let after = |answers: &Answers, code| {
        let mut draft = full();
        answer(&mut draft, answers, code);
        draft
    };
    assert_eq!(after(&Answers::default(), None), full());
    let kind = |kind| Answers { kind: Some(kind), ..Answers::default() };
    assert_eq!(after(&kind(NewOrReplacement::New), None), full());
    let other = Draft { kind: Some(NewOrReplacement::Replacement), association: None, ..full() };
    assert_eq!(after(&kind(NewOrReplacement::Replacement), None), other);
    assert_eq!(after(&Answers::default(), Some((seen(), false, None))), full(), "the same code");
    let other = Draft { association: None, confirmed: false, ..full() };
    assert_eq!(after(&Answers::default(), Some((seen(), true, None))), other, "another account's, perhaps");
    // what comes with the new code counts for it
    let both = Answers { confirmed: Some(true), association: Some(automatic()), ..Answers::default() };
    let other = Draft { association: Some(automatic()), ..full() };
    assert_eq!(after(&both, Some((seen(), true, None))), other);
    let ports = PairPorts { heartbeat: HeartbeatPort::None, ..PairPorts::default() };
    let asked = Answers { ports: Some(ports.clone()), ..Answers::default() };
    assert_eq!(after(&asked, None), Draft { ports, ..full() });
}

#[test]
fn what_the_registry_knows_is_answered_and_the_box_itself_is_still_looked_at() {
    let filled = |draft: Draft, preview: Preview| {
        let mut draft = draft;
        prefill(&mut draft, &preview);
        draft
    };
    let typed = || Draft { code: Some(seen()), ..Draft::default() };
    let known = || CodeSeen { account: Some(parse("demo")), ..seen() };

    let plain = filled(typed(), preview());
    assert_eq!(plain, Draft { code: Some(known()), ..Draft::default() }, "nothing is prepared");
    let short = Preview { expires: Some(UnixSeconds(9)), ..preview() };
    assert_eq!(filled(typed(), short).code.expect("seen").expires, Some(UnixSeconds(9)));

    // a record without a name answers where it comes, and the wizard goes its way
    let to = |name: Option<&str>| BoxRecord { name: name.map(parse), cluster: Some(parse("c-1")), ..record() };
    let draft = filled(typed(), Preview { prepared: Some(to(None)), ..preview() });
    assert_eq!((first_open(&draft), draft.association), (Page::Kind, Some(into("c-1", None))));

    // with a name it is one page, after a look at the plate
    let mut draft = filled(typed(), Preview { prepared: Some(to(Some("box-nine"))), ..preview() });
    assert_eq!((first_open(&draft), draft.kind), (Page::Confirm, Some(NewOrReplacement::New)));
    draft.confirmed = true;
    assert_eq!((first_open(&draft), draft.name.clone()), (Page::Review, Some(parse("box-nine"))));

    // what somebody has answered already stays
    let own = Draft { association: Some(automatic()), kind: Some(NewOrReplacement::Replacement), ..full() };
    let draft = filled(own.clone(), Preview { prepared: Some(to(Some("box-nine"))), ..preview() });
    assert_eq!(draft, Draft { code: Some(known()), ..own });

    for (replaces, kind) in [(None, NewOrReplacement::New), (Some("B-9"), NewOrReplacement::Replacement)] {
        let draft = filled(typed(), Preview { reserved: Some(reserved(replaces)), ..preview() });
        assert_eq!(draft.kind, Some(kind));
    }
}

#[test]
fn each_reason_why_an_association_cannot_be_had_is_told_before_the_registry_tells_it() {
    let me = || parse("B-0");
    let off = Preview { service: false, ..preview() };
    let bound = Preview { cluster: Some(parse("c-1")), ..preview() };
    let kept = Preview { reserved: Some(reserved(None)), ..preview() };
    let other_model = NoPeer::OtherModel { model: parse("B-012") };
    let other = Preview { clusters: vec![joinable("c-2", Some(WhyNot::from(&other_model)), &[])], ..preview() };
    let bound_reason = || Problem::CodeOtherCluster { cluster: parse("c-1") };
    let kept_reason = || Problem::Reserved { serial: me(), cluster: parse("c-1"), peer: Some(parse("B-1")) };
    let peer = |serial: &str, why| Problem::PeerCannotBeChosen { serial: parse(serial), why };
    let contradiction = AssociationAsk { peer: Some(parse("B-1")), ..automatic() };
    let cases = [
        ("alone", &preview(), AssociationAsk::none(), None),
        ("automatic", &preview(), automatic(), None),
        ("a box that is free", &preview(), into("c-1", Some("B-1")), None),
        ("a box that is still to come", &preview(), into("c-1", Some("B-7")), None),
        ("a new cluster", &preview(), into_new("Line 2", None), None),
        ("alone needs no service", &off, AssociationAsk::none(), None),
        ("no service", &off, automatic(), Some(Problem::ServiceNotEnabled)),
        ("no service, by hand", &off, into("c-1", None), Some(Problem::ServiceNotEnabled)),
        ("no service, new", &off, into_new("Line 2", None), Some(Problem::ServiceNotEnabled)),
        ("itself", &preview(), into("c-1", Some("B-0")), Some(peer("B-0", NoPeer::Itself))),
        ("itself in a new one", &preview(), into_new("Line 2", Some("B-0")), Some(peer("B-0", NoPeer::Itself))),
        ("paired", &preview(), into("c-1", Some("B-2")), Some(peer("B-2", NoPeer::Paired { peer: parse("B-3") }))),
        ("unknown cluster", &preview(), into("c-9", None), Some(Problem::NotFound)),
        ("other model", &other, into("c-2", None), Some(Problem::OtherModel { model: parse("B-012") })),
        ("bound and alone", &bound, AssociationAsk::none(), Some(bound_reason())),
        ("bound and there", &bound, into("c-1", None), None),
        ("bound and automatic", &bound, automatic(), None),
        ("bound and elsewhere", &bound, into("c-9", None), Some(bound_reason())),
        ("bound and new", &bound, into_new("Line 2", None), Some(bound_reason())),
        ("reserved and there", &kept, into("c-1", Some("B-1")), None),
        ("reserved and automatic", &kept, automatic(), None),
        ("reserved, peer not said", &kept, into("c-1", None), None),
        ("reserved, by its name", &kept, into_new("Line 1", None), None),
        ("reserved and alone", &kept, AssociationAsk::none(), Some(kept_reason())),
        ("reserved and elsewhere", &kept, into("c-9", None), Some(kept_reason())),
        ("reserved and new", &kept, into_new("Line 2", None), Some(kept_reason())),
        ("reserved with another", &kept, into("c-1", Some("B-2")), Some(kept_reason())),
    ];
    for (what, preview, ask, expected) in cases {
        assert_eq!(judge(preview, &me(), &ask).err(), expected, "{what}");
    }
    assert!(matches!(judge(&preview(), &me(), &contradiction), Err(Problem::Invalid { .. })));
}

#[test]
fn every_reason_against_a_peer_comes_through_in_its_own_words() {
    let reasons = [
        NoPeer::Itself,
        NoPeer::OtherModel { model: parse("B-020") },
        NoPeer::OtherCluster,
        NoPeer::Paired { peer: parse("B-3") },
        NoPeer::Waits { serial: parse("B-4") },
        NoPeer::NotActive { state: "draining".into() },
    ];
    for why in reasons {
        let preview = Preview { clusters: vec![joinable("c-1", None, &[("B-1", Some(why.clone()))])], ..preview() };
        let expected = Problem::PeerCannotBeChosen { serial: parse("B-1"), why };
        assert_eq!(judge(&preview, &parse("B-0"), &into("c-1", Some("B-1"))), Err(expected));
    }
}

#[test]
fn what_is_suggested_can_be_had() {
    let to = BoxRecord { cluster: Some(parse("c-1")), peer: Some(parse("B-1")), ..record() };
    let previews = [
        preview(),
        Preview { reserved: Some(reserved(None)), ..preview() },
        Preview { reserved: Some(reserved(Some("B-9"))), ..preview() },
        Preview { prepared: Some(to), ..preview() },
        Preview { cluster: Some(parse("c-1")), ..preview() },
    ];
    for preview in previews {
        for kind in [None, Some(NewOrReplacement::New), Some(NewOrReplacement::Replacement)] {
            let ask = suggested(&preview, kind);
            assert_eq!(judge(&preview, &parse("B-0"), &ask), Ok(()), "{ask:?}");
        }
    }
}

#[test]
fn a_name_is_what_was_typed_or_prepared_or_the_boxs_own() {
    let prepared = Preview { prepared: Some(BoxRecord { name: Some(parse("box-nine")), ..record() }), ..preview() };
    let none = Draft::default();
    assert_eq!(suggested_name(&full(), Some(&prepared), "gatehouse-1"), "box-one");
    assert_eq!(suggested_name(&none, Some(&prepared), "gatehouse-1"), "box-nine");
    assert_eq!(suggested_name(&none, None, "gatehouse-1"), "gatehouse-1");
    assert_eq!(suggested_name(&none, None, "<script>"), "", "what is no name is not suggested");
}

fn any_draft() -> impl Strategy<Value = Draft> {
    any::<[bool; 8]>().prop_map(|[kind, power, cable, check, code, confirmed, name, association]| Draft {
        kind: full().kind.filter(|_| kind),
        power_seen: power,
        cable_seen: cable,
        check_seen: check,
        code: full().code.filter(|_| code),
        confirmed,
        name: full().name.filter(|_| name),
        association: full().association.filter(|_| association),
        ports: PairPorts::default(),
    })
}

proptest! {
    /// Whatever is answered and however, one question is next, all before it can be seen, and nobody is led in a circle.
    #[test]
    fn there_is_always_one_way_on(draft in any_draft(), stage in prop::sample::select(vec![
        Stage::Unopened, Stage::Answering, Stage::Working, Stage::Active, Stage::Left,
    ])) {
        let activation = at(stage, draft);
        let next = next(&activation);
        prop_assert!(reachable(&activation, next));
        for page in PAGES.into_iter().filter(|page| reachable(&activation, *page)) {
            prop_assert!(page <= next);
            // the way back stays on pages that can be seen
            if let Some(before) = page.before() {
                prop_assert!(reachable(&activation, before));
            }
        }
    }

    #[test]
    fn a_prepared_record_never_unanswers(draft in any_draft(), named: bool, clustered: bool, is_reserved: bool) {
        let prepared = BoxRecord {
            name: named.then(|| parse("box-nine")),
            cluster: clustered.then(|| parse("c-1")),
            ..record()
        };
        let offered = Offered {
            at: NOW,
            preview: Preview { prepared: Some(prepared), reserved: is_reserved.then(|| reserved(None)), ..preview() },
        };
        let mut after = draft.clone();
        prefill(&mut after, &offered.preview);
        prop_assert!(first_open(&after) >= first_open(&draft));
        prop_assert_eq!(after.confirmed, draft.confirmed, "the box is looked at by a person");
        prop_assert!(draft.name.is_none() || after.name == draft.name);
        prop_assert!(draft.association.is_none() || after.association == draft.association);
        let mut again = after.clone();
        prefill(&mut again, &offered.preview);
        prop_assert_eq!(again, after);
    }
}
