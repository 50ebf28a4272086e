//! The books on a real disk: what is changed in them is found, and they keep to their bounds.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::{book::FILE, *};
use domain::time::UnixSeconds;

fn deed(who: Who, what: &str) -> Deed {
    Deed::done(who, what, UnixSeconds(1_800_000_000), operation::id())
}

fn deeds(dir: &Path) -> PathBuf {
    dir.join("audit/deeds.jsonl")
}

async fn three(dir: &Path) -> Audit {
    let audit = start(dir);
    for what in ["setup", "login", "network/apply"] {
        audit.record(deed(Who::Console, what)).await;
    }
    audit
}

async fn all(audit: &Audit) -> Entries {
    audit.read(Query::default()).await.expect("entries")
}

#[tokio::test]
async fn what_was_written_is_read_after_a_restart_and_is_unbroken() {
    let dir = tempfile::tempdir().expect("tempdir");
    let before = all(&three(dir.path()).await).await;
    let after = all(&start(dir.path())).await;
    assert_eq!(before, after);
    assert_eq!(
        after.entries.iter().map(|e| e.deed.what.as_str()).collect::<Vec<_>>(),
        ["network/apply", "login", "setup"]
    );
    assert_eq!(after.state, AuditState::default());
    let mode = |path: &Path| fs::metadata(path).expect("file").permissions().mode() & 0o777;
    assert_eq!((mode(&deeds(dir.path())), mode(&dir.path().join("audit"))), (0o600, 0o700));
}

type Tamper = Box<dyn Fn(&Path)>;

/// Each way of tampering, and after which entry it is found.
#[tokio::test]
async fn a_line_that_is_changed_left_out_swapped_or_cut_off_breaks_the_chain() {
    let edit = |path: &Path, change: fn(&mut Vec<String>)| {
        let mut lines = fs::read_to_string(path).expect("read").lines().map(str::to_owned).collect();
        change(&mut lines);
        fs::write(path, lines.join("\n") + "\n").expect("write");
    };
    let ways: [(&str, Tamper, Option<u64>); 7] = [
        ("changed", Box::new(move |p| edit(p, |l| l[2] = l[2].replace("login", "logim"))), Some(1)),
        ("left out", Box::new(move |p| edit(p, |l| drop(l.remove(2)))), Some(1)),
        ("swapped", Box::new(move |p| edit(p, |l| l.swap(1, 2))), None),
        ("cut off", Box::new(move |p| edit(p, |l| drop(l.pop()))), Some(2)),
        ("all gone", Box::new(|p: &Path| fs::remove_file(p).expect("remove")), None),
        ("added to", Box::new(move |p| edit(p, |l| l.push(l[3].replace("\"n\":3", "\"n\":4")))), Some(3)),
        ("head lost", Box::new(|p: &Path| fs::remove_file(p.with_file_name("deeds.head")).expect("remove")), Some(3)),
    ];
    for (how, tamper, after) in ways {
        let dir = tempfile::tempdir().expect("tempdir");
        drop(three(dir.path()).await);
        tamper(&deeds(dir.path()));
        let broken = Chain::Broken { book: Which::Deeds, after };
        // found at the start, and told on after the next one: also where nothing in the file shows it any more
        for _ in 0..2 {
            let audit = start(dir.path());
            assert_eq!(audit.state().chain, broken, "{how}");
            audit.record(deed(Who::Console, "logout")).await;
            let entries = all(&audit).await;
            assert_eq!(entries.state.chain, broken, "{how}");
            let told = entries.entries.iter().filter(|e| e.deed.what == "audit/broken").count();
            assert_eq!(told, 1, "{how}: {entries:?}");
        }
    }
}

#[tokio::test]
async fn half_a_line_of_a_power_cut_is_taken_away_and_is_no_break() {
    let dir = tempfile::tempdir().expect("tempdir");
    drop(three(dir.path()).await);
    let mut text = fs::read_to_string(deeds(dir.path())).expect("read");
    text.push_str("{\"n\":4,\"at\":1800");
    fs::write(deeds(dir.path()), text).expect("write");
    let audit = start(dir.path());
    audit.record(deed(Who::Seed, "seed")).await;
    let entries = all(&audit).await;
    assert_eq!((entries.state.chain, entries.entries.len()), (Chain::Unbroken, 4), "{entries:?}");
    assert_eq!(all(&start(dir.path())).await, entries);
}

#[tokio::test]
async fn a_flood_of_wrong_passwords_does_not_push_out_what_was_done() {
    let dir = tempfile::tempdir().expect("tempdir");
    let audit = three(dir.path()).await;
    let long = "x".repeat(150);
    for n in 0..800_u32 {
        let guess = deed(Who::Visitor { from: format!("10.1.{}.{}", n / 250, n % 250) }, "login").refused("GH-102");
        audit.record(guess.with(Some(&long))).await;
        if n % 8 == 7 {
            audit.flush().await; // each minute a new window
        }
    }
    let known = all_of(&audit, Query { who: Some(domain::audit::Kind::Console), ..Query::default() }).await;
    assert_eq!(known.len(), 3, "they are all still there");
    let size = |name: &str| fs::metadata(dir.path().join("audit").join(name)).map_or(0, |m| m.len());
    assert!(size("strangers.1.jsonl") > 0, "the flood filled a file");
    for name in ["strangers.jsonl", "strangers.1.jsonl", "deeds.jsonl"] {
        assert!(size(name) <= FILE, "{name}");
    }
    assert_eq!(audit.state().chain, Chain::Unbroken);
    assert_eq!(start(dir.path()).state().chain, Chain::Unbroken, "over the change of files, too");
}

async fn all_of(audit: &Audit, mut query: Query) -> Vec<Entry> {
    let mut found = Vec::new();
    loop {
        let page = audit.read(query.clone()).await.expect("page");
        found.extend(page.entries);
        match page.older {
            Some(older) => query.before = Some(older),
            None => return found,
        }
    }
}

#[tokio::test]
async fn a_link_that_is_put_in_the_place_of_the_log_is_not_written_through() {
    let dir = tempfile::tempdir().expect("tempdir");
    let audit = three(dir.path()).await;
    let victim = dir.path().join("victim");
    fs::write(&victim, "precious").expect("write");
    fs::remove_file(deeds(dir.path())).expect("remove");
    std::os::unix::fs::symlink(&victim, deeds(dir.path())).expect("link");
    audit.record(deed(Who::Console, "logout")).await;
    assert_eq!(fs::read_to_string(&victim).expect("read"), "precious");
    assert!(audit.state().failing.is_some(), "and it is told");
}

/// The disk may be full or damaged: whoever comes to mend that must get in.
#[tokio::test]
async fn a_log_that_cannot_be_written_is_told_and_keeps_nobody_from_working() {
    let dir = tempfile::tempdir().expect("tempdir");
    fs::write(dir.path().join("audit"), "not a folder").expect("write");
    let audit = start(dir.path());
    audit.record(deed(Who::Console, "login")).await;
    assert!(audit.state().failing.is_some());
    fs::remove_file(dir.path().join("audit")).expect("remove");
    audit.record(deed(Who::Console, "logout")).await;
    assert_eq!(audit.state(), AuditState::default(), "it is written as soon as it can be");
    assert_eq!(all(&audit).await.entries.len(), 1);
}

#[tokio::test]
async fn hostile_text_stays_within_its_line() {
    let dir = tempfile::tempdir().expect("tempdir");
    let audit = start(dir.path());
    let forged = "x\"}\n{\"n\":9,\"at\":1,\"who\":\"console\",\"what\":\"reset\"}\u{2028}\u{1b}[2J\r";
    audit.record(deed(Who::Session { number: 1, from: forged.into() }, "login").with(Some(forged))).await;
    let text = fs::read_to_string(deeds(dir.path())).expect("read");
    assert_eq!(text.lines().count(), 2, "its line and the anchor: {text}");
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    let entries = all(&audit).await;
    assert_eq!((entries.entries.len(), entries.state.chain), (1, Chain::Unbroken));
}
