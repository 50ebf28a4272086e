//! Repeats of a refusal are put together: the first one is written at once, the others as one entry when the minute is over.
//!
//! Without it a flood of wrong passwords would wear out the disk, and each page of the log would say the same.

use std::collections::BTreeMap;

use super::{Deed, Who};
use crate::time::BootMillis;

/// Shorter: more entries of the same. Longer: a page shows them late.
pub const WINDOW: u64 = 60_000;
/// Callers and refusals that are told apart within a window; all that follow are one entry.
pub const APART: usize = 8;

type Key = (Who, String, Option<String>);

/// What is held back now.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    since: BootMillis,
    /// The first of its kind was written; the repeats, if there are any.
    seen: BTreeMap<Key, Option<Deed>>,
    others: Option<Deed>,
}

impl Fold {
    /// The deed, if it is to be written now.
    pub fn take(&mut self, deed: Deed, now: BootMillis) -> Option<Deed> {
        if deed.code.is_none() {
            return Some(deed);
        }
        if self.seen.is_empty() {
            self.since = now;
        }
        let key = (deed.who.clone(), deed.what.clone(), deed.code.clone());
        if let Some(held) = self.seen.get_mut(&key) {
            add(held, deed);
            return None;
        }
        if self.seen.len() < APART {
            self.seen.insert(key, None);
            return Some(deed);
        }
        let anybody = match deed.who {
            Who::Visitor { .. } => Who::Visitor { from: "*".to_owned() },
            other => other,
        };
        add(&mut self.others, Deed { who: anybody, ..deed });
        None
    }

    /// When [`Fold::end`] is due.
    pub fn due(&self) -> Option<BootMillis> {
        (!self.seen.is_empty()).then(|| self.since.plus(WINDOW))
    }

    /// What was held back, and a new window.
    pub fn end(&mut self) -> Vec<Deed> {
        let held = std::mem::take(self);
        let mut deeds = held.seen.into_values().flatten().chain(held.others).collect::<Vec<_>>();
        deeds.sort_by_key(|deed| deed.at);
        deeds
    }
}

fn add(held: &mut Option<Deed>, deed: Deed) {
    match held {
        Some(first) => {
            first.until = Some(deed.at);
            first.times = first.times.saturating_add(1);
        }
        None => *held = Some(deed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UnixSeconds;

    fn guess(from: &str, at: u64) -> Deed {
        Deed::done(Who::Visitor { from: from.into() }, "login", UnixSeconds(at), "op").refused("GH-102")
    }

    #[test]
    fn a_flood_is_a_few_entries_a_minute_from_however_many_places() {
        let mut fold = Fold::default();
        let mut written = Vec::new();
        let mut now = 0;
        // ten minutes, a thousand guesses each, from 250 addresses
        for n in 0..10_000_u64 {
            now = n * WINDOW / 1000;
            if fold.due().is_some_and(|due| due <= BootMillis(now)) {
                written.extend(fold.end());
            }
            written.extend(fold.take(guess(&format!("10.0.0.{}", n % 250), now / 1000), BootMillis(now)));
        }
        written.extend(fold.end());
        assert!(written.len() <= 11 * (2 * APART + 1), "{}", written.len());
        assert_eq!(written.iter().map(|deed| deed.times).sum::<u64>(), 10_000, "none is lost");
        assert!(now > 9 * WINDOW);
    }

    #[test]
    fn what_was_done_is_never_held_back_and_the_first_refusal_is_told_at_once() {
        let mut fold = Fold::default();
        let done = Deed::done(Who::Console, "network/apply", UnixSeconds(1), "op");
        for _ in 0..3 {
            assert_eq!(fold.take(done.clone(), BootMillis(0)), Some(done.clone()));
        }
        assert_eq!(fold.due(), None);
        assert!(fold.take(guess("a", 1), BootMillis(5)).is_some());
        assert!(fold.take(guess("a", 2), BootMillis(6)).is_none());
        assert!(fold.take(guess("a", 4), BootMillis(7)).is_none());
        assert!(fold.take(guess("b", 4), BootMillis(7)).is_some());
        assert_eq!(fold.due(), Some(BootMillis(5 + WINDOW)));
        let held = fold.end();
        assert_eq!(held.len(), 1);
        assert_eq!((held[0].at.0, held[0].times, held[0].until), (2, 2, Some(UnixSeconds(4))));
        assert_eq!(fold.due(), None);
    }
}
