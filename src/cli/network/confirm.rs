//! `gatehouse network confirm`: keep the open change.

use clap::Args;

use crate::{
    cli::{CliError, Context, words},
    domain::{
        api::{Caller, ConfirmRequest},
        network::transaction::{Outcome, TxId},
    },
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Confirm {
    /// Number of the change that is meant, as `network show` tells; without it, the one that is open now
    #[arg(long, value_name = "NUMBER")]
    change: Option<u64>,
    /// Keep it although the box could not prove that the new network works
    #[arg(long)]
    untested: bool,
}

impl Confirm {
    pub(super) async fn run(&self, context: &Context) -> Result<(), CliError> {
        let tx = match self.change {
            Some(number) => Some(TxId(number)),
            None => context.agent.overview(&Caller::default()).await?.network.transaction.open.map(|open| open.tx),
        };
        let request = ConfirmRequest { tx, token: None, automatic: false, untested: self.untested };
        match context.agent.confirm(&Caller::default(), &request).await? {
            kept @ Outcome::Committed { .. } => context.output.answer(&kept, words::outcome),
            undone @ Outcome::RolledBack { .. } => Err(CliError::RolledBack(Box::new(undone))),
        }
    }
}
