//! `gatehouse version`: which build this is, and whose work is in it. Asks no agent.

use clap::Args;

use super::{CliError, Context, Global, table::aligned};
use crate::{
    agent::config,
    notices::{Document, LICENCES, SBOM, Version},
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print the licences of others' work in this program
    #[arg(long, conflicts_with = "sbom")]
    licences: bool,
    /// Print the list of its parts (SBOM) as JSON
    #[arg(long)]
    sbom: bool,
}

pub(super) fn run(context: &Context, global: &Global, arguments: &Arguments) -> Result<(), CliError> {
    let document = |document: &Document| {
        let text = document.text().map_err(CliError::Output)?;
        super::output::print(&text)
    };
    if arguments.licences {
        return document(&LICENCES);
    }
    if arguments.sbom {
        return document(&SBOM);
    }
    let board = config::box_file(&global.config.with_file_name("box.toml")).ok();
    let (model, serial) = board.map(|board| (board.model, board.serial)).unzip();
    context.output.answer(&Version::new(model, serial), |version| {
        let or = |value: &Option<String>| value.clone().unwrap_or_else(|| "no box.toml".to_owned());
        aligned(&[
            ["Version".to_owned(), version.version.to_owned()],
            ["Build".to_owned(), version.build.to_owned()],
            ["Machine".to_owned(), version.machine.to_owned()],
            ["Model".to_owned(), or(&version.model)],
            ["Serial".to_owned(), or(&version.serial)],
        ])
    })
}
