//! TLS of the registry: its own certificate with the authority behind it, and a box's certificate where one is shown.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::activation::validity::{Standing, Validity};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, RootCertStore, ServerConfig,
        crypto::CryptoProvider,
        pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
        server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier},
        sign::CertifiedKey,
        time_provider::TimeProvider,
    },
    server::TlsStream,
};

use crate::{
    api::Presented,
    authority::{Authority, AuthorityError},
    clock::Clock,
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

/// TLS 1.2 and 1.3, with boxes' certificates judged by this clock.
///
/// # Errors
/// When the authority cannot make a certificate of these names.
pub fn acceptor(authority: Arc<Authority>, names: Vec<String>, clock: Clock) -> Result<TlsAcceptor, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.der().to_vec()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let boxes = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let boxes = boxes.allow_unauthenticated().build()?;
    let own = Own::new(authority, names, clock.clone(), provider.clone())?;
    let builder = ServerConfig::builder_with_details(provider, Arc::new(Judge(clock)));
    let builder = builder.with_safe_default_protocol_versions()?.with_client_cert_verifier(boxes);
    let mut config = builder.with_cert_resolver(Arc::new(own));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.session_storage = rustls::server::ServerSessionMemoryCache::new(SESSIONS);
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[derive(Debug)]
struct Judge(Clock);

impl TimeProvider for Judge {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0.wall().0)))
    }
}

/// The server's certificate. It is made anew when two thirds of its life are over, and when the clock turns out to have been wrong: a
/// registry runs for years, and may begin before its machine knows what time it is.
#[derive(Debug)]
struct Own {
    authority: Arc<Authority>,
    names: Vec<String>,
    clock: Clock,
    provider: Arc<CryptoProvider>,
    current: Mutex<Certified>,
}

type Certified = (Validity, Arc<CertifiedKey>);

impl Own {
    fn new(
        authority: Arc<Authority>,
        names: Vec<String>,
        clock: Clock,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, TlsError> {
        let current = Mutex::new(certify(&authority, &names, &clock, &provider)?);
        Ok(Self { authority, names, clock, provider, current })
    }
}

fn certify(
    authority: &Authority,
    names: &[String],
    clock: &Clock,
    provider: &CryptoProvider,
) -> Result<Certified, TlsError> {
    let validity = Validity::of_server(clock.wall());
    let (leaf, key) = authority.server(names, validity)?;
    // the whole chain: a box knows the authority by its hash alone
    let chain = vec![CertificateDer::from(leaf), CertificateDer::from(authority.der().to_vec())];
    let key =
        PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).map_err(|error| TlsError::Key(error.to_string()))?;
    Ok((validity, Arc::new(CertifiedKey::from_der(chain, key, provider)?)))
}

impl ResolvesServerCert for Own {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.0.standing(self.clock.wall()) != Standing::Good {
            match certify(&self.authority, &self.names, &self.clock, &self.provider) {
                Ok(made) => *current = made,
                Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "the server's certificate"),
            }
        }
        Some(current.1.clone())
    }
}

/// Whom the other end has proven to be, and from when until when that holds: a connection, and a session that is resumed, can live longer.
pub fn presented(stream: &TlsStream<TcpStream>) -> Option<(Presented, Validity)> {
    let leaf = stream.get_ref().1.peer_certificates()?.first()?;
    let holder = pki::certificate::holder(leaf)?;
    Some((Presented { serial: holder.serial, key: holder.key.fingerprint() }, holder.validity))
}
