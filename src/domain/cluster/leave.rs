//! A box leaves: drain → leave → removed. By force only while that is under way, so that nobody forces by mistake.
//!
//! ```text
//! Active ──remove──► Draining ──drained──► Leaving ──left──► Removed
//!                       └───────────── force ────┴─────────────┘
//! ```

use super::{
    account::Call,
    key::Key,
    names::{AccountId, Serial},
    pairs,
    problem::Problem,
    record::{Host, HostState, PairHold, Peer},
    view::{Decision, Draft, Stop, View},
};

/// What moves a removal on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// An administrator asks for it.
    Remove,
    /// The box has given its applications away.
    Drained,
    /// The box has cleared what it had of the cluster.
    Left,
    /// An administrator waits no longer.
    Force,
}

/// Moves a removal on; a step that was made already is no error, because its answer may have been lost.
pub fn step(
    view: &View,
    account: &AccountId,
    serial: &Serial,
    step: Step,
    call: &Call,
) -> Result<Decision<HostState>, Stop> {
    let mut draft = Draft::new(view);
    let host = draft.get::<Host>(Key::Host(serial.clone()))?.filter(|h| h.account == *account);
    let mut host = host.ok_or(Problem::NotFound)?;
    let now = call.now;
    let next = match (&host.state, step) {
        (HostState::Active, Step::Remove) => HostState::Draining { since: now },
        (HostState::Draining { .. }, Step::Drained) => HostState::Leaving { since: now },
        (HostState::Leaving { .. }, Step::Left) => HostState::Removed { at: now, forced: false },
        (HostState::Draining { .. } | HostState::Leaving { .. }, Step::Force) => {
            HostState::Removed { at: now, forced: true }
        }
        (HostState::Draining { .. } | HostState::Leaving { .. }, Step::Remove)
        | (HostState::Leaving { .. }, Step::Drained)
        | (HostState::Removed { .. }, Step::Remove | Step::Left | Step::Force) => {
            let state = host.state.clone();
            return Ok(draft.done(None, state));
        }
        (HostState::Active, Step::Force) => return Err(Problem::NotPending.into()),
        (HostState::Active, Step::Drained | Step::Left)
        | (HostState::Draining { .. }, Step::Left)
        | (HostState::Removed { .. }, Step::Drained)
        | (HostState::Replaced { .. }, Step::Remove | Step::Drained | Step::Left | Step::Force) => {
            return Err(Problem::WrongState { state: host.state.word().to_owned() }.into());
        }
    };
    host.state = next.clone();
    match next {
        HostState::Leaving { .. } => {
            give_up_lease(&mut draft, serial)?;
            draft.put(Key::Host(serial.clone()), host);
        }
        HostState::Removed { .. } => clear(&mut draft, serial, host)?,
        HostState::Active | HostState::Draining { .. } | HostState::Replaced { .. } => {
            draft.put(Key::Host(serial.clone()), host);
        }
    }
    let what = format!("host.{}", next.word());
    Ok(draft.done(call.audit(account, &what, serial), next))
}

/// A box without applications holds nothing that keeps its peer from taking over.
fn give_up_lease(draft: &mut Draft<'_>, serial: &Serial) -> Result<(), Stop> {
    if let Some(Peer { pair, .. }) = draft.get::<Peer>(Key::Peer(serial.clone()))? {
        let key = Key::PairHold(pair);
        if draft.get::<PairHold>(key.clone())?.is_some_and(|hold| hold.holder == *serial) {
            draft.delete(key);
        }
    }
    Ok(())
}

/// Takes everything from a removed box that others could stumble over.
fn clear(draft: &mut Draft<'_>, serial: &Serial, mut host: Host) -> Result<(), Stop> {
    let (cluster, awaits) = (host.cluster.take(), host.awaits.take());
    host.late_until = None;
    draft.put(Key::Host(serial.clone()), host.clone());
    if let Some(awaited) = awaits {
        pairs::unreserve(draft, &awaited)?;
    }
    pairs::split(draft, serial)?;
    if let Some(cluster) = cluster {
        draft.delete(Key::Member(cluster, serial.clone()));
    }
    draft.delete(Key::Owned(host.account, serial.clone()));
    Ok(())
}
