//! A watch of the embedded store: it reads the events that were committed and waits for news. Nothing is buffered, so a slow reader
//! costs nothing and misses nothing.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use redb::{Database, ReadableDatabase};
use tokio::sync::watch;

use super::{
    Event, Watch, WatchEnd,
    embedded::{EVENTS, META, OLDEST, ended, unavailable},
};

/// Events of one answer, about: whole revisions only.
const AT_ONCE: usize = 512;

#[derive(Debug)]
pub(super) struct EventWatch {
    db: Arc<Database>,
    news: watch::Receiver<u64>,
    prefix: String,
    next: u64,
}

impl EventWatch {
    pub(super) fn new(db: Arc<Database>, news: watch::Receiver<u64>, prefix: String, from: u64) -> Self {
        Self { db, news, prefix, next: from.max(1) }
    }

    /// What is there from `self.next` on, up to a revision which it answers, too.
    fn look(&self) -> Result<Result<(Vec<Event>, u64), u64>, redb::Error> {
        let txn = self.db.begin_read()?;
        let oldest = txn.open_table(META)?.get(OLDEST)?.map_or(1, |oldest| oldest.value());
        if self.next < oldest {
            return Ok(Err(oldest));
        }
        let (mut found, mut last) = (Vec::new(), self.next.saturating_sub(1));
        for entry in txn.open_table(EVENTS)?.range((self.next, "")..)? {
            let (key, value) = entry?;
            let (revision, key) = key.value();
            if revision > last && found.len() >= AT_ONCE {
                break;
            }
            last = revision;
            if key.starts_with(&self.prefix) {
                found.push(Event { revision, key: key.to_owned(), value: value.value().map(<[u8]>::to_vec) });
            }
        }
        Ok(Ok((found, last)))
    }
}

impl Watch for EventWatch {
    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Event>, WatchEnd>> {
        Box::pin(async move {
            loop {
                self.news.borrow_and_update();
                let (found, last) =
                    self.look().map_err(unavailable)?.map_err(|oldest| WatchEnd::Compacted { oldest })?;
                self.next = self.next.max(last + 1);
                if !found.is_empty() {
                    return Ok(found);
                }
                self.news.changed().await.map_err(|_| ended())?;
            }
        })
    }
}
