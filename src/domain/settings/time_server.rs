//! A time server: a host's name or its IPv4 address.

use std::{fmt, net::Ipv4Addr, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::network::{
    hops::{BadTarget, Host, Target},
    issue::Rule,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeServer(pub Host);

impl FromStr for TimeServer {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        // NTP has one port
        if text.contains(':') {
            return Err(BadTarget(Rule::NotATimeServer));
        }
        Ok(Self(
            text.parse::<Target>()
                .map_err(|BadTarget(rule)| match rule {
                    Rule::NotAHostName => BadTarget(Rule::NotATimeServer),
                    other => BadTarget(other),
                })?
                .host,
        ))
    }
}

impl From<Ipv4Addr> for TimeServer {
    fn from(address: Ipv4Addr) -> Self {
        Self(Host::Address(address))
    }
}

impl fmt::Display for TimeServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Host::Name(name) => f.write_str(name),
            Host::Address(address) => address.fmt(f),
        }
    }
}

impl TryFrom<String> for TimeServer {
    type Error = BadTarget;

    fn try_from(text: String) -> Result<Self, BadTarget> {
        text.parse()
    }
}

impl From<TimeServer> for String {
    fn from(server: TimeServer) -> Self {
        server.to_string()
    }
}
