//! How fast passwords may be tried: slowed per source and in all, without locking the owner out.
//!
//! A source that failed waits, twice as long each time. Many sources together are held to a slow common pace. The service port
//! has its own purse, so that a flood from an uplink never keeps out the technician who stands before the box.

use std::collections::BTreeMap;

use crate::time::BootMillis;

/// Failures that cost nothing: people mistype.
const FREE: u32 = 3;
/// First pause of one source, and its longest.
const FIRST_PAUSE: u64 = 1_000;
const LONGEST_PAUSE: u64 = 60_000;
/// A source that was quiet this long starts afresh.
const FORGET: u64 = 15 * 60_000;
/// All sources of one side together: this many failures at once, one more each so many milliseconds.
const PURSE: u64 = 20;
const REFILL: u64 = 3_000;
/// Sources remembered; beyond it the longest quiet one is forgotten.
const MOST: usize = 1024;

#[derive(Clone, Debug, Default)]
pub struct Throttle {
    sources: BTreeMap<String, Source>,
    uplinks: Purse,
    service: Purse,
}

#[derive(Clone, Copy, Debug, Default)]
struct Source {
    failures: u32,
    last: BootMillis,
}

#[derive(Clone, Copy, Debug)]
struct Purse {
    coins: u64,
    since: BootMillis,
}

impl Default for Purse {
    fn default() -> Self {
        Self { coins: PURSE, since: BootMillis(0) }
    }
}

impl Purse {
    fn refill(&mut self, now: BootMillis) {
        let earned = now.left(self.since) / REFILL;
        self.since = if self.coins + earned >= PURSE { now } else { self.since.plus(earned * REFILL) };
        self.coins = (self.coins + earned).min(PURSE);
    }
}

impl Throttle {
    /// Milliseconds that this source has to wait before its next try; 0 if it may try now.
    pub fn wait(&mut self, source: &str, service: bool, now: BootMillis) -> u64 {
        let own = self.sources.get(source).map_or(0, |s| s.last.plus(pause(s.failures)).left(now));
        let purse = if service { &mut self.service } else { &mut self.uplinks };
        purse.refill(now);
        let common = if purse.coins == 0 { purse.since.plus(REFILL).left(now) } else { 0 };
        own.max(common)
    }

    pub fn failed(&mut self, source: &str, service: bool, now: BootMillis) {
        let purse = if service { &mut self.service } else { &mut self.uplinks };
        purse.refill(now);
        purse.coins = purse.coins.saturating_sub(1);
        self.sources.retain(|_, s| s.last.plus(FORGET) > now);
        if self.sources.len() >= MOST {
            let quiet = self.sources.iter().min_by_key(|(_, s)| s.last).map(|(name, _)| name.clone());
            quiet.map(|name| self.sources.remove(&name));
        }
        let entry = self.sources.entry(source.to_owned()).or_default();
        *entry = Source { failures: entry.failures.saturating_add(1), last: now };
    }

    pub fn succeeded(&mut self, source: &str) {
        self.sources.remove(source);
    }
}

fn pause(failures: u32) -> u64 {
    match failures.checked_sub(FREE + 1) {
        None => 0,
        Some(more) => FIRST_PAUSE.saturating_mul(1 << more.min(10)).min(LONGEST_PAUSE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_waits_twice_as_long_each_time_and_is_freed_by_success() {
        let mut throttle = Throttle::default();
        let mut now = BootMillis(0);
        for expected in [0, 0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
            throttle.failed("a", false, now);
            assert_eq!(throttle.wait("a", false, now), expected);
            now = now.plus(expected.max(REFILL));
        }
        throttle.succeeded("a");
        assert_eq!(throttle.wait("a", false, now), 0);
    }

    #[test]
    fn a_flood_from_many_sources_is_slowed_and_the_service_port_is_not() {
        let mut throttle = Throttle::default();
        let now = BootMillis(1_000_000);
        for n in 0..PURSE {
            assert_eq!(throttle.wait(&n.to_string(), false, now), 0);
            throttle.failed(&n.to_string(), false, now);
        }
        assert_eq!(throttle.wait("another", false, now), REFILL);
        assert_eq!(throttle.wait("technician", true, now), 0);
        assert_eq!(throttle.wait("another", false, now.plus(REFILL)), 0);
    }
}
