//! What must hold of a registry's records after every commit. The registry's own tests hold its store to the same.

use std::collections::{BTreeMap, BTreeSet};

use domain::cluster::{
    key::{Key, Record},
    names::{ClusterId, Serial},
};

pub type Records = BTreeMap<Key, Record>;

/// The first invariant that is broken, in words.
pub fn broken(records: &Records) -> Option<String> {
    pairs(records)
        .or_else(|| members(records))
        .or_else(|| reservations(records))
        .or_else(|| clusters(records))
        .or_else(|| leases(records))
}

fn pairs(records: &Records) -> Option<String> {
    for (key, record) in records {
        let (Key::Peer(own), Record::Peer(peer)) = (key, record) else { continue };
        if *own == peer.peer {
            return Some(format!("{own} is its own peer"));
        }
        let back = records.get(&Key::Peer(peer.peer.clone()));
        if !matches!(back, Some(Record::Peer(back)) if back.peer == *own && back.pair == peer.pair) {
            return Some(format!("{own} has the peer {}, which has {back:?}", peer.peer));
        }
        let hosts = [own, &peer.peer].map(|serial| match records.get(&Key::Host(serial.clone())) {
            Some(Record::Host(host)) if host.state.belongs() => Some(host),
            _ => None,
        });
        let [Some(a), Some(b)] = hosts else { return Some(format!("{own} is paired and does not belong")) };
        if a.cluster.is_none() || a.cluster != b.cluster || a.model != b.model || a.account != b.account {
            return Some(format!("{own} and {} are of different cluster, model or account", peer.peer));
        }
        if a.awaits.is_some() {
            return Some(format!("{own} has a peer and waits for {:?}", a.awaits));
        }
        if !records.contains_key(&Key::PairLease(peer.pair.clone())) {
            return Some(format!("the pair {} has no epoch", peer.pair));
        }
    }
    None
}

fn members(records: &Records) -> Option<String> {
    let mut told = BTreeSet::<(ClusterId, Serial)>::new();
    let mut owned = BTreeSet::new();
    for key in records.keys() {
        match key {
            Key::Member(cluster, serial) => drop(told.insert((cluster.clone(), serial.clone()))),
            Key::Owned(account, serial) => drop(owned.insert((account.clone(), serial.clone()))),
            _ => {}
        }
    }
    let hosts = records.iter().filter_map(|(key, record)| match (key, record) {
        (Key::Host(serial), Record::Host(host)) => Some((serial, host)),
        _ => None,
    });
    let mut meant = BTreeSet::new();
    let mut belonging = BTreeSet::new();
    for (serial, host) in hosts {
        meant.extend(host.cluster.clone().map(|cluster| (cluster, serial.clone())));
        if host.state.belongs() {
            belonging.insert((host.account.clone(), serial.clone()));
        } else if host.cluster.is_some() || host.awaits.is_some() {
            return Some(format!("{serial} does not belong and is in a cluster or waits"));
        }
    }
    (told != meant)
        .then(|| format!("members {told:?}, hosts {meant:?}"))
        .or_else(|| (owned != belonging).then(|| format!("owned {owned:?}, hosts {belonging:?}")))
}

fn reservations(records: &Records) -> Option<String> {
    for (key, record) in records {
        match (key, record) {
            (Key::Reservation(serial), Record::Reservation(r)) => {
                if matches!(records.get(&Key::Host(serial.clone())), Some(Record::Host(h)) if h.state.belongs()) {
                    return Some(format!("{serial} is activated and still reserved"));
                }
                if !records.contains_key(&Key::ReservedIn(r.cluster.clone(), serial.clone())) {
                    return Some(format!("the reservation of {serial} is not in the index of {}", r.cluster));
                }
                let Some(peer) = &r.peer else { continue };
                let host = records.get(&Key::Host(peer.clone()));
                if !matches!(host, Some(Record::Host(h)) if h.awaits.as_ref() == Some(serial) && h.cluster.as_ref() == Some(&r.cluster))
                {
                    return Some(format!("{serial} is reserved for {peer}, which does not wait for it: {host:?}"));
                }
            }
            (Key::ReservedIn(_, serial), _) if !records.contains_key(&Key::Reservation(serial.clone())) => {
                return Some(format!("{serial} is in the index and not reserved"));
            }
            (Key::Host(serial), Record::Host(host)) => {
                let Some(awaits) = &host.awaits else { continue };
                let r = records.get(&Key::Reservation(awaits.clone()));
                if !matches!(r, Some(Record::Reservation(r)) if r.peer.as_ref() == Some(serial)) {
                    return Some(format!("{serial} waits for {awaits}, which is not reserved for it"));
                }
            }
            _ => {}
        }
    }
    None
}

fn clusters(records: &Records) -> Option<String> {
    for (key, record) in records {
        match (key, record) {
            (Key::Member(id, serial) | Key::ReservedIn(id, serial), _) => {
                let Some(Record::Cluster(cluster)) = records.get(&Key::Cluster(id.clone())) else {
                    return Some(format!("{serial} is in the cluster {id}, which is not there"));
                };
                if let Some(Record::Host(host)) = records.get(&Key::Host(serial.clone()))
                    && matches!(key, Key::Member(..))
                    && (cluster.model.as_ref() != Some(&host.model) || cluster.account != host.account)
                {
                    return Some(format!("{serial} is of another model or account than {id}"));
                }
            }
            (Key::Cluster(id), Record::Cluster(cluster)) => {
                let name = records.get(&Key::ClusterName(cluster.account.clone(), cluster.name.clone()));
                if !matches!(name, Some(Record::Named(named)) if named.cluster == *id) {
                    return Some(format!("the name of {id} leads to {name:?}"));
                }
            }
            (Key::ClusterName(..) | Key::Automatic(..), Record::Named(named))
                if !records.contains_key(&Key::Cluster(named.cluster.clone())) =>
            {
                return Some(format!("{key} leads to a cluster that is not there"));
            }
            _ => {}
        }
    }
    None
}

fn leases(records: &Records) -> Option<String> {
    for (key, record) in records {
        let (Key::PairHold(pair), Record::PairHold(hold)) = (key, record) else { continue };
        let lease = records.get(&Key::PairLease(pair.clone()));
        if !matches!(lease, Some(Record::PairLease(l)) if l.epoch == hold.epoch && l.holder.as_ref() == Some(&hold.holder))
        {
            return Some(format!("{} holds {pair} in epoch {}, and the pair says {lease:?}", hold.holder, hold.epoch));
        }
    }
    None
}
