//! Which data is due, how old it is, and who has what.

use std::collections::BTreeMap;

use domain::{
    application::copies::{Copied, Copies, Copying, Tried, Wanted, due, lateness, of_epoch},
    pair::peer::is_flags,
    time::{BootMillis, UnixSeconds},
};

fn wanted(all: &[(&str, u32)]) -> Wanted {
    let copying =
        |(name, every): &(&str, u32)| (name.parse().expect("a name"), Copying { every: *every, folders: Vec::new() });
    all.iter().map(copying).collect()
}

fn copies(all: &[(&str, u64, u64)]) -> Copies {
    all.iter()
        .map(|(name, at, epoch)| (name.parse().expect("a name"), Copied { at: UnixSeconds(*at), epoch: *epoch }))
        .collect()
}

#[test]
fn data_of_an_earlier_epoch_is_none() {
    let wanted = wanted(&[("a", 30), ("b", 30)]);
    assert!(of_epoch(&wanted, &copies(&[("a", 0, 7), ("b", 0, 8), ("gone", 0, 1)]), 7));
    assert!(!of_epoch(&wanted, &copies(&[("a", 0, 7), ("b", 0, 6)]), 7), "one is older");
    assert!(!of_epoch(&wanted, &copies(&[("a", 0, 7)]), 7), "one was never copied");
    assert!(of_epoch(&Wanted::new(), &Copies::new(), 7), "nothing is wanted");
}

#[test]
fn the_oldest_copy_counts_beyond_its_own_interval() {
    let wanted = wanted(&[("a", 30), ("b", 600)]);
    let late = |all: &[(&str, u64, u64)], now| lateness(&wanted, &copies(all), 1, UnixSeconds(now));
    assert_eq!(late(&[("a", 1000, 1), ("b", 1000, 1)], 1030), Some(0));
    assert_eq!(late(&[("a", 1000, 1), ("b", 1000, 1)], 1100), Some(70));
    assert_eq!(late(&[("a", 1090, 1), ("b", 1000, 1)], 1700), Some(580));
    assert_eq!(late(&[("a", 1090, 1)], 1700), None);
    assert_eq!(late(&[("a", 1090, 1), ("b", 1000, 0)], 1100), None, "of an earlier epoch: as if there were none");
    // a clock that was set back
    assert_eq!(late(&[("a", 1090, 1), ("b", 1000, 1)], 5), Some(0));
}

#[test]
fn one_after_the_other_and_first_what_the_peer_has_not() {
    let wanted = wanted(&[("a", 60), ("b", 10)]);
    let mut tried = BTreeMap::new();
    let mut run = |epoch: u64, seconds: u64, whole: bool| {
        let now = BootMillis(seconds * 1000);
        let name = due(&wanted, &tried, epoch, now)?;
        tried.insert(name.clone(), Tried { at: now, epoch, whole });
        Some(name.to_string())
    };
    assert_eq!(run(1, 100, true).as_deref(), Some("a"));
    assert_eq!(run(1, 101, false).as_deref(), Some("b"));
    assert_eq!(run(1, 110, true), None);
    assert_eq!(run(1, 111, true).as_deref(), Some("b"), "again after its interval, which is shorter than the pause");
    assert_eq!(run(1, 120, true), None);
    assert_eq!(run(2, 120, true).as_deref(), Some("a"), "another epoch: nothing of it is there yet");
    assert_eq!(run(2, 120, true).as_deref(), Some("b"));
    assert_eq!(run(2, 120, true), None);
    assert_eq!(run(2, 130, true).as_deref(), Some("b"));
    assert_eq!(run(2, 180, false).as_deref(), Some("b"), "it has waited longer");
    assert_eq!(run(2, 180, false).as_deref(), Some("a"));
    assert_eq!(run(2, 195, true).as_deref(), Some("b"));
    assert_eq!(run(2, 195, true).as_deref(), Some("a"), "a long interval is not waited for after a failure");
}

#[test]
fn the_peers_letters_for_rsync_mean_what_is_known() {
    for good in ["-ltpre.iLsfxCIvu", "-ltprRe.LsfxCIvu", "-ltpre."] {
        assert!(is_flags(good), "{good}");
    }
    let long = format!("-ltpre.{}", "a".repeat(33));
    for bad in
        ["", "--help", "-ltpr", "-logDtpre.iLs", "-ltpKre.iLs", "-ltpre.i/x", "-ltpre.i --rsh", "-ltpre.1", &long]
    {
        assert!(!is_flags(bad), "{bad}");
    }
}
