//! Where a registry is: `https://host` or `https://host:port`, and nothing else.
//!
//! A code comes from outside and makes the box connect somewhere. Without path, user or query there is nothing to hide in it.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};

/// What the registry listens on unless somebody says otherwise.
pub const PORT: u16 = 9443;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegistryUrl {
    host: String,
    port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a registry's URL is https://host or https://host:port")]
pub struct BadUrl;

impl RegistryUrl {
    /// A name or an address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for RegistryUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        let rest = text.strip_prefix("https://").ok_or(BadUrl)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.strip_prefix('[') {
            Some(bracketed) => {
                let (host, after) = bracketed.split_once(']').ok_or(BadUrl)?;
                let IpAddr::V6(ip) = host.parse().map_err(|_| BadUrl)? else { return Err(BadUrl) };
                (ip.to_string(), if after.is_empty() { None } else { Some(after.strip_prefix(':').ok_or(BadUrl)?) })
            }
            None => match rest.split_once(':') {
                Some((host, port)) => (name(host)?, Some(port)),
                None => (name(rest)?, None),
            },
        };
        let port = match port {
            None => PORT,
            Some(digits) if !digits.bytes().all(|b| b.is_ascii_digit()) => return Err(BadUrl),
            Some(digits) => digits.parse().ok().filter(|port| *port != 0).ok_or(BadUrl)?,
        };
        Ok(Self { host, port })
    }
}

/// A host name (RFC 1123, 2.1) or an IPv4 address, in lower case.
fn name(host: &str) -> Result<String, BadUrl> {
    let label = |l: &str| {
        let inside = l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (1..=63).contains(&l.len()) && inside && !l.starts_with('-') && !l.ends_with('-')
    };
    let numeric = host.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    let good = host.len() <= 253 && host.split('.').all(label);
    // what ends in a number is an address or nothing: `1.2.3` and `2130706433` reach what they do not show
    let address = matches!(host.parse(), Ok(IpAddr::V4(_)));
    if good && (address || !numeric) { Ok(host.to_ascii_lowercase()) } else { Err(BadUrl) }
}

impl fmt::Display for RegistryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "https://[{host}]:{port}") } else { write!(f, "https://{host}:{port}") }
    }
}

impl TryFrom<String> for RegistryUrl {
    type Error = BadUrl;

    fn try_from(text: String) -> Result<Self, BadUrl> {
        text.parse()
    }
}

impl From<RegistryUrl> for String {
    fn from(url: RegistryUrl) -> Self {
        url.to_string()
    }
}
