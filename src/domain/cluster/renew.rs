//! Certificates of boxes after the first: renewed in time, and late once an administrator agrees.

use super::{
    account::Call,
    key::Key,
    names::{AccountId, Serial},
    pairs,
    problem::Problem,
    record::{Host, HostState, Issued},
    view::{Decision, Draft, Stop, View},
};
use crate::{
    activation::validity::{LATE_HOURS, Standing},
    time::UnixSeconds,
};

/// Whether a certificate with this key is that of a box which still belongs.
pub fn belongs(host: &Host, key: &str) -> Result<(), Problem> {
    match &host.state {
        HostState::Active | HostState::Draining { .. } | HostState::Leaving { .. } => {
            if host.key == key {
                Ok(())
            } else {
                Err(Problem::NoCertificate)
            }
        }
        HostState::Removed { at, .. } => Err(Problem::HostRemoved { at: *at }),
        HostState::Replaced { by, .. } => Err(Problem::HostReplaced { by: by.clone() }),
    }
}

/// A new certificate for the same key. `key` is that which signed the request.
pub fn renew(
    view: &View,
    serial: &Serial,
    key: &str,
    certificate: Issued,
    call: &Call,
) -> Result<Decision<Issued>, Stop> {
    let mut draft = Draft::new(view);
    let host = draft.get::<Host>(Key::Host(serial.clone()))?.ok_or(Problem::NoCertificate)?;
    belongs(&host, key)?;
    let late = host.certificate.validity.standing(call.now) == Standing::Expired;
    if late && host.late_until.is_none_or(|until| call.now > until) {
        return Err(Problem::RenewalNotAgreed.into());
    }
    let account = host.account.clone();
    draft.put(Key::Host(serial.clone()), Host { certificate: certificate.clone(), late_until: None, ..host });
    Ok(draft.done(call.audit(&account, "certificate.renew", serial), certificate))
}

/// An administrator's word that a certificate which has run out may be renewed all the same.
pub fn agree_late(
    view: &View,
    account: &AccountId,
    serial: &Serial,
    call: &Call,
) -> Result<Decision<UnixSeconds>, Stop> {
    let mut draft = Draft::new(view);
    let host = pairs::host_of(&mut draft, account, serial)?;
    let until = UnixSeconds(call.now.0.saturating_add(LATE_HOURS * 3600));
    draft.put(Key::Host(serial.clone()), Host { late_until: Some(until), ..host });
    Ok(draft.done(call.audit(account, "certificate.agree", serial), until))
}
