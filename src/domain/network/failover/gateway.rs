//! What the answers of one gateway say about it.

use super::{DOWN_AFTER, PROBE_IN_DOUBT, PROBE_STEADY, UP_AFTER};
use crate::time::BootMillis;

/// A gateway that can be asked. `missed` counts misses in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gateway {
    /// Nothing was heard of it yet.
    Untested { missed: u8 },
    /// Usable.
    Answering { missed: u8 },
    /// Given up.
    Silent { since: BootMillis },
    /// It was given up; without a miss it is usable [`UP_AFTER`] its first answer.
    Recovering { answers_since: Option<BootMillis>, missed: u8 },
}

/// How good a choice an uplink with this gateway is; the least is the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    Usable,
    AnswersNow,
    Unknown,
    Silent,
}

impl Gateway {
    /// Of an uplink that just came up.
    pub(super) fn fresh(given_up: bool) -> Self {
        if given_up { Self::Recovering { answers_since: None, missed: 0 } } else { Self::Untested { missed: 0 } }
    }

    pub(super) fn answered(self, now: BootMillis) -> Self {
        match self {
            Self::Untested { .. } | Self::Answering { .. } => Self::Answering { missed: 0 },
            Self::Recovering { answers_since: Some(since), .. } if since.plus(UP_AFTER) <= now => {
                Self::Answering { missed: 0 }
            }
            Self::Recovering { answers_since: Some(since), .. } => {
                Self::Recovering { answers_since: Some(since), missed: 0 }
            }
            Self::Silent { .. } | Self::Recovering { answers_since: None, .. } => {
                Self::Recovering { answers_since: Some(now), missed: 0 }
            }
        }
    }

    pub(super) fn missed(self, now: BootMillis) -> Self {
        match self {
            Self::Silent { since } => Self::Silent { since },
            Self::Untested { missed } | Self::Answering { missed } | Self::Recovering { missed, .. }
                if missed + 1 >= DOWN_AFTER =>
            {
                Self::Silent { since: now }
            }
            Self::Untested { missed } => Self::Untested { missed: missed + 1 },
            Self::Answering { missed } => Self::Answering { missed: missed + 1 },
            Self::Recovering { missed, .. } => Self::Recovering { answers_since: None, missed: missed + 1 },
        }
    }

    pub(super) fn tier(self) -> Tier {
        match self {
            Self::Answering { .. } => Tier::Usable,
            Self::Recovering { answers_since: Some(_), .. } => Tier::AnswersNow,
            Self::Recovering { answers_since: None, .. } | Self::Untested { .. } => Tier::Unknown,
            Self::Silent { .. } => Tier::Silent,
        }
    }

    /// From one probe to the next.
    pub(super) fn interval(self) -> u64 {
        match self {
            Self::Answering { missed: 0 } => PROBE_STEADY,
            Self::Answering { .. } | Self::Untested { .. } | Self::Silent { .. } | Self::Recovering { .. } => {
                PROBE_IN_DOUBT
            }
        }
    }
}
