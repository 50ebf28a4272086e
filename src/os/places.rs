//! A bounded number of places, and a bounded share of them for each who asks.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

/// Counts who has how many. Clones share the count.
#[derive(Debug)]
pub struct Places<K>(Arc<Mutex<Taken<K>>>);

#[derive(Debug)]
struct Taken<K> {
    by: HashMap<K, usize>,
    all: usize,
}

/// How many places there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub all: usize,
    pub each: usize,
}

/// Given back when it is dropped.
#[derive(Debug)]
pub struct Place<K: Clone + Eq + Hash> {
    of: Places<K>,
    key: K,
}

impl<K> Clone for Places<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Default for Places<K> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Taken { by: HashMap::new(), all: 0 })))
    }
}

impl<K: Clone + Eq + Hash> Places<K> {
    /// A place for `key`, unless it has its share or all of the room is taken.
    pub fn take(&self, key: K, room: Room) -> Option<Place<K>> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.by.get(&key).copied().unwrap_or(0);
        if own >= room.each || taken.all >= room.all {
            return None;
        }
        taken.by.insert(key.clone(), own + 1);
        taken.all += 1;
        Some(Place { of: self.clone(), key })
    }
}

impl<K: Clone + Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(own) = taken.by.get_mut(&self.key) {
            *own -= 1;
            if *own == 0 {
                taken.by.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_each_its_share_and_takes_it_back() {
        let places = Places::default();
        let room = Room { all: 3, each: 2 };
        let first = places.take("a", room).expect("free");
        let _second = places.take("a", room).expect("free");
        assert!(places.take("a", room).is_none(), "its share");
        let _third = places.take("b", room).expect("free");
        assert!(places.take("c", room).is_none(), "all are taken");
        drop(first);
        assert!(places.take("c", room).is_some());
        assert_eq!(places.0.lock().expect("lock").by.len(), 2, "who has none is forgotten");
    }
}
