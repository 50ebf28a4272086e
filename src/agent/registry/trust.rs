//! TLS with the registry: whom to trust is said by the hash of an authority and by nothing else.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    activation::{api::Away, url::RegistryUrl},
    secret::Secret,
};
use pki::server::{self, Refusal};
use tokio::time::timeout;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        self, ClientConfig, DigitallySignedStruct, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    },
};

use super::reach::Wire;

/// A handshake. Shorter: a satellite's link cannot. Longer: who waits for a page waits for nothing.
const LIMIT: Duration = Duration::from_secs(6);

/// A box's certificate with its key.
#[derive(Clone, Debug)]
pub struct Identity {
    /// DER.
    pub certificate: Vec<u8>,
    /// PEM.
    pub key: Secret,
}

/// Why there is no connection that can be trusted.
#[derive(Debug)]
pub enum Fault {
    /// The certificate is not good at the time that this machine believes it is.
    Clock,
    Away(Away),
}

/// The server's certificate is looked at, with or without the time.
#[derive(Debug)]
struct Pinned {
    authority: [u8; 32],
    timely: bool,
    provider: Arc<CryptoProvider>,
    /// What was wrong, because an error of TLS says it in words only.
    found: Mutex<Option<Refusal>>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let now = self.timely.then_some(now);
        server::check(leaf, others, self.authority, name, now).map(|()| ServerCertVerified::assertion()).map_err(
            |refusal| {
                *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
                rustls::Error::General(refusal.to_string())
            },
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Shakes hands. `timely` is false only to learn what time it is.
///
/// # Errors
/// With the first thing that is wrong.
pub async fn tls(
    stream: Box<dyn Wire>,
    url: &RegistryUrl,
    authority: [u8; 32],
    identity: Option<&Identity>,
    timely: bool,
) -> Result<TlsStream<Box<dyn Wire>>, Fault> {
    let host = url.host().to_owned();
    let failed = |detail: String| Fault::Away(Away::Tls { host: host.clone(), detail });
    let name = match url.host().parse::<IpAddr>() {
        Ok(address) => ServerName::IpAddress(address.into()),
        Err(_) => ServerName::try_from(url.host().to_owned()).map_err(|error| failed(error.to_string()))?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let pinned = Arc::new(Pinned { authority, timely, provider: provider.clone(), found: Mutex::default() });
    let config = config(provider, pinned.clone(), identity).map_err(|error| failed(error.to_string()))?;
    match timeout(LIMIT, TlsConnector::from(Arc::new(config)).connect(name, stream)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(match *pinned.found.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Refusal::Time) => Fault::Clock,
            Some(Refusal::OtherAuthority) => Fault::Away(Away::OtherAuthority { host: host.clone() }),
            Some(other) => failed(other.to_string()),
            None => failed(error.to_string()),
        }),
        Err(_) => Err(Fault::Away(Away::NoAnswer { host, port: url.port() })),
    }
}

fn config(
    provider: Arc<CryptoProvider>,
    verifier: Arc<Pinned>,
    identity: Option<&Identity>,
) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    let Some(Identity { certificate, key }) = identity else { return Ok(builder.with_no_client_auth()) };
    let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes())
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    builder.with_client_auth_cert(vec![CertificateDer::from(certificate.clone())], key)
}
