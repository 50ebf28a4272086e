//! Random interleavings: several callers in the middle of their rules, whose reads are of different moments. After every commit
//! all invariants hold.

use proptest::{collection::vec, prelude::*};

use super::support::*;
use domain::cluster::{
    activate,
    association::Association,
    clusters, lease, leave,
    names::Serial,
    pairs,
    view::{Decision, Stop, View},
};

const SERIALS: [&str; 5] = ["A1", "B1", "C1", "D1", "E1"];
const CLUSTERS: [&str; 6] = ["c-a1", "c-b1", "c-c1", "c-d1", "c-e1", "c-x"];

#[derive(Clone, Debug)]
enum Wish {
    Activate { who: usize, other_model: bool, how: How, peer: Option<usize> },
    Create,
    RemoveCluster(usize),
    Step(usize, leave::Step),
    Unpair(usize),
    Cancel(usize),
    Replace(usize, usize),
    Acquire(usize),
    Release(usize),
}

#[derive(Clone, Copy, Debug)]
enum How {
    Alone,
    Automatic,
    New,
    Into(usize),
}

fn wish() -> impl Strategy<Value = Wish> {
    let who = 0..SERIALS.len();
    let how = prop_oneof![
        1 => Just(How::Alone),
        2 => Just(How::Automatic),
        2 => Just(How::New),
        4 => (0..CLUSTERS.len()).prop_map(How::Into),
    ];
    let step = prop_oneof![
        3 => Just(leave::Step::Remove),
        1 => Just(leave::Step::Drained),
        1 => Just(leave::Step::Left),
        2 => Just(leave::Step::Force),
    ];
    let activate = (who.clone(), prop::bool::weighted(0.1), how, prop::option::weighted(0.6, who.clone()))
        .prop_map(|(who, other_model, how, peer)| Wish::Activate { who, other_model, how, peer });
    prop_oneof![
        10 => activate,
        1 => Just(Wish::Create),
        2 => (0..CLUSTERS.len()).prop_map(Wish::RemoveCluster),
        4 => (who.clone(), step).prop_map(|(who, step)| Wish::Step(who, step)),
        1 => who.clone().prop_map(Wish::Unpair),
        1 => who.clone().prop_map(Wish::Cancel),
        2 => (who.clone(), who.clone()).prop_map(|(old, new)| Wish::Replace(old, new)),
        4 => who.clone().prop_map(Wish::Acquire),
        1 => who.prop_map(Wish::Release),
    ]
}

type Rule = Box<dyn Fn(&View) -> Result<Decision<()>, Stop>>;

fn quiet<T>(result: Result<Decision<T>, Stop>) -> Result<Decision<()>, Stop> {
    result.map(|d| Decision { guards: d.guards, ops: d.ops, audit: d.audit, answer: () })
}

/// The wish as a rule. Each has a code and fresh names of its own.
fn rule(fleet: &mut Fleet, wish: Wish, number: usize) -> Rule {
    let account = parse("acme");
    let serial = |index: usize| parse::<Serial>(SERIALS[index]);
    match wish {
        Wish::Activate { who, other_model, how, peer } => {
            let code = fleet.code("acme", &format!("t{number}"));
            let peer = peer.map(|peer| SERIALS[peer]);
            let association = match how {
                How::Alone => Association::None,
                How::Automatic => Association::Automatic,
                How::New => new_cluster(&format!("site-{}", number % 3), peer),
                How::Into(cluster) => into_cluster(&parse(CLUSTERS[cluster]), peer),
            };
            let mut joining = joining(SERIALS[who], code, association);
            joining.key = format!("key {number}");
            joining.fresh.pair = parse(&format!("p-{number}"));
            if other_model {
                joining.model = parse("EB-2");
            }
            Box::new(move |view| quiet(activate::activate(view, &joining, &call())))
        }
        Wish::Create => {
            let id = parse("c-x");
            Box::new(move |view| clusters::create(view, &account, &id, parse("x"), None, &call()))
        }
        Wish::RemoveCluster(cluster) => {
            let id = parse(CLUSTERS[cluster]);
            Box::new(move |view| clusters::remove(view, &account, &id, &call()))
        }
        Wish::Step(who, step) => {
            let serial = serial(who);
            Box::new(move |view| quiet(leave::step(view, &account, &serial, step, &call())))
        }
        Wish::Unpair(who) => {
            let serial = serial(who);
            Box::new(move |view| quiet(pairs::unpair(view, &account, &serial, &call())))
        }
        Wish::Cancel(who) => {
            let serial = serial(who);
            Box::new(move |view| pairs::cancel(view, &account, &serial, &call()))
        }
        Wish::Replace(old, new) => {
            let (old, new) = (serial(old), serial(new));
            Box::new(move |view| pairs::replace(view, &account, &old, &new, &call()))
        }
        Wish::Acquire(who) => {
            let serial = serial(who);
            Box::new(move |view| quiet(lease::acquire(view, &serial, 1, None, &call())))
        }
        Wish::Release(who) => {
            let serial = serial(who);
            // of whatever epoch it is in: a box knows its own
            Box::new(move |view| {
                let epoch = match quiet(lease::acquire(view, &serial, 1, None, &call())) {
                    Err(Stop::Need(wants)) => return Err(Stop::Need(wants)),
                    _ => 1,
                };
                lease::release(view, &serial, epoch)
            })
        }
    }
}

/// A caller in the middle of a rule.
struct Caller {
    rule: Rule,
    view: View,
    decided: Option<Decision<()>>,
    retries: u8,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn invariants_hold_after_every_commit_of_every_interleaving(
        wishes in vec(wish(), 1..40),
        turns in vec(0..4_usize, 400),
    ) {
        let mut fleet = Fleet::new();
        let mut wishes = wishes.into_iter().enumerate();
        let mut callers = (0..4).map(|_| None).collect::<Vec<Option<Caller>>>();
        let mut committed = 0;
        for turn in turns {
            let Some(caller) = &mut callers[turn] else {
                callers[turn] = wishes.next().map(|(number, wish)| {
                    Caller { rule: rule(&mut fleet, wish, number), view: View::default(), decided: None, retries: 0 }
                });
                continue;
            };
            if let Some(decision) = caller.decided.take() {
                if fleet.commit(&decision) {
                    committed += 1;
                    callers[turn] = None;
                } else if caller.retries < 3 {
                    caller.retries += 1;
                    caller.view = View::default();
                } else {
                    callers[turn] = None;
                }
                continue;
            }
            match (caller.rule)(&caller.view) {
                Ok(decision) => caller.decided = Some(decision),
                Err(Stop::Refused(_)) => callers[turn] = None,
                // each read is of another moment
                Err(Stop::Need(wants)) => {
                    let first = wants.first().expect("needs something");
                    fleet.load(&mut caller.view, first);
                }
            }
        }
        prop_assert!(committed <= 40);
    }
}
