//! Applications: what a manifest may say, what it becomes, and the life of one that runs.
//!
//! An application runs on the active box of a pair, or on a box that stands alone. It is confined by what this module writes for it, and not by what
//! its manifest says: nobody can name a unit of the system, a user, or a path outside its own folders.

pub mod api;
pub mod copies;
pub mod life;
pub mod manifest;
pub mod unit;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub use manifest::Manifest;

/// Of all files of one application, in bytes. What is larger belongs into an image.
pub const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// Applications of one box.
pub const MOST: usize = 32;

/// 1 to 32 of `a-z`, `0-9` and `-`, beginning with a letter, not ending with a hyphen: also the end of a unit's name, and of a folder's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApplicationName(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an application's name is 1 to 32 lower-case letters, digits or hyphens, and begins with a letter; {0:?} is not"
)]
pub struct BadName(String);

impl ApplicationName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Of the unit, without its kind.
    pub fn unit(&self) -> String {
        format!("gatehouse-app-{}", self.0)
    }
}

impl FromStr for ApplicationName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let letters = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
        if letters && begins && text.len() <= 32 && !text.ends_with('-') {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadName(text.chars().take(40).collect()))
        }
    }
}

impl TryFrom<String> for ApplicationName {
    type Error = BadName;

    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<ApplicationName> for String {
    fn from(name: ApplicationName) -> Self {
        name.0
    }
}

impl fmt::Display for ApplicationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
