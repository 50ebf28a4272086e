//! The ledger's steps, done.

use std::sync::Arc;

use domain::{
    activation::{
        api::{Away, Step},
        base64url,
        ledger::{Ended, Ledger},
        told,
    },
    cluster::{
        api::{ActivateAsk, BoxInfo, Time},
        calls,
        problem::Problem,
    },
};
use os::clock;

use super::{
    own::{Identified, Own},
    store::Store,
};
use crate::registry::{self, Failed, Identity, Registry, With};

/// How a call that failed ends a step.
pub fn ended(failed: Failed) -> Ended {
    match later(failed) {
        Ok(away) => Ended::Away(away),
        Err(problem) => Ended::Refused(problem),
    }
}

/// What passes by itself.
///
/// # Errors
/// What does not.
pub fn later(failed: Failed) -> Result<Away, Problem> {
    match failed {
        Failed::Away(away) => Ok(away),
        Failed::Refused(refused) => match refused.problem {
            // whoever comes too often comes later
            problem @ Problem::SlowDown { .. } => Ok(Away::Unwell { problem }),
            problem => Err(problem),
        },
    }
}

pub fn no_registry() -> Failed {
    Failed::Away(Away::Here { detail: "the registry's authority is not known".into() })
}

/// Does a step. Whatever it finds done already it finds done.
pub async fn perform(own: Arc<Own>, store: Store, ledger: Ledger, step: Step) -> Ended {
    let Ok(me) = own.me() else { return Ended::Away(Away::Here { detail: "box.toml".into() }) };
    match step {
        Step::Key => match store.key_or_new() {
            Ok(_) => Ended::Done,
            Err(error) => here(&error),
        },
        Step::Registry => reach(&own, &ledger).await,
        Step::Activate => activate(&own, me, &store, &ledger).await,
        Step::Certificate => certificate(me, &store, &ledger),
        Step::HostName => host_name(&own, &ledger).await,
        Step::Confirm => confirm(&own, me, &store, &ledger).await,
    }
}

/// What is wrong is on this box: tried again, as everything is.
fn here(error: &dyn std::fmt::Display) -> Ended {
    tracing::error!(%error, "a step of the activation");
    Ended::Away(Away::Here { detail: error.to_string() })
}

fn the_registry(own: &Own, ledger: &Ledger) -> Result<Registry, Failed> {
    ledger.trust.as_ref().and_then(|trust| own.registry(trust)).ok_or_else(no_registry)
}

async fn reach(own: &Own, ledger: &Ledger) -> Ended {
    let asked = async { the_registry(own, ledger)?.call::<calls::GetTime>(With::default(), &()).await };
    match asked.await {
        Ok(Time { now }) => registry::off(now).map_or(Ended::Done, Ended::Away),
        Err(failed) => ended(failed),
    }
}

async fn activate(own: &Own, me: &Identified, store: &Store, ledger: &Ledger) -> Ended {
    let (Some(code), Some(name), Some(association), Some(work)) =
        (&ledger.code, &ledger.draft.name, &ledger.draft.association, &ledger.work)
    else {
        return Ended::Refused(Problem::CodeUnknown);
    };
    let csr = store.key_or_new().and_then(|key| pki::request::make(&key, &me.serial).map_err(std::io::Error::other));
    let csr = match csr {
        Ok(csr) => base64url::encode(&csr),
        Err(error) => return here(&error),
    };
    let ask = ActivateAsk {
        request: work.request.clone(),
        code: code.clone(),
        serial: me.serial.clone(),
        model: me.model.clone(),
        name: name.clone(),
        csr,
        association: association.clone(),
    };
    let asked = async { the_registry(own, ledger)?.call::<calls::Activate>(With::default(), &ask).await };
    match asked.await {
        Ok(info) if told::is_plausible(&info, &me.serial) => Ended::Taken(Box::new(info)),
        Ok(_) => Ended::Away(useless("what it answers cannot be about this box")),
        Err(failed) => ended(failed),
    }
}

/// Nothing that the registry says is believed unseen.
fn certificate(me: &Identified, store: &Store, ledger: &Ledger) -> Ended {
    let Some(info) = ledger.work.as_ref().and_then(|work| work.answer.as_ref()) else {
        return Ended::Useless(useless("no answer"));
    };
    let key = store.key_or_new().and_then(|key| pki::key::public(&key).map_err(std::io::Error::other));
    let key = match key {
        Ok(key) => key,
        Err(error) => return here(&error),
    };
    let trusted = ledger.trust.as_ref().map(|trust| trust.authority.as_str());
    let (Some(certificate), Some(authority)) =
        (base64url::decode(&info.certificate), base64url::decode(&info.authority))
    else {
        return Ended::Useless(useless("no base64url"));
    };
    if trusted != Some(&pki::hex_digest(&authority)) {
        return Ended::Useless(useless("another authority than the code's"));
    }
    match pki::certificate::check(&certificate, &authority, &me.serial, &key, clock::wall()) {
        Ok(_) => Ended::Done,
        Err(unusable) => {
            // a certificate that is not good yet, or not any more, may be so by the box's clock alone
            let clock = registry::off(info.now).filter(|_| unusable == pki::certificate::Unusable::NotVouchedFor);
            Ended::Useless(clock.unwrap_or_else(|| useless(&unusable.to_string())))
        }
    }
}

/// A registry that answers so is not well; it is asked again.
fn useless(detail: &str) -> Away {
    tracing::error!(detail, "the registry's answer for this box cannot be used");
    Away::BadCertificate { detail: detail.to_owned() }
}

async fn host_name(own: &Own, ledger: &Ledger) -> Ended {
    let Some(name) = ledger.work.as_ref().and_then(|work| Some(work.answer.as_ref()?.name.clone())) else {
        return Ended::Useless(useless("no answer"));
    };
    match own.settings.set_host_name(name).await {
        Ok(()) => Ended::Done,
        Err(fault) => here(&fault),
    }
}

async fn confirm(own: &Own, me: &Identified, store: &Store, ledger: &Ledger) -> Ended {
    let Some(info) = ledger.work.as_ref().and_then(|work| work.answer.as_ref()) else {
        return Ended::Useless(useless("no answer"));
    };
    let identity = match identity(store, info) {
        Ok(identity) => Some(Arc::new(identity)),
        Err(error) => return here(&error),
    };
    let asked = async {
        let registry = Registry { identity, ..the_registry(own, ledger)? };
        registry.call::<calls::GetBox>(With::default(), &()).await
    };
    match asked.await {
        Ok(told) if told::is_plausible(&told, &me.serial) => Ended::Done,
        Ok(_) => Ended::Away(useless("what it tells cannot be about this box")),
        Err(failed) => ended(failed),
    }
}

/// The box's certificate with its key.
///
/// # Errors
/// When there is none that can be read.
pub fn identity(store: &Store, info: &BoxInfo) -> std::io::Result<Identity> {
    let key = store.key()?.ok_or_else(|| std::io::Error::other("the box's key is gone"))?;
    let certificate = base64url::decode(&info.certificate).ok_or_else(|| std::io::Error::other("no certificate"))?;
    Ok(Identity { certificate, key })
}
