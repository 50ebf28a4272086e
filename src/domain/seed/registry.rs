//! Where the box is to be activated, and with which code: kept until somebody activates it.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    activation::url::RegistryUrl,
    secret::{self, Secret},
};

/// Characters of a code; none that was made is as long.
const LONGEST: usize = 1_600;

/// Whoever has it may activate a box for the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ActivationCode(Secret);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an activation code has 1 to 1600 characters")]
pub struct BadCode;

impl ActivationCode {
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl<'de> Deserialize<'de> for ActivationCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let code = secret::hidden(from)?;
        let length = code.expose().chars().count();
        if (1..=LONGEST).contains(&length) && !code.expose().chars().any(char::is_control) {
            Ok(Self(code))
        } else {
            Err(serde::de::Error::custom(BadCode))
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrySeed {
    pub url: RegistryUrl,
    /// PEM of the registry's authority. `None`: that of the factory, or the one that the code names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ActivationCode>,
}
