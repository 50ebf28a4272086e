//! What changes the fleet. Each says what it would do and asks, or is told so with `--yes`.

use std::path::PathBuf;

use clap::Args;

use super::super::{CliError, Context, ask, fleet::Door, text_of};
use crate::domain::cluster::{
    api::{AssociationAsk, NewCluster, OfflineAsk, RemoveAsk, ReplaceAsk},
    calls,
    names::{ClusterId, Label, ModelName, Serial},
};
use crate::domain::settings::host_name::HostName;

#[derive(Debug, Args)]
pub(in crate::cli) struct Create {
    /// As people know it
    name: Label,
    /// Only boxes of this model [default: that of its first box]
    #[arg(long)]
    model: Option<ModelName>,
    #[command(flatten)]
    door: Door,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Remove {
    /// By its id
    cluster: ClusterId,
    /// Without a question; needed where nobody can answer
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    door: Door,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RemoveHost {
    serial: Serial,
    /// Wait no longer for a box that does not answer; only while its removal is pending
    #[arg(long)]
    force: bool,
    /// Without a question; needed where nobody can answer
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    door: Door,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ReplaceHost {
    /// The box that is dead
    serial: Serial,
    /// The one that comes in its place; not activated yet
    #[arg(long, value_name = "SERIAL")]
    with: Serial,
    /// Without a question; needed where nobody can answer
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    door: Door,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Unpair {
    /// Either box of the pair
    serial: Serial,
    /// Without a question; needed where nobody can answer
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    door: Door,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Enable {
    #[command(flatten)]
    door: Door,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Answer {
    /// A file with the request that came from the box; `-` is standard input
    file: PathBuf,
    /// The box's host name [default: as the request says]
    #[arg(long)]
    name: Option<HostName>,
    /// The cluster that it joins, by its id [default: none, it stands alone]
    #[arg(long, value_name = "ID")]
    cluster: Option<ClusterId>,
    /// Its active/standby peer
    #[arg(long, value_name = "SERIAL", requires = "cluster")]
    peer: Option<Serial>,
    #[command(flatten)]
    door: Door,
}

pub(super) async fn create(context: &Context, arguments: Create) -> Result<(), CliError> {
    let Create { name, model, door } = arguments;
    let fleet = door.enter(context).await?;
    let made = fleet.call::<calls::CreateCluster>(&[], &[], &NewCluster { name, model }).await;
    fleet.leave().await;
    context.output.answer(&made?, |made| format!("The cluster {} is made; its id is {}.", made.name, made.id))
}

pub(super) async fn remove(context: &Context, arguments: &Remove) -> Result<(), CliError> {
    let Remove { cluster, yes, door } = arguments;
    ask::agreed(&format!("Remove the cluster {cluster}?"), *yes)?;
    let fleet = door.enter(context).await?;
    let done = fleet.call::<calls::RemoveCluster>(&[cluster.as_str()], &[], &()).await;
    fleet.leave().await;
    context.output.answer(&done?, |_| format!("The cluster {cluster} is removed."))
}

pub(super) async fn remove_host(context: &Context, arguments: &RemoveHost) -> Result<(), CliError> {
    let RemoveHost { serial, force, yes, door } = arguments;
    let question = if *force {
        format!("Remove {serial} without waiting for it? If it lives, it may go on until it hears of it.")
    } else {
        format!("Remove {serial}? It gives its applications away, leaves its cluster, and its certificate ends.")
    };
    ask::agreed(&question, *yes)?;
    let fleet = door.enter(context).await?;
    let state = fleet.call::<calls::RemoveHost>(&[serial.as_str()], &[], &RemoveAsk { force: *force }).await;
    fleet.leave().await;
    context.output.answer(&state?, |removal| format!("The box {serial} is {}.", removal.state))
}

pub(super) async fn unpair(context: &Context, arguments: &Unpair) -> Result<(), CliError> {
    let Unpair { serial, yes, door } = arguments;
    let question =
        format!("Part {serial} from its peer? The virtual IP goes, and applications go on where they run now.");
    ask::agreed(&question, *yes)?;
    let fleet = door.enter(context).await?;
    let parted = fleet.call::<calls::UnpairHost>(&[serial.as_str()], &[], &()).await;
    fleet.leave().await;
    context.output.answer(&parted?, |parted| format!("{serial} and {} are no pair any more.", parted.peer))
}

pub(super) async fn replace_host(context: &Context, arguments: ReplaceHost) -> Result<(), CliError> {
    let ReplaceHost { serial, with, yes, door } = arguments;
    ask::agreed(&format!("Let {with} take the place of {serial}? The old box stays fenced, should it return."), yes)?;
    let fleet = door.enter(context).await?;
    let done = fleet.call::<calls::ReplaceHost>(&[serial.as_str()], &[], &ReplaceAsk { with: with.clone() }).await;
    fleet.leave().await;
    context.output.answer(&done?, |_| format!("{with} may be activated in place of {serial}."))
}

pub(super) async fn enable(context: &Context, arguments: &Enable) -> Result<(), CliError> {
    let fleet = arguments.door.enter(context).await?;
    let service = fleet.call::<calls::EnableService>(&[], &[], &()).await;
    fleet.leave().await;
    context.output.answer(&service?, |_| "The cluster service is enabled.".to_owned())
}

/// The answer to carry back to a box without a network.
pub(super) async fn answer(context: &Context, arguments: Answer) -> Result<(), CliError> {
    let Answer { file, name, cluster, peer, door } = arguments;
    let request = text_of(&file)?.trim().to_owned();
    let association = cluster.map_or_else(AssociationAsk::none, |cluster| AssociationAsk::manual(cluster, peer));
    let fleet = door.enter(context).await?;
    let done = fleet.call::<calls::ActivateOffline>(&[], &[], &OfflineAsk { request, name, association }).await;
    fleet.leave().await;
    context.output.answer(&done?, |done| done.answer.clone())
}
