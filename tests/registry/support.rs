//! A clock that a test moves.

use domain::time::{BootMillis, UnixSeconds};
use registry::clock::{Clock, Moment};
use tokio::sync::watch;

pub const NOW: u64 = 1_800_000_000;

/// Moves the clock of whoever has it.
#[derive(Clone)]
pub struct Hand(watch::Sender<Moment>);

impl Hand {
    pub fn new() -> Self {
        Self(watch::Sender::new(Moment { boot: BootMillis(1_000_000), wall: UnixSeconds(NOW) }))
    }

    pub fn clock(&self) -> Clock {
        Clock::by_hand(self.0.subscribe())
    }

    pub fn forward_millis(&self, millis: u64) {
        self.0.send_modify(|moment| {
            moment.boot = moment.boot.plus(millis);
            moment.wall.0 += millis / 1000;
        });
    }
}
