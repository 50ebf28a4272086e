//! The command line: whatever the pages can do, a person on the console or a script can do too.
//!
//! Each command asks the agent over its socket, says what came of it, and ends with a code of [`exit`]. One file a command. No
//! rule of the box lives here: the agent judges, because others ask it too.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};

mod activate;
mod alarms;
mod app;
mod ask;
mod audit;
mod cellular;
mod certificate;
mod cluster;
mod console;
mod events;
mod exit;
mod fleet;
mod logging;
mod logs;
mod memory;
mod network;
mod output;
mod pair;
mod password;
mod power;
mod qr;
mod registry;
mod reset;
mod roles;
mod seed;
mod sessions;
mod settings;
mod spec_file;
mod status;
mod support;
mod table;
#[cfg(test)]
mod tests;
mod token;
mod version;
mod words;

pub use exit::Exit;
pub use logging::LogFormat;

use crate::{
    client::AgentClient,
    domain::{
        cluster::problem::Problem,
        fault::{Fault, Refusal},
        logs::{Event, Part},
        network::transaction::Outcome,
        power::PowerAction,
    },
};
use events::Keep;
use output::Output;

/// Local management of this box: its network, its password and its state.
#[derive(Debug, Parser)]
#[command(name = "gatehouse", version, propagate_version = true, after_help = exit::table(), max_term_width = 100)]
#[command(after_long_help = long_help())]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Settings of a box's roles.
const CONFIG: &str = "/etc/gatehouse/gatehouse.toml";

/// What every command takes.
#[derive(Clone, Debug, Args)]
struct Global {
    /// Print JSON instead of text: the answer, or the refusal with its code
    #[arg(long, global = true)]
    json: bool,
    /// The agent's socket [default: agent.sock in the runtime folder]
    #[arg(long, global = true, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Settings of the roles; box.toml lies beside it
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = CONFIG,
        hide_default_value = true
    )]
    config: PathBuf,
    /// What survives a restart [default: /var/lib/gatehouse; for the web server /var/lib/gatehouse-web]
    #[arg(long, global = true, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// What does not survive one, the agent's socket among it [default: /run/gatehouse]
    #[arg(long, global = true, value_name = "DIR", default_value = "/run/gatehouse", hide_default_value = true)]
    runtime_dir: PathBuf,
    /// How log lines look; they go to standard error
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

impl Global {
    /// Agent and web have folders of their own: what one saves the other cannot read.
    fn state_dir(&self, default: &str) -> PathBuf {
        self.state_dir.clone().unwrap_or_else(|| default.into())
    }

    fn socket(&self) -> PathBuf {
        self.socket.clone().unwrap_or_else(|| self.runtime_dir.join("agent.sock"))
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the agent, which owns the box's network; a service, not for people
    Agent,
    /// Run the web server of the pages; a service, not for people
    Web,
    /// Run the guard, which ends an agent that hangs in a change; a service, not for people
    Guard,
    /// Show the box, its ports and its load
    Status,
    /// Show where the pages are and the certificate's fingerprint, as text and as a QR code
    Console(console::Arguments),
    /// Show, plan and change the network
    #[command(subcommand)]
    Network(network::Command),
    /// Host name, time and proxy
    #[command(subcommand)]
    Settings(settings::Command),
    /// Modem, SIM and mobile data
    #[command(subcommand)]
    Cellular(cellular::Command),
    /// The pair: who of the two boxes is active, and whether it is protected
    #[command(subcommand)]
    Pair(pair::Command),
    /// Applications of this box, or of its pair
    #[command(subcommand)]
    App(app::Command),
    /// The certificate that the pages are served with
    #[command(subcommand)]
    Certificate(certificate::Command),
    /// Restart the box
    Restart(power::Arguments),
    /// Switch the box off, until somebody presses its power button
    PowerOff(power::Arguments),
    /// What is wrong with this box and what was; `alarms ack` notes that somebody has seen it
    Alarms(alarms::Arguments),
    /// What agent, web server and guard said since the box was started
    Logs(logs::Arguments),
    /// Who did what on this box, and whether the log of it is whole
    Audit(audit::Arguments),
    /// Make the box as it was delivered; asks for its name
    FactoryReset(reset::Arguments),
    /// Who is signed in to the pages; `sessions end` signs a browser out
    Sessions(sessions::Arguments),
    /// The password of the pages
    #[command(subcommand)]
    Password(password::Command),
    /// The file that sets up a box with nobody there
    #[command(subcommand)]
    Seed(seed::Command),
    /// Write what support needs to see of this box into one file; no secrets are in it
    SupportBundle(support::Arguments),
    /// Make this box a member of an account, and of a cluster
    Activate(activate::Arguments),
    /// Activation codes of the fleet's account
    #[command(subcommand)]
    Token(token::Command),
    /// Clusters and hosts of the fleet's account
    #[command(subcommand)]
    Cluster(cluster::Command),
    /// Run a registry, the fleet's control plane; with a command, look after one
    Registry(registry::Arguments),
    /// Show which build this is; the licences of others' work in it, and the list of its parts
    Version(version::Arguments),
}

impl Command {
    fn is_role(&self) -> bool {
        match self {
            Self::Agent | Self::Web | Self::Guard => true,
            Self::Registry(arguments) => arguments.is_role(),
            _ => false,
        }
    }
}

fn long_help() -> String {
    format!(
        "Examples:
  gatehouse status                          what the box is and how it is connected
  gatehouse console                         where the pages are, with the fingerprint to compare
  gatehouse network show --spec > net.toml  the saved network, to edit
  gatehouse network plan net.toml           what the edited file would change
  gatehouse network apply net.toml          change it; undone unless somebody keeps it
  gatehouse network confirm                 keep the change
  gatehouse network test registry.example   what is broken on the way there
  gatehouse settings show                   name, clock and proxy
  gatehouse password reset                  a new password for the pages
  gatehouse restart                         asks, then restarts the box
  gatehouse seed check gatehouse-seed.toml  whether a seed file can be used
  gatehouse support-bundle                  what support needs to see, in one file

{}
GATEHOUSE_LOG chooses what is logged, such as `debug`, or `agent=debug` for the agent alone.",
        exit::table()
    )
}

/// What web says, on its way to the agent.
type Events = tokio::sync::mpsc::Receiver<Event>;

/// Threads of a role, however many cores the box has: each keeps memory of its own.
const WORKERS: usize = 2;
/// For files and password hashes, which block. Fewer: a slow disk holds up the rest.
const BLOCKING_THREADS: usize = 8;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Refused(Box<Refusal>),
    #[error(transparent)]
    SpecFile(#[from] spec_file::SpecFileError),
    #[error(transparent)]
    Fingerprint(#[from] console::FingerprintError),
    #[error("there is nobody to ask here; say --yes to do it without a question")]
    NeedsYes,
    #[error("there is nobody to ask here; say the box's serial number or host name with --name")]
    NeedsName,
    #[error("the web service has made no authority yet. Does it run?")]
    NoAuthority,
    #[error("a file cannot be read")]
    File(#[source] io::Error),
    #[error("nothing was changed")]
    Declined,
    /// About a file or an argument.
    #[error("{0}")]
    Usage(String),
    #[error("the application is not healthy")]
    NotHealthy,
    #[error("{}", words::outcome(.0))]
    RolledBack(Box<Outcome>),
    #[error("the network test found something broken at this hop: {0}")]
    Broken(&'static str),
    #[error("the registry refused: {0} ({code})", code = .0.code())]
    NotTaken(Box<Problem>),
    #[error("the activation is not over yet; it goes on by itself: see `gatehouse activate --status`")]
    Pending,
    #[error("the password's hash cannot be made: {0}")]
    Hash(String),
    #[error("the two passwords differ; nothing was changed")]
    PasswordsDiffer,
    #[error("{file} cannot be written")]
    Bundle {
        file: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot read from standard input")]
    Input(#[source] io::Error),
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
    #[error("cannot start")]
    Start(#[source] io::Error),
    #[error("{role} ended: {reason}")]
    Role { role: &'static str, reason: String },
}

impl From<Refusal> for CliError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl CliError {
    fn exit(&self) -> Exit {
        match self {
            Self::Refused(refusal) if refusal.fault == Fault::AgentAway => Exit::AgentAway,
            Self::Refused(_) | Self::NotTaken(_) => Exit::Refused,
            Self::Pending => Exit::Pending,
            Self::SpecFile(_) | Self::NeedsYes | Self::NeedsName | Self::Usage(_) => Exit::Usage,
            Self::RolledBack(_) => Exit::RolledBack,
            Self::Broken(_) => Exit::Broken,
            Self::Declined
            | Self::PasswordsDiffer
            | Self::Hash(_)
            | Self::Bundle { .. }
            | Self::Fingerprint(_)
            | Self::NoAuthority
            | Self::File(_)
            | Self::NotHealthy
            | Self::Input(_)
            | Self::Output(_)
            | Self::Start(_)
            | Self::Role { .. } => Exit::Failed,
        }
    }
}

/// What a command works with.
struct Context {
    agent: AgentClient,
    output: Output,
}

/// The command line as data, for man pages and completions (`packaging/manual`).
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

/// The whole program. Usage errors end in here, with code 2.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let (keep, web) = keep(&cli);
    logging::start(cli.global.log_format, keep);
    let output = Output { json: cli.global.json };
    let exit = match run(cli, output, web) {
        Ok(()) => Exit::Done,
        // whoever reads has read enough
        Err(CliError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            output.error(&error);
            error.exit()
        }
    };
    ExitCode::from(exit.code())
}

/// A service's events are kept for the page of logs. Those of web are handed over by the other end.
fn keep(cli: &Cli) -> (Option<Keep>, Option<Events>) {
    let runtime_dir = &cli.global.runtime_dir;
    match cli.command {
        Command::Agent => (Some(Keep::in_file(Part::Agent, runtime_dir)), None),
        Command::Guard => (Some(Keep::in_file(Part::Guard, runtime_dir)), None),
        Command::Web => {
            let (keep, events) = Keep::by_agent();
            (Some(keep), Some(events))
        }
        _ => (None, None),
    }
}

fn run(cli: Cli, output: Output, web: Option<Events>) -> Result<(), CliError> {
    if let Command::Guard = cli.command {
        return roles::guard(&cli.global);
    }
    let mut builder = if cli.command.is_role() {
        memory::give_back();
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(WORKERS).max_blocking_threads(BLOCKING_THREADS);
        builder
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = builder.enable_all().build().map_err(CliError::Start)?;
    let context = Context { agent: AgentClient::new(cli.global.socket()), output };
    let done = runtime.block_on(async {
        match cli.command {
            Command::Agent => roles::agent(&cli.global).await,
            Command::Web => roles::web(&cli.global, web).await,
            Command::Guard => Ok(()), // has no runtime, see above
            Command::Status => status::run(&context).await,
            Command::Console(arguments) => console::run(&context, &cli.global, &arguments).await,
            Command::Network(command) => network::run(&context, command).await,
            Command::Settings(command) => settings::run(&context, command).await,
            Command::Cellular(command) => cellular::run(&context, command).await,
            Command::Pair(command) => pair::run(&context, command).await,
            Command::App(command) => app::run(&context, command).await,
            Command::Certificate(command) => certificate::run(&context, &cli.global, command).await,
            Command::Restart(arguments) => power::run(&context, &arguments, PowerAction::Restart).await,
            Command::PowerOff(arguments) => power::run(&context, &arguments, PowerAction::Off).await,
            Command::Alarms(arguments) => alarms::run(&context, arguments).await,
            Command::Logs(arguments) => logs::run(&context, arguments).await,
            Command::Audit(arguments) => audit::run(&context, arguments).await,
            Command::FactoryReset(arguments) => reset::run(&context, &arguments).await,
            Command::Sessions(arguments) => sessions::run(&context, arguments).await,
            Command::Password(command) => password::run(&context, command).await,
            Command::Seed(command) => seed::run(&context, &cli.global, command).await,
            Command::SupportBundle(arguments) => support::run(&context, arguments).await,
            Command::Activate(arguments) => activate::run(&context, arguments).await,
            Command::Token(command) => token::run(&context, command).await,
            Command::Cluster(command) => cluster::run(&context, command).await,
            Command::Registry(arguments) => registry::run(&context, &cli.global, arguments).await,
            Command::Version(arguments) => version::run(&context, &cli.global, &arguments),
        }
    });
    // a thread that still reads from the terminal must not hold up the end
    runtime.shutdown_background();
    done
}

/// What is in a file; `-` is standard input.
fn content(file: &Path) -> io::Result<String> {
    if is_stdin(file) { io::read_to_string(io::stdin().lock()) } else { fs::read_to_string(file) }
}

fn text_of(file: &Path) -> Result<String, CliError> {
    content(file).map_err(if is_stdin(file) { CliError::Input } else { CliError::File })
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}
