//! What came of the seeds that this box was offered. There is no secret in it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{network::issue::Issue, time::UnixSeconds};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeedStatus {
    pub applied: Option<Applied>,
    /// The last one that was not taken.
    pub refused: Option<Refused>,
}

impl SeedStatus {
    /// Whether there is anything to tell.
    pub fn is_empty(&self) -> bool {
        self.applied.is_none() && self.refused.is_none()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The file's path.
    pub from: String,
    /// SHA-256 of the file, in hexadecimal digits.
    pub digest: String,
    pub at: UnixSeconds,
    pub reports: Vec<Report>,
}

impl Applied {
    /// Whether nothing of it is left to be tried again.
    pub fn is_complete(&self) -> bool {
        self.reports.iter().all(|report| !matches!(report.came, Came::Failed { .. }))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub part: Part,
    #[serde(flatten)]
    pub came: Came,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Language,
    HostName,
    Time,
    Proxy,
    Registry,
    Network,
    Password,
}

impl Part {
    pub const ALL: [Self; 7] =
        [Self::Language, Self::HostName, Self::Time, Self::Proxy, Self::Registry, Self::Network, Self::Password];
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "came", rename_all = "snake_case")]
pub enum Came {
    /// It is as the seed says.
    Applied,
    /// Somebody had set something else; it stays.
    Kept,
    /// It will be tried again.
    Failed { error: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    pub from: String,
    pub at: UnixSeconds,
    #[serde(flatten)]
    pub why: WhyNot,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum WhyNot {
    /// The file cannot be used. Nothing of it was applied.
    Unusable {
        problems: Vec<Problem>,
    },
    OtherBox {
        serial: String,
    },
    NeedsSerial,
}

/// One thing that is wrong with a seed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// As people count, where it is known.
    pub line: Option<usize>,
    #[serde(flatten)]
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum What {
    /// A link, a folder, a pipe or a device.
    NotAFile,
    TooLong {
        most: usize,
    },
    /// Not UTF-8, or with control characters.
    NotText,
    Unreadable {
        error: String,
    },
    Malformed {
        reason: String,
    },
    Value {
        issue: Issue,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        match &self.what {
            What::NotAFile => f.write_str("it is no file: a link, a folder, a pipe or a device"),
            What::TooLong { most } => write!(f, "it is longer than {most} bytes"),
            What::NotText => f.write_str("it is no text in UTF-8"),
            What::Unreadable { error } => write!(f, "it cannot be read: {error}"),
            What::Malformed { reason } => f.write_str(reason),
            What::Value { issue } => write!(f, "{issue}"),
        }
    }
}
