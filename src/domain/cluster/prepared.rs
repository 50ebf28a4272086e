//! Records that somebody prepares for boxes before they are unpacked.

use super::{
    account::Call,
    key::Key,
    names::{AccountId, Serial},
    pairs,
    problem::Problem,
    record::{Account, Cluster, Host, Prepared, Reservation},
    view::{Decision, Draft, Stop, View},
};

/// Longest spec of uplinks, in bytes.
pub const LONGEST_UPLINKS: usize = 16_384;

/// Saves what is prepared for a box, and with `reserve` keeps its place in the cluster.
pub fn put(view: &View, serial: &Serial, prepared: Prepared, reserve: bool, call: &Call) -> Result<Decision<()>, Stop> {
    let mut draft = Draft::new(view);
    let account = prepared.account.clone();
    let owner = draft.get::<Account>(Key::Account(account.clone()))?.ok_or(Problem::NotFound)?;
    let before = draft.get::<Prepared>(Key::Prepared(serial.clone()))?;
    if before.is_some_and(|before| before.account != account) {
        return Err(Problem::OtherAccount.into());
    }
    if draft.get::<Host>(Key::Host(serial.clone()))?.is_some_and(|host| host.state.belongs()) {
        return Err(Problem::AlreadyActive { serial: serial.clone() }.into());
    }
    if prepared.uplinks.as_ref().is_some_and(|text| text.len() > LONGEST_UPLINKS) {
        return Err(Problem::invalid("uplinks", "longer than 16 KiB").into());
    }
    if prepared.peer.as_ref() == Some(serial) {
        return Err(Problem::invalid("peer", "it is the box itself").into());
    }
    if let Some(id) = &prepared.cluster {
        let cluster = draft.get::<Cluster>(Key::Cluster(id.clone()))?.filter(|c| c.account == account);
        let cluster = cluster.ok_or_else(|| Problem::invalid("cluster", "there is none with this id"))?;
        if let (Some(model), Some(wanted)) = (cluster.model, &prepared.model)
            && model != *wanted
        {
            return Err(Problem::OtherModel { model }.into());
        }
    }
    if reserve {
        let cluster = prepared.cluster.clone();
        let cluster = cluster.ok_or_else(|| Problem::invalid("cluster", "a reservation needs one"))?;
        if owner.service.is_none() {
            return Err(Problem::ServiceNotEnabled.into());
        }
        let kept = draft.get::<Reservation>(Key::Reservation(serial.clone()))?;
        // the same place again, also one that a peer waits for already
        if kept.is_none_or(|r| r.account != account || r.cluster != cluster) {
            let reservation = Reservation {
                account: account.clone(),
                cluster,
                peer: None,
                pair: None,
                virtual_ip: prepared.virtual_ip,
                replaces: None,
                since: call.now,
            };
            pairs::reserve(&mut draft, serial, reservation)?;
        }
    }
    draft.put(Key::Prepared(serial.clone()), prepared);
    Ok(draft.done(call.audit(&account, "box.prepare", serial), ()))
}

pub fn remove(view: &View, account: &AccountId, serial: &Serial, call: &Call) -> Result<Decision<()>, Stop> {
    let mut draft = Draft::new(view);
    let found = draft.get::<Prepared>(Key::Prepared(serial.clone()))?;
    found.filter(|p| p.account == *account).ok_or(Problem::NotFound)?;
    draft.delete(Key::Prepared(serial.clone()));
    Ok(draft.done(call.audit(account, "box.unprepare", serial), ()))
}
