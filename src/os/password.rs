//! Argon2id with its defaults, 19 MiB each. Whatever is wrong, a check does the same work: who measures it learns nothing.

use argon2::{
    Argon2, Params,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};

use domain::secret::Secret;

/// What is checked where the stored hash cannot be used: of random bytes that nobody kept.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$q1vQmFvX1l5n4m0o0m8f0Q$6t4h0rQ3b7mGZcE4b0hVqj2q0m7yqkq9Wl3n1Q9b8xA";

/// How a check ended, and what it cost: memory in KiB, passes, lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    pub right: bool,
    pub cost: (u32, u32, u32),
}

/// What is kept of a password: an Argon2id hash as a PHC string.
///
/// # Errors
/// When the kernel gives no random bytes.
pub fn make(password: &Secret) -> Result<String, String> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|e| e.to_string())?;
    let salt = SaltString::encode_b64(&salt).map_err(|e| e.to_string())?;
    let hash = Argon2::default().hash_password(password.expose().as_bytes(), &salt).map_err(|e| e.to_string())?;
    Ok(hash.to_string())
}

/// Whether the password is the one of the stored hash. One that is damaged is right for nobody, and takes as long.
pub fn check(password: &Secret, stored: &str) -> Check {
    let stored = PasswordHash::new(stored).ok().filter(|hash| Params::try_from(hash).is_ok() && hash.hash.is_some());
    let usable = stored.is_some();
    let Some(hash) = stored.or_else(|| PasswordHash::new(DECOY).ok()) else {
        return Check { right: false, cost: (0, 0, 0) };
    };
    let cost = Params::try_from(&hash).map_or((0, 0, 0), |p| (p.m_cost(), p.t_cost(), p.p_cost()));
    let right = Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok();
    Check { right: right && usable, cost }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_does_the_same_work() {
        let stored = make(&Secret::new("purple crane")).expect("hash");
        let truncated = &stored[..stored.len() - 20];
        let other = stored.replace("argon2id", "scrypt");
        let right = check(&Secret::new("purple crane"), &stored);
        assert!(right.right && right.cost.0 >= 19 * 1024, "{right:?}");
        for (password, stored) in [
            ("a wrong one", stored.as_str()),
            ("", &stored),
            (&"x".repeat(500), &stored),
            ("purple crane", ""),
            ("purple crane", "not a hash"),
            ("purple crane", truncated),
            ("purple crane", &other),
            ("purple crane", "$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA"),
            ("purple crane", "$argon2id$v=19$m=19456,t=2,p=1$q1vQmFvX1l5n4m0o0m8f0Q"),
        ] {
            assert_eq!(check(&Secret::new(password), stored), Check { right: false, ..right }, "{stored:?}");
        }
    }
}
