//! The certificate that the owner has installed. The agent has it and judges who may change it; this process holds it to shake hands with.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tokio_rustls::rustls::{
    crypto::ring::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};

use super::{Certificate, CertificateError, Certificates, Subject};
use crate::{
    client::AgentClient,
    domain::certificate::{Serving, x509::Name},
    web::follow::Known,
};

/// Until the agent is asked again for what it did not give.
const RETRY: Duration = Duration::from_secs(1);

/// One that is in use.
#[derive(Clone, Debug)]
pub struct Installed {
    names: Vec<Name>,
    pub certificate: Certificate,
}

impl Installed {
    pub fn read(serving: &Serving) -> Result<Self, CertificateError> {
        let chain = CertificateDer::pem_slice_iter(serving.chain.as_bytes())
            .map(|certificate| certificate.map(CertificateDer::into_owned))
            .collect::<Result<Vec<_>, _>>()
            .map_err(CertificateError::Pem)?;
        let key = PrivateKeyDer::from_pem_slice(serving.key.expose().as_bytes()).map_err(CertificateError::Pem)?;
        let key = any_supported_type(&key).map_err(CertificateError::Use)?;
        let key = Arc::new(CertifiedKey::new(chain, key));
        let certificate = Certificate { key, fingerprint: serving.fingerprint.clone() };
        Ok(Self { names: serving.names.clone(), certificate })
    }

    pub fn covers(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Address(address) => self.names.iter().any(|name| name.covers_address(*address)),
            Subject::Name(host) => self.names.iter().any(|name| name.covers_name(host)),
        }
    }
}

/// Keeps the one in use as the agent has it, for ever.
pub(in crate::web) async fn follow(
    agent: AgentClient,
    mut known: watch::Receiver<Known>,
    certificates: Arc<Certificates>,
) {
    loop {
        let heard = known.borrow_and_update().clone();
        let wanted = heard.hello.filter(|_| heard.here).map(|hello| hello.certificate.clone());
        let current = certificates.installed().map(|installed| installed.certificate.fingerprint.clone());
        // while the agent is away nothing changes
        let late = match wanted {
            Some(wanted) if wanted != current => renew(&agent, &certificates).await != wanted,
            _ => false,
        };
        let again = tokio::select! {
            changed = known.changed() => changed,
            () = tokio::time::sleep(RETRY), if late => Ok(()),
        };
        if again.is_err() {
            return;
        }
    }
}

/// The fingerprint of what is in use afterwards.
async fn renew(agent: &AgentClient, certificates: &Certificates) -> Option<String> {
    let installed = match agent.serving_certificate().await {
        Ok(serving) => serving.map(|serving| Installed::read(&serving)).transpose(),
        Err(refusal) => {
            tracing::warn!(%refusal, "the installed certificate is not told");
            return certificates.installed().map(|installed| installed.certificate.fingerprint.clone());
        }
    };
    match installed {
        Ok(installed) => {
            let fingerprint = installed.as_ref().map(|installed| installed.certificate.fingerprint.clone());
            tracing::info!(?fingerprint, "serves another certificate");
            certificates.install(installed);
            fingerprint
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the installed certificate cannot be used");
            None
        }
    }
}
