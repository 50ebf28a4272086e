//! SIGKILL at every touch of the disk, and so at every commit: what was acknowledged is there, and nothing is half there.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use registry::store::{Embedded, Op, Outcome, Reading, Select, Store, Txn, embedded::Keep};

use crate::support::Hand;

fn victim() -> PathBuf {
    let own = std::env::current_exe().expect("this test");
    let target = own.parent().and_then(Path::parent).expect("target/debug/deps");
    target.join("examples/registry-victim")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigkill_at_every_touch_of_the_disk_loses_nothing_that_was_acknowledged() {
    let mut at = 1;
    loop {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("store");
        let child = Command::new(victim()).arg(&path).arg(at.to_string()).stderr(Stdio::null()).output();
        let said = String::from_utf8(child.expect("runs").stdout).expect("text");
        if said.ends_with("end\n") {
            assert!(at > 40, "it touched the disk {at} times only");
            return;
        }
        let acknowledged = said.lines().filter_map(|l| l.strip_prefix("done ")).filter_map(|n| n.parse().ok()).max();
        looks_whole(&path, acknowledged.unwrap_or(0), at).await;
        at += 1;
    }
}

async fn looks_whole(path: &Path, acknowledged: u64, at: u64) {
    // killed before the file was a database: there is nothing to find, and nothing was promised
    let store = match Embedded::open(path, Hand::new().clock(), Keep::default()) {
        Ok(store) => store,
        Err(error) => {
            assert_eq!(acknowledged, 0, "killed at {at}: {error:?}");
            return;
        }
    };
    let what = vec![Select::Key("left".into()), Select::Key("right".into()), Select::Prefix("n/".into())];
    let Reading { revision, found } = store.read(what).await.expect("reads");
    let value = |index: usize| found[index].first().map(|item| (item.revision, item.value.clone()));
    assert_eq!(value(0), value(1), "half a transaction, killed at {at}");
    let last = value(0).map_or(0, |(_, value)| String::from_utf8(value).expect("text").parse::<u64>().expect("number"));
    assert!(last >= acknowledged, "killed at {at}: {acknowledged} was acknowledged, {last} is there");
    assert_eq!((u64::try_from(found[2].len()).expect("few"), revision), (last, last), "killed at {at}");
    // a request that was done is known, one that was not is done now
    let again = Txn { request: format!("r{last}"), guards: vec![], ops: vec![("again".into(), Op::Delete)] };
    let outcome = store.txn(again).await.expect("valid");
    let expected = if last == 0 { 1 } else { last };
    assert_eq!(outcome, Outcome::Committed(expected), "killed at {at}");
}
