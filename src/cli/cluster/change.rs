//! What changes the fleet. Each says what it would do and asks, or is told so with `--yes`.

use clap::Args;

use super::super::{CliError, Context, ask, fleet::Door};
use crate::domain::cluster::{
    api::{NewCluster, RemoveAsk, ReplaceAsk},
    calls,
    names::{ClusterId, Label, ModelName, Serial},
};

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
pub(in crate::cli) struct Enable {
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
