//! What the kernel says of the machine. Chosen files of `/proc`, none of which has what a person typed: no command lines, no environment.

use std::{fs::File, io::Read as _};

use super::archive::Entry;

/// Bytes of each.
const MOST: u64 = 64 * 1024;

const FILES: [(&str, &str); 14] = [
    ("system/version", "/proc/version"),
    ("system/uptime", "/proc/uptime"),
    ("system/loadavg", "/proc/loadavg"),
    ("system/meminfo", "/proc/meminfo"),
    ("system/cpuinfo", "/proc/cpuinfo"),
    ("system/partitions", "/proc/partitions"),
    ("system/diskstats", "/proc/diskstats"),
    ("system/modules", "/proc/modules"),
    ("system/pressure-memory", "/proc/pressure/memory"),
    ("system/net-dev", "/proc/net/dev"),
    ("system/net-arp", "/proc/net/arp"),
    ("system/net-snmp", "/proc/net/snmp"),
    ("system/agent-status", "/proc/self/status"),
    ("system/os-release", "/etc/os-release"),
];

/// Those that are there.
pub(super) fn entries() -> Vec<Entry> {
    FILES.iter().filter_map(|(name, path)| read(path).map(|bytes| Entry::new(name, bytes))).collect()
}

fn read(path: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MOST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
