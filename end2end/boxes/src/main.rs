//! `boxes`: makes boxes to try (`run`), for browser tests (`up`), and runs commands in them (`exec`, `in-client`).
#![expect(clippy::print_stdout, reason = "printing is what a command line is for")]

mod cli;

use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// The control socket of `boxes run`.
const CONTROL: &str = "/run/gatehouse-boxes.sock";

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
    },
    /// Bring up a site with a box and a laptop, and say in one line of JSON how to reach them; ends with standard input
    Up {
        /// The program to run in the box
        #[arg(long)]
        gatehouse: PathBuf,
        /// Only JSON on standard output (it always is; kept for clarity in scripts)
        #[arg(long)]
        json: bool,
    },
    /// Run a command in the box
    Exec {
        #[arg(long, default_value = CONTROL)]
        control: PathBuf,
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
        Command::Run { gatehouse, control } => cli::run::run(&gatehouse, &control),
        Command::Up { gatehouse, json: _ } => cli::up::run(&gatehouse),
        Command::Exec { control, argv } => cli::reach::exec(&control, &argv),
        Command::InClient { control, argv } => cli::reach::in_client(&control, &argv),
        Command::Keeper { spec } => boxes::inside::keeper::run(&spec).map(|()| ExitCode::SUCCESS),
        Command::Init { spec } => boxes::inside::init::run(&spec).map(|()| ExitCode::SUCCESS),
        Command::Enter { init, argv } => boxes::inside::enter::run_in_box(init, &argv).map(cli::reach::code),
        Command::Janitor { also } => Ok(if boxes::janitor(&also)? { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
        Command::Leash { argv } => boxes::leash(&argv).map(|()| ExitCode::SUCCESS),
        Command::KillAt { point, argv } => {
            println!("{}", serde_json::to_string(&boxes::kill_at(point, &argv)?)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Idle => {
            drop(std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
            Ok(ExitCode::SUCCESS)
        }
    }
}
