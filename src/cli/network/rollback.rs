//! `gatehouse network rollback`: undo the open change now. That it was undone is what was asked for, so it ends with 0.

use crate::{
    cli::{CliError, Context, words},
    domain::api::Caller,
};

pub(super) async fn run(context: &Context) -> Result<(), CliError> {
    let outcome = context.agent.rollback(&Caller::default()).await?;
    context.output.answer(&outcome, words::outcome)
}
