//! Which passwords are taken (NIST SP 800-63B, section 5.1.1.2: length, not composition).

use serde::{Deserialize, Serialize};

pub const SHORTEST: usize = 8;
pub const LONGEST: usize = 128;
/// From here on nothing more is advised.
pub const ADVISED: usize = 15;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordRule {
    TooShort,
    TooLong,
    /// Among the first that anybody would try.
    Common,
    /// The same character again and again, or the keyboard's order.
    Monotonous,
    /// Too few kinds of characters, where the site asks for them (`policy`).
    Simple,
    /// The old one again.
    Unchanged,
}

impl PasswordRule {
    pub fn describe(self) -> &'static str {
        match self {
            Self::TooShort => "it has fewer than 8 characters",
            Self::TooLong => "it has more than 128 characters",
            Self::Common => "it is one of the most common passwords",
            Self::Monotonous => "it is one character or one run of the keyboard",
            Self::Simple => {
                "this site asks for three of: upper-case letters, lower-case letters, digits, other characters"
            }
            Self::Unchanged => "it is the old one",
        }
    }
}

/// Stems that guessing starts with; digits and signs around them do not help.
const STEMS: &[&str] = &[
    "password",
    "passw0rd",
    "p@ssword",
    "p@ssw0rd",
    "admin",
    "administrator",
    "root",
    "gatehouse",
    "welcome",
    "letmein",
    "changeme",
    "default",
    "secret",
    "qwerty",
    "iloveyou",
    "woaini",
    "huawei",
    "mima",
];
const RUNS: &[&str] =
    &["01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1q2w3e4r5t6y"];

/// The first rule that the password breaks, or `None`. Lengths count characters.
pub fn broken_rule(password: &str) -> Option<PasswordRule> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Some(PasswordRule::TooShort);
    }
    if length > LONGEST {
        return Some(PasswordRule::TooLong);
    }
    let lower = password.to_lowercase();
    let stem = lower.trim_matches(|c: char| !c.is_alphabetic());
    if STEMS.contains(&stem) || STEMS.contains(&lower.as_str()) {
        return Some(PasswordRule::Common);
    }
    let backwards = lower.chars().rev().collect::<String>();
    let run = RUNS.iter().any(|r| r.contains(&lower) || r.contains(&backwards));
    let distinct = lower.chars().collect::<std::collections::BTreeSet<_>>().len();
    (run || distinct <= 2).then_some(PasswordRule::Monotonous)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_and_composition_does_not() {
        for (password, rule) in [
            ("1234567", Some(PasswordRule::TooShort)),
            ("网口一二三四五", Some(PasswordRule::TooShort)),
            ("Password123!", Some(PasswordRule::Common)),
            ("gatehouse2026", Some(PasswordRule::Common)),
            ("aaaaaaaaaaaa", Some(PasswordRule::Monotonous)),
            ("87654321", Some(PasswordRule::Monotonous)),
            ("purple crane", None),
            ("钢铁厂三号车间门口", None),
        ] {
            assert_eq!(broken_rule(password), rule, "{password}");
        }
        assert_eq!(broken_rule(&"xyz ".repeat(32)), None);
        assert_eq!(broken_rule(&"xyz ".repeat(33)), Some(PasswordRule::TooLong));
    }
}
