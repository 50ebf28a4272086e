//! Others who answer where a registry should: with whatever chain and whatever bytes.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use agent::registry::{Registry as Client, Way};
use domain::{activation::validity::Validity, secret::Secret};
use registry::authority::Authority;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
    server::TlsStream,
};

use super::world::named;

pub const NAME: &str = "127.0.0.1";

pub fn authority() -> (TempDir, Authority) {
    let folder = tempfile::tempdir().expect("folder");
    let authority = Authority::make(folder.path()).expect("an authority");
    (folder, authority)
}

/// A server's certificate of an authority for these names.
pub fn leaf(of: &Authority, names: &[&str]) -> (Vec<u8>, Secret) {
    let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    of.server(&names, Validity::of_server(os::clock::wall())).expect("a certificate")
}

/// TLS with a chain of any certificates.
pub fn acceptor(chain: &[&[u8]], key: &Secret) -> TlsAcceptor {
    let chain = chain.iter().map(|der| CertificateDer::from(der.to_vec())).collect();
    let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).expect("a key");
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).expect("a chain")))
}

/// What it heard, and where it is.
pub struct Fake {
    pub port: u16,
    /// Bytes of requests that somebody sent it.
    pub heard: Arc<AtomicUsize>,
    /// Connections.
    pub met: Arc<AtomicUsize>,
}

impl Fake {
    /// Shakes hands, reads, and answers with what is given, as often as it is asked to repeat the last part.
    pub async fn start(acceptor: TlsAcceptor, answer: Answer) -> Self {
        let listener = TcpListener::bind((NAME, 0)).await.expect("listens");
        let port = listener.local_addr().expect("bound").port();
        let (heard, met) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let fake = Self { port, heard: heard.clone(), met: met.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                met.fetch_add(1, Ordering::SeqCst);
                let (acceptor, heard, answer) = (acceptor.clone(), heard.clone(), answer.clone());
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    talk(stream, &heard, &answer).await;
                });
            }
        });
        fake
    }

    /// A registry's client that comes here and trusts this authority.
    pub fn client(&self, authority: [u8; 32]) -> Client {
        let url = named(&format!("https://{NAME}:{}", self.port));
        Client { urls: vec![url], authority, way: Way::default(), identity: None }
    }
}

#[derive(Clone, Default)]
pub struct Answer {
    pub first: Vec<u8>,
    /// Sent again and again until nobody reads any more.
    pub again: Vec<u8>,
    /// The connection stays open after the first part.
    pub stays: bool,
}

impl Answer {
    pub fn of(text: impl Into<Vec<u8>>) -> Self {
        Self { first: text.into(), ..Self::default() }
    }
}

async fn talk(mut stream: TlsStream<TcpStream>, heard: &AtomicUsize, answer: &Answer) {
    let mut buffer = [0; 4096];
    let Ok(read) = stream.read(&mut buffer).await else { return };
    heard.fetch_add(read, Ordering::SeqCst);
    if stream.write_all(&answer.first).await.is_err() {
        return;
    }
    while !answer.again.is_empty() && stream.write_all(&answer.again).await.is_ok() {}
    if answer.stays {
        // until the other end has had enough
        while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    }
    // whoever is gone already needs no goodbye
    let _ = stream.shutdown().await;
}
