//! How much data went over the mobile network, from the kernel's counters of the interface, kept over restarts.

use serde::{Deserialize, Serialize};

use crate::{
    civil::Civil,
    time::{MADE, UnixSeconds},
};

/// Months that are kept.
const MONTHS: usize = 13;

/// Received and sent, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bytes {
    pub rx: u64,
    pub tx: u64,
}

impl Bytes {
    pub fn total(self) -> u64 {
        self.rx.saturating_add(self.tx)
    }

    fn plus(self, more: Self) -> Self {
        Self { rx: self.rx.saturating_add(more.rx), tx: self.tx.saturating_add(more.tx) }
    }

    /// Since an earlier reading; the counter of an interface that was made anew begins at 0.
    fn since(self, before: Self) -> Self {
        let one = |now: u64, before: u64| now.checked_sub(before).unwrap_or(now);
        if self.rx < before.rx || self.tx < before.tx {
            return self;
        }
        Self { rx: one(self.rx, before.rx), tx: one(self.tx, before.tx) }
    }
}

/// One calendar month (UTC).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Month {
    pub year: i64,
    pub month: i64,
    #[serde(flatten)]
    pub used: Bytes,
}

/// What is kept on the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Newest first.
    pub months: Vec<Month>,
    /// The last reading, and what it is of: the boot and the interface's number. Another one's counter begins anew.
    last: Option<Reading>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reading {
    boot_id: String,
    index: u32,
    bytes: Bytes,
}

/// What the kernel says of the interface now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter<'a> {
    pub boot_id: &'a str,
    pub index: u32,
    pub bytes: Bytes,
}

impl Usage {
    /// Counts what came since the last reading, in the month that the clock shows.
    pub fn count(&mut self, counter: Counter, now: UnixSeconds) {
        let Counter { boot_id, index, bytes } = counter;
        let before = self.last.as_ref().filter(|last| last.boot_id == boot_id && last.index == index);
        let more = bytes.since(before.map(|last| last.bytes).unwrap_or_default());
        self.last = Some(Reading { boot_id: boot_id.to_owned(), index, bytes });
        let current = month_of(now);
        match self.months.iter_mut().find(|month| month.at() == current) {
            Some(month) => month.used = month.used.plus(more),
            None => self.months.push(Month { year: current.0, month: current.1, used: more }),
        }
        self.months.sort_by_key(|month| std::cmp::Reverse(month.at()));
        self.months.truncate(MONTHS);
    }

    pub fn this_month(&self, now: UnixSeconds) -> Bytes {
        let current = month_of(now);
        self.months.iter().find(|month| month.at() == current).map(|month| month.used).unwrap_or_default()
    }
}

impl Month {
    fn at(&self) -> (i64, i64) {
        (self.year, self.month)
    }
}

/// A clock that was never set shows a month that was over before this box was made.
fn month_of(at: UnixSeconds) -> (i64, i64) {
    Civil::of(at.max(MADE), 0).month()
}

/// How near the monthly limit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// None is set, or it is far.
    Far,
    /// Nine tenths are used.
    Near,
    Reached,
}

/// `limit` in megabytes (10⁶ bytes).
pub fn limit(used: Bytes, limit: Option<u32>) -> Limit {
    let Some(limit) = limit else { return Limit::Far };
    let (used, most) = (u128::from(used.total()), u128::from(limit) * 1_000_000);
    if used >= most {
        Limit::Reached
    } else if used * 10 >= most * 9 {
        Limit::Near
    } else {
        Limit::Far
    }
}
