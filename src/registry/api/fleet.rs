//! Clusters, hosts, what is prepared for boxes to come, and the account's log.

use domain::cluster::{
    api::{
        Agreed, AuditLine, BoxRecord, CandidateInfo, ClusterInfo, ClusterView, Done, HostInfo, NewCluster, Parted,
        Removal, RemoveAsk, ReplaceAsk,
    },
    association::{Joiner, candidates, clusters_of},
    calls, clusters,
    key::{Key, Prefix},
    leave::{self, Step},
    names::{AccountId, ClusterId, Serial},
    pairs, prepared,
    problem::Problem,
    record::{Audit, Cluster, Host, Member, PairHold, PairLease, Peer, Prepared, Reservation},
    renew,
    view::{Draft, Stop},
};

use super::{
    enrol::candidate,
    routes::{Asked, Routes},
};
use crate::engine::fresh;

/// Lines of the log that are told.
const MOST_LINES: usize = 1_000;

pub fn add(routes: &mut Routes) {
    routes.on::<calls::ListClusters, _>(list);
    routes.on::<calls::CreateCluster, _>(create);
    routes.on::<calls::GetCluster, _>(show);
    routes.on::<calls::RemoveCluster, _>(remove);
    routes.on::<calls::ListCandidates, _>(list_candidates);
    routes.on::<calls::ListHosts, _>(hosts);
    routes.on::<calls::RemoveHost, _>(remove_host);
    routes.on::<calls::ReplaceHost, _>(replace);
    routes.on::<calls::UnpairHost, _>(unpair);
    routes.on::<calls::AgreeLateRenewal, _>(agree);
    routes.on::<calls::CancelReservation, _>(cancel);
    routes.on::<calls::ListBoxes, _>(boxes);
    routes.on::<calls::PrepareBox, _>(prepare);
    routes.on::<calls::ForgetBox, _>(forget);
    routes.on::<calls::ListAudit, _>(audit);
}

/// The serials that an index names.
fn serials(draft: &Draft<'_>, prefix: Prefix) -> Result<Vec<Serial>, Stop> {
    let found = draft.list::<Member>(prefix)?;
    Ok(found.iter().filter_map(|(key, _)| key.leaf().parse().ok()).collect())
}

fn cluster_info(draft: &Draft<'_>, id: &ClusterId, cluster: Cluster) -> Result<ClusterInfo, Stop> {
    let members = serials(draft, Prefix::Members(id.clone()))?;
    let reserved = serials(draft, Prefix::ReservedIn(id.clone()))?;
    let peers = draft.look_all::<Peer>(members.iter().cloned().map(Key::Peer))?;
    let paired = peers.iter().flatten().count();
    let Cluster { name, model, created, .. } = cluster;
    Ok(ClusterInfo {
        id: id.clone(),
        name,
        model,
        created,
        hosts: members.len() as u64,
        pairs: (paired / 2) as u64,
        reserved,
    })
}

/// A cluster of the account; of another one it is as if there were none.
fn own(draft: &Draft<'_>, account: &AccountId, id: &ClusterId) -> Result<Cluster, Stop> {
    let found = draft.look::<Cluster>(Key::Cluster(id.clone()))?.filter(|cluster| cluster.account == *account);
    Ok(found.ok_or(Problem::NotFound)?)
}

/// A host as the rules know it, before what only memory knows is added.
fn host_info(draft: &Draft<'_>, serial: &Serial) -> Result<Option<HostInfo>, Stop> {
    let Some(host) = draft.look::<Host>(Key::Host(serial.clone()))? else { return Ok(None) };
    let peer = draft.look::<Peer>(Key::Peer(serial.clone()))?;
    let (mut virtual_ip, mut holds_lease) = (None, false);
    if let Some(Peer { pair, .. }) = &peer {
        virtual_ip = draft.look::<PairLease>(Key::PairLease(pair.clone()))?.and_then(|lease| lease.virtual_ip);
        let hold = draft.look::<PairHold>(Key::PairHold(pair.clone()))?;
        holds_lease = hold.is_some_and(|hold| hold.holder == *serial);
    } else if let Some(awaited) = &host.awaits {
        let kept = draft.look::<Reservation>(Key::Reservation(awaited.clone()))?;
        virtual_ip = kept.and_then(|reservation| reservation.virtual_ip);
    }
    Ok(Some(HostInfo {
        serial: serial.clone(),
        name: host.name,
        model: host.model,
        state: host.state.word().to_owned(),
        cluster: host.cluster,
        peer: peer.map(|peer| peer.peer),
        awaits: host.awaits,
        virtual_ip,
        holds_lease,
        activated: host.activated,
        certificate_until: host.certificate.validity.not_after,
        last_seen: None,
    }))
}

/// All hosts that an index names, in a bounded number of reads.
fn host_infos(draft: &Draft<'_>, prefix: Prefix) -> Result<Vec<HostInfo>, Stop> {
    let members = serials(draft, prefix)?;
    // all of one kind at once: a rule that asks for them one by one would be called again for each
    let hosts = draft.look_all::<Host>(members.iter().cloned().map(Key::Host))?;
    let peers = draft.look_all::<Peer>(members.iter().cloned().map(Key::Peer))?;
    let pairs = peers.iter().flatten().map(|peer| peer.pair.clone()).collect::<Vec<_>>();
    draft.look_all::<PairLease>(pairs.iter().cloned().map(Key::PairLease))?;
    draft.look_all::<PairHold>(pairs.into_iter().map(Key::PairHold))?;
    let awaited = hosts.iter().flatten().filter_map(|host| host.awaits.clone());
    draft.look_all::<Reservation>(awaited.map(Key::Reservation))?;
    let infos = members.iter().map(|serial| host_info(draft, serial)).collect::<Result<Vec<_>, _>>()?;
    Ok(infos.into_iter().flatten().collect())
}

fn with_last_seen(asked: &Asked, mut hosts: Vec<HostInfo>) -> Vec<HostInfo> {
    for host in &mut hosts {
        host.last_seen = asked.registry.0.seen.last(&host.serial);
    }
    hosts
}

/// A cluster with its hosts.
///
/// # Errors
/// When the account has no such cluster.
pub async fn view(asked: &Asked, account: &AccountId, id: &ClusterId) -> Result<ClusterView, Problem> {
    let seen = asked.registry.engine().look(|draft| {
        let cluster = own(draft, account, id)?;
        Ok((cluster_info(draft, id, cluster)?, host_infos(draft, Prefix::Members(id.clone()))?))
    });
    let (cluster, hosts) = seen.await?;
    Ok(ClusterView { cluster, hosts: with_last_seen(asked, hosts), now: asked.now })
}

async fn list(asked: Asked, (): ()) -> Result<Vec<ClusterInfo>, Problem> {
    let account = asked.caller.account()?;
    let found = asked.registry.engine().look(|draft| {
        let all = clusters_of(draft, account)?;
        all.into_iter().map(|(id, cluster)| cluster_info(draft, &id, cluster)).collect()
    });
    found.await
}

async fn create(asked: Asked, ask: NewCluster) -> Result<ClusterInfo, Problem> {
    let (account, id, call): (_, ClusterId, _) = (asked.caller.account()?, fresh()?, asked.call());
    let engine = asked.registry.engine();
    let NewCluster { name, model } = ask;
    engine.decide(|view| clusters::create(view, account, &id, name.clone(), model.clone(), &call)).await?;
    Ok(ClusterInfo { id, name, model, created: asked.now, hosts: 0, pairs: 0, reserved: Vec::new() })
}

async fn show(asked: Asked, (): ()) -> Result<ClusterView, Problem> {
    let (account, id) = (asked.caller.account()?, asked.named("id")?);
    view(&asked, account, &id).await
}

async fn remove(asked: Asked, (): ()) -> Result<Done, Problem> {
    let (account, id, call) = (asked.caller.account()?, asked.named("id")?, asked.call());
    asked.registry.engine().decide(|view| clusters::remove(view, account, &id, &call)).await?;
    Ok(Done { now: asked.now })
}

async fn list_candidates(asked: Asked, (): ()) -> Result<Vec<CandidateInfo>, Problem> {
    let (account, id): (_, ClusterId) = (asked.caller.account()?, asked.named("id")?);
    let (serial, model) = (asked.queried("serial")?, asked.queried("model")?);
    let found = asked.registry.engine().look(|draft| {
        own(draft, account, &id)?;
        candidates(draft, Joiner { serial: &serial, model: &model, account }, &id)
    });
    Ok(found.await?.into_iter().map(candidate).collect())
}

async fn hosts(asked: Asked, (): ()) -> Result<Vec<HostInfo>, Problem> {
    let account = asked.caller.account()?;
    let found = asked.registry.engine().look(|draft| host_infos(draft, Prefix::Owned(account.clone()))).await?;
    Ok(with_last_seen(&asked, found))
}

async fn remove_host(asked: Asked, ask: RemoveAsk) -> Result<Removal, Problem> {
    let (account, serial, call) = (asked.caller.account()?, asked.named("serial")?, asked.call());
    let step = if ask.force { Step::Force } else { Step::Remove };
    let state = asked.registry.engine().decide(|view| leave::step(view, account, &serial, step, &call)).await?;
    Ok(Removal { state: state.word().to_owned() })
}

async fn replace(asked: Asked, ask: ReplaceAsk) -> Result<Done, Problem> {
    let (account, serial, call) = (asked.caller.account()?, asked.named("serial")?, asked.call());
    asked.registry.engine().decide(|view| pairs::replace(view, account, &serial, &ask.with, &call)).await?;
    Ok(Done { now: asked.now })
}

async fn unpair(asked: Asked, (): ()) -> Result<Parted, Problem> {
    let (account, serial, call) = (asked.caller.account()?, asked.named("serial")?, asked.call());
    let peer = asked.registry.engine().decide(|view| pairs::unpair(view, account, &serial, &call)).await?;
    Ok(Parted { peer })
}

async fn agree(asked: Asked, (): ()) -> Result<Agreed, Problem> {
    let (account, serial, call) = (asked.caller.account()?, asked.named("serial")?, asked.call());
    let until = asked.registry.engine().decide(|view| renew::agree_late(view, account, &serial, &call)).await?;
    Ok(Agreed { until })
}

async fn cancel(asked: Asked, (): ()) -> Result<Done, Problem> {
    let (account, serial, call) = (asked.caller.account()?, asked.named("serial")?, asked.call());
    asked.registry.engine().decide(|view| pairs::cancel(view, account, &serial, &call)).await?;
    Ok(Done { now: asked.now })
}

/// As it is told, of what is kept.
pub fn record_of(serial: Serial, prepared: Prepared, reserve: bool) -> BoxRecord {
    let Prepared { account: _, model, name, label, site, cluster, peer, virtual_ip, uplinks } = prepared;
    BoxRecord { serial, model, name, label, site, cluster, peer, virtual_ip, uplinks, reserve }
}

async fn boxes(asked: Asked, (): ()) -> Result<Vec<BoxRecord>, Problem> {
    let account = asked.caller.account()?;
    let found = asked.registry.engine().look(|draft| {
        let prepared = draft.list::<Prepared>(Prefix::Prepared)?;
        let own = prepared.into_iter().filter(|(_, prepared)| prepared.account == *account);
        let own = own.filter_map(|(key, prepared)| Some((key.leaf().parse().ok()?, prepared)));
        let own = own.collect::<Vec<(Serial, Prepared)>>();
        let kept = draft.look_all::<Reservation>(own.iter().map(|(serial, _)| Key::Reservation(serial.clone())))?;
        Ok(own.into_iter().zip(kept).map(|((serial, p), kept)| record_of(serial, p, kept.is_some())).collect())
    });
    found.await
}

async fn prepare(asked: Asked, ask: BoxRecord) -> Result<Done, Problem> {
    let (account, serial, call): (_, Serial, _) = (asked.caller.account()?, asked.named("serial")?, asked.call());
    if serial != ask.serial {
        return Err(Problem::invalid("serial", "another one than in the path"));
    }
    let BoxRecord { serial, model, name, label, site, cluster, peer, virtual_ip, uplinks, reserve } = ask;
    let record = Prepared { account: account.clone(), model, name, label, site, cluster, peer, virtual_ip, uplinks };
    asked.registry.engine().decide(|view| prepared::put(view, &serial, record.clone(), reserve, &call)).await?;
    Ok(Done { now: asked.now })
}

async fn forget(asked: Asked, (): ()) -> Result<Done, Problem> {
    let (account, serial, call) = (asked.caller.account()?, asked.named("serial")?, asked.call());
    asked.registry.engine().decide(|view| prepared::remove(view, account, &serial, &call)).await?;
    Ok(Done { now: asked.now })
}

async fn audit(asked: Asked, (): ()) -> Result<Vec<AuditLine>, Problem> {
    let account = asked.caller.account()?;
    let found = asked.registry.engine().look(|draft| draft.list::<Audit>(Prefix::Audit(account.clone()))).await?;
    let newest = found.into_iter().rev().take(MOST_LINES);
    Ok(newest.map(|(_, Audit { at, who, from, what, subject })| AuditLine { at, who, from, what, subject }).collect())
}
