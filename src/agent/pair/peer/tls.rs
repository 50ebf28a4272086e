//! TLS between the boxes of a pair. Whom to trust is said by the hash of one public key, on both sides; names, authorities and times say nothing,
//! because a pair must not end with a clock that is wrong.

use std::{io, sync::Arc};

use pki::certificate::holder;
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsAcceptor, TlsConnector, client,
    rustls::{
        self, ClientConfig, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
        server::danger::{ClientCertVerified, ClientCertVerifier},
        version::TLS13,
    },
};

use crate::registry::Identity;

#[derive(Debug)]
struct Pinned {
    key: String,
    provider: Arc<CryptoProvider>,
}

impl Pinned {
    fn judge(&self, leaf: &CertificateDer<'_>) -> Result<(), rustls::Error> {
        let known = holder(leaf).is_some_and(|holder| holder.key.fingerprint() == self.key);
        if known { Ok(()) } else { Err(rustls::Error::General("the key is not the peer's".into())) }
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.judge(leaf).map(|()| ServerCertVerified::assertion())
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

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _others: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.judge(leaf).map(|()| ClientCertVerified::assertion())
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

fn own(identity: &Identity) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), rustls::Error> {
    let key = PrivateKeyDer::from_pem_slice(identity.key.expose().as_bytes())
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    Ok((vec![CertificateDer::from(identity.certificate.clone())], key))
}

fn pinned(key: &str) -> Arc<Pinned> {
    Arc::new(Pinned { key: key.to_owned(), provider: Arc::new(rustls::crypto::ring::default_provider()) })
}

/// # Errors
/// When the own key or certificate cannot be used.
pub fn acceptor(identity: &Identity, peer_key: &str) -> Result<TlsAcceptor, rustls::Error> {
    let (pinned, (chain, key)) = (pinned(peer_key), own(identity)?);
    let config = ServerConfig::builder_with_provider(pinned.provider.clone())
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(pinned)
        .with_single_cert(chain, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// # Errors
/// When the other end is not the peer, or the own key or certificate cannot be used.
pub async fn connect(
    stream: TcpStream,
    identity: &Identity,
    peer_key: &str,
) -> io::Result<client::TlsStream<TcpStream>> {
    let config = || -> Result<ClientConfig, rustls::Error> {
        let (pinned, (chain, key)) = (pinned(peer_key), own(identity)?);
        ClientConfig::builder_with_provider(pinned.provider.clone())
            .with_protocol_versions(&[&TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(pinned)
            .with_client_auth_cert(chain, key)
    };
    let name = ServerName::try_from("peer").map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(config().map_err(io::Error::other)?)).connect(name, stream).await
}
