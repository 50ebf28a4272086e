//! `gatehouse certificate …`: the certificate that the pages are served with.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{CliError, Context, Global, ask, table::aligned, words};
use crate::{
    disk,
    domain::{
        api::Caller,
        certificate::{CertificateStatus, CertificateView, InstallRequest, Offered},
        civil::Civil,
        secret::Secret,
        time::UnixSeconds,
    },
    web::certificates::authority,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show which certificate is in use
    Show,
    /// Print the certificate of the box's own authority as PEM, for browsers to trust
    Ca,
    /// Install a certificate of your own, which is checked and shown first
    Install(Install),
    /// Go back to the certificates that the box signs itself
    Remove,
}

#[derive(Debug, Args)]
pub(super) struct Install {
    /// The certificate and those that vouch for it, as PEM
    #[arg(long, value_name = "FILE")]
    chain: PathBuf,
    /// Its private key as PEM, without a password
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Install it without a question; needed where nobody can answer
    #[arg(long, short)]
    yes: bool,
}

pub(super) async fn run(context: &Context, global: &Global, command: Command) -> Result<(), CliError> {
    let (agent, output, caller) = (&context.agent, context.output, Caller::default());
    match command {
        Command::Show => output.answer(&agent.certificate(&caller).await?, shown),
        Command::Ca => {
            let folder = global.state_dir("/var/lib/gatehouse-web").join("certificates");
            let pem = authority::read(&folder).map_err(CliError::File)?.ok_or(CliError::NoAuthority)?;
            output.answer(&pem, Clone::clone)
        }
        Command::Install(arguments) => {
            let offered = Offered { chain: text(&arguments.chain)?, key: Secret::new(text(&arguments.key)?) };
            let preview = agent.check_certificate(&caller, &offered).await?;
            output.say(&view(&preview.view))?;
            if !preview.uncovered.is_empty() {
                output.say(&format!("! It does not cover {}.\n", words::list(&preview.uncovered)))?;
            }
            ask::agreed("Install it?", arguments.yes)?;
            agent.install_certificate(&caller, &InstallRequest { candidate: preview.candidate }).await?;
            output.answer(&preview.view, |_| "It is installed and in use.".to_owned())
        }
        Command::Remove => {
            agent.remove_certificate(&caller).await?;
            output.answer(&(), |()| "The box uses the certificates that it signs itself.".to_owned())
        }
    }
}

fn text(path: &Path) -> Result<String, CliError> {
    let missing = || std::io::Error::new(std::io::ErrorKind::NotFound, format!("{} is missing", path.display()));
    disk::read(path).and_then(|text| text.ok_or_else(missing)).map_err(CliError::File)
}

fn shown(status: &CertificateStatus) -> String {
    match (&status.installed, &status.trouble) {
        (Some(installed), _) => view(installed),
        (None, Some(trouble)) => format!("The installed certificate is not in use: {trouble}\n"),
        (None, None) => "The box uses the certificates that it signs itself.\n".to_owned(),
    }
}

fn view(view: &CertificateView) -> String {
    let day = |at: UnixSeconds| Civil::of(at, 0).to_string().split(' ').next().unwrap_or_default().to_owned();
    let rows = [
        ["Names".to_owned(), words::list(&view.names)],
        ["Subject".to_owned(), view.subject.clone()],
        ["Issuer".to_owned(), view.issuer.clone()],
        ["Valid".to_owned(), format!("{} to {}", day(view.not_before), day(view.not_after))],
        ["SHA-256".to_owned(), view.fingerprint.clone()],
    ];
    aligned(&rows)
}
