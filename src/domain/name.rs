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

/// A domain that completes short names, as in resolv.conf(5): lower case, without the last dot (RFC 1035, section 2.3.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a domain is letters, digits and hyphens with dots between, such as site.example; {0:?} is not")]
pub struct BadDomainName(String);

impl FromStr for DomainName {
    type Err = BadDomainName;

    fn from_str(text: &str) -> Result<Self, BadDomainName> {
        let name = text.strip_suffix('.').unwrap_or(text);
        // with the underscore that is in use
        let labels = name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        });
        if labels && name.len() <= 253 {
            Ok(Self(name.to_ascii_lowercase()))
        } else {
            Err(BadDomainName(text.chars().take(40).collect()))
        }
    }
}

impl TryFrom<String> for DomainName {
    type Error = BadDomainName;

    fn try_from(text: String) -> Result<Self, BadDomainName> {
        text.parse()
    }
}

impl From<DomainName> for String {
    fn from(name: DomainName) -> Self {
        name.0
    }
}

impl fmt::Display for DomainName {
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

    #[test]
    fn accepts_domain_names_and_refuses_the_rest() {
        for good in ["lan", "Example.COM.", "a.b-c.d", "_sites.example", "1"] {
            assert!(good.parse::<DomainName>().is_ok(), "{good}");
        }
        let long = "a".repeat(64);
        for bad in
            ["", ".", "a..b", "-a", "a-", "a b", "a\nnameserver 1.2.3.4", "网口", "a\0", &long, &"ab.".repeat(90)]
        {
            assert!(bad.parse::<DomainName>().is_err(), "{bad:?}");
        }
    }
}
