//! What the agent says of applications, and what it is told: the messages behind `/v1/applications` of the agent's API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    ApplicationName,
    copies::Wanted,
    life::Reason,
    manifest::{DataState, Manifest, ManifestIssue},
};
use crate::time::UnixSeconds;

/// `GET /v1/applications`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Applications {
    /// By name.
    pub all: Vec<ApplicationStatus>,
    /// Whether they run on this box now: it is active, or stands alone.
    pub here: bool,
    /// Grows with each change of the set; the same on both boxes of a pair.
    pub revision: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationStatus {
    pub name: ApplicationName,
    pub about: Option<String>,
    /// Whether somebody wants it to run, wherever the pair is active.
    pub enabled: bool,
    pub state: RunState,
    /// Since when.
    pub since: Option<UnixSeconds>,
    /// Why it failed last; also of one that runs again.
    pub reason: Option<Reason>,
    /// Of the take-over in which it was started.
    pub epoch: u64,
    pub data: DataState,
    /// Seconds since its data was copied the last time; none: never, or it has none that is.
    pub synced: Option<u64>,
    pub image: Option<String>,
    pub command: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Not here: the other box is active, or nobody wants it to run.
    Stopped,
    Starting,
    Running,
    /// It has failed, and is started anew in a moment.
    Restarting,
    /// It was given up.
    Failed,
}

/// `POST /v1/applications/add`. One of the same name is replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    pub manifest: Manifest,
    pub files: Vec<FileContent>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileContent {
    pub path: String,
    /// As base64url.
    pub content: String,
}

/// `POST /v1/applications/remove`, `/start` and `/stop`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub name: ApplicationName,
}

/// `GET /v1/applications/logs?name=…&lines=…`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogsAsk {
    pub name: ApplicationName,
    /// 100 unless said, at most 1,000.
    #[serde(default)]
    pub lines: Option<u32>,
}

/// What it has printed last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logs {
    pub lines: Vec<String>,
}

/// The set as two boxes compare it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetOf {
    pub revision: u64,
    /// With the digest of the manifest, which has the hashes of the files, and whether it is wanted.
    pub all: BTreeMap<ApplicationName, (u64, bool)>,
    /// Whose data is copied.
    pub copies: Wanted,
}

impl SetOf {
    /// To be compared as one number.
    pub fn digest(&self) -> u64 {
        let each = self.all.iter().map(|(name, (manifest, enabled))| format!("{name} {manifest:x} {enabled}\n"));
        crate::pair::link::digest(each.collect::<String>().as_bytes())
    }
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    #[error("the application cannot be used: {}", .issues.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Unusable { issues: Vec<ManifestIssue> },
    #[error("there is no application {name}")]
    NoSuchApplication { name: ApplicationName },
    #[error("the applications of this pair are changed on the active box")]
    NotActive,
}

impl Refusal {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unusable { .. } => "GH-740",
            Self::NoSuchApplication { .. } => "GH-741",
            Self::NotActive => "GH-742",
        }
    }
}
