//! A code to say over the phone: 16 digits in fours, the last of them a check digit after Damm, which finds every wrong digit and
//! every two neighbours that were swapped.
//!
//! It says nothing but itself, so it is for boxes that know their registry and its authority already.

use std::{fmt, str::FromStr};

use super::Malformed;
use crate::secret::Secret;

/// Life of a short code. 15 random digits are guessable in principle; a day and the registry's limits make it hopeless.
pub const HOURS: u32 = 24;
const DIGITS: usize = 16;

/// H. M. Damm's quasigroup of order 10.
const DAMM: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/// A short code whose check digit fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortCode(Secret);

impl ShortCode {
    /// Of a random number; only its last 15 decimal digits count.
    pub fn new(random: u64) -> Self {
        let digits = format!("{:015}", random % 1_000_000_000_000_000);
        let check = interim(&digits);
        Self(Secret::new(format!("{digits}{check}")))
    }

    /// The digits without blanks; hashing them is how they are proved.
    pub fn digits(&self) -> &Secret {
        &self.0
    }

    /// In fours, as it is said.
    pub fn spoken(&self) -> String {
        let digits = self.0.expose();
        (0..4).map(|i| &digits[i * 4..i * 4 + 4]).collect::<Vec<_>>().join(" ")
    }
}

impl FromStr for ShortCode {
    type Err = Malformed;

    /// Blanks and hyphens may be anywhere; full-width digits are digits.
    fn from_str(typed: &str) -> Result<Self, Malformed> {
        let mut digits = String::with_capacity(DIGITS);
        for c in typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '－' | '‐' | '–')) {
            match c {
                '0'..='9' => digits.push(c),
                '０'..='９' => digits.extend(char::from_digit(u32::from(c) - u32::from('０'), 10)),
                _ => return Err(Malformed::Character),
            }
            if digits.len() > DIGITS {
                return Err(Malformed::Digits);
            }
        }
        match digits.len() {
            0 => Err(Malformed::Empty),
            DIGITS if interim(&digits) == 0 => Ok(Self(Secret::new(digits))),
            DIGITS => Err(Malformed::CheckDigit),
            _ => Err(Malformed::Digits),
        }
    }
}

impl fmt::Display for ShortCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[short code]")
    }
}

fn interim(digits: &str) -> u8 {
    digits.bytes().fold(0, |interim, digit| DAMM[usize::from(interim)][usize::from((digit - b'0') % 10)])
}
