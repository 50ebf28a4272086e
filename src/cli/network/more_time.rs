//! `gatehouse network more-time`: the open change waits longer.

use crate::{
    cli::{CliError, Context, words},
    domain::api::Caller,
};

pub(super) async fn run(context: &Context) -> Result<(), CliError> {
    let caller = Caller::default();
    context.agent.more_time(&caller).await?;
    // how much it is, the agent says: it stops at a longest window
    let open = context.agent.overview(&caller).await?.network.transaction.open;
    let told = open.map_or_else(String::new, |open| format!("change {} {}", open.tx.0, words::phase(&open.phase)));
    context.output.answer(&(), |()| told)
}
