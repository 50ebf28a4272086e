//! `gatehouse registry backup|restore`.

use std::path::{Path, PathBuf};

use clap::Args;
use registry::backup;
use serde::Serialize;

use super::super::{CliError, Context, roles};

#[derive(Debug, Args)]
pub(in crate::cli) struct Backup {
    /// Where to write it; it is not overwritten
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Restore {
    /// What `registry backup` has written
    file: PathBuf,
}

#[derive(Debug, Serialize)]
struct Kept {
    records: usize,
}

pub(super) async fn backup(context: &Context, state_dir: &Path, arguments: &Backup) -> Result<(), CliError> {
    let written = backup::write(state_dir, &arguments.file).await;
    let records = written.map_err(|error| roles::ended("registry backup", &error))?;
    context.output.answer(&Kept { records }, |kept| {
        let file = arguments.file.display();
        format!("{} records and the authority's key are in {file}. Keep it as you would keep the key.", kept.records)
    })
}

pub(super) async fn restore(context: &Context, state_dir: &Path, arguments: &Restore) -> Result<(), CliError> {
    let read = backup::restore(state_dir, &arguments.file).await;
    let records = read.map_err(|error| roles::ended("registry restore", &error))?;
    context.output.answer(&Kept { records }, |kept| format!("{} records are back. Start the registry.", kept.records))
}
