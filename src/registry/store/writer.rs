//! The one writer of the embedded store.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use domain::time::BootMillis;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, Table, WriteTransaction};
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    Guard, Op, Outcome, Txn,
    embedded::{EVENTS, ITEMS, Keep, LEASES, META, OLDEST, REQUESTS, REQUESTS_BY_AGE, REVISION, pack, unpack},
};
use crate::clock::Clock;

/// Transactions of one commit. More only lengthen the wait of each.
const AT_ONCE: usize = 256;

/// What the writer is asked.
#[derive(Debug)]
pub(super) enum Message {
    Txn { txn: Txn, answer: oneshot::Sender<Outcome> },
    Grant { millis: u64, answer: oneshot::Sender<u64> },
    KeepAlive { lease: u64, answer: oneshot::Sender<bool> },
    Revoke { lease: u64, answer: oneshot::Sender<()> },
}

#[derive(Debug)]
struct Lease {
    millis: u64,
    deadline: BootMillis,
    keys: BTreeSet<String>,
}

/// Answers that are given when the commit is on disk, and not before.
#[derive(Debug, Default)]
struct Pending {
    outcomes: Vec<(oneshot::Sender<Outcome>, Outcome)>,
    granted: Vec<(oneshot::Sender<u64>, u64)>,
    revoked: Vec<oneshot::Sender<()>>,
}

#[derive(Debug)]
pub(super) struct Writer {
    db: Arc<Database>,
    clock: Clock,
    keep: Keep,
    revision: u64,
    leases: HashMap<u64, Lease>,
}

impl Writer {
    /// Reads where the file stands. Leases begin anew: how long the registry was away nobody knows.
    pub(super) fn start(db: Arc<Database>, clock: Clock, keep: Keep) -> Result<Self, redb::Error> {
        let txn = db.begin_write()?;
        {
            txn.open_table(EVENTS)?;
            txn.open_table(META)?;
            txn.open_table(REQUESTS)?;
            txn.open_table(REQUESTS_BY_AGE)?;
            txn.open_table(LEASES)?;
            txn.open_table(ITEMS)?;
        }
        txn.commit()?;
        let txn = db.begin_read()?;
        let revision = txn.open_table(META)?.get(REVISION)?.map_or(0, |r| r.value());
        let now = clock.boot();
        let mut leases = HashMap::new();
        for entry in txn.open_table(LEASES)?.iter()? {
            let (id, millis) = entry?;
            let (id, millis) = (id.value(), millis.value());
            leases.insert(id, Lease { millis, deadline: now.plus(millis), keys: BTreeSet::new() });
        }
        if !leases.is_empty() {
            for entry in txn.open_table(ITEMS)?.iter()? {
                let (key, stored) = entry?;
                if let Some(lease) = leases.get_mut(&unpack(stored.value()).1) {
                    lease.keys.insert(key.value().to_owned());
                }
            }
        }
        Ok(Self { db, clock, keep, revision, leases })
    }

    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// Until nobody can ask any more, or a commit fails: then nothing is known any more, and whoever supervises starts anew.
    pub(super) async fn run(mut self, mut messages: mpsc::Receiver<Message>, news: watch::Sender<u64>) {
        loop {
            let mut batch = Vec::new();
            let next = self.leases.values().map(|lease| lease.deadline).min();
            tokio::select! {
                count = messages.recv_many(&mut batch, AT_ONCE) => if count == 0 { return },
                () = self.clock.until(next) => {
                    // renewals that have come in time and lie in the mailbox count
                    while let Ok(message) = messages.try_recv() {
                        batch.push(message);
                    }
                }
            }
            let done = tokio::task::spawn_blocking(move || {
                let result = self.commit(batch);
                (self, result)
            });
            match done.await {
                Ok((writer, Ok(()))) => self = writer,
                Ok((_, Err(error))) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "a commit failed; the store stops");
                    return;
                }
                Err(error) => {
                    tracing::error!(%error, "the store's writer panicked");
                    return;
                }
            }
            news.send_if_modified(|told| std::mem::replace(told, self.revision) != self.revision);
        }
    }

    fn commit(&mut self, batch: Vec<Message>) -> Result<(), redb::Error> {
        let now = self.clock.boot();
        let mut writes = Vec::new();
        for message in batch {
            match message {
                Message::KeepAlive { lease, answer } => {
                    let alive = self.leases.get_mut(&lease).map(|lease| lease.deadline = now.plus(lease.millis));
                    let _ = answer.send(alive.is_some());
                }
                other @ (Message::Txn { .. } | Message::Grant { .. } | Message::Revoke { .. }) => writes.push(other),
            }
        }
        let over = self.leases.iter().filter(|(_, lease)| lease.deadline <= now).map(|(id, _)| *id).collect::<Vec<_>>();
        if writes.is_empty() && over.is_empty() {
            return Ok(());
        }
        let mut pending = Pending::default();
        let mut txn = self.db.begin_write()?;
        txn.set_durability(Durability::Immediate).map_err(redb::Error::from)?;
        for lease in over {
            self.end(&txn, lease)?;
        }
        for message in writes {
            match message {
                Message::Txn { txn: wanted, answer } => {
                    let outcome = self.apply(&txn, wanted)?;
                    pending.outcomes.push((answer, outcome));
                }
                Message::Grant { millis, answer } => {
                    let lease = self.new_lease(&txn, millis)?;
                    pending.granted.push((answer, lease));
                }
                Message::Revoke { lease, answer } => {
                    self.end(&txn, lease)?;
                    pending.revoked.push(answer);
                }
                Message::KeepAlive { .. } => {} // answered above
            }
        }
        self.forget(&txn)?;
        txn.open_table(META)?.insert(REVISION, self.revision)?;
        txn.commit()?;
        // counted from when it is on disk: nobody knows of it before
        let now = self.clock.boot();
        for (answer, lease) in pending.granted {
            self.leases.entry(lease).and_modify(|lease| lease.deadline = now.plus(lease.millis));
            let _ = answer.send(lease);
        }
        // whoever asked may have gone
        for (answer, outcome) in pending.outcomes {
            let _ = answer.send(outcome);
        }
        for answer in pending.revoked {
            let _ = answer.send(());
        }
        Ok(())
    }

    fn new_lease(&mut self, txn: &WriteTransaction, millis: u64) -> Result<u64, redb::Error> {
        let mut table = txn.open_table(LEASES)?;
        // numbers are never used again: a hold that names an old one must not live on by a new one
        let mut meta = txn.open_table(META)?;
        let id = meta.get("lease")?.map_or(0, |last| last.value()) + 1;
        meta.insert("lease", id)?;
        table.insert(id, millis)?;
        self.leases.insert(id, Lease { millis, deadline: BootMillis(u64::MAX), keys: BTreeSet::new() });
        Ok(id)
    }

    /// Ends a lease: its keys go, in a revision of their own.
    fn end(&mut self, txn: &WriteTransaction, lease: u64) -> Result<(), redb::Error> {
        txn.open_table(LEASES)?.remove(lease)?;
        let Some(lease) = self.leases.remove(&lease) else { return Ok(()) };
        if lease.keys.is_empty() {
            return Ok(());
        }
        let ops = lease.keys.into_iter().map(|key| (key, Op::Delete)).collect();
        self.write(txn, ops)
    }

    fn apply(&mut self, txn: &WriteTransaction, wanted: Txn) -> Result<Outcome, redb::Error> {
        let mut requests = txn.open_table(REQUESTS)?;
        if let Some(done) = requests.get(wanted.request.as_str())? {
            return Ok(Outcome::Committed(done.value()));
        }
        let leases = wanted.ops.iter().filter_map(|(_, op)| match op {
            Op::Put { lease, .. } => *lease,
            Op::Delete => None,
        });
        let lost = leases.collect::<HashSet<_>>().into_iter().any(|lease| !self.leases.contains_key(&lease));
        if lost || !hold(&txn.open_table(ITEMS)?, &wanted.guards)? {
            return Ok(Outcome::Conflict);
        }
        self.write(txn, wanted.ops)?;
        requests.insert(wanted.request.as_str(), self.revision)?;
        txn.open_table(REQUESTS_BY_AGE)?.insert(self.revision, wanted.request.as_str())?;
        Ok(Outcome::Committed(self.revision))
    }

    /// One revision more, with its events.
    fn write(&mut self, txn: &WriteTransaction, ops: Vec<(String, Op)>) -> Result<(), redb::Error> {
        self.revision += 1;
        let mut items = txn.open_table(ITEMS)?;
        let mut events = txn.open_table(EVENTS)?;
        for (key, op) in ops {
            let before = match &op {
                Op::Put { value, lease } => {
                    events.insert((self.revision, key.as_str()), Some(value.as_slice()))?;
                    let stored = pack(self.revision, lease.unwrap_or(0), value);
                    let before = items.insert(key.as_str(), stored.as_slice())?;
                    before.map(|stored| unpack(stored.value()).1)
                }
                Op::Delete => {
                    let before = items.remove(key.as_str())?.map(|stored| unpack(stored.value()).1);
                    if before.is_some() {
                        events.insert((self.revision, key.as_str()), None)?;
                    }
                    before
                }
            };
            if let Some(lease) = before.and_then(|lease| self.leases.get_mut(&lease)) {
                lease.keys.remove(&key);
            }
            if let Op::Put { lease: Some(lease), .. } = op
                && let Some(lease) = self.leases.get_mut(&lease)
            {
                lease.keys.insert(key);
            }
        }
        Ok(())
    }

    /// Lets go of what is older than anybody needs.
    fn forget(&self, txn: &WriteTransaction) -> Result<(), redb::Error> {
        let mut meta = txn.open_table(META)?;
        let oldest = (self.revision + 1).saturating_sub(self.keep.events);
        if meta.get(OLDEST)?.map_or(1, |oldest| oldest.value()) < oldest {
            let mut events = txn.open_table(EVENTS)?;
            while events.first()?.is_some_and(|(key, _)| key.value().0 < oldest) {
                events.pop_first()?;
            }
            meta.insert(OLDEST, oldest)?;
        }
        let mut requests = txn.open_table(REQUESTS)?;
        let mut by_age = txn.open_table(REQUESTS_BY_AGE)?;
        let limit = self.revision.saturating_sub(self.keep.requests);
        while by_age.first()?.is_some_and(|(revision, _)| revision.value() < limit) {
            if let Some((_, request)) = by_age.pop_first()? {
                requests.remove(request.value())?;
            }
        }
        Ok(())
    }
}

fn hold(items: &Table<'_, &'static str, &'static [u8]>, guards: &[Guard]) -> Result<bool, redb::Error> {
    for guard in guards {
        let holds = match guard {
            Guard::Absent(key) => items.get(key.as_str())?.is_none(),
            Guard::ModRevision(key, revision) => {
                items.get(key.as_str())?.is_some_and(|stored| unpack(stored.value()).0 == *revision)
            }
            Guard::PrefixEmpty(prefix) => match items.range(prefix.as_str()..)?.next() {
                Some(entry) => !entry?.0.value().starts_with(prefix.as_str()),
                None => true,
            },
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}
