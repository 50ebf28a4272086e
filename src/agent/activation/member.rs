//! A member's life with the registry: it tells that it lives, hears what has become of it, and renews its certificate.

use std::sync::Arc;

use domain::{
    activation::{
        api::{Away, AwaySince, OwnCluster},
        base64url,
        ledger::Ledger,
        validity::{Standing, Validity},
    },
    cluster::{
        api::{BoxInfo, ClusterView, LateRenewAsk, RenewAsk, Renewed},
        calls,
        problem::Problem,
    },
    time::UnixSeconds,
};
use os::clock;
use tokio::sync::watch;

use super::{Own, steps, store::Store};
use crate::registry::{Failed, Registry, With};

/// What a round with the registry brought.
pub struct Polled {
    pub info: Option<BoxInfo>,
    pub cluster: Option<ClusterView>,
    pub renewed: Option<(String, Validity)>,
    pub failed: Option<Failed>,
}

/// Asks how things are, and does what they ask for.
pub async fn poll(own: &Own, store: &Store, ledger: &Ledger) -> Polled {
    let mut polled = Polled { info: None, cluster: None, renewed: None, failed: None };
    if let Err(failed) = round(own, store, ledger, &mut polled).await {
        polled.failed = Some(failed);
    }
    polled
}

async fn round(own: &Own, store: &Store, ledger: &Ledger, polled: &mut Polled) -> Result<(), Failed> {
    let here = |detail: String| Failed::Away(Away::Here { detail });
    let member = ledger.member.as_ref().ok_or_else(|| here("no member".into()))?;
    let registry = ledger.trust.as_ref().and_then(|trust| own.registry(trust));
    let registry = registry.ok_or_else(|| here("no registry".into()))?;
    let identity = steps::identity(store, &member.info).map_err(|error| here(error.to_string()))?;
    let standing = member.validity.standing(clock::wall());
    if standing == Standing::Expired {
        // its certificate opens no door any more: the key alone speaks, and an administrator has to agree
        let csr = csr(own, store).map_err(here)?;
        let ask = LateRenewAsk { serial: own.serial.clone(), csr };
        let renewed = registry.call::<calls::RenewLate>(With::default(), &ask).await?;
        polled.renewed = Some(checked(own, store, ledger, renewed).map_err(here)?);
        return Ok(());
    }
    let registry = Registry { identity: Some(Arc::new(identity)), ..registry };
    let mut info = registry.call::<calls::GetBox>(With::default(), &()).await?;
    if let Some(state) = leave(&registry, &info).await? {
        info.state = state;
    }
    if standing == Standing::Renew {
        let csr = csr(own, store).map_err(here)?;
        let renewed = registry.call::<calls::RenewCertificate>(With::default(), &RenewAsk { csr }).await?;
        polled.renewed = Some(checked(own, store, ledger, renewed).map_err(here)?);
    }
    if info.cluster.is_some() {
        polled.cluster = Some(registry.call::<calls::GetBoxCluster>(With::default(), &()).await?);
    }
    // the certificate that the box has is the one that it has checked, not the one that it is told of
    let own_certificate = (member.info.certificate.clone(), member.info.not_before, member.info.not_after);
    (info.certificate, info.not_before, info.not_after) = own_certificate;
    polled.info = Some(info);
    Ok(())
}

/// A box that is to go has nothing to give away yet, so it goes. Applications are given away here once there are some.
async fn leave(registry: &Registry, info: &BoxInfo) -> Result<Option<String>, Failed> {
    let mut state = info.state.clone();
    if state == "draining" {
        state = registry.call::<calls::BoxDrained>(With::default(), &()).await?.state;
    }
    if state == "leaving" {
        state = registry.call::<calls::BoxLeft>(With::default(), &()).await?.state;
    }
    if state == "removed" {
        // what a removed box is told when it asks
        let gone = registry.call::<calls::GetBox>(With::default(), &()).await;
        return gone.map(|info| Some(info.state));
    }
    Ok((state != info.state).then_some(state))
}

fn csr(own: &Own, store: &Store) -> Result<String, String> {
    let key = store.key().map_err(|error| error.to_string())?.ok_or("the box's key is gone")?;
    pki::request::make(&key, &own.serial).map(|csr| base64url::encode(&csr)).map_err(|error| error.to_string())
}

/// A new certificate is looked at as the first one was: one that does not fit never takes the place of one that does.
fn checked(own: &Own, store: &Store, ledger: &Ledger, renewed: Renewed) -> Result<(String, Validity), String> {
    let member = ledger.member.as_ref().ok_or("no member")?;
    let key = store.key().map_err(|error| error.to_string())?.ok_or("the box's key is gone")?;
    let key = pki::key::public(&key).map_err(|error| error.to_string())?;
    let certificate = base64url::decode(&renewed.certificate).ok_or("no base64url")?;
    let authority = base64url::decode(&member.info.authority).ok_or("no base64url")?;
    let checked = pki::certificate::check(&certificate, &authority, &own.serial, &key, clock::wall());
    let validity = checked.map_err(|unusable| unusable.to_string())?;
    Ok((renewed.certificate, validity))
}

/// Writes down what a round brought.
pub fn take(ledger: &mut Ledger, polled: Polled, cluster: &watch::Sender<OwnCluster>, store: &Store, now: UnixSeconds) {
    if let Some(info) = polled.info {
        ledger.told(info, now);
    }
    if let Some((certificate, validity)) = polled.renewed {
        tracing::info!(until = validity.not_after.0, "the box's certificate is renewed");
        ledger.renewed(certificate, validity, now);
    }
    let mut own = cluster.borrow().clone();
    match polled.failed {
        None => own = OwnCluster { view: polled.cluster, told: Some(now), away: None },
        Some(Failed::Away(why)) => {
            let since = own.away.as_ref().map_or(now, |away| away.since);
            own.away = Some(AwaySince { since, why: why.clone() });
            ledger.away(why, now);
        }
        Some(Failed::Refused(refused)) => {
            tracing::warn!(code = refused.code, problem = %refused.problem, "the registry refuses this box");
            if ledger.refused_as_member(&refused.problem, now) {
                if let Problem::HostRemoved { .. } | Problem::HostReplaced { .. } = refused.problem {
                    own = OwnCluster { view: None, told: Some(now), away: None };
                }
            } else {
                let why = Away::Unwell { problem: refused.problem };
                own.away = Some(AwaySince { since: now, why: why.clone() });
                ledger.away(why, now);
            }
        }
    }
    if own != *cluster.borrow() {
        store.save_cluster(&own);
        cluster.send_replace(own);
    }
}
