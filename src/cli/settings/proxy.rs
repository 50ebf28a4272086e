//! `gatehouse settings proxy URL|none`.

use std::{fs, path::PathBuf};

use clap::Args;

use crate::{
    cli::{CliError, Context, password},
    domain::{api::Caller, secret::Secret, settings::request::ProxyRequest},
};

#[derive(Debug, Args)]
pub(in crate::cli) struct ProxyArgs {
    /// `http://proxy.example:3128`, or `https://` for TLS with the proxy; `none` for no proxy
    url: String,
    /// The password is asked for, or is a line of standard input
    #[arg(long)]
    user: Option<String>,
    /// Go on with the password that is saved: same URL, same user
    #[arg(long, requires = "user")]
    keep_password: bool,
    /// PEM file of the authority that signed the proxy's certificate
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// What the proxy is asked for in the test: registry.example:8443
    #[arg(long)]
    host: Option<String>,
    /// Save it without a test
    #[arg(long)]
    untested: bool,
}

pub(super) async fn run(context: &Context, asked: ProxyArgs) -> Result<(), CliError> {
    let ca = asked.ca.map(|file| fs::read_to_string(file).map_err(CliError::Input)).transpose()?;
    let password = match &asked.user {
        Some(_) if !asked.keep_password => password::one("The proxy's password: ")?,
        _ => Secret::default(),
    };
    let request = ProxyRequest {
        url: if asked.url == "none" { String::new() } else { asked.url },
        user: asked.user.unwrap_or_default(),
        password,
        ca: ca.unwrap_or_default(),
        host: asked.host.unwrap_or_default(),
        untested: asked.untested,
    };
    let saved = context.agent.set_proxy(&Caller::default(), &request).await?;
    context.output.answer(&saved, |saved| match saved.millis {
        Some(millis) => format!("The proxy works (in {millis} ms). Saved and in force."),
        None => "Saved and in force.".to_owned(),
    })
}
