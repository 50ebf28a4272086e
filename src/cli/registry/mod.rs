//! `gatehouse registry …`: the fleet's control plane, as a service and as commands for whoever runs it.

mod admin;
mod backup;
mod init;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{CliError, Context, Global, roles};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make the registry's authority and its first operator, before it runs for the first time
    Init(init::Arguments),
    /// Accounts, which own boxes and clusters
    #[command(subcommand)]
    Account(admin::Account),
    /// Who signs in
    #[command(subcommand)]
    User(admin::User),
    /// Kinds of boxes that are taken
    #[command(subcommand)]
    Model(admin::Model),
    /// Write all that the registry knows into one file, its authority's key with it; the registry may run
    Backup(backup::Backup),
    /// Make a registry of such a file, in an empty state folder
    Restore(backup::Restore),
}

impl Arguments {
    pub(super) fn is_role(&self) -> bool {
        self.command.is_none()
    }
}

pub(super) async fn run(context: &Context, global: &Global, arguments: Arguments) -> Result<(), CliError> {
    let (config, state_dir) = (config(global), state_dir(global));
    match arguments.command {
        None => {
            let ended = registry::serve::run(&config, &state_dir).await;
            ended.map_err(|error| roles::ended("registry", &error))
        }
        Some(Command::Init(arguments)) => init::run(context, &state_dir, &arguments).await,
        Some(Command::Account(command)) => admin::account(context, command).await,
        Some(Command::User(command)) => admin::user(context, command).await,
        Some(Command::Model(command)) => admin::model(context, command).await,
        Some(Command::Backup(arguments)) => backup::backup(context, &state_dir, &arguments).await,
        Some(Command::Restore(arguments)) => backup::restore(context, &state_dir, &arguments).await,
    }
}

fn state_dir(global: &Global) -> PathBuf {
    global.state_dir("/var/lib/gatehouse-registry")
}

/// A machine may be a box and a registry of other boxes, so the registry has a file of its own beside the box's.
fn config(global: &Global) -> PathBuf {
    if global.config == Path::new(super::CONFIG) {
        global.config.with_file_name("registry.toml")
    } else {
        global.config.clone()
    }
}
