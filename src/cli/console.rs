//! `gatehouse console`: for a technician with a screen at the box: where the pages are, and by what to know them.

use std::{io::IsTerminal, path::PathBuf};

use clap::Args;
use serde::Serialize;

use super::{CliError, Context, Global, qr};
use crate::{
    disk,
    domain::{api::Caller, box_file::SERVICE_ADDRESS},
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print no QR code
    #[arg(long)]
    no_code: bool,
}

#[derive(Debug, Serialize)]
struct Console {
    url: String,
    /// SHA-256 of the certificate, `AB:CD:…` as browsers show it.
    fingerprint: String,
    /// The text of the QR code.
    code: String,
}

/// Why the fingerprint cannot be told.
#[derive(Debug, thiserror::Error)]
pub(super) enum FingerprintError {
    #[error("the certificate's fingerprint cannot be read from {path}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("there is no certificate for the service port yet: {path} is missing. Does the web service run?")]
    Missing { path: PathBuf },
    #[error("{path} holds no fingerprint")]
    Malformed { path: PathBuf },
}

/// The folder is the web service's; the agent has no part in the certificates that the box signs itself.
pub(super) async fn run(context: &Context, global: &Global, arguments: &Arguments) -> Result<(), CliError> {
    let folder = global.state_dir("/var/lib/gatehouse-web").join("certificates");
    let fingerprint = match installed(context).await {
        Some(fingerprint) => fingerprint,
        None => fingerprint(folder.join(format!("{SERVICE_ADDRESS}.fingerprint")))?,
    };
    let url = format!("https://{SERVICE_ADDRESS}/");
    // behind the `#` it is not sent; a phone opens the URL, and whoever wants to compare has it
    let code = format!("{url}#sha256={}", fingerprint.replace(':', ""));
    let drawn = (!arguments.no_code).then(|| qr::half_blocks(&code, std::io::stdout().is_terminal()).ok()).flatten();
    context.output.answer(&Console { url, fingerprint, code }, |console| {
        let Console { url, fingerprint, .. } = console;
        format!("{}{url}\n{fingerprint}\n", drawn.unwrap_or_default())
    })
}

/// That of the certificate that the owner has installed, where it is for the service port's address.
async fn installed(context: &Context) -> Option<String> {
    // without an agent it is not in use either
    let installed = context.agent.certificate(&Caller::default()).await.ok()?.installed?;
    let covers = installed.names.iter().any(|name| name.covers_address(SERVICE_ADDRESS.into()));
    covers.then_some(installed.fingerprint)
}

/// Anything else in the file is not printed: the folder's owner has fewer rights than who asks.
fn fingerprint(path: PathBuf) -> Result<String, FingerprintError> {
    let text = match disk::read(&path) {
        Ok(Some(text)) => text,
        Ok(None) => return Err(FingerprintError::Missing { path }),
        Err(source) => return Err(FingerprintError::Read { path, source }),
    };
    let text = text.trim_end();
    let bytes = text.split(':').filter(|byte| byte.len() == 2 && byte.bytes().all(|b| b.is_ascii_hexdigit()));
    if text.len() == 95 && bytes.count() == 32 {
        Ok(text.to_owned())
    } else {
        Err(FingerprintError::Malformed { path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fingerprint_is_printed() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("f");
        assert!(matches!(fingerprint(path.clone()), Err(FingerprintError::Missing { .. })));
        let good = ["AB"; 32].join(":");
        std::fs::write(&path, format!("{good}\n")).expect("write");
        assert_eq!(fingerprint(path.clone()).expect("good"), good);
        for bad in ["", "root:x:0:0", &good.replace('A', "G"), &good.replace(':', ";"), &format!("{good}\n{good}")] {
            std::fs::write(&path, bad).expect("write");
            assert!(matches!(fingerprint(path.clone()), Err(FingerprintError::Malformed { .. })), "{bad}");
        }
    }
}
