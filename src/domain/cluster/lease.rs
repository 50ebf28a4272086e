//! Who of a pair may be active. The hold lives as long as the store's lease behind it; the epoch lives for ever and only grows.

use super::{
    account::Call,
    key::Key,
    names::{PairId, Serial},
    problem::Problem,
    record::{Host, HostState, PairHold, PairLease, Peer, Reservation},
    view::{Decision, Draft, Stop, View},
};

/// Shortest and longest lease in seconds. Shorter: a busy minute of the registry ends it. Longer: an outage that everybody sees.
pub const SECONDS: std::ops::RangeInclusive<u64> = 2..=60;

/// The pair that a host is of, or was of until its peer was replaced.
fn pair_of(draft: &mut Draft<'_>, serial: &Serial, host: &Host) -> Result<PairId, Stop> {
    if let Some(peer) = draft.get::<Peer>(Key::Peer(serial.clone()))? {
        return Ok(peer.pair);
    }
    let kept = match &host.awaits {
        Some(awaited) => draft.get::<Reservation>(Key::Reservation(awaited.clone()))?.and_then(|r| r.pair),
        None => None,
    };
    Ok(kept.ok_or_else(|| Problem::NoPeer { serial: serial.clone() })?)
}

/// Grants the lease, or says who has it. `lease` is the store's, made for this. `released`: the epoch that the peer itself has ended, as it said
/// over the heartbeat; it may have no way to say so here. A holder that asks again gets it anew, in another epoch: a
/// release or a renewal of before that arrives late is of an epoch that is over, and takes nothing from it.
pub fn acquire(
    view: &View,
    serial: &Serial,
    lease: u64,
    released: Option<u64>,
    call: &Call,
) -> Result<Decision<PairHold>, Stop> {
    let mut draft = Draft::new(view);
    let host = draft.get::<Host>(Key::Host(serial.clone()))?.ok_or(Problem::NotFound)?;
    if host.state != HostState::Active {
        return Err(Problem::WrongState { state: host.state.word().to_owned() }.into());
    }
    let pair = pair_of(&mut draft, serial, &host)?;
    let hold = draft.get::<PairHold>(Key::PairHold(pair.clone()))?;
    if let Some(PairHold { holder, epoch, .. }) =
        hold.filter(|hold| hold.holder != *serial && Some(hold.epoch) != released)
    {
        return Err(Problem::LeaseHeld { holder, epoch }.into());
    }
    let before = draft.get::<PairLease>(Key::PairLease(pair.clone()))?.ok_or(Problem::NotFound)?;
    let epoch = before.epoch.checked_add(1).ok_or(Problem::Internal)?;
    let changed = before.holder.as_ref() != Some(serial);
    draft.put(Key::PairLease(pair.clone()), PairLease { holder: Some(serial.clone()), epoch, ..before });
    let hold = PairHold { holder: serial.clone(), epoch, lease };
    draft.put_leased(Key::PairHold(pair.clone()), hold.clone(), lease);
    let audit = if changed { call.audit(&host.account, "pair.active", serial) } else { None };
    Ok(draft.done(audit, hold))
}

/// The hold that is to be renewed, if it is still that of this box and this epoch. Changes nothing: the store's lease is renewed.
pub fn held(view: &View, serial: &Serial, epoch: u64) -> Result<Decision<PairHold>, Stop> {
    let mut draft = Draft::new(view);
    let host = draft.get::<Host>(Key::Host(serial.clone()))?.ok_or(Problem::NotFound)?;
    let pair = pair_of(&mut draft, serial, &host)?;
    match draft.get::<PairHold>(Key::PairHold(pair.clone()))? {
        Some(hold) if hold.holder == *serial && hold.epoch == epoch => Ok(draft.done(None, hold)),
        Some(_) | None => {
            let lease = draft.get::<PairLease>(Key::PairLease(pair))?;
            Err(Problem::LeaseLost { epoch: lease.map_or(0, |lease| lease.epoch) }.into())
        }
    }
}

/// Gives the lease back, if it is this box's and of this epoch; again is no error.
pub fn release(view: &View, serial: &Serial, epoch: u64) -> Result<Decision<()>, Stop> {
    let mut draft = Draft::new(view);
    let host = draft.get::<Host>(Key::Host(serial.clone()))?.ok_or(Problem::NotFound)?;
    let key = Key::PairHold(pair_of(&mut draft, serial, &host)?);
    if draft.get::<PairHold>(key.clone())?.is_some_and(|hold| hold.holder == *serial && hold.epoch == epoch) {
        draft.delete(key);
    }
    Ok(draft.done(None, ()))
}
