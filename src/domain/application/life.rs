//! The life of one application on this box: started, asked whether it works, started anew, given up.

use serde::{Deserialize, Serialize};

use super::manifest::Manifest;
use crate::time::BootMillis;

/// Starts in a row that may fail, before it is given up.
pub const STARTS: u32 = 3;
/// Between a failure and the next start, in milliseconds.
pub const PAUSE: u64 = 500;
/// Healthy for so long: what failed before is forgotten.
pub const STEADY: u64 = 60_000;
/// Between two looks while it comes up.
pub const LOOK: u64 = 100;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Life {
    #[default]
    Stopped,
    /// Not healthy yet.
    Starting {
        since: BootMillis,
        next: BootMillis,
        failed: u32,
    },
    Running {
        since: BootMillis,
        next: BootMillis,
        misses: u32,
        failed: u32,
    },
    /// It has ended, or is being ended, and is started anew then.
    Pausing {
        until: BootMillis,
        failed: u32,
        reason: Reason,
    },
    Failed {
        reason: Reason,
    },
}

/// Why it does not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    #[error("it ended by itself, with exit code {code}")]
    Exited { code: i32 },
    #[error("it was ended by signal {signal}")]
    Killed { signal: i32 },
    #[error("it has ended")]
    Ended,
    #[error("it was not healthy within {seconds} s: {last}")]
    NotHealthy { seconds: u32, last: String },
    #[error("it does not answer any more: {last}")]
    Unhealthy { last: String },
    #[error("it cannot be started: {why}")]
    NotStarted { why: String },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is to run.
    Wanted,
    Unwanted,
    /// What came of [`Effect::Start`].
    Started(Result<(), String>),
    /// What came of [`Effect::Look`]: whether it runs, and what its health check said.
    Looked(Seen),
    Tick,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Healthy,
    Unhealthy(String),
    Gone(Reason),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Start,
    Look,
    /// Ended, and killed where it does not end in its own time.
    Stop,
}

/// Total. Whoever performs the effects brings their results back; a look that was under way when it was stopped says nothing.
pub fn step(life: Life, event: Event, now: BootMillis, manifest: &Manifest) -> (Life, Vec<Effect>) {
    match (life, event) {
        (Life::Stopped | Life::Failed { .. }, Event::Wanted) => starting(0, now),
        (Life::Stopped, _) | (Life::Failed { .. }, Event::Unwanted) => (Life::Stopped, vec![]),
        (Life::Starting { .. } | Life::Running { .. } | Life::Pausing { .. }, Event::Unwanted) => {
            (Life::Stopped, vec![Effect::Stop])
        }
        (Life::Starting { failed, .. }, Event::Started(Ok(()))) => {
            (Life::Starting { since: now, next: now.plus(LOOK / 2), failed }, vec![])
        }
        (Life::Starting { failed, .. }, Event::Started(Err(why))) => fails(failed, Reason::NotStarted { why }, now),
        (Life::Starting { since, failed, .. }, Event::Looked(seen)) => match seen {
            Seen::Healthy => (running(manifest, now, now, failed), vec![]),
            Seen::Gone(reason) => fails(failed, reason, now),
            Seen::Unhealthy(last) => {
                if since.plus(u64::from(manifest.start_timeout) * 1000) <= now {
                    return fails(failed, Reason::NotHealthy { seconds: manifest.start_timeout, last }, now);
                }
                (Life::Starting { since, next: now.plus(LOOK), failed }, vec![])
            }
        },
        (Life::Running { since, failed, misses, .. }, Event::Looked(seen)) => match seen {
            Seen::Healthy => {
                let steady = since.plus(STEADY) <= now;
                (running(manifest, since, now, if steady { 0 } else { failed }), vec![])
            }
            Seen::Gone(reason) => fails(failed, reason, now),
            Seen::Unhealthy(last) if misses + 1 >= manifest.health.retries() => {
                fails(failed, Reason::Unhealthy { last }, now)
            }
            Seen::Unhealthy(_) => {
                let Life::Running { next, .. } = running(manifest, since, now, failed) else {
                    return (Life::Stopped, vec![]);
                };
                (Life::Running { since, next, misses: misses + 1, failed }, vec![])
            }
        },
        (Life::Starting { since, next, failed }, Event::Tick) if next <= now => {
            // no second look before the first has said something
            (Life::Starting { since, next: now.plus(FAR), failed }, vec![Effect::Look])
        }
        (Life::Running { since, next, misses, failed }, Event::Tick) if next <= now => {
            (Life::Running { since, next: now.plus(FAR), misses, failed }, vec![Effect::Look])
        }
        (Life::Pausing { until, failed, .. }, Event::Tick) if until <= now => starting(failed, now),
        // it is on its way already, or what came is of before
        (
            life @ (Life::Starting { .. } | Life::Running { .. } | Life::Pausing { .. }),
            Event::Wanted | Event::Started(_) | Event::Tick,
        )
        | (life @ Life::Failed { .. }, Event::Started(_) | Event::Looked(_) | Event::Tick)
        | (life @ Life::Pausing { .. }, Event::Looked(_)) => (life, vec![]),
    }
}

/// A look that never comes back is taken for lost: longer than any health check.
const FAR: u64 = 90_000;

fn starting(failed: u32, now: BootMillis) -> (Life, Vec<Effect>) {
    // looked at once it is started, which may have to wait for the end of the one before
    (Life::Starting { since: now, next: now.plus(FAR), failed }, vec![Effect::Start])
}

fn running(manifest: &Manifest, since: BootMillis, now: BootMillis, failed: u32) -> Life {
    // that it runs is looked at more often than that it answers
    let next =
        now.plus(if manifest.health.check.is_some() { u64::from(manifest.health.interval()) * 1000 } else { 1000 });
    Life::Running { since, next, misses: 0, failed }
}

fn fails(failed: u32, reason: Reason, now: BootMillis) -> (Life, Vec<Effect>) {
    let failed = failed + 1;
    let life = if failed >= STARTS {
        Life::Failed { reason }
    } else {
        Life::Pausing { until: now.plus(PAUSE), failed, reason }
    };
    (life, vec![Effect::Stop])
}

impl Life {
    /// When an [`Event::Tick`] is due.
    pub fn deadline(&self) -> Option<BootMillis> {
        match self {
            Self::Stopped | Self::Failed { .. } => None,
            Self::Starting { next, .. } | Self::Running { next, .. } => Some(*next),
            Self::Pausing { until, .. } => Some(*until),
        }
    }

    /// Neither on its way up nor down.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Stopped | Self::Running { .. } | Self::Failed { .. } => true,
            Self::Starting { .. } | Self::Pausing { .. } => false,
        }
    }
}
