//! How busy the box is.

use serde::{Deserialize, Serialize};

/// CPU, memory and storage use at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Share of all CPUs that was busy since the sample before, in percent.
    pub cpu_percent: u8,
    /// Bytes of memory in use (total less available).
    pub memory_used: u64,
    pub memory_total: u64,
    /// Bytes in use of the file system that holds the box's state.
    pub storage_used: u64,
    pub storage_total: u64,
    /// Seconds since boot.
    pub uptime: u64,
}

/// The first line of `/proc/stat`, in clock ticks (proc(5)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTicks {
    pub busy: u64,
    pub all: u64,
}

impl CpuTicks {
    /// Reads the `cpu` line of `/proc/stat`; `None` if it does not look like one.
    pub fn parse(stat: &str) -> Option<Self> {
        let fields = stat.lines().next()?.strip_prefix("cpu ")?;
        let ticks = fields.split_ascii_whitespace().map(|f| f.parse().ok()).collect::<Option<Vec<u64>>>()?;
        // user nice system idle iowait irq softirq steal; guest time is counted in user already
        let all = ticks.iter().take(8).sum();
        let idle = ticks.get(3)? + ticks.get(4)?;
        Some(Self { busy: u64::saturating_sub(all, idle), all })
    }

    /// Percent busy between two readings; 0 when no tick passed.
    pub fn percent_since(self, before: Self) -> u8 {
        let all = self.all.saturating_sub(before.all);
        let busy = self.busy.saturating_sub(before.busy);
        (busy * 100).checked_div(all).map_or(0, |percent| u8::try_from(percent.min(100)).unwrap_or(100))
    }
}

/// `MemTotal` and `MemAvailable` of `/proc/meminfo`, in bytes.
pub fn memory(meminfo: &str) -> Option<(u64, u64)> {
    let field = |name: &str| {
        let line = meminfo.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    };
    Some((field("MemTotal")?, field("MemAvailable")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_share_is_busy_over_all_ticks() {
        let a = CpuTicks::parse("cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 …").expect("stat");
        let b = CpuTicks::parse("cpu  150 0 150 850 50 0 0 0 0 0\n").expect("stat");
        assert_eq!(b.percent_since(a), 50);
        assert_eq!(a.percent_since(b), 0);
        assert_eq!(CpuTicks::parse("intr 5"), None);
    }

    #[test]
    fn memory_is_in_bytes() {
        let text = "MemTotal:       2048 kB\nMemFree: 1 kB\nMemAvailable:   1024 kB\n";
        assert_eq!(memory(text), Some((2 << 20, 1 << 20)));
        assert_eq!(memory("MemTotal: lots"), None);
    }
}
