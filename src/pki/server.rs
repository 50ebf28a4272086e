//! Whether a server is the registry that is meant: its chain holds the authority whose hash is known beforehand, and that vouches for it.

use pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};

use crate::digest;

/// Certificates of a chain that are looked at.
const MOST: usize = 4;

/// Why it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("it shows another authority")]
    OtherAuthority,
    #[error("its certificate is not good at this time")]
    Time,
    #[error("its certificate is for another name")]
    OtherName,
    #[error("its certificate cannot be used")]
    Unusable,
}

/// Without `now` the time is not looked at: for whoever asks what time it is.
///
/// # Errors
/// With the first thing that is wrong.
pub fn check(
    leaf: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
    authority: [u8; 32],
    name: &ServerName<'_>,
    now: Option<UnixTime>,
) -> Result<(), Refusal> {
    let known = others.iter().take(MOST).find(|certificate| digest(certificate) == authority);
    let anchors = [anchor_from_trusted_cert(known.ok_or(Refusal::OtherAuthority)?).map_err(|_| Refusal::Unusable)?];
    let own = EndEntityCert::try_from(leaf).map_err(|_| Refusal::Unusable)?;
    let algorithms = [webpki::ring::ECDSA_P256_SHA256];
    let at =
        |time| own.verify_for_usage(&algorithms, &anchors, &[], time, KeyUsage::server_auth(), None, None).map(|_| ());
    let vouched = match now {
        Some(now) => at(now),
        None => at(begin(leaf).ok_or(Refusal::Unusable)?),
    };
    vouched.map_err(|error| match error {
        Error::CertExpired { .. } | Error::CertNotValidYet { .. } => Refusal::Time,
        // all authorities have one name: a chain that only looks like ours fails at the signature
        Error::UnknownIssuer | Error::InvalidSignatureForPublicKey => Refusal::OtherAuthority,
        _ => Refusal::Unusable,
    })?;
    own.verify_is_valid_for_subject_name(name).map_err(|_| Refusal::OtherName)
}

/// A moment at which the certificate is good.
fn begin(leaf: &[u8]) -> Option<UnixTime> {
    let facts = domain::certificate::x509::Facts::read(leaf)?;
    Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(facts.not_before.0)))
}
