//! `gatehouse network …`: look, plan, change, keep, undo.

use clap::Subcommand;

use super::{CliError, Context};

mod apply;
mod confirm;
mod lease;
mod more_time;
mod plan;
pub(super) mod ports;
mod rollback;
#[cfg(test)]
pub(super) mod samples;
mod show;
mod test;
mod wait;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show ports, addresses and routes as they are now
    Show(show::Show),
    /// Show what a spec file would change; changes nothing
    Plan(plan::PlanArgs),
    /// Change the network; undone by itself unless somebody keeps it in time
    #[command(after_help = apply::HELP)]
    Apply(apply::Apply),
    /// Keep the open change
    Confirm(confirm::Confirm),
    /// Undo the open change now
    Rollback,
    /// Give the open change more time to be kept
    MoreTime,
    /// Ask a port's DHCP server for a lease, or for more time, now
    Renew(lease::Renew),
    /// Give a port's lease back to its DHCP server; the port has no address until it is renewed
    Release(lease::Release),
    /// Test the way from the cable to a host, hop by hop; changes nothing
    Test(test::TestArgs),
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), CliError> {
    match command {
        Command::Show(show) => show.run(context).await,
        Command::Plan(plan) => plan.run(context).await,
        Command::Apply(apply) => apply.run(context).await,
        Command::Confirm(confirm) => confirm.run(context).await,
        Command::Rollback => rollback::run(context).await,
        Command::MoreTime => more_time::run(context).await,
        Command::Renew(renew) => renew.run(context).await,
        Command::Release(release) => release.run(context).await,
        Command::Test(test) => test.run(context).await,
    }
}
