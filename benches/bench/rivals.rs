//! What NetworkManager and systemd-networkd take for the same changes, in the same run: `rivals.sh` starts each in namespaces.

use std::{collections::BTreeMap, process::Command, time::Duration};

use crate::median;

pub const TOOLS: [&str; 2] = ["nmcli", "networkctl"];

/// The median of each, by tool and kind of change; what is not installed is missing.
pub fn measure(times: usize) -> BTreeMap<(String, String), Duration> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/bench/rivals.sh");
    let output = Command::new(script).arg(times.to_string()).output();
    let output = output.expect("bash");
    if !output.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let mut all = BTreeMap::<_, Vec<Duration>>::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let [tool, what, micros] = line.split(' ').collect::<Vec<_>>()[..]
            && let Ok(micros) = micros.parse()
        {
            all.entry((tool.to_owned(), what.to_owned())).or_default().push(Duration::from_micros(micros));
        }
    }
    all.into_iter().map(|(key, times)| (key, median(times))).collect()
}
