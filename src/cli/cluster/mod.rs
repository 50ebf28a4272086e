//! `gatehouse cluster …`: the account's clusters, from a box or from any other machine.

mod change;
mod show;

use clap::Subcommand;

use super::{CliError, Context};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the account's clusters
    List(show::List),
    /// List the hosts of a cluster, or all of the account
    Hosts(show::Hosts),
    /// List the boxes of a cluster, and why one cannot be chosen as the peer of a box
    Candidates(show::Candidates),
    /// Make a cluster
    Create(change::Create),
    /// Remove a cluster that has neither hosts nor reservations
    Remove(change::Remove),
    /// Remove a host: it drains, leaves and is gone
    RemoveHost(change::RemoveHost),
    /// Let another box of the same model take a host's place
    ReplaceHost(change::ReplaceHost),
    /// Part two boxes that are a pair
    Unpair(change::Unpair),
    /// Enable the cluster service for the account
    Enable(change::Enable),
    /// Answer the request of a box without a network: `gatehouse activate --offline-request`
    Answer(change::Answer),
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), CliError> {
    match command {
        Command::List(arguments) => show::list(context, &arguments).await,
        Command::Hosts(arguments) => show::hosts(context, &arguments).await,
        Command::Candidates(arguments) => show::candidates(context, &arguments).await,
        Command::Create(arguments) => change::create(context, arguments).await,
        Command::Remove(arguments) => change::remove(context, &arguments).await,
        Command::RemoveHost(arguments) => change::remove_host(context, &arguments).await,
        Command::ReplaceHost(arguments) => change::replace_host(context, arguments).await,
        Command::Unpair(arguments) => change::unpair(context, &arguments).await,
        Command::Enable(arguments) => change::enable(context, &arguments).await,
        Command::Answer(arguments) => change::answer(context, arguments).await,
    }
}
