//! What a rule sees, what it still needs, and what it decides.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    key::{Key, Prefix, Record, Stored},
    names::AccountId,
    problem::Problem,
    record::Audit,
};

/// Counts the store's commits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision(pub u64);

/// Records as they were read, and that there was none.
#[derive(Clone, Debug, Default)]
pub struct View {
    entries: BTreeMap<Key, Option<(Revision, Record)>>,
    lists: BTreeMap<Prefix, Vec<(Key, Record)>>,
}

/// What a rule has not been given yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Want {
    Key(Key),
    List(Prefix),
}

/// Why a rule did not decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Read these and call again.
    Need(Vec<Want>),
    Refused(Box<Problem>),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

impl View {
    pub fn set(&mut self, key: Key, found: Option<(Revision, Record)>) {
        self.entries.insert(key, found);
    }

    pub fn set_list(&mut self, prefix: Prefix, found: Vec<(Key, Record)>) {
        self.lists.insert(prefix, found);
    }
}

/// What must still hold when the decision is committed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guard {
    Absent(Key),
    Unchanged(Key, Revision),
    Empty(Prefix),
}

/// A change of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// With a store's lease the record goes when the lease ends.
    Put {
        record: Box<Record>,
        lease: Option<u64>,
    },
    Delete,
}

/// What to commit, and what to say once it is.
#[derive(Clone, Debug)]
pub struct Decision<T> {
    pub guards: Vec<Guard>,
    pub ops: Vec<(Key, Op)>,
    /// For the account's log; nothing for what boxes do every second.
    pub audit: Option<(AccountId, Audit)>,
    pub answer: T,
}

/// A decision in the making. Reads see what was written before.
#[derive(Debug)]
pub struct Draft<'a> {
    view: &'a View,
    guards: BTreeSet<Guard>,
    ops: BTreeMap<Key, Op>,
}

impl<'a> Draft<'a> {
    pub fn new(view: &'a View) -> Self {
        Self { view, guards: BTreeSet::new(), ops: BTreeMap::new() }
    }

    /// Reads a record, which must then be the same at the commit.
    pub fn get<T: Stored>(&mut self, key: Key) -> Result<Option<T>, Stop> {
        match self.ops.get(&key) {
            Some(Op::Put { record, .. }) => return Ok(T::of(record).cloned()),
            Some(Op::Delete) => return Ok(None),
            None => {}
        }
        match self.view.entries.get(&key) {
            None => Err(Stop::Need(vec![Want::Key(key)])),
            Some(None) => {
                self.guards.insert(Guard::Absent(key));
                Ok(None)
            }
            Some(Some((revision, record))) => {
                let found = T::of(record).cloned();
                self.guards.insert(Guard::Unchanged(key, *revision));
                Ok(found)
            }
        }
    }

    /// Reads a record that may change before the commit.
    pub fn look<T: Stored>(&self, key: Key) -> Result<Option<T>, Stop> {
        match self.view.entries.get(&key) {
            None => Err(Stop::Need(vec![Want::Key(key)])),
            Some(found) => Ok(found.as_ref().and_then(|(_, record)| T::of(record)).cloned()),
        }
    }

    /// As [`Self::look`], of many at once.
    pub fn look_all<T: Stored>(&self, keys: impl IntoIterator<Item = Key>) -> Result<Vec<Option<T>>, Stop> {
        let keys = keys.into_iter().collect::<Vec<_>>();
        let missing = keys.iter().filter(|key| !self.view.entries.contains_key(key));
        let missing = missing.cloned().map(Want::Key).collect::<Vec<_>>();
        if !missing.is_empty() {
            return Err(Stop::Need(missing));
        }
        keys.into_iter().map(|key| self.look(key)).collect()
    }

    /// All records below a prefix. Others may come before the commit: a rule that minds reads [`Self::get`] what it relies on,
    /// or says [`Self::require_empty`].
    pub fn list<T: Stored>(&self, prefix: Prefix) -> Result<Vec<(Key, T)>, Stop> {
        let found = self.view.lists.get(&prefix).ok_or_else(|| Stop::Need(vec![Want::List(prefix)]))?;
        Ok(found.iter().filter_map(|(key, record)| Some((key.clone(), T::of(record)?.clone()))).collect())
    }

    /// There must be nothing below the prefix at the commit.
    pub fn require_empty(&mut self, prefix: Prefix) {
        self.guards.insert(Guard::Empty(prefix));
    }

    pub fn put<T: Stored>(&mut self, key: Key, record: T) {
        self.ops.insert(key, Op::Put { record: Box::new(record.into_record()), lease: None });
    }

    pub fn put_leased<T: Stored>(&mut self, key: Key, record: T, lease: u64) {
        self.ops.insert(key, Op::Put { record: Box::new(record.into_record()), lease: Some(lease) });
    }

    pub fn delete(&mut self, key: Key) {
        self.ops.insert(key, Op::Delete);
    }

    pub fn done<T>(self, audit: Option<(AccountId, Audit)>, answer: T) -> Decision<T> {
        Decision { guards: self.guards.into_iter().collect(), ops: self.ops.into_iter().collect(), audit, answer }
    }
}
