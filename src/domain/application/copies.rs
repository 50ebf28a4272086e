//! Data of applications that is copied to the peer: how old the copies are, which one is due, and whether a box has what it needs to take over.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ApplicationName;
use crate::time::{BootMillis, UnixSeconds};

/// After a copy that did not come about, seconds until the next attempt, at most.
const AGAIN: u32 = 15;

/// The last whole copy of an application's data, on the box that got it and on the one that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// When it was begun: what was written later may not be in it.
    pub at: UnixSeconds,
    /// Of the active box that it came from.
    pub epoch: u64,
}

pub type Copies = BTreeMap<ApplicationName, Copied>;

/// What is copied of an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copying {
    /// Seconds.
    pub every: u32,
    /// Below its data folder; none: all of it.
    pub folders: Vec<String>,
}

pub type Wanted = BTreeMap<ApplicationName, Copying>;

/// The last attempt of the box that gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    pub at: BootMillis,
    pub epoch: u64,
    pub whole: bool,
}

/// Whether there is data of this epoch for each of them: without it, a box would go on from what the other one has left behind.
pub fn of_epoch(wanted: &Wanted, copies: &Copies, epoch: u64) -> bool {
    wanted.keys().all(|name| copies.get(name).is_some_and(|copied| copied.epoch >= epoch))
}

/// Seconds by which the oldest copy is older than its interval. `None`: of one there is no data of this epoch.
pub fn lateness(wanted: &Wanted, copies: &Copies, epoch: u64, now: UnixSeconds) -> Option<u32> {
    let late = wanted.iter().map(|(name, copying)| {
        let last = copies.get(name).filter(|last| last.epoch >= epoch)?;
        let age = now.0.saturating_sub(last.at.0);
        Some(u32::try_from(age).unwrap_or(u32::MAX).saturating_sub(copying.every))
    });
    late.collect::<Option<Vec<u32>>>().map(|late| late.into_iter().max().unwrap_or(0))
}

/// What is to be copied now: the one that has waited longest; one that has no copy of this epoch before all others.
pub fn due(
    wanted: &Wanted,
    tried: &BTreeMap<ApplicationName, Tried>,
    epoch: u64,
    now: BootMillis,
) -> Option<ApplicationName> {
    let when = |name: &ApplicationName, every: u32| match tried.get(name).filter(|tried| tried.epoch == epoch) {
        None => BootMillis::default(),
        Some(tried) => {
            let wait = if tried.whole { every } else { every.min(AGAIN) };
            tried.at.plus(u64::from(wait) * 1000)
        }
    };
    let all = wanted.iter().map(|(name, copying)| (when(name, copying.every), name));
    all.min().filter(|(at, _)| *at <= now).map(|(_, name)| name.clone())
}
