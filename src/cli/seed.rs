//! `gatehouse seed …`: whether a seed file can be used, and what came of those that this box was offered.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::{CliError, Context, Global, table::aligned};
use crate::{
    agent::{
        config,
        seed::file::{self, SeedFile},
    },
    client::here,
    domain::{
        api::{Caller, Overview},
        box_file::BoxFile,
        civil::Civil,
        fault::Fault,
        seed::{Came, Part, WhyNot, steps},
        time::UnixSeconds,
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show which seed was applied, what came of each part, and which was refused
    Show,
    /// Check a seed file without applying it; asks no agent. Against box.toml, where there is one
    Check {
        /// Such as gatehouse-seed.toml
        file: PathBuf,
    },
}

pub(super) async fn run(context: &Context, global: &Global, command: Command) -> Result<(), CliError> {
    match command {
        Command::Show => {
            let overview = context.agent.overview(&Caller::default()).await?;
            context.output.answer(&overview.seed, |_| shown(&overview))
        }
        Command::Check { file } => {
            let board = config::box_file(&global.config.with_file_name("box.toml")).ok();
            let seed = checked(&file, board.as_ref()).map_err(|problems| here(Fault::SeedUnusable { problems }))?;
            let parts = steps(&seed.seed);
            context.output.answer(&parts, |parts| fits(parts, &seed, board.as_ref()))
        }
    }
}

fn checked(path: &Path, board: Option<&BoxFile>) -> Result<SeedFile, Vec<crate::domain::seed::Problem>> {
    // a relative path and one through links are the caller's own; the box itself follows none
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let text = file::read(&path).map_err(|problem| vec![problem])?;
    file::parse(text, board)
}

fn fits(parts: &[Part], seed: &SeedFile, board: Option<&BoxFile>) -> String {
    let sets = if parts.is_empty() {
        "nothing".to_owned()
    } else {
        parts.iter().map(|p| name(*p)).collect::<Vec<_>>().join(", ")
    };
    let mut text = format!("The file can be used. It sets: {sets}.\n");
    let whose = match (&seed.seed.serial, board) {
        (Some(serial), Some(board)) if *serial != board.serial => {
            format!("It is for the box {serial}; this box is {}.\n", board.serial)
        }
        (Some(serial), _) => format!("It is for the box {serial} only.\n"),
        (None, _) => "It names no serial: any box without a password takes it.\n".to_owned(),
    };
    text += &whose;
    if board.is_none() && seed.seed.network.is_some() {
        text += "There is no box.toml here, so the names of its ports were not looked at.\n";
    }
    text
}

fn name(part: Part) -> &'static str {
    match part {
        Part::Language => "language",
        Part::HostName => "host name",
        Part::Time => "time",
        Part::Proxy => "proxy",
        Part::Registry => "registry",
        Part::Network => "network",
        Part::Password => "password",
    }
}

fn shown(overview: &Overview) -> String {
    let at = |at: UnixSeconds| Civil::of(at, overview.settings.clock.offset).to_string();
    let mut text = String::new();
    if let Some(applied) = &overview.seed.applied {
        let mut rows = vec![
            ["Seed".to_owned(), applied.from.clone()],
            [if applied.is_complete() { "Applied" } else { "Begun" }.to_owned(), at(applied.at)],
            ["SHA-256".to_owned(), applied.digest.clone()],
        ];
        rows.extend(applied.reports.iter().map(|report| {
            let came = match &report.came {
                Came::Applied => "as in the file".to_owned(),
                Came::Kept => "kept: somebody had set it before".to_owned(),
                Came::Failed { error } => format!("not done yet, and tried again: {error}"),
            };
            [format!("  {}", name(report.part)), came]
        }));
        text += &aligned(&rows);
    }
    if let Some(refused) = &overview.seed.refused {
        let why = match &refused.why {
            WhyNot::Unusable { problems } => problems.iter().map(ToString::to_string).collect(),
            WhyNot::OtherBox { serial } => vec![format!("it is for the box {serial}")],
            WhyNot::NeedsSerial => vec!["this box is set up; a seed for it must name its serial".to_owned()],
        };
        text.extend([format!("Not taken: {}, {}\n", refused.from, at(refused.at))]);
        text.extend(why.iter().map(|line| format!("  {line}\n")));
    }
    if text.is_empty() { "No seed was found.\n".to_owned() } else { text }
}
