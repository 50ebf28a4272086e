//! Signing requests (PKCS #10, RFC 2986): made by boxes, checked by the registry.

use domain::certificate::der::{BITS, INTEGER, OID, Reader, SEQUENCE};
use domain::{cluster::names::Serial, secret::Secret};
use rcgen::{CertificateParams, DnType, KeyPair};

use crate::key::PublicKey;

/// Longest request; ours have 250 bytes.
const LONGEST: usize = 4_096;
/// ecdsa-with-SHA256 (RFC 5758).
const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

/// Why a request cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    #[error("it is no PKCS #10 request")]
    NotOne,
    #[error("its key is not on the curve P-256, or not signed with SHA-256")]
    OtherKey,
    #[error("its signature is wrong")]
    Signature,
}

/// A request whose signature was proven: whoever made it has the key. Whatever else it says is not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub key: PublicKey,
}

/// # Errors
/// When it is malformed, of another kind of key, or not signed by its key.
pub fn check(der: &[u8]) -> Result<Signed, BadRequest> {
    if der.len() > LONGEST {
        return Err(BadRequest::NotOne);
    }
    let [key, algorithm, signed, signature] = read(der).ok_or(BadRequest::NotOne)?;
    let key = PublicKey::of_info(key).ok_or(BadRequest::OtherKey)?;
    if algorithm != ECDSA_SHA256 {
        return Err(BadRequest::OtherKey);
    }
    if key.verifies(signed, signature) { Ok(Signed { key }) } else { Err(BadRequest::Signature) }
}

/// Key, algorithm of the signature, what is signed, and the signature.
fn read(der: &[u8]) -> Option<[&[u8]; 4]> {
    let mut all = Reader::new(der);
    let mut request = all.take(SEQUENCE)?.inside();
    let info = request.take(SEQUENCE)?;
    let algorithm = request.take(SEQUENCE)?.inside().take(OID)?.body;
    let signature = request.take(BITS)?.bits()?;
    if !request.is_empty() || !all.is_empty() {
        return None;
    }
    let mut inside = info.inside();
    inside.take(INTEGER)?;
    inside.take(SEQUENCE)?;
    let key = inside.take(SEQUENCE)?.whole;
    Some([key, algorithm, info.whole, signature])
}

/// The request of a box, as DER. Its serial is in it for people who look; the registry goes by the key alone.
///
/// # Errors
/// When the PEM is no key, or nothing can be signed.
pub fn make(key: &Secret, serial: &Serial) -> Result<Vec<u8>, rcgen::Error> {
    let pair = KeyPair::from_pem(key.expose())?;
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, serial.as_str());
    Ok(params.serialize_request(&pair)?.der().to_vec())
}
