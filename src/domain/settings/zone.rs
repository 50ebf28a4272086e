//! The name of a time zone, as the zone database has it: `Asia/Shanghai`, `UTC`. Whether there is such a zone, the agent looks.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Part of a path and of a link's target, so it is no more than the database's names are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ZoneName(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time zone looks like Asia/Shanghai")]
pub struct BadZone;

const LONGEST: usize = 64;
const MOST_PARTS: usize = 3;

/// What a form offers first. Any other of the database can be typed.
pub const OFFERED: [&str; 14] = [
    "Asia/Shanghai",
    "Asia/Urumqi",
    "Asia/Hong_Kong",
    "Asia/Taipei",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "Asia/Dubai",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "UTC",
];

impl ZoneName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ZoneName {
    type Err = BadZone;

    fn from_str(text: &str) -> Result<Self, BadZone> {
        let inside = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+');
        let part = |p: &str| p.starts_with(|c: char| c.is_ascii_alphabetic()) && p.bytes().all(inside);
        let good = text.len() <= LONGEST && text.split('/').count() <= MOST_PARTS && text.split('/').all(part);
        if good { Ok(Self(text.to_owned())) } else { Err(BadZone) }
    }
}

impl TryFrom<String> for ZoneName {
    type Error = BadZone;

    fn try_from(text: String) -> Result<Self, BadZone> {
        text.parse()
    }
}

impl From<ZoneName> for String {
    fn from(zone: ZoneName) -> Self {
        zone.0
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
