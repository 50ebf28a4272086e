//! Public keys, as they stand in requests and certificates, and a box's own pair.

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

use domain::secret::Secret;

/// Everything of a P-256 `SubjectPublicKeyInfo` but the point itself (RFC 5480).
const HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// An uncompressed point: 4, x, y.
const POINT: usize = 65;

/// A public key on P-256.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey([u8; POINT]);

impl PublicKey {
    /// Of a whole `SubjectPublicKeyInfo`; `None` for any other kind of key.
    pub fn of_info(der: &[u8]) -> Option<Self> {
        let point = der.strip_prefix(&HEAD)?;
        let point: [u8; POINT] = point.try_into().ok()?;
        (point[0] == 4).then_some(Self(point))
    }

    fn info(&self) -> Vec<u8> {
        [HEAD.as_slice(), &self.0].concat()
    }

    /// SHA-256 of the `SubjectPublicKeyInfo`, in hexadecimal: how a key is told from another one.
    pub fn fingerprint(&self) -> String {
        crate::hex_digest(&self.info())
    }

    /// Whether this key has signed the message (ECDSA with SHA-256, in ASN.1).
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.0).verify(message, signature).is_ok()
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

impl PublicKeyData for PublicKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

/// A new key pair, as PEM (PKCS #8).
///
/// # Errors
/// When the kernel gives no random bytes.
pub fn generate() -> Result<Secret, rcgen::Error> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map(|pair| Secret::new(pair.serialize_pem()))
}

/// The public half.
///
/// # Errors
/// When the PEM is no key on P-256.
pub fn public(pem: &Secret) -> Result<PublicKey, rcgen::Error> {
    let pair = KeyPair::from_pem(pem.expose())?;
    PublicKey::of_info(&pair.subject_public_key_info()).ok_or(rcgen::Error::UnsupportedSignatureAlgorithm)
}
