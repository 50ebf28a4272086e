//! `gatehouse token …`: activation codes, made for a technician or for a printer of labels.

use clap::{Args, Subcommand};

use super::{CliError, Context, fleet::Door, table::aligned};
use crate::domain::{
    civil::Civil,
    cluster::{
        api::{CodeInfo, CodeMade, NewCode},
        calls,
        names::{ClusterId, Label, ModelName, TokenId},
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an activation code; it is told this once
    Create(Create),
    /// List the codes, without their texts
    List(List),
    /// Revoke a code that was not used
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Only for boxes of this model
    #[arg(long)]
    model: Option<ModelName>,
    /// Only into this cluster, by its id
    #[arg(long, value_name = "ID")]
    cluster: Option<ClusterId>,
    /// How long it is good [default: 72; of a short code 24]
    #[arg(long)]
    hours: Option<u32>,
    /// What it is for
    #[arg(long)]
    label: Option<Label>,
    /// 16 digits to say over the phone, for boxes that know this registry beforehand
    #[arg(long)]
    short: bool,
    #[command(flatten)]
    door: Door,
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    door: Door,
}

#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// As `token list` names it
    id: TokenId,
    #[command(flatten)]
    door: Door,
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), CliError> {
    let output = context.output;
    match command {
        Command::Create(Create { model, cluster, hours, label, short, door }) => {
            let fleet = door.enter(context).await?;
            let ask = NewCode { model, cluster, hours, label, short };
            let made = fleet.call::<calls::CreateCode>(&[], &[], &ask).await;
            fleet.leave().await;
            output.answer(&made?, told)
        }
        Command::List(List { door }) => {
            let fleet = door.enter(context).await?;
            let codes = fleet.call::<calls::ListCodes>(&[], &[], &()).await;
            fleet.leave().await;
            output.answer(&codes?, |codes| listed(codes))
        }
        Command::Revoke(Revoke { id, door }) => {
            let fleet = door.enter(context).await?;
            let done = fleet.call::<calls::RevokeCode>(&[id.as_str()], &[], &()).await;
            fleet.leave().await;
            output.answer(&done?, |_| format!("The code {id} is worth nothing any more."))
        }
    }
}

fn told(made: &CodeMade) -> String {
    format!("{}\n\nGood until {}, for one box. It is not told again.", made.code.expose(), when(made.expires))
}

fn when(at: crate::domain::time::UnixSeconds) -> String {
    format!("{} UTC", Civil::of(at, 0))
}

fn listed(codes: &[CodeInfo]) -> String {
    if codes.is_empty() {
        return "There are no codes.".to_owned();
    }
    let row = |code: &CodeInfo| {
        let used = code.serial.as_ref().map(ToString::to_string).unwrap_or_default();
        let label = code.label.as_ref().map(ToString::to_string).unwrap_or_default();
        let kind = if code.short { "short" } else { "long" };
        [code.id.to_string(), kind.to_owned(), code.state.clone(), when(code.expires), used, label]
    };
    let head = ["id", "kind", "state", "good until", "used by", "label"].map(str::to_owned);
    aligned(&std::iter::once(head).chain(codes.iter().map(row)).collect::<Vec<_>>())
}
