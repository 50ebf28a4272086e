//! Alarms: what is wrong with the box, by a number that page, log and manual share (`docs/alarms.md`), from when to when, and who has seen it.
//!
//! ```text
//! status ─► rules::present ─► Alarms::step ─► raised, ended
//! ```

mod kind;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use kind::{Kind, Severity};
pub use rules::{Seen, present};

use crate::time::{BootMillis, UnixSeconds};

/// What is absent this long is over. Shorter: a cable with a bad contact makes an alarm a minute. Longer: a mended box looks broken.
pub const CLEAR_AFTER: u64 = 60_000;
/// Alarms that are over and still told.
pub const HISTORY: usize = 200;

/// One thing that is wrong: the same kind at two ports is two alarms.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cause {
    pub kind: Kind,
    /// The port's name, the change's number and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Grows with each alarm of this box.
    pub id: u64,
    #[serde(flatten)]
    pub cause: Cause,
    pub start: UnixSeconds,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<UnixSeconds>,
    /// How often it came back before it was over.
    #[serde(default)]
    pub again: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Acknowledged>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    pub at: UnixSeconds,
    /// As the audit log names whoever it was.
    pub by: String,
}

/// What the agent tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlarmList {
    /// The worst first, then the newest.
    pub open: Vec<Alarm>,
    /// The newest first.
    pub history: Vec<Alarm>,
}

/// In one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmCount {
    pub open: usize,
    /// Open ones that nobody has acknowledged.
    pub unseen: usize,
    pub worst: Option<Severity>,
}

/// To be written to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Raised(Alarm),
    Ended(Alarm),
}

/// All alarms. What is saved is [`Alarms::saved`]; the rest is of this boot.
#[derive(Clone, Debug, Default)]
pub struct Alarms {
    saved: Saved,
    /// Seen, and not for long enough.
    coming: BTreeMap<Cause, BootMillis>,
    /// Open, and not seen since.
    going: BTreeMap<Cause, BootMillis>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Saved {
    last: u64,
    open: Vec<Alarm>,
    /// The oldest first.
    history: Vec<Alarm>,
}

impl Alarms {
    /// What was open goes on: if it is still wrong it is the same alarm.
    pub fn of(saved: Saved) -> Self {
        Self { saved, ..Self::default() }
    }

    pub fn saved(&self) -> &Saved {
        &self.saved
    }

    /// What is wrong now. What comes of it is to be saved and told.
    pub fn step(&mut self, present: &BTreeSet<Cause>, now: BootMillis, wall: UnixSeconds) -> Vec<Event> {
        let mut events = Vec::new();
        self.coming.retain(|cause, _| present.contains(cause));
        for cause in present {
            if let Some(open) = self.saved.open.iter_mut().find(|alarm| alarm.cause == *cause) {
                if self.going.remove(cause).is_some() {
                    open.again = open.again.saturating_add(1);
                }
                continue;
            }
            let since = *self.coming.entry(cause.clone()).or_insert(now);
            if since.plus(cause.kind.raise_after()) <= now {
                self.coming.remove(cause);
                events.push(Event::Raised(self.raise(cause.clone(), wall)));
            }
        }
        let absent = self.saved.open.iter().map(|alarm| &alarm.cause).filter(|cause| !present.contains(cause));
        for cause in absent.cloned().collect::<Vec<_>>() {
            let since = *self.going.entry(cause.clone()).or_insert(now);
            if since.plus(CLEAR_AFTER) <= now {
                self.going.remove(&cause);
                events.extend(self.end(&cause, wall).map(Event::Ended));
            }
        }
        events
    }

    /// When [`Alarms::step`] has something to say although nothing changes.
    pub fn due(&self) -> Option<BootMillis> {
        let coming = self.coming.iter().map(|(cause, since)| since.plus(cause.kind.raise_after()));
        coming.chain(self.going.values().map(|since| since.plus(CLEAR_AFTER))).min()
    }

    /// Notes that somebody has seen an alarm, or all open ones; how many were new to them.
    pub fn acknowledge(&mut self, id: Option<u64>, by: &str, wall: UnixSeconds) -> Option<usize> {
        let all = self.saved.open.iter_mut().chain(&mut self.saved.history);
        let mut meant = all.filter(|alarm| id.map_or(alarm.end.is_none(), |id| alarm.id == id)).peekable();
        if id.is_some() && meant.peek().is_none() {
            return None;
        }
        let new = meant.filter(|alarm| alarm.seen.is_none());
        Some(new.map(|alarm| alarm.seen = Some(Acknowledged { at: wall, by: by.to_owned() })).count())
    }

    pub fn list(&self) -> AlarmList {
        let mut open = self.saved.open.clone();
        open.sort_by_key(|alarm| (std::cmp::Reverse(alarm.cause.kind.severity()), std::cmp::Reverse(alarm.id)));
        AlarmList { open, history: self.saved.history.iter().rev().cloned().collect() }
    }

    pub fn count(&self) -> AlarmCount {
        let open = &self.saved.open;
        AlarmCount {
            open: open.len(),
            unseen: open.iter().filter(|alarm| alarm.seen.is_none()).count(),
            worst: open.iter().map(|alarm| alarm.cause.kind.severity()).max(),
        }
    }

    fn raise(&mut self, cause: Cause, wall: UnixSeconds) -> Alarm {
        self.saved.last += 1;
        let alarm = Alarm { id: self.saved.last, cause, start: wall, end: None, again: 0, seen: None };
        self.saved.open.push(alarm.clone());
        alarm
    }

    fn end(&mut self, cause: &Cause, wall: UnixSeconds) -> Option<Alarm> {
        let at = self.saved.open.iter().position(|alarm| alarm.cause == *cause)?;
        let alarm = Alarm { end: Some(wall), ..self.saved.open.remove(at) };
        self.saved.history.push(alarm.clone());
        let more = self.saved.history.len().saturating_sub(HISTORY);
        self.saved.history.drain(..more);
        Some(alarm)
    }
}
