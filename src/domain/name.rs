//! Names that come in from outside and are checked once, at the edge.

use std::{borrow::Borrow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A port's name in URLs, on the command line and in the spec: 1 to 15 of `a-z`, `0-9` and `-`, beginning with a letter.
///
/// It is not the kernel's interface name: the box file ties the two together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PortName(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a port name is 1 to 15 lower-case letters, digits or hyphens and begins with a letter; {0:?} is not")]
pub struct BadPortName(String);

impl PortName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PortName {
    type Err = BadPortName;

    fn from_str(text: &str) -> Result<Self, BadPortName> {
        let letters = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if letters && text.len() <= 15 && text.starts_with(|c: char| c.is_ascii_lowercase()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadPortName(text.chars().take(40).collect()))
        }
    }
}

impl TryFrom<String> for PortName {
    type Error = BadPortName;

    fn try_from(text: String) -> Result<Self, BadPortName> {
        text.parse()
    }
}

impl From<PortName> for String {
    fn from(name: PortName) -> Self {
        name.0
    }
}

impl Borrow<str> for PortName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_field_names_and_refuses_the_rest() {
        for good in ["lan1", "a", "port-2", "abcdefghijklmno"] {
            assert!(good.parse::<PortName>().is_ok(), "{good}");
        }
        for bad in ["", "1", "-a", "LAN1", "lan 1", "../x", "a\n", "网口", "abcdefghijklmnop"] {
            assert!(bad.parse::<PortName>().is_err(), "{bad:?}");
        }
    }
}
