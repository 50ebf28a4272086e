//! What a runner that was killed leaves of its booted boxes: nothing.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use boxes::debian;
use serde_json::Value;

use crate::lab::{eventually, package, source};

#[test]
fn a_killed_runner_leaves_no_process_no_mount_and_no_cgroup() {
    let program = Path::new(env!("CARGO_BIN_EXE_gatehouse")).with_file_name("boxes");
    let image = debian::image(&source("packaging/lab/image.sh")).expect("image");
    let mut up = Command::new(program);
    up.arg("up").arg("--image").arg(image).arg("--package").arg(package("1.0"));
    let mut runner = up.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("boxes up");
    let mut line = String::new();
    BufReader::new(runner.stdout.take().expect("stdout")).read_line(&mut line).expect("ready");
    let told: Value = serde_json::from_str(&line).expect("JSON");
    let folder = told["state"].as_str().expect("folder").to_owned();
    let mine = || processes().filter(|(_, command)| command.contains(&folder)).map(|(pid, _)| pid).collect::<Vec<_>>();
    let (keeper, cgroups) = {
        let found = processes().find(|(_, command)| command.contains(&folder) && command.contains("\0machine\0"));
        let keeper = found.expect("its keeper").0;
        (keeper, cgroups(keeper))
    };
    assert!(!cgroups.is_empty() && mine().contains(&keeper));

    runner.kill().expect("kill");
    runner.wait().expect("wait");
    eventually("no process", || mine().is_empty().then_some(()));
    eventually("no cgroup", || cgroups.iter().all(|path| !path.exists()).then_some(()));
    eventually("no files", || (!Path::new(&folder).exists()).then_some(()));
    assert!(!fs::read_to_string("/proc/self/mountinfo").expect("mounts").contains(&folder));
}

/// Those of this machine, with their command lines.
fn processes() -> impl Iterator<Item = (u32, String)> {
    let pids =
        fs::read_dir("/proc").expect("proc").flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        Some((pid, String::from_utf8_lossy(&line).into_owned()))
    })
}

/// The folders that the keeper has made for its box, which it is in itself.
fn cgroups(keeper: u32) -> Vec<PathBuf> {
    let mounted = Path::new("/sys/fs/cgroup");
    let told = fs::read_to_string(format!("/proc/{keeper}/cgroup")).expect("cgroups");
    let own = told.lines().filter(|line| line.ends_with(&format!("/gatehouse-box-{keeper}")));
    let path = |line: &str| line.splitn(3, ':').nth(2).expect("path").trim_start_matches('/').to_owned();
    let candidates = own.map(path).flat_map(|path| ["", "systemd", "unified"].map(|h| mounted.join(h).join(&path)));
    candidates.filter(|path| path.exists()).collect()
}
