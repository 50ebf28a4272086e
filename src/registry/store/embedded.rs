//! The store in one file, with redb. One task writes, and commits whatever has come in while it wrote: hundreds of transactions
//! share one fsync.

use std::{path::Path, sync::Arc};

use futures_util::future::BoxFuture;
use redb::{Database, ReadOnlyTable, ReadableDatabase, TableDefinition};
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    Invalid, Item, Outcome, Reading, Select, Store, Txn, Unavailable, Watch,
    events::EventWatch,
    writer::{Message, Writer},
};
use crate::clock::Clock;

/// Key → revision of its last change, its lease, its value.
pub(super) const ITEMS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("items");
/// Revision and key → new value.
pub(super) const EVENTS: TableDefinition<'_, (u64, &str), Option<&[u8]>> = TableDefinition::new("events");
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
/// Lease → milliseconds.
pub(super) const LEASES: TableDefinition<'_, u64, u64> = TableDefinition::new("leases");
/// Requests that were committed → in which revision, and the reverse, to forget the oldest.
pub(super) const REQUESTS: TableDefinition<'_, &str, u64> = TableDefinition::new("requests");
pub(super) const REQUESTS_BY_AGE: TableDefinition<'_, u64, &str> = TableDefinition::new("requests-by-age");

/// In [`META`]: the last commit, and the oldest whose events are kept.
pub(super) const REVISION: &str = "revision";
pub(super) const OLDEST: &str = "oldest";

/// Transactions that wait for the writer. More, and the callers wait before the mailbox.
const MAILBOX: usize = 1024;
/// Of redb. A fleet of 10,000 boxes is some 30 MB on disk.
const CACHE: usize = 8 << 20;

/// How much of the past is kept.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// Revisions whose events can still be watched.
    pub events: u64,
    /// Revisions whose requests are remembered.
    pub requests: u64,
}

impl Default for Keep {
    fn default() -> Self {
        Self { events: 20_000, requests: 100_000 }
    }
}

#[derive(Clone, Debug)]
pub struct Embedded {
    db: Arc<Database>,
    mailbox: mpsc::Sender<Message>,
    news: watch::Receiver<u64>,
}

impl Embedded {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// When it cannot be opened: it is no store, or another registry has it.
    pub fn open(path: &Path, clock: Clock, keep: Keep) -> Result<Self, Unavailable> {
        let db = Database::builder().set_cache_size(CACHE).create(path).map_err(unavailable)?;
        Self::of(db, clock, keep)
    }

    /// Of a database that was opened, with whatever lies under it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(db: Database, clock: Clock, keep: Keep) -> Result<Self, Unavailable> {
        let db = Arc::new(db);
        let writer = Writer::start(db.clone(), clock, keep).map_err(unavailable)?;
        let (mailbox, messages) = mpsc::channel(MAILBOX);
        let (told, news) = watch::channel(writer.revision());
        tokio::spawn(writer.run(messages, told));
        Ok(Self { db, mailbox, news })
    }

    /// Ends when the file is closed and another process, or this one, may open it. For the last one who has the store.
    pub async fn close(self) {
        let Self { db, mailbox, mut news } = self;
        drop(mailbox);
        // the writer ends with the last mailbox, and this with it
        while news.changed().await.is_ok() {}
        while Arc::strong_count(&db) > 1 {
            tokio::task::yield_now().await;
        }
    }

    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> Result<T, Unavailable> {
        let (answer, result) = oneshot::channel();
        self.mailbox.send(message(answer)).await.map_err(|_| ended())?;
        result.await.map_err(|_| ended())
    }

    /// Each table at the same moment.
    fn read_now(&self, what: &[Select]) -> Result<Reading, redb::Error> {
        let txn = self.db.begin_read()?;
        let revision = txn.open_table(META)?.get(REVISION)?.map_or(0, |r| r.value());
        let items = txn.open_table(ITEMS)?;
        let found = what.iter().map(|select| one(&items, select)).collect::<Result<_, _>>()?;
        Ok(Reading { revision, found })
    }
}

fn one(items: &ReadOnlyTable<&'static str, &'static [u8]>, select: &Select) -> Result<Vec<Item>, redb::Error> {
    let item = |key: &str, stored: &[u8]| {
        let (revision, _, value) = unpack(stored);
        Item { key: key.to_owned(), value: value.to_vec(), revision }
    };
    match select {
        Select::Key(key) => Ok(items.get(key.as_str())?.map(|stored| item(key, stored.value())).into_iter().collect()),
        Select::Prefix(prefix) => {
            let mut found = Vec::new();
            for entry in items.range(prefix.as_str()..)? {
                let (key, stored) = entry?;
                if !key.value().starts_with(prefix.as_str()) {
                    break;
                }
                found.push(item(key.value(), stored.value()));
            }
            Ok(found)
        }
    }
}

/// Revision, lease (0 for none) and value.
pub(super) fn unpack(stored: &[u8]) -> (u64, u64, &[u8]) {
    let number = |bytes: Option<&[u8]>| bytes.and_then(|b| b.try_into().ok()).map_or(0, u64::from_be_bytes);
    (number(stored.get(..8)), number(stored.get(8..16)), stored.get(16..).unwrap_or_default())
}

pub(super) fn pack(revision: u64, lease: u64, value: &[u8]) -> Vec<u8> {
    [revision.to_be_bytes().as_slice(), &lease.to_be_bytes(), value].concat()
}

pub(super) fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Unavailable {
    Unavailable(Box::new(error))
}

pub(super) fn ended() -> Unavailable {
    Unavailable("its writer ended".into())
}

impl Store for Embedded {
    fn read(&self, what: Vec<Select>) -> BoxFuture<'_, Result<Reading, Unavailable>> {
        Box::pin(async move {
            // single keys come from memory; what may be long must not hold up the others
            if what.iter().all(|select| matches!(select, Select::Key(_))) {
                return self.read_now(&what).map_err(unavailable);
            }
            let store = self.clone();
            let read = tokio::task::spawn_blocking(move || store.read_now(&what));
            read.await.map_err(unavailable)?.map_err(unavailable)
        })
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<Outcome, Invalid>> {
        Box::pin(async move {
            txn.check()?;
            Ok(self.ask(|answer| Message::Txn { txn, answer }).await.unwrap_or(Outcome::Unknown))
        })
    }

    fn watch(&self, prefix: String, from: u64) -> Box<dyn Watch> {
        Box::new(EventWatch::new(self.db.clone(), self.news.clone(), prefix, from))
    }

    fn grant(&self, seconds: u64) -> BoxFuture<'_, Result<u64, Unavailable>> {
        let millis = seconds.max(super::SHORTEST_LEASE).saturating_mul(1000);
        Box::pin(async move { self.ask(|answer| Message::Grant { millis, answer }).await })
    }

    fn keep_alive(&self, lease: u64) -> BoxFuture<'_, Result<bool, Unavailable>> {
        Box::pin(self.ask(move |answer| Message::KeepAlive { lease, answer }))
    }

    fn revoke(&self, lease: u64) -> BoxFuture<'_, Result<(), Unavailable>> {
        Box::pin(self.ask(move |answer| Message::Revoke { lease, answer }))
    }

    fn ended(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.mailbox.closed())
    }
}
