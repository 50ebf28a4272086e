//! When each box last called: in memory only, because a sign of life every minute of ten thousand boxes is nothing to keep.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{cluster::names::Serial, time::UnixSeconds};

#[derive(Debug, Default)]
pub struct Seen(Mutex<HashMap<Serial, UnixSeconds>>);

impl Seen {
    pub fn now(&self, serial: &Serial, now: UnixSeconds) {
        self.lock().insert(serial.clone(), now);
    }

    pub fn last(&self, serial: &Serial) -> Option<UnixSeconds> {
        self.lock().get(serial).copied()
    }

    /// Boxes that called at or after a moment.
    pub fn since(&self, moment: UnixSeconds) -> usize {
        self.lock().values().filter(|at| **at >= moment).count()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Serial, UnixSeconds>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
