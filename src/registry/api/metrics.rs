//! What the registry counts, in Prometheus' text format.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use domain::time::UnixSeconds;

use super::Registry;

/// A box that called within so many seconds counts as there.
const THERE: u64 = 180;

#[derive(Debug, Default)]
pub struct Counts {
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    pub admitted: AtomicU64,
    pub activated: AtomicU64,
}

impl Counts {
    pub fn request(&self, call: &'static str, status: u16) {
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry((call, status)).or_default() += 1;
    }
}

/// Everything that is counted.
pub fn metrics(registry: &Registry) -> String {
    let shared = &registry.0;
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, lines: &[(String, u64)]| {
        // writing to a String cannot fail
        let _ = writeln!(text, "# HELP gatehouse_registry_{name} {help}\n# TYPE gatehouse_registry_{name} {kind}");
        for (labels, value) in lines {
            let _ = writeln!(text, "gatehouse_registry_{name}{labels} {value}");
        }
    };
    let one = |value: u64| vec![(String::new(), value)];
    let requests = shared.counts.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let requests =
        requests.into_iter().map(|((call, status), n)| (format!("{{call=\"{call}\",status=\"{status}\"}}"), n));
    family("requests_total", "counter", "Requests by call and status.", &requests.collect::<Vec<_>>());
    let counts = &shared.engine.counts;
    let outcomes = [("committed", &counts.committed), ("conflict", &counts.conflicts), ("unknown", &counts.unknown)];
    let outcomes = outcomes.map(|(name, n)| (format!("{{outcome=\"{name}\"}}"), n.load(Ordering::Relaxed)));
    family("transactions_total", "counter", "Transactions by how they ended.", &outcomes);
    let activated = one(shared.counts.activated.load(Ordering::Relaxed));
    family("activations_total", "counter", "Boxes that were activated.", &activated);
    let now = registry.clock().wall();
    let there = shared.seen.since(UnixSeconds(now.0.saturating_sub(THERE)));
    family("boxes_seen", "gauge", "Boxes that called within three minutes.", &one(there as u64));
    text
}
