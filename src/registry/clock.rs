//! What time it is: the machine's clocks, or a clock that a test moves.

use domain::time::{BootMillis, UnixSeconds};
use tokio::sync::watch;

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(Option<watch::Receiver<Moment>>);

/// One moment on both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub boot: BootMillis,
    pub wall: UnixSeconds,
}

impl Clock {
    pub fn real() -> Self {
        Self(None)
    }

    /// One that shows what is sent to it.
    pub fn by_hand(moments: watch::Receiver<Moment>) -> Self {
        Self(Some(moments))
    }

    /// For deadlines.
    pub fn boot(&self) -> BootMillis {
        self.0.as_ref().map_or_else(os::clock::now, |hand| hand.borrow().boot)
    }

    /// For certificates, codes and people.
    pub fn wall(&self) -> UnixSeconds {
        self.0.as_ref().map_or_else(os::clock::wall, |hand| hand.borrow().wall)
    }

    /// Ends at the deadline; never, if there is none.
    pub async fn until(&self, deadline: Option<BootMillis>) {
        match (&self.0, deadline) {
            (Some(hand), Some(at)) => {
                // nobody moves the clock any more
                if hand.clone().wait_for(|moment| moment.boot >= at).await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
            (_, deadline) => os::clock::until(deadline).await,
        }
    }
}
