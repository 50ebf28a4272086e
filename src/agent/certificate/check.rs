//! Reads what is offered. All of it is hostile: it comes out of a text field.

use sha2::{Digest, Sha256};
use tokio_rustls::rustls::{
    crypto::ring::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};

use domain::{
    certificate::{CertificateProblem, CertificateView, MOST_CERTIFICATES, Offered, Serving, judge, x509::Facts},
    secret::Secret,
    time::UnixSeconds,
};

/// What can be served.
#[derive(Clone, Debug)]
pub struct Checked {
    pub view: CertificateView,
    pub leaf: Facts,
    pub serving: Serving,
}

/// One that is offered.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check(offered: &Offered, now: UnixSeconds) -> Result<Checked, CertificateProblem> {
    let (chain, facts) = certificates(&offered.chain)?;
    // what is wrong with the certificate is told before its key is asked for
    judge(&facts, now)?;
    finish(offered, chain, facts)
}

/// One that was checked when it was installed.
///
/// # Errors
/// As [`check`], but for what time does to a certificate.
pub fn read(offered: &Offered) -> Result<Checked, CertificateProblem> {
    let (chain, facts) = certificates(&offered.chain)?;
    finish(offered, chain, facts)
}

fn finish(
    offered: &Offered,
    chain: Vec<CertificateDer<'static>>,
    facts: Vec<Facts>,
) -> Result<Checked, CertificateProblem> {
    let (length, fingerprint) = (chain.len(), fingerprint(&chain));
    matches(chain, offered)?;
    let leaf = facts.into_iter().next().ok_or(CertificateProblem::NoCertificate)?;
    let view = CertificateView {
        names: leaf.names.clone(),
        subject: leaf.subject.clone(),
        issuer: leaf.issuer.clone(),
        not_before: leaf.not_before,
        not_after: leaf.not_after,
        fingerprint: fingerprint.clone(),
        chain: length,
    };
    let serving = Serving {
        names: leaf.names.clone(),
        fingerprint,
        chain: offered.chain.trim().to_owned() + "\n",
        key: Secret::new(offered.key.expose().trim().to_owned() + "\n"),
    };
    Ok(Checked { view, leaf, serving })
}

fn certificates(pem: &str) -> Result<(Vec<CertificateDer<'static>>, Vec<Facts>), CertificateProblem> {
    let pem = pem.trim();
    if !pem.contains("-----BEGIN CERTIFICATE-----") {
        let request = pem.contains("CERTIFICATE REQUEST-----");
        return Err(if request { CertificateProblem::IsRequest } else { CertificateProblem::NoCertificate });
    }
    let (mut chain, mut facts) = (Vec::new(), Vec::new());
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|_| CertificateProblem::Unreadable)?;
        if chain.len() == MOST_CERTIFICATES {
            return Err(CertificateProblem::TooMany { most: MOST_CERTIFICATES });
        }
        facts.push(Facts::read(&certificate).ok_or(CertificateProblem::Unreadable)?);
        chain.push(certificate.into_owned());
    }
    if chain.is_empty() { Err(CertificateProblem::Unreadable) } else { Ok((chain, facts)) }
}

fn matches(chain: Vec<CertificateDer<'static>>, offered: &Offered) -> Result<(), CertificateProblem> {
    let pem = offered.key.expose();
    if pem.contains("ENCRYPTED") {
        return Err(CertificateProblem::KeyEncrypted);
    }
    if !pem.contains("PRIVATE KEY-----") {
        return Err(CertificateProblem::NoKey);
    }
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| CertificateProblem::KeyUnreadable)?;
    let key = any_supported_type(&key).map_err(|_| CertificateProblem::KeyUnreadable)?;
    CertifiedKey::new(chain, key).keys_match().map_err(|_| CertificateProblem::KeyMismatch)
}

/// SHA-256 of the first, as browsers show it.
fn fingerprint(chain: &[CertificateDer<'_>]) -> String {
    let digest = Sha256::digest(chain.first().map_or(&[][..], |leaf| leaf.as_ref()));
    digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}
