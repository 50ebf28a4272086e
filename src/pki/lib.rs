//! Keys, signing requests and certificates of boxes: what box and registry must do alike.
//!
//! One kind of key only, ECDSA on P-256 with SHA-256. A key is known by the SHA-256 of its `SubjectPublicKeyInfo` in hexadecimal,
//! a certificate by the SHA-256 of its DER.

pub mod certificate;
pub mod key;
pub mod request;
pub mod server;

use sha2::{Digest, Sha256};

/// SHA-256.
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA-256 in hexadecimal.
pub fn hex_digest(bytes: &[u8]) -> String {
    hex::encode(digest(bytes))
}
