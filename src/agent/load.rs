//! Samples how busy the box is, every two seconds.

use std::{fs, path::PathBuf, time::Duration};

use tokio::sync::watch;

use domain::load::{CpuTicks, Load, memory};

/// Often enough for a person who watches, seldom enough to cost nothing.
const EVERY: Duration = Duration::from_secs(2);

/// Starts the sampling task; the newest sample is in the channel. It ends with its last receiver.
pub fn start(state_dir: PathBuf) -> watch::Receiver<Load> {
    let (sender, receiver) = watch::channel(Load::default());
    tokio::spawn(async move {
        let mut before = CpuTicks::default();
        let mut tick = tokio::time::interval(EVERY);
        while !sender.is_closed() {
            tick.tick().await;
            let ticks = proc("stat").and_then(|s| CpuTicks::parse(&s)).unwrap_or(before);
            sender.send_replace(sample(ticks.percent_since(before), &state_dir));
            before = ticks;
        }
    });
    receiver
}

fn proc(name: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/{name}")).ok()
}

fn sample(cpu_percent: u8, state_dir: &PathBuf) -> Load {
    let (memory_total, available) = proc("meminfo").and_then(|m| memory(&m)).unwrap_or_default();
    let (storage_total, storage_free) =
        rustix::fs::statvfs(state_dir).map(|s| (s.f_blocks * s.f_frsize, s.f_bfree * s.f_frsize)).unwrap_or_default();
    let uptime = proc("uptime").and_then(|u| u.split('.').next()?.parse().ok()).unwrap_or(0);
    Load {
        cpu_percent,
        memory_used: memory_total.saturating_sub(available),
        memory_total,
        storage_used: storage_total.saturating_sub(storage_free),
        storage_total,
        uptime,
    }
}
