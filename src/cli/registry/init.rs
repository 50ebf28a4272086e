//! `gatehouse registry init`.

use std::path::{Path, PathBuf};

use clap::Args;
use registry::setup;
use serde::Serialize;

use super::super::{CliError, Context, fleet::first_line, password, roles};
use crate::{
    client::here,
    domain::{auth::password::broken_rule, cluster::names::UserName, fault::Fault},
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// Who may do everything: make accounts and users, say which models are taken
    #[arg(long, value_name = "NAME")]
    operator: UserName,
    /// A file whose first line is the operator's password [default: asked for, or one line of standard input]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Made {
    /// SHA-256 of the authority's certificate.
    authority: String,
    /// The certificate, for boxes that are to know the registry beforehand.
    certificate: String,
}

pub(super) async fn run(context: &Context, state_dir: &Path, arguments: &Arguments) -> Result<(), CliError> {
    let password = match &arguments.password_file {
        Some(file) => first_line(file)?,
        None => password::one(&format!("Password of {}: ", arguments.operator))?,
    };
    if let Some(rule) = broken_rule(password.expose()) {
        return Err(here(Fault::BadPassword { rule }).into());
    }
    let made = setup::init(state_dir, &arguments.operator, &password).await;
    let authority = made.map_err(|error| roles::ended("registry init", &error))?;
    let made = Made { authority: hex::encode(authority.hash()), certificate: authority.pem().to_owned() };
    context.output.answer(&made, |made| {
        format!(
            "The registry can be started. SHA-256 of its authority, which every code carries:\n\n  {}\n\nIts key is in {}: \
             whoever has it can make boxes believe anything. Keep a backup.",
            made.authority,
            state_dir.display()
        )
    })
}
