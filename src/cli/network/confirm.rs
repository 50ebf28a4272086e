//! `gatehouse network confirm`: keep the open change.

use clap::Args;

use crate::{
    cli::{CliError, Context, words},
    domain::{
        api::{Caller, ConfirmRequest},
        network::transaction::Outcome,
    },
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Confirm {
    /// Keep it although the box could not prove that the new network works
    #[arg(long)]
    untested: bool,
}

impl Confirm {
    pub(super) async fn run(&self, context: &Context) -> Result<(), CliError> {
        let request = ConfirmRequest { token: None, automatic: false, untested: self.untested };
        match context.agent.confirm(&Caller::default(), &request).await? {
            kept @ Outcome::Committed { .. } => context.output.answer(&kept, words::outcome),
            undone @ Outcome::RolledBack { .. } => Err(CliError::RolledBack(Box::new(undone))),
        }
    }
}
