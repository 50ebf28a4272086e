//! The hash of a password, as `gatehouse password hash` makes it. A seed never has the password itself.

use std::fmt;

use serde::{Deserialize, Deserializer};

use crate::secret::{self, Secret};

/// `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`: a PHC string. Its `Debug` tells nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordHash(Secret);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password's hash is made with `gatehouse password hash`: $argon2id$v=19$m=…,t=…,p=…$…$…, never a password")]
pub struct BadHash;

/// KiB of memory. Less is guessed fast (OWASP's least is 12 MiB with three passes); more, and some sign-ins at once use up a small box.
const MEMORY: std::ops::RangeInclusive<u32> = 12_288..=65_536;
const PASSES: std::ops::RangeInclusive<u32> = 1..=10;
/// KiB times passes: what one guess costs.
const LEAST_WORK: u64 = 36_864;
const LANES: std::ops::RangeInclusive<u32> = 1..=4;
/// Digits of base 64 without padding: 16 to 48 bytes of salt, 32 of hash.
const SALT: std::ops::RangeInclusive<usize> = 22..=64;
const HASH: usize = 43;

impl PasswordHash {
    /// # Errors
    /// When it is another kind of hash, one that costs a guesser too little or the box too much, or no hash.
    pub fn parse(text: &str) -> Result<Self, BadHash> {
        let fields = text.trim().split('$').collect::<Vec<_>>();
        let ["", "argon2id", "v=19", costs, salt, hash] = fields[..] else { return Err(BadHash) };
        let costs = costs.split(',').collect::<Vec<_>>();
        let [memory, passes, lanes] = costs[..] else { return Err(BadHash) };
        let number = |text: &str, name: &str| {
            let digits = text.strip_prefix(name)?;
            let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
            if plain { digits.parse::<u32>().ok() } else { None }
        };
        let cost = |text, name, range: std::ops::RangeInclusive<u32>| {
            number(text, name).filter(|n| range.contains(n)).ok_or(BadHash)
        };
        let (memory, passes) = (cost(memory, "m=", MEMORY)?, cost(passes, "t=", PASSES)?);
        cost(lanes, "p=", LANES)?;
        let digit = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
        let digits = salt.bytes().chain(hash.bytes()).all(digit);
        let enough = u64::from(memory) * u64::from(passes) >= LEAST_WORK;
        if digits && enough && SALT.contains(&salt.len()) && hash.len() == HASH {
            Ok(Self(Secret::new(text.trim())))
        } else {
            Err(BadHash)
        }
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl<'de> Deserialize<'de> for PasswordHash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = secret::hidden(from)?;
        Self::parse(text.expose()).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
