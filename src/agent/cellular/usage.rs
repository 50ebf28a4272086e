//! Counts the data that goes over the modem's interface. The kernel counts; what is kept here outlives the interface, the agent and the box.

use std::time::Duration;

use futures_util::TryStreamExt;
use rtnetlink::packet_route::link::LinkAttribute;

use super::store::Store;
use domain::{
    cellular::usage::{Bytes, Counter, Usage},
    time::{BootMillis, UnixSeconds},
};

/// From one write to the next. Shorter: it wears out the flash. Longer: a power cut loses more; an end of the agent loses nothing, because
/// the kernel goes on counting.
const WRITE_EVERY: u64 = 600_000;
/// For the kernel's answer.
const LIMIT: Duration = Duration::from_secs(2);

pub(super) struct Counted {
    store: Store,
    boot_id: Option<String>,
    usage: Usage,
    written: Usage,
    write_at: BootMillis,
}

impl Counted {
    pub(super) fn new(store: Store, boot_id: Option<String>) -> Self {
        let usage = store.usage();
        Self { store, boot_id, written: usage.clone(), usage, write_at: BootMillis::default() }
    }

    pub(super) fn usage(&self) -> &Usage {
        &self.usage
    }

    /// Adds what went over the interface since the last look. Without the boot's name a counter could be one that was counted already.
    pub(super) async fn look(&mut self, interface: &str, now: BootMillis, wall: UnixSeconds) {
        let Some(boot_id) = &self.boot_id else { return };
        if let Some((index, bytes)) = bytes_of(interface).await {
            self.usage.count(Counter { boot_id, index, bytes }, wall);
        }
        if self.write_at <= now {
            self.write(now);
        }
    }

    /// At the end of a connection, and now and then.
    pub(super) fn write(&mut self, now: BootMillis) {
        self.write_at = now.plus(WRITE_EVERY);
        if self.usage == self.written {
            return;
        }
        match self.store.save_usage(&self.usage) {
            Ok(()) => self.written.clone_from(&self.usage),
            Err(error) => tracing::warn!(%error, "the data counted would not survive a power cut"),
        }
    }
}

/// The interface's number, and its counters.
async fn bytes_of(interface: &str) -> Option<(u32, Bytes)> {
    let (connection, handle, _) = rtnetlink::new_connection().ok()?;
    let connection = tokio::spawn(connection);
    let asked = handle.link().get().match_name(interface.to_owned()).execute();
    let link = tokio::time::timeout(LIMIT, asked.try_collect::<Vec<_>>()).await;
    connection.abort();
    let link = link.ok()?.ok()?.into_iter().next()?;
    let stats = link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::Stats64(stats) => Some(Bytes { rx: stats.rx_bytes, tx: stats.tx_bytes }),
        _ => None,
    });
    Some((link.header.index, stats?))
}
