//! One name on one wire: asked for before it is used, announced, and left to another device that has it (RFC 6762, section 8).

use super::{CONFLICT_PAUSE, PROBE_PAUSE, PROBES};
use crate::time::BootMillis;

/// Announcements, a second apart (section 8.3).
const ANNOUNCEMENTS: u32 = 2;
const ANNOUNCE_PAUSE: u64 = 1_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub name: String,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Probing { left: u32, at: BootMillis },
    Announcing { left: u32, at: BootMillis },
    Held,
    Taken { until: BootMillis },
}

/// What is to be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    Probe,
    Announcement,
}

impl Claim {
    pub fn new(name: String, now: BootMillis) -> Self {
        Self { name, phase: Phase::Probing { left: PROBES, at: now.plus(PROBE_PAUSE) } }
    }

    /// Whether questions for the name are answered.
    pub fn is_held(&self) -> bool {
        matches!(self.phase, Phase::Announcing { .. } | Phase::Held)
    }

    pub fn deadline(&self) -> Option<BootMillis> {
        match self.phase {
            Phase::Probing { at, .. } | Phase::Announcing { at, .. } => Some(at),
            Phase::Taken { until } => Some(until),
            Phase::Held => None,
        }
    }

    /// Call it when the deadline has come.
    pub fn tick(&mut self, now: BootMillis) -> Option<Say> {
        if self.deadline().is_none_or(|at| now < at) {
            return None;
        }
        let (phase, say) = match self.phase {
            Phase::Probing { left: 0, .. } => Self::announced(ANNOUNCEMENTS, now),
            Phase::Probing { left, .. } => {
                (Phase::Probing { left: left - 1, at: now.plus(PROBE_PAUSE) }, Some(Say::Probe))
            }
            Phase::Announcing { left, .. } => Self::announced(left, now),
            Phase::Taken { .. } => (Self::new(String::new(), now).phase, None),
            Phase::Held => (Phase::Held, None),
        };
        self.phase = phase;
        say
    }

    fn announced(left: u32, now: BootMillis) -> (Phase, Option<Say>) {
        match left.saturating_sub(1) {
            0 => (Phase::Held, Some(Say::Announcement)),
            left => (Phase::Announcing { left, at: now.plus(ANNOUNCE_PAUSE) }, Some(Say::Announcement)),
        }
    }

    /// The addresses are others now.
    pub fn announce(&mut self, now: BootMillis) {
        if self.is_held() {
            self.phase = Phase::Announcing { left: ANNOUNCEMENTS, at: now };
        }
    }

    /// Another device has it. Says whether that is news.
    pub fn taken(&mut self, now: BootMillis) -> bool {
        let news = !matches!(self.phase, Phase::Taken { .. });
        self.phase = Phase::Taken { until: now.plus(CONFLICT_PAUSE) };
        news
    }
}
