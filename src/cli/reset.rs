//! `gatehouse factory-reset`.

use clap::Args;

use super::{CliError, Context, ask};
use crate::domain::{api::Caller, reset::ResetRequest};

const GOES: &str = "\
This makes the box as it was delivered. Password, network settings, host name, time zone, time servers, proxy,
certificates, audit log and alarms go. Model, serial number and software stay. It cannot be undone.";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The serial number or the host name of this box; asked for where it is not given
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

pub(super) async fn run(context: &Context, arguments: &Arguments) -> Result<(), CliError> {
    context.output.say(GOES)?;
    let question = "Type the serial number or the host name of this box to go on: ";
    let name = ask::typed(question, arguments.name.as_deref())?;
    context.agent.factory_reset(&Caller::default(), &ResetRequest { name }).await?;
    let said = "The reset has begun. Afterwards the box is at https://192.168.100.198 on its service port, without a password.";
    context.output.answer(&(), |()| said.to_owned())
}
