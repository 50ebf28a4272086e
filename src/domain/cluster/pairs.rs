//! Pairs: made, split, and waited for. Only here are `Peer` records written, always both at once.

use std::net::Ipv4Addr;

use super::{
    account::Call,
    key::Key,
    names::{AccountId, ClusterId, PairId, Serial},
    problem::Problem,
    record::{Cluster, Host, HostState, PairHold, PairLease, Peer, Prepared, Reservation},
    view::{Decision, Draft, Stop, View},
};
use crate::secret::Secret;

/// A host of the account that still belongs.
pub fn host_of(draft: &mut Draft<'_>, account: &AccountId, serial: &Serial) -> Result<Host, Stop> {
    let host = draft.get::<Host>(Key::Host(serial.clone()))?.filter(|h| h.account == *account && h.state.belongs());
    Ok(host.ok_or(Problem::NotFound)?)
}

/// What a pair is made with.
pub(super) struct Pairing {
    pub pair: PairId,
    pub secret: Secret,
    pub virtual_ip: Option<Ipv4Addr>,
}

/// Pairs two hosts of one cluster that have no peer. Their records must be written already.
pub(super) fn join(
    draft: &mut Draft<'_>,
    cluster: &ClusterId,
    both: [&Serial; 2],
    pairing: Pairing,
) -> Result<(), Stop> {
    let Pairing { pair, secret, virtual_ip } = pairing;
    let mut epoch = 0;
    for (own, other) in [(both[0], both[1]), (both[1], both[0])] {
        draft.put(Key::Peer(own.clone()), Peer { peer: other.clone(), pair: pair.clone() });
        epoch = epoch.max(draft.get::<Host>(Key::Host(own.clone()))?.map_or(0, |host| host.epoch));
    }
    // one that is there already is that of the box in whose place a new one comes
    let lease = draft.get::<PairLease>(Key::PairLease(pair.clone()))?;
    let lease = lease.map(|lease| PairLease { virtual_ip: virtual_ip.or(lease.virtual_ip), ..lease });
    let lease = lease.unwrap_or(PairLease { cluster: cluster.clone(), virtual_ip, holder: None, epoch, secret: None });
    // whoever was of the pair before does not know this one
    draft.put(Key::PairLease(pair), PairLease { secret: Some(secret), ..lease });
    Ok(())
}

/// The pair of a host whose peer is still to come: it has the lease until then, and the virtual IP with it.
pub(super) fn begin(draft: &mut Draft<'_>, cluster: &ClusterId, serial: &Serial, pairing: Pairing) -> Result<(), Stop> {
    let Pairing { pair, secret, virtual_ip } = pairing;
    let epoch = draft.get::<Host>(Key::Host(serial.clone()))?.map_or(0, |host| host.epoch);
    let lease = PairLease { cluster: cluster.clone(), virtual_ip, holder: None, epoch, secret: Some(secret) };
    draft.put(Key::PairLease(pair), lease);
    Ok(())
}

/// Ends a pair for good, and tells both hosts' records how far its epochs went.
fn end_lease(draft: &mut Draft<'_>, pair: &PairId, hosts: &[&Serial]) -> Result<(), Stop> {
    let lease = draft.get::<PairLease>(Key::PairLease(pair.clone()))?;
    let epoch = lease.map_or(0, |lease| lease.epoch);
    for serial in hosts {
        if let Some(mut host) = draft.get::<Host>(Key::Host((*serial).clone()))? {
            host.epoch = host.epoch.max(epoch);
            draft.put(Key::Host((*serial).clone()), host);
        }
    }
    // only so that the hold of somebody who acquires at this moment is in the way
    draft.get::<PairHold>(Key::PairHold(pair.clone()))?;
    draft.delete(Key::PairLease(pair.clone()));
    draft.delete(Key::PairHold(pair.clone()));
    Ok(())
}

/// Parts a host from its peer, if it has one.
pub(super) fn split(draft: &mut Draft<'_>, serial: &Serial) -> Result<Option<Serial>, Stop> {
    let Some(Peer { peer, pair }) = draft.get::<Peer>(Key::Peer(serial.clone()))? else { return Ok(None) };
    draft.get::<Peer>(Key::Peer(peer.clone()))?;
    draft.delete(Key::Peer(serial.clone()));
    draft.delete(Key::Peer(peer.clone()));
    end_lease(draft, &pair, &[serial, &peer])?;
    Ok(Some(peer))
}

/// Keeps a place for a box that is not activated. It must have none elsewhere.
pub(super) fn reserve(draft: &mut Draft<'_>, serial: &Serial, reservation: Reservation) -> Result<(), Stop> {
    let before = draft.get::<Reservation>(Key::Reservation(serial.clone()))?;
    if let Some(r) = before {
        let same = r.account == reservation.account && r.cluster == reservation.cluster && r.peer.is_none();
        if r.account != reservation.account {
            return Err(Problem::OtherAccount.into());
        }
        if !same {
            return Err(Problem::Reserved { serial: serial.clone(), cluster: r.cluster, peer: r.peer }.into());
        }
    }
    draft.put(
        Key::ReservedIn(reservation.cluster.clone(), serial.clone()),
        super::record::Member { since: reservation.since },
    );
    draft.put(Key::Reservation(serial.clone()), reservation);
    Ok(())
}

/// Gives a kept place up; whoever waited for it waits no more.
pub(super) fn unreserve(draft: &mut Draft<'_>, serial: &Serial) -> Result<(), Stop> {
    let Some(r) = draft.get::<Reservation>(Key::Reservation(serial.clone()))? else { return Ok(()) };
    draft.delete(Key::Reservation(serial.clone()));
    draft.delete(Key::ReservedIn(r.cluster, serial.clone()));
    if let Some(peer) = &r.peer {
        if let Some(host) = draft.get::<Host>(Key::Host(peer.clone()))?.filter(|h| h.awaits.as_ref() == Some(serial)) {
            draft.put(Key::Host(peer.clone()), Host { awaits: None, ..host });
        }
        if let Some(pair) = &r.pair {
            end_lease(draft, pair, &[peer])?;
        }
    }
    Ok(())
}

/// Parts two boxes; both stay in the cluster.
pub fn unpair(view: &View, account: &AccountId, serial: &Serial, call: &Call) -> Result<Decision<Serial>, Stop> {
    let mut draft = Draft::new(view);
    host_of(&mut draft, account, serial)?;
    let peer = split(&mut draft, serial)?.ok_or_else(|| Problem::NoPeer { serial: serial.clone() })?;
    Ok(draft.done(call.audit(account, "pair.split", format!("{serial} {peer}")), peer))
}

/// An administrator cancels a reservation.
pub fn cancel(view: &View, account: &AccountId, serial: &Serial, call: &Call) -> Result<Decision<()>, Stop> {
    let mut draft = Draft::new(view);
    let found = draft.get::<Reservation>(Key::Reservation(serial.clone()))?;
    found.filter(|r| r.account == *account).ok_or(Problem::NotFound)?;
    unreserve(&mut draft, serial)?;
    Ok(draft.done(call.audit(account, "reservation.cancel", serial), ()))
}

/// A new box comes in place of one that is dead: it takes its name, its place and its pair; the old one is fenced.
pub fn replace(
    view: &View,
    account: &AccountId,
    old: &Serial,
    with: &Serial,
    call: &Call,
) -> Result<Decision<()>, Stop> {
    let mut draft = Draft::new(view);
    let mut gone = host_of(&mut draft, account, old)?;
    if draft.get::<Host>(Key::Host(with.clone()))?.is_some_and(|host| host.state.belongs()) {
        return Err(Problem::AlreadyActive { serial: with.clone() }.into());
    }
    let Some(cluster) = gone.cluster.take() else {
        return Err(Problem::WrongState { state: "not in a cluster".into() }.into());
    };
    draft.get::<Cluster>(Key::Cluster(cluster.clone()))?.ok_or(Problem::NotFound)?;
    let prepared = draft.get::<Prepared>(Key::Prepared(with.clone()))?;
    if prepared.as_ref().is_some_and(|p| p.account != *account) {
        return Err(Problem::OtherAccount.into());
    }
    if let Some(awaited) = gone.awaits.take() {
        unreserve(&mut draft, &awaited)?;
    }
    let peer = draft.get::<Peer>(Key::Peer(old.clone()))?;
    let mut virtual_ip = None;
    if let Some(Peer { peer, pair }) = &peer {
        draft.get::<Peer>(Key::Peer(peer.clone()))?;
        draft.delete(Key::Peer(old.clone()));
        draft.delete(Key::Peer(peer.clone()));
        virtual_ip = draft.get::<PairLease>(Key::PairLease(pair.clone()))?.and_then(|lease| lease.virtual_ip);
        // what the dead box held nobody holds; its survivor goes on
        if draft.get::<PairHold>(Key::PairHold(pair.clone()))?.is_some_and(|hold| hold.holder == *old) {
            draft.delete(Key::PairHold(pair.clone()));
        }
        if let Some(host) = draft.get::<Host>(Key::Host(peer.clone()))? {
            draft.put(Key::Host(peer.clone()), Host { awaits: Some(with.clone()), ..host });
        }
    }
    draft.delete(Key::Member(cluster.clone(), old.clone()));
    draft.delete(Key::Owned(account.clone(), old.clone()));
    let blank = Prepared {
        account: account.clone(),
        model: Some(gone.model.clone()),
        name: None,
        label: None,
        site: None,
        cluster: None,
        peer: None,
        virtual_ip: None,
        uplinks: None,
    };
    let (survivor, pair) = peer.map(|p| (p.peer, p.pair)).unzip();
    let reservation = Reservation {
        account: account.clone(),
        cluster: cluster.clone(),
        peer: survivor.clone(),
        pair,
        virtual_ip,
        replaces: Some(old.clone()),
        since: call.now,
    };
    reserve(&mut draft, with, reservation)?;
    let record = Prepared {
        name: Some(gone.name.clone()),
        cluster: Some(cluster),
        peer: survivor,
        virtual_ip,
        ..prepared.unwrap_or(blank)
    };
    draft.put(Key::Prepared(with.clone()), record);
    gone.state = HostState::Replaced { at: call.now, by: Some(with.clone()) };
    draft.put(Key::Host(old.clone()), gone);
    Ok(draft.done(call.audit(account, "host.replace", format!("{old} {with}")), ()))
}
