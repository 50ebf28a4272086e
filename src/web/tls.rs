//! TLS: which certificate a handshake gets.

use std::{io, net::IpAddr, sync::Arc};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    LazyConfigAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::ring,
        server::{Acceptor, ClientHello, ResolvesServerCert},
        sign::{CertifiedKey, SingleCertAndKey},
    },
    server::TlsStream,
};

use super::{
    App,
    certificates::{Certificates, Subject},
    host,
};

/// Makes TLS of connections. All handshakes share one store for resumption.
#[derive(Clone, Debug)]
pub struct Tls {
    base: ServerConfig,
    app: App,
}

impl Tls {
    /// TLS 1.2 and 1.3 with AEAD ciphers: rustls has no others.
    pub fn new(app: App) -> Result<Self, rustls::Error> {
        let mut base = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Unresolved));
        base.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { base, app })
    }

    pub fn certificates(&self) -> &Arc<Certificates> {
        &self.app.certificates
    }

    /// Shakes hands as the name that the browser asked for, if it is one of ours, else as the address that it reached.
    pub async fn accept<S>(&self, stream: S, local: IpAddr) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let subject = self.subject(&start.client_hello(), local);
        let certificate = self.app.certificates.served(&subject).map_err(io::Error::other)?;
        let resolver = SingleCertAndKey::from(CertifiedKey::clone(&certificate.key));
        let mut config = self.base.clone();
        config.cert_resolver = Arc::new(resolver);
        start.into_stream(Arc::new(config)).await
    }

    fn subject(&self, hello: &ClientHello<'_>, local: IpAddr) -> Subject {
        let names = host::names(self.app.hello().as_deref());
        let asked = hello.server_name().filter(|asked| names.iter().any(|n| n.eq_ignore_ascii_case(asked)));
        asked.and_then(Subject::name).unwrap_or(Subject::Address(local.to_canonical()))
    }
}

/// Holds the place until the browser has said whom it wants.
#[derive(Debug)]
struct Unresolved;

impl ResolvesServerCert for Unresolved {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        None
    }
}

/// Makes what the handshakes of these subjects will need.
pub fn prepare(certificates: &Certificates, subjects: &[Subject]) {
    for subject in subjects {
        if let Err(error) = certificates.served(subject) {
            tracing::error!(%subject, error = &error as &dyn std::error::Error, "no certificate");
        }
    }
}
