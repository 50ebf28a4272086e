//! A member's life with the registry: it tells that it lives, hears what has become of it, and renews its certificate.

use std::sync::Arc;

use domain::{
    activation::{
        api::{Away, AwaySince, OwnCluster},
        base64url,
        ledger::Ledger,
        told,
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

use super::{
    own::{Identified, Own},
    steps,
    store::Store,
};
use crate::registry::{Failed, Registry, With};

/// What a round with the registry brought.
#[derive(Debug, Default)]
pub struct Polled {
    pub info: Option<BoxInfo>,
    pub cluster: Option<ClusterView>,
    pub renewed: Option<(String, Validity)>,
    pub failed: Option<Failed>,
}

/// Asks how things are, and does what they ask for.
pub async fn poll(own: &Own, store: &Store, ledger: &Ledger) -> Polled {
    let mut polled = Polled::default();
    if let Err(failed) = round(own, store, ledger, &mut polled).await {
        polled.failed = Some(failed);
    }
    polled
}

async fn round(own: &Own, store: &Store, ledger: &Ledger, polled: &mut Polled) -> Result<(), Failed> {
    let here = |detail: String| Failed::Away(Away::Here { detail });
    let me = own.me().map_err(|fault| here(fault.to_string()))?;
    let member = ledger.member.as_ref().ok_or_else(|| here("no member".into()))?;
    let registry = ledger.trust.as_ref().and_then(|trust| own.registry(trust)).ok_or_else(steps::no_registry)?;
    let identity = steps::identity(store, &member.info).map_err(|error| here(error.to_string()))?;
    let standing = member.validity.standing(clock::wall());
    if standing == Standing::Expired {
        // its certificate opens no door any more: the key alone speaks, and an administrator has to agree
        let csr = csr(me, store).map_err(here)?;
        let ask = LateRenewAsk { serial: me.serial.clone(), csr };
        let renewed = registry.call::<calls::RenewLate>(With::default(), &ask).await?;
        polled.renewed = Some(checked(me, store, ledger, renewed).map_err(here)?);
        return Ok(());
    }
    let registry = Registry { identity: Some(Arc::new(identity)), ..registry };
    let mut info = registry.call::<calls::GetBox>(With::default(), &()).await?;
    if !told::is_plausible(&info, &me.serial) {
        return Err(here("what the registry tells cannot be about this box".into()));
    }
    if let Some(state) = leave(own, &registry, store, &info).await? {
        info.state = state;
    }
    if standing == Standing::Renew {
        let csr = csr(me, store).map_err(here)?;
        let renewed = registry.call::<calls::RenewCertificate>(With::default(), &RenewAsk { csr }).await?;
        polled.renewed = Some(checked(me, store, ledger, renewed).map_err(here)?);
    }
    if info.cluster.is_some() {
        polled.cluster = Some(registry.call::<calls::GetBoxCluster>(With::default(), &()).await?);
    }
    // the certificate that the box has is the one that it has checked, not the one that it is told of
    info.certificate.clone_from(&member.info.certificate);
    info.authority.clone_from(&member.info.authority);
    (info.not_before, info.not_after) = (member.validity.not_before, member.validity.not_after);
    polled.info = Some(info);
    Ok(())
}

/// A box that is to go hands its applications over first, where somebody can take them: the pair's task does, and has this asked again.
async fn leave(own: &Own, registry: &Registry, store: &Store, info: &BoxInfo) -> Result<Option<String>, Failed> {
    let mut state = info.state.clone();
    if state == told::DRAINING {
        if own.holds().await {
            return Ok(None);
        }
        state = registry.call::<calls::BoxDrained>(With::default(), &()).await?.state;
    }
    if state == "leaving" {
        // before it says that it has: nobody looks again
        store.forget_cluster();
        state = registry.call::<calls::BoxLeft>(With::default(), &()).await?.state;
    }
    if state == "removed" {
        // what a removed box is told when it asks
        let gone = registry.call::<calls::GetBox>(With::default(), &()).await;
        return gone.map(|info| Some(info.state));
    }
    Ok((state != info.state).then_some(state))
}

fn csr(me: &Identified, store: &Store) -> Result<String, String> {
    let key = store.key().map_err(|error| error.to_string())?.ok_or("the box's key is gone")?;
    pki::request::make(&key, &me.serial).map(|csr| base64url::encode(&csr)).map_err(|error| error.to_string())
}

/// A new certificate is looked at as the first one was: one that does not fit never takes the place of one that does.
fn checked(me: &Identified, store: &Store, ledger: &Ledger, renewed: Renewed) -> Result<(String, Validity), String> {
    let member = ledger.member.as_ref().ok_or("no member")?;
    let key = store.key().map_err(|error| error.to_string())?.ok_or("the box's key is gone")?;
    let key = pki::key::public(&key).map_err(|error| error.to_string())?;
    let certificate = base64url::decode(&renewed.certificate).ok_or("no base64url")?;
    let authority = base64url::decode(&member.info.authority).ok_or("no base64url")?;
    let checked = pki::certificate::check(&certificate, &authority, &me.serial, &key, clock::wall());
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
                    own = OwnCluster::default();
                }
            } else {
                let why = Away::Unwell { problem: refused.problem };
                let since = own.away.as_ref().map_or(now, |away| away.since);
                own.away = Some(AwaySince { since, why: why.clone() });
                ledger.away(why, now);
            }
        }
    }
    let before = cluster.borrow().clone();
    if lasting(&own) != lasting(&before) {
        store.save_cluster(&own);
    }
    if own != before {
        cluster.send_replace(own);
    }
}

/// Without what changes with each round: signs of life are not worth a write to the disk.
fn lasting(own: &OwnCluster) -> OwnCluster {
    let mut own = OwnCluster { told: None, ..own.clone() };
    if let Some(view) = &mut own.view {
        view.now = UnixSeconds(0);
        for host in &mut view.hosts {
            host.last_seen = None;
        }
    }
    own
}
