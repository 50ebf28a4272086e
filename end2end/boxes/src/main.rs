//! `boxes`: makes boxes to try (`run`), for browser tests (`up`), and runs commands in them (`exec`, `in-client`).
#![expect(clippy::print_stdout, reason = "printing is what a command line is for")]

mod cli;

use boxes::{
    SimSpec,
    control::{Request, ask},
    modem::Asked,
};
use clap::{Parser, Subcommand, ValueEnum};
use std::{path::PathBuf, process::ExitCode};

/// The control sockets of `boxes run` and `boxes lab`.
const CONTROL: &str = "/run/gatehouse-boxes.sock";
const SECOND: &str = "/run/gatehouse-boxes-2.sock";
const THIRD: &str = "/run/gatehouse-boxes-3.sock";

/// Which box is meant.
#[derive(Debug, clap::Args)]
struct Which {
    /// The lab has two, a fleet three
    #[arg(long = "box", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3), value_name = "NUMBER")]
    number: u8,
    /// The socket of another runner
    #[arg(long)]
    control: Option<PathBuf>,
}

impl Which {
    fn control(self) -> PathBuf {
        let of_number = || [CONTROL, SECOND, THIRD][usize::from(self.number.clamp(1, 3)) - 1];
        self.control.unwrap_or_else(|| of_number().into())
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Power {
    /// A power cut
    Off,
    On,
    /// A power cut, and power again at once
    Cut,
    /// As `systemctl reboot` in it
    Restart,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Plug {
    In,
    Out,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModemDoes {
    /// The network ends the session
    Drop,
    Home,
    Roaming,
    Denied,
    Searching,
    /// Power off and on; a SIM that was swapped is seen after it
    Cycle,
    Unplug,
    Plug,
    SimOut,
    SimIn,
    /// Another operator's SIM
    SimOther,
}

impl ModemDoes {
    fn asked(self) -> Asked {
        let registered = |how: &str| Asked::Set { air: serde_json::json!({ "registration": how }) };
        match self {
            Self::Drop => Asked::NetDrop,
            Self::Home => registered("home"),
            Self::Roaming => registered("roaming"),
            Self::Denied => registered("denied"),
            Self::Searching => registered("searching"),
            Self::Cycle => Asked::PowerCycle,
            Self::Unplug => Asked::Unplug,
            Self::Plug => Asked::Replug,
            Self::SimOut => Asked::SwapSim { sim: None },
            Self::SimIn => Asked::SwapSim { sim: Some(SimSpec::default()) },
            Self::SimOther => Asked::SwapSim { sim: Some(SimSpec::other()) },
        }
    }
}

#[derive(Debug, Parser)]
#[command(about = "Boxes in network namespaces of this machine, which leave nothing behind")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring up one box to try; its service port is reachable from this machine
    Run {
        /// The program to run in the box
        #[arg(long)]
        gatehouse: PathBuf,
        /// Where to answer `boxes exec`
        #[arg(long, default_value = CONTROL)]
        control: PathBuf,
        /// Two more boxes, and a registry with an account and a code
        #[arg(long)]
        fleet: bool,
    },
    /// Boot two Debian boxes with the package on one site; the first one's service port is reachable from this machine
    Lab {
        /// As packaging/lab/image.sh makes one
        #[arg(long)]
        image: PathBuf,
        /// As packaging/deb/build.sh makes one
        #[arg(long)]
        package: PathBuf,
    },
    /// Pull a box's plug, or put it in
    Power {
        what: Power,
        #[command(flatten)]
        which: Which,
    },
    /// Pull a cable out of a box, or put it in
    Cable {
        port: String,
        what: Plug,
        #[command(flatten)]
        which: Which,
    },
    /// What happens to the modem of a box, or to its SIM
    Modem {
        what: ModemDoes,
        #[command(flatten)]
        which: Which,
    },
    /// Bring up a site with a box and a laptop, and say in one line of JSON how to reach them; ends with standard input
    Up {
        /// The program to run in the box
        #[arg(long, required_unless_present = "image")]
        gatehouse: Option<PathBuf>,
        /// Boot this Debian instead
        #[arg(long, requires = "package")]
        image: Option<PathBuf>,
        /// With this package
        #[arg(long, requires = "image")]
        package: Option<PathBuf>,
        /// Two more boxes, or one of an image, and a registry with an account
        #[arg(long, requires = "gatehouse")]
        fleet: bool,
        /// The box has a SIM slot
        #[arg(long, conflicts_with_all = ["image", "fleet"])]
        sim_slot: bool,
        /// Only JSON on standard output (it always is; kept for clarity in scripts)
        #[arg(long)]
        json: bool,
    },
    /// Run a command in the box
    Exec {
        #[command(flatten)]
        which: Which,
        #[arg(last = true, required = true)]
        argv: Vec<String>,
    },
    /// Become a command at the technician's laptop; inherited file descriptors stay open
    InClient {
        #[arg(long, env = "BOXES_CONTROL")]
        control: PathBuf,
        #[arg(last = true, required = true)]
        argv: Vec<String>,
    },
    #[command(hide = true)]
    Keeper { spec: String },
    #[command(hide = true)]
    Init { spec: String },
    #[command(hide = true)]
    ModemHardware { start: String },
    #[command(hide = true)]
    ModemManager { spec: String },
    #[command(hide = true)]
    Enter {
        #[arg(long)]
        init: i32,
        #[arg(last = true, required = true)]
        argv: Vec<String>,
    },
    #[command(hide = true)]
    Janitor { also: Vec<PathBuf> },
    #[command(hide = true)]
    Leash {
        #[arg(last = true, required = true)]
        argv: Vec<String>,
    },
    /// Run a command and kill it just before the n-th system call by which it leaves a trace; says in JSON where that was
    KillAt {
        point: u64,
        #[arg(last = true, required = true)]
        argv: Vec<String>,
    },
    #[command(hide = true)]
    Machine {
        spec: String,
        #[arg(last = true)]
        argv: Vec<String>,
    },
    #[command(hide = true)]
    Idle,
}

fn main() -> ExitCode {
    match carry_out(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("boxes: {}", boxes::chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn carry_out(command: Command) -> boxes::Result<ExitCode> {
    match command {
        Command::Run { gatehouse, control, fleet } => {
            let mut controls = vec![control];
            if fleet {
                controls.extend([SECOND, THIRD].map(PathBuf::from));
            }
            cli::run::run(&gatehouse, &controls, fleet)
        }
        Command::Lab { image, package } => cli::lab::run(&image, &package, &[CONTROL.into(), SECOND.into()]),
        Command::Power { what, which } => {
            let request = match what {
                Power::Off => Request::PowerOff,
                Power::On => Request::PowerOn,
                Power::Cut => Request::Reboot,
                Power::Restart => Request::Exec { argv: ["systemctl", "reboot"].map(String::from).into() },
            };
            ask(&which.control(), &request).map(|_| ExitCode::SUCCESS)
        }
        Command::Cable { port, what, which } => {
            ask(&which.control(), &Request::Link { port, up: what == Plug::In }).map(|_| ExitCode::SUCCESS)
        }
        Command::Modem { what, which } => {
            ask(&which.control(), &Request::Modem { asked: what.asked() }).map(|_| ExitCode::SUCCESS)
        }
        Command::Up { image: Some(image), package: Some(package), gatehouse: Some(gatehouse), fleet: true, .. } => {
            cli::up::run(&cli::up::Make::Pair { image, package, gatehouse })
        }
        Command::Up { image: Some(image), package: Some(package), .. } => {
            cli::up::run(&cli::up::Make::Debian { image, package })
        }
        Command::Up { gatehouse, fleet, sim_slot, .. } => {
            let gatehouse = gatehouse.unwrap_or_default();
            cli::up::run(&match (fleet, sim_slot) {
                (true, _) => cli::up::Make::Fleet(gatehouse),
                (false, true) => cli::up::Make::WithSimSlot(gatehouse),
                (false, false) => cli::up::Make::Program(gatehouse),
            })
        }
        Command::Exec { which, argv } => cli::reach::exec(&which.control(), &argv),
        Command::InClient { control, argv } => cli::reach::in_client(&control, &argv),
        Command::Keeper { spec } => boxes::inside::keeper::run(&spec).map(|()| ExitCode::SUCCESS),
        Command::Init { spec } => boxes::inside::init::run(&spec).map(|()| ExitCode::SUCCESS),
        Command::ModemHardware { start } => boxes::modem::simulator::run(&start).map(|()| ExitCode::SUCCESS),
        Command::ModemManager { spec } => boxes::modem::manager::run(&spec).map(|()| ExitCode::SUCCESS),
        Command::Enter { init, argv } => boxes::inside::enter::run_in_box(init, &argv).map(cli::reach::code),
        Command::Janitor { also } => Ok(if boxes::janitor(&also)? { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
        Command::Leash { argv } => boxes::leash(&argv).map(|()| ExitCode::SUCCESS),
        Command::KillAt { point, argv } => {
            println!("{}", serde_json::to_string(&boxes::kill_at(point, &argv)?)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Machine { spec, argv } => boxes::debian::keeper::run(&spec, &argv).map(ExitCode::from),
        Command::Idle => {
            drop(std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
            Ok(ExitCode::SUCCESS)
        }
    }
}
