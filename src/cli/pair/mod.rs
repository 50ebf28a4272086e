//! `gatehouse pair …`: who of the two boxes is active, why the pair is not protected, and what may be asked of it.

mod show;
mod words;

use clap::{Args, Subcommand, ValueEnum};
use ipnet::Ipv4Net;

use super::{CliError, Context, ask};
use crate::domain::{
    api::Caller,
    name::PortName,
    pair::{
        api::SettingsRequest,
        settings::{Nearness, VirtualIp},
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show who is active, whether the pair is protected, and if not, why
    Show,
    /// Change the virtual IP and the ways to the peer, on both boxes or on none; what is not named stays
    Set(SetArgs),
    /// Let the peer take over; the applications end here first
    Switchover(Sure),
    /// The same, to see how long it takes: a client on the site's network measures it
    Drill(Sure),
    /// Keep this box from taking over while somebody works on it
    Maintenance { on: OnOff },
    /// Let this box take over again that is fenced
    Clear,
}

#[derive(Debug, Args)]
pub(super) struct SetArgs {
    /// With the prefix of the port's network, such as 10.20.0.100/24; `none` for no virtual IP
    #[arg(long, value_name = "ADDRESS")]
    virtual_ip: Option<String>,
    /// The port that it is on
    #[arg(long, value_name = "PORT")]
    port: Option<PortName>,
    /// The port of the direct wire to the peer; `none` where there is none
    #[arg(long, value_name = "PORT")]
    heartbeat: Option<String>,
    /// How far the registry is: on the site's network, or over a WAN
    #[arg(long)]
    registry: Option<Near>,
}

#[derive(Debug, Args)]
pub(super) struct Sure {
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum OnOff {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Near {
    Site,
    Wan,
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), CliError> {
    let (agent, caller) = (&context.agent, Caller::default());
    let done = match command {
        Command::Show => return context.output.answer(&agent.pair(&caller).await?, show::text),
        Command::Set(asked) => {
            let before = agent.pair(&caller).await?.settings;
            agent.set_pair(&caller, &asked.request(before)?).await?;
            "Saved and in force."
        }
        Command::Switchover(Sure { yes }) => {
            ask::agreed("Let the peer take over? The applications are away for a moment.", yes)?;
            agent.switch_over(&caller, false).await?;
            "The peer takes over. See `gatehouse pair show`."
        }
        Command::Drill(Sure { yes }) => {
            ask::agreed("Let the peer take over, as a drill? The applications are away for a moment.", yes)?;
            agent.switch_over(&caller, true).await?;
            "The peer takes over. What was measured is in `gatehouse pair show` there."
        }
        Command::Maintenance { on } => {
            agent.pair_maintenance(&caller, matches!(on, OnOff::On)).await?;
            "Done."
        }
        Command::Clear => {
            agent.end_fence(&caller).await?;
            "This box may take over again."
        }
    };
    context.output.answer(&(), |()| done.to_owned())
}

impl SetArgs {
    fn request(self, before: crate::domain::pair::settings::PairSettings) -> Result<SettingsRequest, CliError> {
        let wrong = |what: &str| CliError::Usage(what.to_owned());
        let port = self.port.or_else(|| before.virtual_ip.as_ref().map(|virtual_ip| virtual_ip.port.clone()));
        let virtual_ip = match self.virtual_ip.as_deref() {
            Some("none") => None,
            Some(text) => {
                let address =
                    text.parse::<Ipv4Net>().map_err(|_| wrong("--virtual-ip is an address with its prefix"))?;
                Some(VirtualIp { address, port: port.ok_or_else(|| wrong("--port says which port it is on"))? })
            }
            None => before.virtual_ip.and_then(|virtual_ip| Some(VirtualIp { port: port?, ..virtual_ip })),
        };
        let heartbeat = match self.heartbeat.as_deref() {
            Some("none") => None,
            Some(text) => Some(text.parse().map_err(|_| wrong("--heartbeat is a port's name"))?),
            None => before.heartbeat,
        };
        let registry = match self.registry {
            Some(Near::Site) => Nearness::Site,
            Some(Near::Wan) => Nearness::Wan,
            None => before.registry,
        };
        Ok(SettingsRequest { virtual_ip, heartbeat, registry })
    }
}
