//! The factory reset: what must be typed for it, and what the box puts back besides an empty disk.

use serde::{Deserialize, Serialize};

use super::network::issue::{Field, Issue, Rule};

/// `POST /v1/factory-reset`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResetRequest {
    /// The serial number or the host name of the box that is meant, as a person types it: who has two boxes open in two tabs resets
    /// the right one.
    pub name: String,
}

impl ResetRequest {
    /// # Errors
    /// When the name is not that of this box.
    pub fn check(&self, serial: &str, host_name: &str) -> Result<(), Vec<Issue>> {
        let typed = self.name.trim();
        let rule = match typed {
            "" => Rule::Missing,
            _ if typed.eq_ignore_ascii_case(serial) || typed.eq_ignore_ascii_case(host_name) => return Ok(()),
            _ => Rule::NotThisBox,
        };
        Err(vec![Issue { port: None, field: Field::ResetName, rule }])
    }
}

/// What lies outside of the box's own folders and was set by us: written down before the first time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Delivered {
    pub host_name: String,
    pub time_zone: String,
}

/// The mark of a reset that has begun, and what is to be put back. It is the first thing that is written and the last that goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mark {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// What was changed of [`Delivered`]; what was not is left alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    pub host_name: bool,
    pub time_zone: bool,
}

impl Mark {
    pub fn of(delivered: Option<&Delivered>, changed: Changed) -> Self {
        let take = |changed: bool, value: fn(&Delivered) -> &String| {
            delivered.filter(|_| changed).map(value).filter(|value| !value.is_empty()).cloned()
        };
        Self {
            host_name: take(changed.host_name, |d| &d.host_name),
            time_zone: take(changed.time_zone, |d| &d.time_zone),
        }
    }
}
