//! What there is.

use clap::Args;

use super::super::{CliError, Context, fleet::Door, table::aligned};
use crate::domain::{
    civil::Civil,
    cluster::{
        api::{CandidateInfo, ClusterInfo, HostInfo},
        calls,
        names::{ClusterId, ModelName, Serial},
    },
};

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    #[command(flatten)]
    door: Door,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Hosts {
    /// Only of this cluster, by its id
    cluster: Option<ClusterId>,
    #[command(flatten)]
    door: Door,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Candidates {
    /// By its id
    cluster: ClusterId,
    /// The box that is to join
    #[arg(long)]
    serial: Serial,
    /// Its model
    #[arg(long)]
    model: ModelName,
    #[command(flatten)]
    door: Door,
}

pub(super) async fn list(context: &Context, arguments: &List) -> Result<(), CliError> {
    let fleet = arguments.door.enter(context).await?;
    let found = fleet.call::<calls::ListClusters>(&[], &[], &()).await;
    fleet.leave().await;
    context.output.answer(&found?, |found| clusters(found))
}

pub(super) async fn hosts(context: &Context, arguments: &Hosts) -> Result<(), CliError> {
    let fleet = arguments.door.enter(context).await?;
    let found = match &arguments.cluster {
        Some(id) => fleet.call::<calls::GetCluster>(&[id.as_str()], &[], &()).await.map(|view| view.hosts),
        None => fleet.call::<calls::ListHosts>(&[], &[], &()).await,
    };
    fleet.leave().await;
    context.output.answer(&found?, |found| hosts_table(found))
}

pub(super) async fn candidates(context: &Context, arguments: &Candidates) -> Result<(), CliError> {
    let fleet = arguments.door.enter(context).await?;
    let query = [("serial", arguments.serial.as_str()), ("model", arguments.model.as_str())];
    let found = fleet.call::<calls::ListCandidates>(&[arguments.cluster.as_str()], &query, &()).await;
    fleet.leave().await;
    context.output.answer(&found?, |found| candidates_table(found))
}

fn text(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn clusters(found: &[ClusterInfo]) -> String {
    if found.is_empty() {
        return "There are no clusters.".to_owned();
    }
    let head = ["id", "name", "model", "hosts", "pairs", "reserved"].map(str::to_owned);
    let row = |cluster: &ClusterInfo| {
        let reserved = cluster.reserved.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let numbers = [cluster.hosts, cluster.pairs].map(|n| n.to_string());
        let [hosts, pairs] = numbers;
        [cluster.id.to_string(), cluster.name.to_string(), text(cluster.model.as_ref()), hosts, pairs, reserved]
    };
    aligned(&std::iter::once(head).chain(found.iter().map(row)).collect::<Vec<_>>())
}

fn hosts_table(found: &[HostInfo]) -> String {
    if found.is_empty() {
        return "There are no hosts.".to_owned();
    }
    let head = ["serial", "name", "model", "state", "peer", "last seen"].map(str::to_owned);
    let row = |host: &HostInfo| {
        let peer = match (&host.peer, &host.awaits) {
            (Some(peer), _) => peer.to_string(),
            (None, Some(awaited)) => format!("waits for {awaited}"),
            (None, None) => String::new(),
        };
        let seen = host.last_seen.map(|at| format!("{} UTC", Civil::of(at, 0))).unwrap_or_default();
        [host.serial.to_string(), host.name.to_string(), host.model.to_string(), host.state.clone(), peer, seen]
    };
    aligned(&std::iter::once(head).chain(found.iter().map(row)).collect::<Vec<_>>())
}

fn candidates_table(found: &[CandidateInfo]) -> String {
    if found.is_empty() {
        return "There are no boxes in this cluster.".to_owned();
    }
    let row = |candidate: &CandidateInfo| {
        let why = candidate.why_not.as_ref().map_or_else(|| "can be chosen".to_owned(), |why| why.text.clone());
        [candidate.serial.to_string(), candidate.name.to_string(), why]
    };
    aligned(&found.iter().map(row).collect::<Vec<_>>())
}
