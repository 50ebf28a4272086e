//! What the registry needs of a store, and nothing that one kind alone has.
//!
//! [`embedded`] keeps it in a file with redb. The contract is what several machines can keep together too: linearizable reads with a
//! revision, guarded transactions that may end unknown, watches without gaps, leases that never end early. `tests/registry/conformance.rs`
//! holds every implementation to it.

use std::fmt::Debug;

use futures_util::future::BoxFuture;

pub mod embedded;
mod events;
mod writer;

pub use embedded::{Embedded, Keep};

/// Operations in one transaction, and guards. etcd's own limit.
pub const MOST_OPS: usize = 128;
/// Shortest lease: an election of a distributed store takes up to 2.4 s.
pub const SHORTEST_LEASE: u64 = 2;

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Select {
    Key(String),
    /// Every key that begins so, in order.
    Prefix(String),
}

/// A key with its value and the revision of its last change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub key: String,
    pub value: Vec<u8>,
    pub revision: u64,
}

/// One moment of the store: what each selection found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub revision: u64,
    pub found: Vec<Vec<Item>>,
}

/// What must hold for a transaction to be committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    Absent(String),
    /// The key's last change was this one.
    ModRevision(String, u64),
    /// Nothing begins so.
    PrefixEmpty(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// With a lease, the key goes when the lease ends.
    Put {
        value: Vec<u8>,
        lease: Option<u64>,
    },
    Delete,
}

/// All or nothing. Sent again with the same request id it is done once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Txn {
    pub request: String,
    pub guards: Vec<Guard>,
    /// No key twice.
    pub ops: Vec<(String, Op)>,
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Committed(u64),
    /// A guard did not hold, or a lease has ended. Nothing was done.
    Conflict,
    /// It may have been done or not; the same request tells when it is sent again.
    Unknown,
}

/// A transaction that no store takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("more than {MOST_OPS} operations or guards")]
    TooMany,
    #[error("a key is changed twice")]
    KeyTwice,
}

/// The store cannot be read, or a lease not be made.
#[derive(Debug, thiserror::Error)]
#[error("the store cannot be used")]
pub struct Unavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// One change of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub revision: u64,
    pub key: String,
    /// `None`: it was deleted, or its lease ended.
    pub value: Option<Vec<u8>>,
}

/// Why a watch cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum WatchEnd {
    /// What happened before this revision is forgotten: read, and watch from there.
    #[error("events before revision {oldest} are forgotten")]
    Compacted { oldest: u64 },
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Events in order, without a gap.
pub trait Watch: Send + Debug {
    /// The next ones; waits until there are some.
    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Event>, WatchEnd>>;
}

pub trait Store: Send + Sync + Debug {
    /// Sees everything that was committed before it was called.
    fn read(&self, what: Vec<Select>) -> BoxFuture<'_, Result<Reading, Unavailable>>;

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<Outcome, Invalid>>;

    /// Events of keys with the prefix, from a revision on, that one included.
    fn watch(&self, prefix: String, from: u64) -> Box<dyn Watch>;

    /// A lease of so many seconds, at least [`SHORTEST_LEASE`]. It may last longer, never shorter.
    fn grant(&self, seconds: u64) -> BoxFuture<'_, Result<u64, Unavailable>>;

    /// Begins the lease's time anew; `false` if it has ended.
    fn keep_alive(&self, lease: u64) -> BoxFuture<'_, Result<bool, Unavailable>>;

    /// Ends a lease now; its keys go.
    fn revoke(&self, lease: u64) -> BoxFuture<'_, Result<(), Unavailable>>;

    /// Ends when the store can do nothing any more.
    fn ended(&self) -> BoxFuture<'_, ()>;
}

impl Txn {
    /// # Errors
    /// When it breaks a limit that every store has.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.ops.len() > MOST_OPS || self.guards.len() > MOST_OPS {
            return Err(Invalid::TooMany);
        }
        let keys = self.ops.iter().map(|(key, _)| key).collect::<std::collections::BTreeSet<_>>();
        if keys.len() == self.ops.len() { Ok(()) } else { Err(Invalid::KeyTwice) }
    }
}
