//! `gatehouse cellular …`: modem, SIM and mobile data. PIN, PUK and password are asked for, or are lines of standard input: what stands in a
//! command line, every user of the box can read.

mod set;
mod show;

use clap::{Args, Subcommand};

use super::{CliError, Context, password};
use crate::domain::{
    api::Caller,
    cellular::request::{PinRequest, PukRequest, UnlockRequest},
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show how far the box is, what is in the way and what to do about it
    Show,
    /// Unlock the SIM: its PIN is asked for, or is a line of standard input
    Unlock(UnlockArgs),
    /// Change the SIM's PIN, or whether it asks for one
    #[command(subcommand)]
    Pin(PinCommand),
    /// Connect now; the box also does it by itself while mobile data is on
    Connect,
    /// End the connection until somebody asks for one
    Disconnect,
    /// Change settings; what is not named stays, and an empty value takes a setting back
    Set(set::SetArgs),
    /// Say that the SIM in the slot is the right one
    NoteSim,
}

#[derive(Debug, Args)]
pub(super) struct UnlockArgs {
    /// With the PUK, and a new PIN on the second line
    #[arg(long)]
    puk: bool,
    /// Do not keep the PIN: somebody has to unlock the SIM after each start
    #[arg(long)]
    no_keep: bool,
    /// Try it although no further try is left after this one
    #[arg(long)]
    last: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum PinCommand {
    /// Another PIN: the old one, then the new one
    Change,
    /// The SIM asks for its PIN from the next start on
    Enable,
    /// The SIM does not ask for a PIN any more
    Disable,
    /// The box does not keep the PIN any more
    Forget,
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), CliError> {
    let (agent, caller) = (&context.agent, Caller::default());
    let done = match command {
        Command::Show => {
            return context.output.answer(&agent.cellular(&caller).await?, show::text);
        }
        Command::Unlock(UnlockArgs { puk: true, no_keep, last }) => {
            let puk = password::one("PUK: ")?;
            let new_pin = password::one("New PIN: ")?;
            agent.unlock_sim_by_puk(&caller, &PukRequest { puk, new_pin, keep: !no_keep, last }).await?;
            "The SIM is unlocked and has a new PIN."
        }
        Command::Unlock(UnlockArgs { puk: false, no_keep, last }) => {
            let pin = password::one("PIN: ")?;
            agent.unlock_sim(&caller, &UnlockRequest { pin, keep: !no_keep, last }).await?;
            "The SIM is unlocked."
        }
        Command::Pin(change) => {
            let request = match change {
                PinCommand::Change => {
                    PinRequest::Change { pin: password::one("PIN: ")?, new_pin: password::one("New PIN: ")? }
                }
                PinCommand::Enable => PinRequest::Enable { pin: password::one("PIN: ")? },
                PinCommand::Disable => PinRequest::Disable { pin: password::one("PIN: ")? },
                PinCommand::Forget => PinRequest::Forget,
            };
            agent.change_sim_pin(&caller, &request).await?;
            "Done."
        }
        Command::Connect => {
            agent.connect_cellular(&caller).await?;
            "The box connects. See `gatehouse cellular show` for how far it is."
        }
        Command::Disconnect => {
            agent.disconnect_cellular(&caller).await?;
            "The connection ends, until somebody asks for one."
        }
        Command::Set(asked) => {
            agent.set_cellular(&caller, &asked.request()?).await?;
            "Saved and in force."
        }
        Command::NoteSim => {
            agent.note_sim(&caller).await?;
            "Noted."
        }
    };
    context.output.answer(&(), |()| done.to_owned())
}
