//! Where the box is to be activated, and with which code: kept until somebody activates it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    secret::{self, Secret},
    settings::proxy::{ProxyUrl, is_word},
};

/// `https://registry.example` or with a port; always TLS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegistryUrl(ProxyUrl);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a registry's URL looks like https://registry.example or https://registry.example:8443")]
pub struct BadRegistryUrl;

impl TryFrom<String> for RegistryUrl {
    type Error = BadRegistryUrl;

    fn try_from(text: String) -> Result<Self, BadRegistryUrl> {
        // the same shape as a proxy's: a host and a port, and nothing that could lead elsewhere
        text.parse().ok().filter(|url: &ProxyUrl| url.tls).map(Self).ok_or(BadRegistryUrl)
    }
}

impl From<RegistryUrl> for String {
    fn from(url: RegistryUrl) -> Self {
        url.to_string()
    }
}

impl fmt::Display for RegistryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whoever has it may activate a box for the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ActivationCode(Secret);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an activation code has 1 to 128 characters")]
pub struct BadCode;

impl ActivationCode {
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl<'de> Deserialize<'de> for ActivationCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let code = secret::hidden(from)?;
        if is_word(code.expose()) { Ok(Self(code)) } else { Err(serde::de::Error::custom(BadCode)) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrySeed {
    pub url: RegistryUrl,
    /// PEM; `None`: the authorities that the system trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ActivationCode>,
}
