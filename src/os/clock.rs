//! The clocks, read here and nowhere else.

use std::{
    fs, io,
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::time::{ClockId, clock_gettime};

use domain::time::{BootMillis, UnixSeconds};

/// `CLOCK_BOOTTIME` in milliseconds.
pub fn now() -> BootMillis {
    let t = clock_gettime(ClockId::Boottime);
    BootMillis(u64::try_from(t.tv_sec).unwrap_or(0) * 1000 + u64::try_from(t.tv_nsec).unwrap_or(0) / 1_000_000)
}

/// `CLOCK_REALTIME` in seconds. It is shown to people and compared with time servers, and never waited for: it jumps.
pub fn wall() -> UnixSeconds {
    UnixSeconds(u64::try_from(realtime().0).unwrap_or(0))
}

/// The same in milliseconds; before 1970 it is negative.
pub fn wall_millis() -> i64 {
    let (seconds, nanos) = realtime();
    seconds.saturating_mul(1000).saturating_add(nanos / 1_000_000)
}

/// As the standard library reads it, and with it TLS: a box has one wall clock.
fn realtime() -> (i64, i64) {
    let seconds = |of: Duration| i64::try_from(of.as_secs()).unwrap_or(i64::MAX);
    let (whole, nanos) = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => (seconds(since), since.subsec_nanos()),
        // the second that has begun, as clock_gettime(2) has it
        Err(before) if before.duration().subsec_nanos() == 0 => (-seconds(before.duration()), 0),
        Err(before) => (-seconds(before.duration()) - 1, 1_000_000_000 - before.duration().subsec_nanos()),
    };
    (whole.saturating_add(SHIFT.load(Ordering::Relaxed)), i64::from(nanos))
}

/// What tests let the wall clock jump by: the machine's own is never set.
static SHIFT: AtomicI64 = AtomicI64::new(0);

/// Lets this process see another wall clock, by so many seconds more.
#[doc(hidden)]
#[cfg(debug_assertions)]
pub fn shift_wall(seconds: i64) {
    SHIFT.fetch_add(seconds, Ordering::Relaxed);
}

/// Names this boot (`random(4)`): deadlines of another boot mean nothing.
///
/// A unit may name it in `GATEHOUSE_BOOT_ID` (systemd's `%b`): in a container that is the container's own, and a service that is
/// given a `/proc` of its own reads the machine's there.
///
/// # Errors
/// When `/proc` cannot be read.
pub fn boot_id() -> io::Result<String> {
    if let Some(told) = std::env::var("GATEHOUSE_BOOT_ID").ok().filter(|told| !told.is_empty()) {
        return Ok(told);
    }
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|s| s.trim().to_owned())
}

/// Ends at a point in time; never, if there is none.
pub async fn until(deadline: Option<BootMillis>) {
    match deadline {
        Some(at) => {
            // CLOCK_BOOTTIME runs on in suspend and tokio's clock does not: look again at least once a second
            while at.left(now()) > 0 {
                tokio::time::sleep(Duration::from_millis(at.left(now()).min(1000))).await;
            }
        }
        None => std::future::pending().await,
    }
}
