//! What the harness's tests share: a box with the stand-in, and waiting without sleeping blindly.
#![allow(dead_code, reason = "each test program uses some of it")]

use boxes::{Appliance, Scratch, Site};
use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

pub const SOON: Duration = Duration::from_secs(15);

pub fn boxes_program() -> &'static str {
    env!("CARGO_BIN_EXE_boxes")
}

pub fn stand_in() -> PathBuf {
    Path::new(boxes_program()).parent().unwrap().join("examples/stand_in")
}

/// A box of its own site, and the folder that its state is in.
pub fn a_box() -> (Appliance, Scratch) {
    let (site, scratch) = (Site::new().unwrap(), Scratch::new(&[]).unwrap());
    let appliance = Appliance::builder(&site, stand_in(), scratch.path()).env("STAND_IN", "yes").start().unwrap();
    (appliance, scratch)
}

/// Looks until there is something.
pub fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(SOON, what, look)
}

/// The same for what takes longer.
pub fn within<T>(limit: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < limit, "not within {limit:?}: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The PIDs of this machine whose command line contains the text.
pub fn processes_with(text: &str) -> Vec<u32> {
    let line = |pid: &u32| std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    processes().filter(|pid| String::from_utf8_lossy(&line(pid)).contains(text)).collect()
}

/// The process and all that it has started, directly or not, in whatever namespace.
pub fn family_of(pid: u32) -> Vec<u32> {
    let parent = |pid: u32| -> Option<u32> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    let tree: Vec<(u32, u32)> = processes().filter_map(|child| Some((child, parent(child)?))).collect();
    let mut family = vec![pid];
    let mut at = 0;
    while let Some(elder) = family.get(at).copied() {
        family.extend(tree.iter().filter(|(_, parent)| *parent == elder).map(|(child, _)| child));
        at += 1;
    }
    family
}

pub fn alive(pids: &[u32]) -> Vec<u32> {
    pids.iter().copied().filter(|pid| Path::new(&format!("/proc/{pid}")).exists()).collect()
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}
