//! TLS of the registry: its own certificate with the authority behind it, and a box's certificate where one is shown.

use std::{sync::Arc, time::Duration};

use domain::time::UnixSeconds;
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, RootCertStore, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::WebPkiClientVerifier,
    },
    server::TlsStream,
};

use crate::{
    api::Presented,
    authority::{Authority, AuthorityError},
};

/// Handshakes that a resumed connection saves are kept for so many boxes.
const SESSIONS: usize = 20_000;

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error("TLS cannot be set up")]
    Config(#[from] rustls::Error),
    #[error("the authority's certificate cannot be used")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
    #[error("the server's key cannot be used: {0}")]
    Key(String),
}

/// # Errors
/// When the authority cannot make a certificate of these names.
pub fn acceptor(authority: &Authority, names: &[String], now: UnixSeconds) -> Result<TlsAcceptor, TlsError> {
    let (leaf, key) = authority.server(names, now)?;
    // the whole chain: a box knows the authority by its hash alone
    let chain = vec![CertificateDer::from(leaf), CertificateDer::from(authority.der().to_vec())];
    let key =
        PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).map_err(|error| TlsError::Key(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.der().to_vec()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let boxes = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let boxes = boxes.allow_unauthenticated().build()?;
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder.with_client_cert_verifier(boxes).with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.session_storage = rustls::server::ServerSessionMemoryCache::new(SESSIONS);
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Whom the other end has proven to be.
pub fn presented(stream: &TlsStream<TcpStream>) -> Option<Presented> {
    let leaf = stream.get_ref().1.peer_certificates()?.first()?;
    let holder = pki::certificate::holder(leaf)?;
    Some(Presented { serial: holder.serial, key: holder.key.fingerprint() })
}

/// For a whole handshake.
pub const HANDSHAKE: Duration = Duration::from_secs(10);
