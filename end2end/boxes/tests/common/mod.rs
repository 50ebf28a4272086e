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
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < SOON, "not within {SOON:?}: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The PIDs of this machine whose command line contains the text.
pub fn processes_with(text: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.map(|entry| entry.file_name().into_string().unwrap_or_default());
    let mine = |pid: &String| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        pid.parse::<u32>().is_ok() && String::from_utf8_lossy(&line).contains(text)
    };
    pids.filter(mine).collect()
}
