//! `gatehouse settings …`: host name, time and proxy. What is saved is in force at once: none of it can cut anybody off.

mod proxy;
mod show;

use clap::{Args, Subcommand};

use super::{CliError, Context};
use crate::domain::{
    api::Caller,
    civil::Civil,
    fault::Fault,
    network::issue::{Field, Issue, Rule},
    settings::request::{ClockRequest, HostNameRequest, TimeRequest},
    time::UnixSeconds,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show name, clock and proxy
    Show,
    /// Name the box: 4 to 30 lower-case letters, digits and hyphens
    HostName {
        /// Such as box-a1; the box is then found as `https://box-a1.local`
        name: String,
    },
    /// Set the time zone and the time servers; what is not named stays
    Time(TimeArgs),
    /// Set the clock by hand, where no time server does
    Clock {
        /// In the box's time zone: "2026-11-25 14:30"
        time: String,
    },
    /// Set the proxy, which is tested first, or use none
    Proxy(proxy::ProxyArgs),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct TimeArgs {
    /// Such as Asia/Shanghai
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// A name or an IPv4 address; may be given four times
    #[arg(long = "server", value_name = "SERVER")]
    servers: Vec<String>,
    /// Use the servers that DHCP gives, or the system's own
    #[arg(long, conflicts_with = "servers")]
    no_servers: bool,
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), CliError> {
    let (agent, caller) = (&context.agent, Caller::default());
    match command {
        Command::Show => {
            let settings = agent.settings(&caller).await?;
            let overview = agent.overview(&caller).await?;
            return context.output.answer(&settings, |settings| show::text(settings, &overview));
        }
        Command::HostName { name } => agent.set_host_name(&caller, &HostNameRequest { host_name: name }).await?,
        Command::Time(asked) => {
            let saved = agent.settings(&caller).await?;
            let before = saved.time_servers.iter().map(ToString::to_string).collect::<Vec<_>>();
            let servers = if asked.no_servers || !asked.servers.is_empty() { asked.servers } else { before };
            let zone = asked.zone.or_else(|| saved.time_zone.map(|zone| zone.to_string())).unwrap_or_default();
            agent.set_time(&caller, &TimeRequest { time_zone: zone, time_servers: servers.join(" ") }).await?;
        }
        Command::Clock { time } => {
            let offset = agent.settings(&caller).await?.clock.offset;
            let time = moment(&time, offset)?;
            agent.set_clock(&caller, &ClockRequest { time }).await?;
        }
        Command::Proxy(asked) => return proxy::run(context, asked).await,
    }
    context.output.answer(&(), |()| "Saved and in force.".to_owned())
}

fn moment(typed: &str, offset: i32) -> Result<UnixSeconds, CliError> {
    let seconds = typed.parse::<Civil>().ok().map(|civil| civil.as_utc() - i64::from(offset));
    let time = seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(UnixSeconds);
    let wrong = || Fault::Invalid { issues: vec![Issue { port: None, field: Field::Clock, rule: Rule::NotATime }] };
    time.ok_or_else(|| crate::client::here(wrong()).into())
}
