//! A static address: from the request to "the kernel has it", as the agent times it itself.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use boxes::Role;

use crate::{device::Device, floor, median, table::Table};

const TIMES: usize = 30;

pub fn measure(device: &Device, table: &mut Table) {
    let all = (0..TIMES).map(|n| once(device, n)).collect::<Vec<_>>();
    let whole = median(all.iter().map(|(time, _)| *time).collect());
    let journal = median(all.iter().map(|(_, size)| *size).collect());
    let disk = median((0..TIMES).map(|_| journal_alone(&device.scratch.path().join("alone"), journal)).collect());
    let floor = floor::netlink(TIMES);
    let batch = floor::ip_batch(TIMES);
    let ratio = |other: Duration| format!("{:.1}×", whole.as_secs_f64() / other.as_secs_f64());
    table.row(
        "static address, asked → verified",
        "≤ 10 ms",
        ms(whole),
        format!("ip -batch {} ({})", ms(batch), ratio(batch)),
    );
    table.row(
        "  of it the journal on this disk",
        "–",
        ms(disk),
        format!("{journal} bytes: write, fsync, rename, fsync"),
    );
    table.row(
        "  without it",
        "≤ 10 ms",
        ms(whole.saturating_sub(disk)),
        format!("netlink alone {} ({})", ms(floor), ratio(floor)),
    );
    for tool in ["nmcli", "networkctl"] {
        let running = Command::new(tool).arg("--no-pager").arg("status").output();
        let running = running.is_ok_and(|output| output.status.success());
        table.row(
            format!("  {tool}"),
            "–",
            if running { "not measured" } else { "skipped" },
            "its service does not run here",
        );
    }
}

/// The agent's own figure, and how long the journal was.
fn once(device: &Device, number: usize) -> (Duration, usize) {
    let spec = format!(
        "[ports.lan1]\nmanage = true\nipv4 = {{ method = \"static\", addresses = [\"10.30.0.{}/24\"], gateway = \
         \"10.30.0.1\" }}\n",
        20 + number
    );
    let file = device.write("wanted.toml", &spec);
    device.cli(&["network", "apply", &file, "--yes", "--no-wait"]);
    device.awaiting();
    let journal = fs::read(device.appliance.folders().agent.join("journal.json")).map_or(0, |text| text.len());
    device.cli(&["network", "rollback"]);
    let log = device.appliance.log(Role::Agent).expect("log");
    let last = log.lines().rev().find(|line| line.contains("asked, written and read back")).expect("the agent tells");
    let plain =
        last.split('\u{1b}').map(|part| part.split_once('m').map_or(part, |(_, rest)| rest)).collect::<String>();
    let figure = plain.split("microseconds=").nth(1).and_then(|rest| rest.split(' ').next()).expect("microseconds");
    (Duration::from_micros(figure.parse().expect("a number")), journal)
}

/// What the agent does before it touches the kernel.
fn journal_alone(path: &Path, size: usize) -> Duration {
    let (text, new) = (vec![b'x'; size], path.with_extension("new"));
    let began = Instant::now();
    let mut file = File::create(&new).expect("create");
    file.write_all(&text).and_then(|()| file.sync_all()).expect("write");
    fs::rename(&new, path).expect("rename");
    File::open(path.parent().expect("folder")).and_then(|folder| folder.sync_all()).expect("sync");
    began.elapsed()
}

pub fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
