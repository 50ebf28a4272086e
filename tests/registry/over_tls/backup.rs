//! All of a registry in one file, and back; and files that are none.

use std::{fs, path::Path};

use agent::registry::With;
use domain::{
    cluster::{
        api::{AssociationAsk, AssociationKind, EpochAsk, LeaseAsk, LeaseInfo, NewCluster},
        calls,
    },
    secret::Secret,
};
use registry::{
    authority::Authority,
    backup::{BackupError, restore, write},
    connection::Limits,
    serve::{self, STORE},
    setup,
    store::{Op, Store, Txn},
};

use super::world::{Member, OPERATOR, PASSWORD, World, about, activation, named};

const ONE: &str = "7F3K-2219";
const TWO: &str = "7F3K-2220";

/// A cluster with a pair, whose lease was taken once.
async fn pair(world: &World, token: &Secret) -> (Member, Member, u64) {
    let by = With { bearer: Some(token), ..With::default() };
    let stranger = world.stranger();
    stranger.call::<calls::EnableService>(by, &()).await.expect("enabled");
    let new = NewCluster { name: named("Hall 3"), model: None };
    let cluster = stranger.call::<calls::CreateCluster>(by, &new).await.expect("a cluster").id;
    let mut members = Vec::new();
    for (serial, peer) in [(ONE, None), (TWO, Some(named(ONE)))] {
        let key = pki::key::generate().expect("a key");
        let mut ask = activation(&world.code(token).await, serial, &key);
        let (kind, cluster) = (AssociationKind::Manual, Some(cluster.clone()));
        ask.association = AssociationAsk { kind, cluster, peer, ..AssociationAsk::none() };
        let info = stranger.call::<calls::Activate>(With::default(), &ask).await.expect("activated");
        members.push(Member { serial: named(serial), key, info });
    }
    let (two, one) = (members.pop().expect("two"), members.pop().expect("one"));
    let epoch = acquire(world, &one).await.epoch;
    (one, two, epoch)
}

async fn acquire(world: &World, member: &Member) -> LeaseInfo {
    let ask = LeaseAsk { seconds: 2, released: None };
    world.client(member).call::<calls::AcquireLease>(With::default(), &ask).await.expect("the lease")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_that_is_restored_elsewhere_goes_on() {
    let world = World::new().await;
    let token = world.fleet().await;
    let (one, two, epoch) = pair(&world, &token).await;
    let authority = world.authority.hash();
    let elsewhere = tempfile::tempdir().expect("folder");
    let file = elsewhere.path().join("backup");
    let old = world.stop().await;
    let written = backup_of(old.path(), &file).await;
    // only its owner reads it, and it is never written over
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&file).expect("made")) & 0o777, 0o600);
    assert!(matches!(write(old.path(), &file).await, Err(BackupError::File { .. })));
    let text = fs::read_to_string(&file).expect("text");
    assert!(!text.contains("session/") && !text.contains("pairhold/"), "what ends by itself is not in it");
    assert!(!text.contains(PASSWORD));

    // what a restore that was cut off has left is in nobody's way
    let new = tempfile::tempdir().expect("folder");
    fs::write(new.path().join("restore.redb"), "half").expect("written");
    assert_eq!(restore(new.path(), &file).await.expect("restored"), written);
    assert!(matches!(restore(new.path(), &file).await, Err(BackupError::NotEmpty { .. })));
    assert!(!new.path().join("restore.redb").exists());
    assert_eq!(
        std::os::unix::fs::MetadataExt::mode(&fs::metadata(new.path().join("authority.key")).expect("made")) & 0o777,
        0o600
    );

    let world = World::of(new, Limits::default(), "127.0.0.1:0").await;
    assert_eq!(world.authority.hash(), authority, "boxes trust it as before");
    for (member, peer) in [(&one, &two), (&two, &one)] {
        let info = about::<calls::GetBox>(&world.client(member)).await.expect("known");
        assert_eq!((info.serial, info.peer.as_ref()), (member.serial.clone(), Some(&peer.serial)));
    }
    // leases may have been taken since the backup: epochs are above all of them, also where the pair is made anew
    let later = acquire(&world, &two).await.epoch;
    assert!(later > epoch + 100_000, "{later} after {epoch}");
    let release = EpochAsk { epoch: later };
    world.client(&two).call::<calls::ReleaseLease>(With::default(), &release).await.expect("given back");
    // people sign in, and fleets grow
    let token = world.sign_in(super::world::ADMIN).await;
    world.activated(&token, "7F3K-2221").await;
}

async fn backup_of(state: &Path, file: &Path) -> usize {
    // the service that has just ended gives its store back
    for _ in 0..500 {
        match write(state, file).await {
            Err(BackupError::Open(_)) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            done => return done.expect("a backup"),
        }
    }
    panic!("the store is not given back");
}

/// With the digest that belongs to it, so that the digest is not what refuses it.
fn sealed(lines: &[String]) -> String {
    let body = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>();
    let records = lines.len().saturating_sub(2);
    let sha256 = pki::hex_digest(body.as_bytes());
    format!("{body}{{\"records\":{records},\"sha256\":\"{sha256}\"}}\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_none_changes_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let state = folder.path().join("state");
    setup::init(&state, &named(OPERATOR), &Secret::new(PASSWORD)).await.expect("made");
    let file = folder.path().join("backup");
    write(&state, &file).await.expect("a backup");
    let good = fs::read_to_string(&file).expect("text");
    let lines = good.lines().map(str::to_owned).collect::<Vec<_>>();
    let lines = &lines[..lines.len() - 1];
    let (_other_folder, other) = super::fake::authority();

    let with = |line: &str| sealed(&[lines, &[line.to_owned()]].concat());
    let instead = |at: usize, line: &str| {
        let mut lines = lines.to_vec();
        lines[at] = line.to_owned();
        sealed(&lines)
    };
    let other_key = serde_json::to_string(&other.key()).expect("JSON");
    let own = serde_json::from_str::<serde_json::Value>(&lines[1]).expect("JSON");
    let mixed =
        format!("{{\"authority\":{{\"key\":{other_key},\"certificate\":{}}}}}", own["authority"]["certificate"]);
    let hold = r#"{"key":"pairhold/p1","value":{"holder":"7F3K-2219","epoch":9,"lease":1}}"#;
    let session = r#"{"key":"session/00","value":{"user":"operator","until":9999999999}}"#;
    let lease = |epoch: &str| {
        format!(
            r#"{{"key":"pairlease/p1","value":{{"cluster":"c1","virtual_ip":null,"holder":null,"epoch":{epoch}}}}}"#
        )
    };
    let deep = format!("{{\"key\":\"model/B\",\"value\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let mut bad = vec![
        ("nothing", String::new()),
        ("a newline", "\n".into()),
        ("another file", "[registry]\nlisten = []\n".into()),
        ("another version", instead(0, r#"{"gatehouse":"registry backup","version":2}"#)),
        ("another kind", instead(0, r#"{"gatehouse":"support bundle","version":1}"#)),
        ("the authority's key alone", instead(1, &mixed)),
        ("no authority", sealed(&[&lines[..1], &lines[2..]].concat())),
        ("a record twice", with(&lines[2])),
        ("a record of no kind", with(r#"{"key":"shell/rm","value":{}}"#)),
        ("a record that is none", with(r#"{"key":"host/7F3K-2219","value":{"epoch":1}}"#)),
        ("a name that climbs", with(r#"{"key":"host/../../etc","value":{}}"#)),
        ("a hold without a lease, which would never end", with(hold)),
        ("a sign-in", with(session)),
        ("an epoch after which there is none", with(&lease("18446744073709551615"))),
        ("an epoch that is no number", with(&lease("\"many\""))),
        ("a record that is too deep", with(&deep)),
        ("more than was asked", with(r#"{"key":"model/B","value":{"about":null},"lease":1}"#)),
        ("an end that says less", good.replace(&format!("\"records\":{}", lines.len() - 2), "\"records\":1")),
        ("something behind the end", format!("{good}{{}}\n")),
        ("one letter changed", good.replacen("operator", "0perator", 1)),
    ];
    // cut off, wherever
    bad.extend((0..good.len()).step_by(97).chain([good.len() - 1]).map(|end| ("cut off", good[..end].to_owned())));

    for (what, text) in bad {
        let (file, target) = (folder.path().join("bad"), folder.path().join("target"));
        fs::write(&file, text).expect("written");
        let refused = restore(&target, &file).await.expect_err(what);
        let named = matches!(refused, BackupError::NotOne(_) | BackupError::Damaged(_) | BackupError::Authority(_));
        assert!(named, "{what}: {refused:?}");
        let left = fs::read_dir(&target).map_or(0, Iterator::count);
        assert_eq!(left, 0, "{what} has left something");
    }
    fs::write(&file, [0xff; 100]).expect("written");
    assert!(matches!(restore(&folder.path().join("target"), &file).await, Err(BackupError::NotOne(_))));
    // and the one that they were made of can be used
    fs::write(&file, with(&lease("7"))).expect("written");
    assert_eq!(restore(&folder.path().join("target"), &file).await.expect("restored"), lines.len() - 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_that_was_cut_off_is_begun_anew_and_one_that_was_not_is_left_alone() {
    let folder = tempfile::tempdir().expect("folder");
    let state = folder.path().join("state");
    let first = setup::init(&state, &named(OPERATOR), &Secret::new("a password nobody knows")).await.expect("made");
    assert!(setup::init(&state, &named("another"), &Secret::new(PASSWORD)).await.is_err(), "there is one");
    assert_eq!(Authority::open(&state).expect("as it was").hash(), first.hash());

    // cut off before the key was written: nobody has seen the certificate
    fs::remove_file(state.join("authority.key")).expect("removed");
    let second = setup::init(&state, &named(OPERATOR), &Secret::new(PASSWORD)).await.expect("begun anew");
    assert_ne!(first.hash(), second.hash());

    // a registry with boxes that has lost its authority is no new one
    let store = serve::open(&state).expect("a store");
    let model = ("model/B-012".to_owned(), Op::Put { value: br#"{"about":null}"#.to_vec(), lease: None });
    store.txn(Txn { request: "r".into(), guards: vec![], ops: vec![model] }).await.expect("written");
    store.close().await;
    fs::remove_file(state.join("authority.key")).expect("removed");
    assert!(setup::init(&state, &named(OPERATOR), &Secret::new(PASSWORD)).await.is_err(), "it has records");
    assert!(state.join(STORE).exists() && !state.join("authority.key").exists());

    // the password is that of the second time
    let folder = tempfile::tempdir().expect("folder");
    setup::init(folder.path(), &named(OPERATOR), &Secret::new("a password nobody knows")).await.expect("made");
    fs::remove_file(folder.path().join("authority.key")).expect("removed");
    setup::init(folder.path(), &named(OPERATOR), &Secret::new(PASSWORD)).await.expect("begun anew");
    let world = World::of(folder, Limits::default(), "127.0.0.1:0").await;
    world.sign_in(OPERATOR).await;
}
