//! How often strangers may ask: tokens that come back with time, a bucket a source and one for all.
//!
//! A short code has 10^15 values and lives a day. With these limits whoever tries has one chance in 10^11 a day.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{
    cluster::problem::Problem,
    time::{BootMillis, UnixSeconds},
};

use super::caller::Connection;
use crate::clock::Clock;

/// Sources that are remembered; beyond them the oldest are forgotten, which the limit for all makes harmless.
const MOST_SOURCES: usize = 10_000;

/// So many at once, and one more every so many milliseconds.
#[derive(Clone, Copy, Debug)]
struct Rule {
    burst: u32,
    every: u64,
}

/// Any request without a certificate: a page of an administrator loads a dozen.
const ANY: Rule = Rule { burst: 200, every: 50 };
/// Wrong passwords of one source, and of all.
const SIGN_IN: Rule = Rule { burst: 10, every: 10_000 };
const SIGN_IN_ALL: Rule = Rule { burst: 50, every: 1_000 };
/// Codes that are wrong, of one source and of all: the right ones cost nothing.
const WRONG_CODE: Rule = Rule { burst: 10, every: 30_000 };
const WRONG_CODE_ALL: Rule = Rule { burst: 100, every: 1_000 };

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: u32,
    since: BootMillis,
}

impl Bucket {
    /// With what came back since the last look.
    fn filled(self, rule: Rule, now: BootMillis) -> Self {
        let passed = now.0.saturating_sub(self.since.0);
        let back = u32::try_from(passed / rule.every).unwrap_or(u32::MAX);
        let left = self.left.saturating_add(back).min(rule.burst);
        let since = if left == rule.burst { now } else { BootMillis(self.since.0 + u64::from(back) * rule.every) };
        Self { left, since }
    }
}

#[derive(Debug, Default)]
struct Buckets {
    of: HashMap<IpAddr, Bucket>,
    all: Option<Bucket>,
}

#[derive(Debug)]
struct Limit {
    each: Rule,
    all: Option<Rule>,
    buckets: Mutex<Buckets>,
}

impl Limit {
    fn new(each: Rule, all: Option<Rule>) -> Self {
        Self { each, all, buckets: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one, or says how long to wait.
    fn take(&self, source: IpAddr, now: BootMillis) -> Result<(), Problem> {
        self.look(source, now)?;
        let mut buckets = self.lock();
        if buckets.of.len() >= MOST_SOURCES && !buckets.of.contains_key(&source) {
            let oldest = buckets.of.iter().min_by_key(|(_, bucket)| bucket.since).map(|(source, _)| *source);
            oldest.map(|source| buckets.of.remove(&source));
        }
        let full = Bucket { left: self.each.burst, since: now };
        let bucket = buckets.of.entry(source).or_insert(full);
        *bucket = bucket.filled(self.each, now);
        bucket.left = bucket.left.saturating_sub(1);
        if let Some(rule) = self.all {
            let mut all = buckets.all.unwrap_or(Bucket { left: rule.burst, since: now }).filled(rule, now);
            all.left = all.left.saturating_sub(1);
            buckets.all = Some(all);
        }
        Ok(())
    }

    fn give_back(&self, source: IpAddr) {
        let mut buckets = self.lock();
        let Buckets { of, all } = &mut *buckets;
        for bucket in of.get_mut(&source).into_iter().chain(all) {
            bucket.left = bucket.left.saturating_add(1);
        }
    }

    /// Whether one could be taken.
    fn look(&self, source: IpAddr, now: BootMillis) -> Result<(), Problem> {
        let buckets = self.lock();
        let own = buckets.of.get(&source).map(|bucket| (bucket.filled(self.each, now), self.each));
        let all = buckets.all.zip(self.all).map(|(bucket, rule)| (bucket.filled(rule, now), rule));
        for (bucket, rule) in own.into_iter().chain(all) {
            if bucket.left == 0 {
                let wait = rule.every.saturating_sub(now.0.saturating_sub(bucket.since.0));
                return Err(Problem::SlowDown { seconds: wait.div_ceil(1_000).max(1) });
            }
        }
        Ok(())
    }
}

#[derive(Debug)]
pub struct Limits {
    clock: Clock,
    any: Limit,
    sign_in: Limit,
    wrong_code: Limit,
}

impl Limits {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            any: Limit::new(ANY, None),
            sign_in: Limit::new(SIGN_IN, Some(SIGN_IN_ALL)),
            wrong_code: Limit::new(WRONG_CODE, Some(WRONG_CODE_ALL)),
        }
    }

    /// Every request; boxes with a certificate are known and not limited.
    pub fn any(&self, connection: &Connection, _now: UnixSeconds) -> Result<(), Problem> {
        if connection.certificate.is_some() {
            return Ok(());
        }
        self.any.take(source(connection), self.clock.boot())
    }

    /// Before a password is looked at.
    pub fn sign_in(&self, connection: &Connection) -> Result<(), Problem> {
        self.sign_in.take(source(connection), self.clock.boot())
    }

    /// After it was right: only wrong ones count.
    pub fn password_was_right(&self, connection: &Connection) {
        self.sign_in.give_back(source(connection));
    }

    /// Before a code is looked up.
    pub fn code(&self, connection: &Connection) -> Result<(), Problem> {
        self.wrong_code.look(source(connection), self.clock.boot())
    }

    /// After it turned out to be none.
    pub fn code_was_wrong(&self, connection: &Connection) {
        // whether it is the last one that is allowed tells the next look
        let _ = self.wrong_code.take(source(connection), self.clock.boot());
    }
}

fn source(connection: &Connection) -> IpAddr {
    crate::connection::source(connection.remote.ip())
}
