//! The host at the end of the path, as a person types it: `registry.example`, `registry.example:8443`, `203.0.113.7`.
//!
//! It is asked of DNS servers and connected to, so nothing gets through that is not a host's name or address
//! (RFC 1123, section 2.1; RFC 1035, section 2.3.4).

use std::{fmt, net::Ipv4Addr, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::network::{issue::Rule, validate::is_host};

/// HTTPS: what a box needs of the hosts that it talks to.
pub const DEFAULT_PORT: u16 = 443;
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Target {
    pub host: Host,
    pub port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// In small letters, without the root's dot at its end.
    Name(String),
    Address(Ipv4Addr),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadTarget(pub Rule);

impl Target {
    /// What was typed; `None` where that is nothing.
    ///
    /// # Errors
    /// Says which rule is broken.
    pub fn read(typed: &str) -> Result<Option<Self>, BadTarget> {
        let typed = typed.trim();
        if typed.is_empty() { Ok(None) } else { typed.parse().map(Some) }
    }

    /// `registry.example:443`, as a proxy is asked for it.
    pub fn with_port(&self) -> String {
        match &self.host {
            Host::Name(name) => format!("{name}:{}", self.port),
            Host::Address(address) => format!("{address}:{}", self.port),
        }
    }
}

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, self::port(port)?),
            None => (text, DEFAULT_PORT),
        };
        Ok(Self { host: self::host(host)?, port })
    }
}

fn port(text: &str) -> Result<u16, BadTarget> {
    let digits = !text.is_empty() && text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit());
    let port = text.parse().ok().filter(|port| digits && *port != 0);
    // a second colon is an IPv6 address, or a URL
    let rule = if digits { Rule::PortOutOfRange } else { Rule::NotAHostName };
    port.ok_or(BadTarget(rule))
}

fn host(text: &str) -> Result<Host, BadTarget> {
    let name = text.strip_suffix('.').unwrap_or(text);
    let last = name.rsplit('.').next().unwrap_or_default();
    // no top-level domain is a number
    if !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()) {
        let address = text.parse::<Ipv4Addr>().map_err(|_| BadTarget(Rule::NotAnAddress))?;
        return if is_host(address) { Ok(Host::Address(address)) } else { Err(BadTarget(Rule::NotAHostAddress)) };
    }
    if name.len() <= LONGEST_NAME && name.split('.').all(is_label) {
        Ok(Host::Name(name.to_ascii_lowercase()))
    } else {
        Err(BadTarget(Rule::NotAHostName))
    }
}

fn is_label(label: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let ends = !label.starts_with('-') && !label.ends_with('-');
    (1..=LONGEST_LABEL).contains(&label.len()) && ends && label.bytes().all(inner)
}

/// The port only where it is another than [`DEFAULT_PORT`].
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Name(name) => f.write_str(name)?,
            Host::Address(address) => address.fmt(f)?,
        }
        if self.port == DEFAULT_PORT { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

impl TryFrom<String> for Target {
    type Error = BadTarget;

    fn try_from(text: String) -> Result<Self, BadTarget> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}
