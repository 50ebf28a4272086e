//! What every store must do. Each test runs on the embedded one and on the one in memory; a distributed one has to pass them, too.

use std::{collections::BTreeMap, sync::Arc};

use domain::time::BootMillis;
use futures_util::{FutureExt, future::join_all};
use registry::store::{Embedded, Event, Guard, Invalid, Op, Outcome, Select, Store, Txn, WatchEnd, embedded::Keep};

use crate::{memory::Memory, support::Hand};

const KEPT_EVENTS: u64 = 50;

struct Bench {
    store: Arc<dyn Store>,
    hand: Hand,
    _folder: tempfile::TempDir,
}

fn embedded() -> Bench {
    let (folder, hand) = (tempfile::tempdir().expect("folder"), Hand::new());
    let keep = Keep { events: KEPT_EVENTS, requests: 1000 };
    let store = Embedded::open(&folder.path().join("store"), hand.clock(), keep).expect("opens");
    Bench { store: Arc::new(store), hand, _folder: folder }
}

fn memory() -> Bench {
    let (folder, hand) = (tempfile::tempdir().expect("folder"), Hand::new());
    Bench { store: Arc::new(Memory::new(hand.clock(), KEPT_EVENTS)), hand, _folder: folder }
}

macro_rules! on_every_store {
    ($($name:ident),* $(,)?) => {
        mod on_embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::embedded()).await;
            })*
        }
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::memory()).await;
            })*
        }
    };
}

on_every_store!(
    a_read_sees_what_was_committed,
    guards_decide_and_a_refused_transaction_does_nothing,
    an_empty_prefix_is_guarded,
    limits_are_the_same_everywhere,
    a_request_is_done_once,
    of_many_that_want_the_same_one_wins,
    a_watch_is_in_order_and_without_gaps,
    a_watch_resumes_and_says_when_it_cannot,
    a_lease_never_ends_early_and_takes_its_keys_along,
    a_lease_that_is_renewed_lives,
    a_key_that_leaves_its_lease_stays,
);

fn put(value: &str) -> Op {
    Op::Put { value: value.into(), lease: None }
}

fn txn(request: &str, guards: Vec<Guard>, ops: Vec<(&str, Op)>) -> Txn {
    let ops = ops.into_iter().map(|(key, op)| (key.to_owned(), op)).collect();
    Txn { request: request.into(), guards, ops }
}

impl Bench {
    async fn commit(&self, request: &str, ops: Vec<(&str, Op)>) -> u64 {
        match self.store.txn(txn(request, vec![], ops)).await.expect("valid") {
            Outcome::Committed(revision) => revision,
            other => panic!("{other:?}"),
        }
    }

    async fn outcome(&self, request: &str, guards: Vec<Guard>, ops: Vec<(&str, Op)>) -> Outcome {
        self.store.txn(txn(request, guards, ops)).await.expect("valid")
    }

    async fn get(&self, key: &str) -> Option<(u64, String)> {
        let reading = self.store.read(vec![Select::Key(key.into())]).await.expect("reads");
        reading.found[0].first().map(|item| (item.revision, String::from_utf8_lossy(&item.value).into_owned()))
    }

    async fn keys(&self, prefix: &str) -> Vec<String> {
        let reading = self.store.read(vec![Select::Prefix(prefix.into())]).await.expect("reads");
        reading.found[0].iter().map(|item| item.key.clone()).collect()
    }
}

async fn a_read_sees_what_was_committed(bench: Bench) {
    let first = bench.commit("1", vec![("a/1", put("x")), ("a/2", put("y")), ("b/1", put("z"))]).await;
    assert_eq!(bench.get("a/1").await, Some((first, "x".into())));
    assert_eq!(bench.keys("a/").await, ["a/1", "a/2"]);
    let second = bench.commit("2", vec![("a/1", Op::Delete), ("a/2", put("new"))]).await;
    assert!(second > first);
    assert_eq!(bench.get("a/1").await, None);
    assert_eq!(bench.get("a/2").await, Some((second, "new".into())));
    assert_eq!(bench.get("b/1").await, Some((first, "z".into())), "an untouched key keeps its revision");
    let both = vec![Select::Key("none".into()), Select::Prefix("b".into())];
    let reading = bench.store.read(both).await.expect("reads");
    assert_eq!((reading.revision, reading.found[0].len(), reading.found[1].len()), (second, 0, 1));
}

async fn guards_decide_and_a_refused_transaction_does_nothing(bench: Bench) {
    let revision = bench.commit("1", vec![("a", put("1"))]).await;
    for (n, guards) in [
        vec![Guard::Absent("a".into())],
        vec![Guard::ModRevision("a".into(), revision + 1)],
        vec![Guard::ModRevision("b".into(), 0)],
        vec![Guard::ModRevision("a".into(), revision), Guard::Absent("a".into())],
    ]
    .into_iter()
    .enumerate()
    {
        let outcome = bench.outcome(&format!("no {n}"), guards, vec![("a", put("2")), ("b", put("2"))]).await;
        assert_eq!(outcome, Outcome::Conflict, "{n}");
    }
    assert_eq!((bench.get("a").await, bench.get("b").await), (Some((revision, "1".into())), None));
    let guards = vec![Guard::ModRevision("a".into(), revision), Guard::Absent("b".into())];
    let outcome = bench.outcome("yes", guards, vec![("b", put("2"))]).await;
    assert!(matches!(outcome, Outcome::Committed(_)));
    // a request that was refused was not done: it may be sent again
    let outcome = bench.outcome("no 0", vec![], vec![("c", put("3"))]).await;
    assert!(matches!(outcome, Outcome::Committed(_)));
}

async fn an_empty_prefix_is_guarded(bench: Bench) {
    bench.commit("1", vec![("m/1", put("")), ("n/1", put(""))]).await;
    let empty = |prefix: &str| vec![Guard::PrefixEmpty(prefix.into())];
    assert_eq!(bench.outcome("2", empty("m/"), vec![("x", put(""))]).await, Outcome::Conflict);
    assert_eq!(bench.outcome("3", empty("n/1"), vec![("x", put(""))]).await, Outcome::Conflict);
    bench.commit("4", vec![("m/1", Op::Delete)]).await;
    assert!(matches!(bench.outcome("5", empty("m/"), vec![("x", put(""))]).await, Outcome::Committed(_)));
    assert!(matches!(bench.outcome("6", empty("z"), vec![("y", put(""))]).await, Outcome::Committed(_)));
}

async fn limits_are_the_same_everywhere(bench: Bench) {
    let keys = (0..129).map(|n| format!("k{n}")).collect::<Vec<_>>();
    let many = keys.iter().map(|key| (key.as_str(), put(""))).collect::<Vec<_>>();
    assert_eq!(bench.store.txn(txn("1", vec![], many.clone())).await, Err(Invalid::TooMany));
    let twice = vec![("a", put("")), ("a", Op::Delete)];
    assert_eq!(bench.store.txn(txn("2", vec![], twice)).await, Err(Invalid::KeyTwice));
    assert_eq!(bench.keys("").await, Vec::<String>::new());
    bench.commit("3", many[..128].to_vec()).await;
    assert_eq!(bench.keys("k").await.len(), 128);
}

async fn a_request_is_done_once(bench: Bench) {
    let first = bench.commit("same", vec![("n", put("1"))]).await;
    let changed = bench.commit("other", vec![("n", put("2"))]).await;
    let again = bench.outcome("same", vec![Guard::Absent("n".into())], vec![("n", put("1"))]).await;
    assert_eq!(again, Outcome::Committed(first), "answered as the first time, whatever has happened since");
    assert_eq!(bench.get("n").await, Some((changed, "2".into())));
}

async fn of_many_that_want_the_same_one_wins(bench: Bench) {
    let wishes = (0..100).map(|n| {
        let store = bench.store.clone();
        let wish = txn(&format!("w{n}"), vec![Guard::Absent("one".into())], vec![("one", put(&n.to_string()))]);
        async move { (n, store.txn(wish).await.expect("valid")) }
    });
    let won = join_all(wishes).await.into_iter().filter(|(_, o)| matches!(o, Outcome::Committed(_)));
    let won = won.map(|(n, _)| n.to_string()).collect::<Vec<_>>();
    assert_eq!(won.len(), 1);
    assert_eq!(bench.get("one").await.map(|(_, value)| value), won.into_iter().next());
}

async fn a_watch_is_in_order_and_without_gaps(bench: Bench) {
    let from = bench.commit("0", vec![("w/0", put("before"))]).await + 1;
    let mut watch = bench.store.watch("w/".into(), from);
    assert!(watch.next().now_or_never().is_none(), "nothing has happened yet");
    let store = bench.store.clone();
    let writing = tokio::spawn(async move {
        for n in 0..40 {
            let ops = vec![("w/a", put(&n.to_string())), ("other", put("x"))];
            store.txn(txn(&format!("r{n}"), vec![], ops)).await.expect("valid");
        }
        store.txn(txn("end", vec![], vec![("w/a", Op::Delete)])).await.expect("valid");
    });
    let mut seen = Vec::<Event>::new();
    while seen.last().is_none_or(|event| event.value.is_some()) {
        seen.extend(watch.next().await.expect("watches"));
    }
    writing.await.expect("writes");
    let values = seen.iter().filter_map(|e| e.value.clone()).map(|v| String::from_utf8(v).expect("text"));
    assert_eq!(values.collect::<Vec<_>>(), (0..40).map(|n| n.to_string()).collect::<Vec<_>>());
    assert!(seen.windows(2).all(|pair| pair[0].revision < pair[1].revision));
    assert!(seen.iter().all(|event| event.key == "w/a"));
}

async fn a_watch_resumes_and_says_when_it_cannot(bench: Bench) {
    let mut revisions = Vec::new();
    for n in 0..20 {
        revisions.push(bench.commit(&n.to_string(), vec![("k", put(&n.to_string()))]).await);
    }
    // whoever lost its watch goes on after the last revision that it saw
    let mut watch = bench.store.watch(String::new(), revisions[9] + 1);
    let mut seen = Vec::new();
    while seen.len() < 10 {
        seen.extend(watch.next().await.expect("resumes").into_iter().map(|e| e.revision));
    }
    assert_eq!(seen, revisions[10..]);
    for n in 20..20 + KEPT_EVENTS {
        bench.commit(&n.to_string(), vec![("k", put(""))]).await;
    }
    let mut late = bench.store.watch(String::new(), revisions[0]);
    let Err(WatchEnd::Compacted { oldest }) = late.next().await else { panic!("what is forgotten is not told") };
    assert!(oldest > revisions[0]);
    let mut from_there = bench.store.watch(String::new(), oldest);
    assert_eq!(from_there.next().await.expect("all that is kept")[0].revision, oldest);
}

async fn a_lease_never_ends_early_and_takes_its_keys_along(bench: Bench) {
    let lease = bench.store.grant(3).await.expect("granted");
    let held = || Op::Put { value: "me".into(), lease: Some(lease) };
    let revision = bench.commit("1", vec![("hold/1", held()), ("hold/2", held()), ("stays", put(""))]).await;
    bench.hand.forward_millis(2_999);
    // a commit in between: whatever is over by now is gone after it
    bench.commit("2", vec![("x", put(""))]).await;
    assert_eq!(bench.keys("hold/").await.len(), 2);
    let mut watch = bench.store.watch("hold/".into(), revision + 1);
    bench.hand.forward_millis(2);
    let ended = watch.next().await.expect("watches");
    assert_eq!(
        ended.iter().map(|e| (e.key.as_str(), e.value.is_none())).collect::<Vec<_>>(),
        [("hold/1", true), ("hold/2", true)]
    );
    assert_eq!((bench.keys("hold/").await.len(), bench.get("stays").await.is_some()), (0, true));
    assert!(!bench.store.keep_alive(lease).await.expect("asks"), "what has ended does not come back");
    assert_eq!(bench.outcome("3", vec![], vec![("hold/3", held())]).await, Outcome::Conflict);
    let short = bench.store.grant(0).await.expect("granted");
    let held = Op::Put { value: "me".into(), lease: Some(short) };
    bench.commit("4", vec![("hold/4", held)]).await;
    bench.hand.forward_millis(1_999);
    bench.commit("5", vec![("x", put("2"))]).await;
    assert_eq!(bench.keys("hold/").await, ["hold/4"], "none is shorter than two seconds");
}

async fn a_lease_that_is_renewed_lives(bench: Bench) {
    let lease = bench.store.grant(2).await.expect("granted");
    let held = Op::Put { value: "me".into(), lease: Some(lease) };
    let revision = bench.commit("1", vec![("hold", held)]).await;
    for n in 0..10 {
        bench.hand.forward_millis(1_900);
        assert!(bench.store.keep_alive(lease).await.expect("asks"), "{n}");
    }
    assert_eq!(bench.get("hold").await, Some((revision, "me".into())), "renewing changes nothing");
    bench.store.revoke(lease).await.expect("revoked");
    assert_eq!(bench.get("hold").await, None);
}

async fn a_key_that_leaves_its_lease_stays(bench: Bench) {
    let lease = bench.store.grant(2).await.expect("granted");
    let held = || Op::Put { value: "me".into(), lease: Some(lease) };
    bench.commit("1", vec![("a", held()), ("b", held())]).await;
    bench.commit("2", vec![("a", put("free"))]).await;
    let mut watch = bench.store.watch("b".into(), 3);
    bench.hand.forward_millis(2_001);
    watch.next().await.expect("b goes");
    assert_eq!(bench.get("a").await.map(|(_, value)| value), Some("free".into()));
}

/// Every revision of the embedded store is in its events, and what they say is what is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_lead_from_nothing_to_what_is_there() {
    let bench = embedded();
    let writers = (0..8).map(|writer| {
        let store = bench.store.clone();
        async move {
            for n in 0..5 {
                let (key, shared) = (format!("k/{writer}/{n}"), format!("s/{n}"));
                let ops = vec![(key, put(&n.to_string())), (shared, put(&writer.to_string()))];
                let wish = Txn { request: format!("{writer}/{n}"), guards: vec![], ops };
                store.txn(wish).await.expect("valid");
            }
        }
    });
    join_all(writers).await;
    let reading = bench.store.read(vec![Select::Prefix(String::new())]).await.expect("reads");
    let mut watch = bench.store.watch(String::new(), 1);
    let (mut replayed, mut last) = (BTreeMap::new(), 0);
    while last < reading.revision {
        for event in watch.next().await.expect("watches") {
            assert!(event.revision == last || event.revision == last + 1, "a gap before {}", event.revision);
            last = event.revision;
            replayed.insert(event.key, event.value.expect("nothing was deleted"));
        }
    }
    let there = reading.found[0].iter().map(|item| (item.key.clone(), item.value.clone())).collect::<BTreeMap<_, _>>();
    assert_eq!(replayed, there);
}

/// A registry that restarts cannot know for how long it was away: no lease ends sooner for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_begin_anew_when_the_store_is_opened() {
    let (folder, hand) = (tempfile::tempdir().expect("folder"), Hand::new());
    let open = || Embedded::open(&folder.path().join("store"), hand.clock(), Keep::default()).expect("opens");
    let store = open();
    let lease = store.grant(2).await.expect("granted");
    let held = Op::Put { value: vec![], lease: Some(lease) };
    store.txn(txn("1", vec![], vec![("hold", held)])).await.expect("valid");
    hand.forward_millis(1_900);
    let ended = store.ended().now_or_never();
    assert!(ended.is_none());
    drop(store);
    let store = reopened(&folder.path().join("store"), &hand).await;
    hand.forward_millis(1_900);
    assert!(store.keep_alive(lease).await.expect("asks"));
    assert_ne!(store.grant(2).await.expect("granted"), lease, "numbers are never used again");
    let _: BootMillis = hand.clock().boot();
}

/// The writer of a store that was dropped closes its file a moment later.
async fn reopened(path: &std::path::Path, hand: &Hand) -> Embedded {
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        match Embedded::open(path, hand.clock(), Keep::default()) {
            Ok(store) => return store,
            Err(error) => assert!(std::time::Instant::now() < limit, "{error:?}"),
        }
        tokio::task::yield_now().await;
    }
}
