//! Points in time, as numbers that somebody else read from a clock.

use serde::{Deserialize, Serialize};

/// Milliseconds since boot, counted through suspend (`CLOCK_BOOTTIME`).
///
/// Deadlines use this clock, because nobody can set it: a jump of the wall clock neither ends nor prolongs anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BootMillis(pub u64);

impl BootMillis {
    pub fn plus(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `now` until this point; 0 when it has passed.
    pub fn left(self, now: Self) -> u64 {
        self.0.saturating_sub(now.0)
    }
}

/// Seconds since 1970 (`CLOCK_REALTIME`), for people and for logs only; it may jump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixSeconds(pub u64);

/// No clock that is right shows less: this version was being made then, 2026-11-01. Raised with each version.
pub const MADE: UnixSeconds = UnixSeconds(1_793_491_200);
