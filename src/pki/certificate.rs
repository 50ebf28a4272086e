//! Certificates of boxes: what stands in them, and whether one is what it should be.

use std::time::Duration;

use domain::certificate::{
    der::{INTEGER, Reader, SEQUENCE},
    x509::Facts,
};
use domain::{activation::validity::Validity, cluster::names::Serial, time::UnixSeconds};
use pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::key::PublicKey;

/// Longest certificate of a box, and of an authority; ours have 500 bytes.
pub const LONGEST: usize = 4_096;

/// Why a certificate is not this box's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("it is no certificate that this box can read")]
    Unreadable,
    #[error("it is for another key")]
    OtherKey,
    #[error("it is for another box")]
    OtherBox,
    #[error("the authority did not sign it, or it is not good at this time")]
    NotVouchedFor,
}

/// What a certificate says of its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub serial: Serial,
    pub key: PublicKey,
    /// Its serial number, in hexadecimal.
    pub number: String,
    pub validity: Validity,
}

/// Reads a box's certificate; that somebody vouches for it is another matter.
pub fn holder(der: &[u8]) -> Option<Holder> {
    if der.len() > LONGEST {
        return None;
    }
    let facts = Facts::read(der)?;
    let mut body = Reader::new(der).take(SEQUENCE)?.inside().take(SEQUENCE)?.inside();
    // version
    body.option(0xa0);
    let number = hex::encode(body.take(INTEGER)?.body);
    // algorithm, issuer, validity, subject
    for _ in 0..4 {
        body.take(SEQUENCE)?;
    }
    let key = PublicKey::of_info(body.take(SEQUENCE)?.whole)?;
    let validity = Validity { not_before: facts.not_before, not_after: facts.not_after };
    Some(Holder { serial: facts.subject.parse().ok()?, key, number, validity })
}

/// Whether `der` is the certificate of this box and key, vouched for by the authority, and good at this time.
///
/// # Errors
/// With the first thing that is wrong.
pub fn check(
    der: &[u8],
    authority: &[u8],
    serial: &Serial,
    key: &PublicKey,
    now: UnixSeconds,
) -> Result<Validity, Unusable> {
    let holder = holder(der).ok_or(Unusable::Unreadable)?;
    if holder.key != *key {
        return Err(Unusable::OtherKey);
    }
    if holder.serial != *serial {
        return Err(Unusable::OtherBox);
    }
    let authority = CertificateDer::from(authority);
    let anchor = anchor_from_trusted_cert(&authority).map_err(|_| Unusable::Unreadable)?;
    let own = CertificateDer::from(der);
    let own = EndEntityCert::try_from(&own).map_err(|_| Unusable::Unreadable)?;
    let time = UnixTime::since_unix_epoch(Duration::from_secs(now.0));
    let (algorithms, anchors) = ([webpki::ring::ECDSA_P256_SHA256], [anchor]);
    let vouched = own.verify_for_usage(&algorithms, &anchors, &[], time, KeyUsage::client_auth(), None, None);
    vouched.map(|_| holder.validity).map_err(|_| Unusable::NotVouchedFor)
}

/// The key of an authority, with which it signs answers that travel by hand.
pub fn authority_key(der: &[u8]) -> Option<PublicKey> {
    let mut body = Reader::new(der).take(SEQUENCE)?.inside().take(SEQUENCE)?.inside();
    body.option(0xa0);
    body.take(INTEGER)?;
    for _ in 0..4 {
        body.take(SEQUENCE)?;
    }
    PublicKey::of_info(body.take(SEQUENCE)?.whole)
}
