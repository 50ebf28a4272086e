//! `gatehouse restart` and `gatehouse power-off`.

use clap::Args;

use super::{CliError, Context, ask};
use crate::domain::{
    api::Caller,
    power::{PowerAction, PowerRequest},
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Do it without a question; needed where nobody can answer
    #[arg(long, short)]
    yes: bool,
}

pub(super) async fn run(context: &Context, arguments: &Arguments, action: PowerAction) -> Result<(), CliError> {
    let (question, said) = match action {
        PowerAction::Restart => (
            "The pages, the network and all applications of this box stop for one to three minutes. Restart it?",
            "The box restarts.",
        ),
        PowerAction::Off => (
            "Everything on this box stops, and it stays off until somebody presses its power button. Switch it off?",
            "The box switches off.",
        ),
    };
    ask::agreed(question, arguments.yes)?;
    context.agent.power(&Caller::default(), &PowerRequest { action }).await?;
    context.output.answer(&(), |()| said.to_owned())
}
