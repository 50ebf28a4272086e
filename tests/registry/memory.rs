//! The store's contract in the simplest way: everything behind one lock. The conformance suite holds it and the embedded store to the same.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use domain::time::BootMillis;
use futures_util::future::BoxFuture;
use registry::{
    clock::Clock,
    store::{
        Event, Guard, Invalid, Item, Op, Outcome, Reading, SHORTEST_LEASE, Select, Store, Txn, Unavailable, Watch,
        WatchEnd,
    },
};
use tokio::sync::watch;

#[derive(Debug, Default)]
struct State {
    items: BTreeMap<String, (u64, Option<u64>, Vec<u8>)>,
    events: Vec<Event>,
    oldest: u64,
    revision: u64,
    requests: BTreeMap<String, u64>,
    leases: BTreeMap<u64, (u64, BootMillis)>,
    last_lease: u64,
}

#[derive(Clone, Debug)]
pub struct Memory {
    state: Arc<Mutex<State>>,
    news: Arc<watch::Sender<u64>>,
    clock: Clock,
    keep: u64,
}

impl Memory {
    pub fn new(clock: Clock, keep: u64) -> Self {
        let memory = Self { state: Arc::default(), news: Arc::new(watch::Sender::new(0)), clock, keep };
        let (state, news, clock) = (memory.clone(), memory.news.clone(), memory.clock.clone());
        tokio::spawn(async move {
            // leases end by themselves, for whoever watches
            loop {
                let next = state.lock().leases.values().map(|(_, deadline)| *deadline).min();
                let mut changed = news.subscribe();
                tokio::select! {
                    () = clock.until(next) => drop(state.lock()),
                    result = changed.changed() => if result.is_err() { return },
                }
            }
        });
        memory
    }

    /// With the leases ended that are over.
    fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().expect("lock");
        let now = self.clock.boot();
        let over = state.leases.iter().filter(|(_, (_, d))| *d <= now).map(|(id, _)| *id).collect::<Vec<_>>();
        for lease in over {
            self.end(&mut state, lease);
        }
        state
    }

    fn end(&self, state: &mut State, lease: u64) {
        state.leases.remove(&lease);
        let keys = state.items.iter().filter(|(_, (_, l, _))| *l == Some(lease)).map(|(k, _)| k.clone());
        let ops = keys.map(|key| (key, Op::Delete)).collect::<Vec<_>>();
        if !ops.is_empty() {
            self.write(state, ops);
        }
    }

    fn write(&self, state: &mut State, ops: Vec<(String, Op)>) {
        state.revision += 1;
        let revision = state.revision;
        for (key, op) in ops {
            let value = match op {
                Op::Put { value, lease } => {
                    state.items.insert(key.clone(), (revision, lease, value.clone()));
                    Some(value)
                }
                Op::Delete if state.items.remove(&key).is_some() => None,
                Op::Delete => continue,
            };
            state.events.push(Event { revision, key, value });
        }
        state.oldest = (revision + 1).saturating_sub(self.keep).max(1);
        let oldest = state.oldest;
        state.events.retain(|event| event.revision >= oldest);
        state.events.sort_by(|a, b| (a.revision, &a.key).cmp(&(b.revision, &b.key)));
        self.news.send_replace(revision);
    }
}

impl Store for Memory {
    fn read(&self, what: Vec<Select>) -> BoxFuture<'_, Result<Reading, Unavailable>> {
        let state = self.lock();
        let find = |select: &Select| {
            let item = |(key, (revision, _, value)): (&String, &(u64, Option<u64>, Vec<u8>))| Item {
                key: key.clone(),
                value: value.clone(),
                revision: *revision,
            };
            match select {
                Select::Key(key) => state.items.get_key_value(key).map(item).into_iter().collect(),
                Select::Prefix(prefix) => state.items.iter().filter(|(k, _)| k.starts_with(prefix)).map(item).collect(),
            }
        };
        let found = what.iter().map(find).collect();
        let reading = Reading { revision: state.revision, found };
        Box::pin(async { Ok(reading) })
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<Outcome, Invalid>> {
        Box::pin(async move {
            txn.check()?;
            let mut state = self.lock();
            if let Some(revision) = state.requests.get(&txn.request) {
                return Ok(Outcome::Committed(*revision));
            }
            let holds = |guard: &Guard| match guard {
                Guard::Absent(key) => !state.items.contains_key(key),
                Guard::ModRevision(key, revision) => state.items.get(key).is_some_and(|(r, _, _)| r == revision),
                Guard::PrefixEmpty(prefix) => !state.items.keys().any(|key| key.starts_with(prefix)),
            };
            let leased = |op: &Op| match op {
                Op::Put { lease: Some(lease), .. } => state.leases.contains_key(lease),
                Op::Put { lease: None, .. } | Op::Delete => true,
            };
            if !txn.guards.iter().all(holds) || !txn.ops.iter().all(|(_, op)| leased(op)) {
                return Ok(Outcome::Conflict);
            }
            self.write(&mut state, txn.ops);
            let revision = state.revision;
            state.requests.insert(txn.request, revision);
            Ok(Outcome::Committed(revision))
        })
    }

    fn watch(&self, prefix: String, from: u64) -> Box<dyn Watch> {
        Box::new(MemoryWatch { memory: self.clone(), prefix, next: from.max(1) })
    }

    fn grant(&self, seconds: u64) -> BoxFuture<'_, Result<u64, Unavailable>> {
        let millis = seconds.max(SHORTEST_LEASE) * 1000;
        let mut state = self.lock();
        state.last_lease += 1;
        let id = state.last_lease;
        state.leases.insert(id, (millis, self.clock.boot().plus(millis)));
        let revision = state.revision;
        self.news.send_replace(revision);
        Box::pin(async move { Ok(id) })
    }

    fn keep_alive(&self, lease: u64) -> BoxFuture<'_, Result<bool, Unavailable>> {
        let now = self.clock.boot();
        let alive = self.lock().leases.get_mut(&lease).map(|(millis, deadline)| *deadline = now.plus(*millis));
        Box::pin(async move { Ok(alive.is_some()) })
    }

    fn revoke(&self, lease: u64) -> BoxFuture<'_, Result<(), Unavailable>> {
        let mut state = self.lock();
        self.end(&mut state, lease);
        Box::pin(async { Ok(()) })
    }

    fn ended(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}

#[derive(Debug)]
struct MemoryWatch {
    memory: Memory,
    prefix: String,
    next: u64,
}

impl Watch for MemoryWatch {
    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Event>, WatchEnd>> {
        Box::pin(async move {
            let mut news = self.memory.news.subscribe();
            loop {
                news.borrow_and_update();
                {
                    let state = self.memory.lock();
                    if self.next < state.oldest {
                        return Err(WatchEnd::Compacted { oldest: state.oldest });
                    }
                    let events = state.events.iter().filter(|e| e.revision >= self.next);
                    let found = events.filter(|e| e.key.starts_with(&self.prefix)).cloned().collect::<Vec<_>>();
                    self.next = state.revision + 1;
                    if !found.is_empty() {
                        return Ok(found);
                    }
                }
                news.changed().await.map_err(|e| Unavailable(Box::new(e)))?;
            }
        })
    }
}
