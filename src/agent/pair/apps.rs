//! What runs for the pair: the applications' task as the pair's sees it.

use domain::{
    pair::{api::AppOutcome, guard::Target},
    time::BootMillis,
};
use tokio::sync::watch;

/// Starts and stops what runs only on the active box.
#[derive(Clone, Debug)]
pub struct Apps {
    targets: watch::Receiver<Vec<Target>>,
}

impl Apps {
    pub fn none() -> Self {
        let (_, targets) = watch::channel(Vec::new());
        Self { targets }
    }

    /// Returns when each is healthy or has failed. Asked again while they run it starts what does not.
    pub async fn take_over(&self, _epoch: u64) -> Vec<AppOutcome> {
        Vec::new()
    }

    /// Returns when all are dead.
    pub async fn stop(&self, _by: BootMillis) {}

    /// What is to be killed, should nobody stop it.
    pub fn targets(&self) -> watch::Receiver<Vec<Target>> {
        self.targets.clone()
    }

    /// Of all applications with their files, to compare with the peer's.
    pub fn digest(&self) -> u64 {
        0
    }

    /// Grows with each change of the set.
    pub fn revision(&self) -> u64 {
        0
    }

    /// Whether one of them has data that is copied.
    pub fn copies(&self) -> bool {
        false
    }
}
