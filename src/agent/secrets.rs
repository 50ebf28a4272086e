//! Tokens from the kernel's random source, and digests of what is kept.

use sha2::{Digest as _, Sha256};

use domain::{network::transaction::Digest, secret::Secret};

/// A new token: 256 random bits as 64 hexadecimal digits.
///
/// # Errors
/// When the kernel gives no random bytes; nothing secret can be made then.
pub fn token() -> Result<Secret, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(Secret::new(hex::encode(bytes)))
}

/// For what must not be guessed easily and is no secret: transaction ids, waits. Where the kernel gives nothing, the clock does.
pub fn random() -> u64 {
    getrandom::u64().unwrap_or_else(|_| os::clock::now().0)
}

/// What is kept of a token.
pub fn digest(secret: &Secret) -> Digest {
    Digest(hex::encode(Sha256::digest(secret.expose().as_bytes())))
}
