//! The proxy between this box and the world, if the site has one: where it is, who we are to it, and who signed its certificate.

use std::{fmt, net::Ipv4Addr, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::network::{
    hops::{BadTarget, Host, Target},
    issue::Rule,
};

/// As long as one that a person can be given.
pub const LONGEST_WORD: usize = 128;
/// A chain of some certificates.
pub const LONGEST_CA: usize = 32 * 1024;

/// `http://proxy.example:3128`: the connection to the proxy is plain, or TLS for `https`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProxyUrl {
    pub tls: bool,
    pub host: Host,
    pub port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxySpec {
    pub url: ProxyUrl,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// PEM. `None`: the authorities that the system trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
}

/// What may be shown of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyView {
    pub url: ProxyUrl,
    pub user: Option<String>,
    /// Whether one is kept; it is never told.
    pub password: bool,
    pub ca: Option<String>,
}

impl FromStr for ProxyUrl {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        let bad = || BadTarget(Rule::NotAProxyUrl);
        let (scheme, rest) = text.split_once("://").ok_or_else(bad)?;
        let (tls, default) = match scheme.to_ascii_lowercase().as_str() {
            "http" => (false, 80),
            "https" => (true, 443),
            _ => return Err(bad()),
        };
        // a target has no user, path or query in it: those are refused, not left out
        let place = rest.strip_suffix('/').unwrap_or(rest);
        let Target { host, port } = place.parse::<Target>().map_err(|BadTarget(rule)| match rule {
            Rule::NotAHostName => bad(),
            other => BadTarget(other),
        })?;
        Ok(Self { tls, host, port: if place.contains(':') { port } else { default } })
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        match &self.host {
            Host::Name(name) => write!(f, "{scheme}://{name}:{}", self.port),
            Host::Address(address) => write!(f, "{scheme}://{address}:{}", self.port),
        }
    }
}

impl TryFrom<String> for ProxyUrl {
    type Error = BadTarget;

    fn try_from(text: String) -> Result<Self, BadTarget> {
        text.parse()
    }
}

impl From<ProxyUrl> for String {
    fn from(url: ProxyUrl) -> Self {
        url.to_string()
    }
}

impl ProxyUrl {
    /// Whether it leads to this box, which would let whoever sets a proxy talk to what listens for the box alone.
    pub fn is_own(&self, own: &[Ipv4Addr], own_name: &str) -> bool {
        match &self.host {
            Host::Address(address) => is_own(*address, own),
            Host::Name(name) => {
                let label = name.strip_suffix(".local").unwrap_or(name);
                let local = name == "localhost" || name.ends_with(".localhost") || name.ends_with(".localdomain");
                local || label.eq_ignore_ascii_case(own_name) || label == "gatehouse"
            }
        }
    }
}

/// The same of an address that a name led to.
pub fn is_own(address: Ipv4Addr, own: &[Ipv4Addr]) -> bool {
    address.is_loopback() || address.is_unspecified() || address.is_link_local() || own.contains(&address)
}

/// One word of the sign-in: RFC 7617 has no place for control characters, nor for a colon in the user's name.
pub fn is_word(text: &str) -> bool {
    (1..=LONGEST_WORD).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// PEM by its look. Whether it can be used, the agent finds out.
pub fn looks_like_pem(text: &str) -> bool {
    let inside = |b: u8| b.is_ascii_graphic() || matches!(b, b' ' | b'\n' | b'\r' | b'\t');
    text.len() <= LONGEST_CA && text.bytes().all(inside) && text.contains("-----BEGIN CERTIFICATE-----")
}

/// What comes after `Basic` (RFC 7617; base 64 of RFC 4648, section 4).
pub fn basic(user: &str, password: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in format!("{user}:{password}").as_bytes().chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= three.len() { char::from(digit) } else { '=' });
        }
    }
    text
}
