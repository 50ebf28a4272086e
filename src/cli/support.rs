//! `gatehouse support-bundle`: what support needs to see of this box, as one file.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
};

use clap::Args;
use serde::Serialize;

use super::{CliError, Context};
use crate::domain::api::Caller;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where to write it; `-` is standard output. A file that exists is not touched [default: a name with box and time, in this folder]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Written {
    file: PathBuf,
    bytes: usize,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<(), CliError> {
    let bundle = context.agent.support_bundle(&Caller::default()).await?;
    let file = arguments.output.unwrap_or_else(|| PathBuf::from(&bundle.name));
    if file.as_os_str() == "-" {
        let mut out = io::stdout().lock();
        return out.write_all(&bundle.bytes).and_then(|()| out.flush()).map_err(CliError::Output);
    }
    // never over a file or through a link that somebody left there: this is root's command, perhaps in /tmp
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
    let written = opened.and_then(|mut opened| opened.write_all(&bundle.bytes).and_then(|()| opened.sync_all()));
    written.map_err(|source| CliError::Bundle { file: file.clone(), source })?;
    let written = Written { file, bytes: bundle.bytes.len() };
    context
        .output
        .answer(&written, |w| format!("{} ({} bytes). It has no passwords and no keys.", w.file.display(), w.bytes))
}
