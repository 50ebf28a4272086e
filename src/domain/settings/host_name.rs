//! The box's own name: one label, as short as a label on the chassis.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// 4 to 30 lower-case letters, digits and hyphens, with no hyphen at either end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a host name is 4 to 30 lower-case letters, digits and hyphens, with no hyphen at either end")]
pub struct BadHostName;

/// Mean something to every machine, so that a box of that name would not be found by it.
const TAKEN: [&str; 1] = ["localhost"];

impl HostName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = BadHostName;

    fn from_str(text: &str) -> Result<Self, BadHostName> {
        let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let good = (4..=30).contains(&text.len())
            && text.bytes().all(inside)
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !TAKEN.contains(&text);
        if good { Ok(Self(text.to_owned())) } else { Err(BadHostName) }
    }
}

impl TryFrom<String> for HostName {
    type Error = BadHostName;

    fn try_from(text: String) -> Result<Self, BadHostName> {
        text.parse()
    }
}

impl From<HostName> for String {
    fn from(name: HostName) -> Self {
        name.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
