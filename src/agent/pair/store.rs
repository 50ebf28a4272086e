//! What of the pair is on the disk: `pair.json`.

use std::{
    io,
    path::{Path, PathBuf},
};

use domain::{
    cluster::names::PairId,
    pair::{
        api::{Fence, Takeover},
        settings::PairSettings,
    },
};
use os::disk;
use serde::{Deserialize, Serialize};

/// Take-overs that are kept.
pub const HISTORY: usize = 50;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Whose the rest is; for another pair it begins anew.
    pub pair: Option<PairId>,
    pub settings: PairSettings,
    pub maintenance: bool,
    pub fence: Option<Fence>,
    /// The highest that was seen.
    pub epoch: u64,
    /// What this box has is what the active one had when it was heard last: without it, it never takes over.
    pub in_sync: bool,
    /// The newest first.
    pub history: Vec<Takeover>,
}

#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
}

impl Store {
    pub fn new(state_dir: &Path) -> Self {
        Self { path: state_dir.join("pair.json") }
    }

    /// One that cannot be read is as none, and is set aside: a box that knows nothing waits for its peer.
    pub fn load(&self) -> Kept {
        match disk::read_json(&self.path) {
            Ok(kept) => kept.unwrap_or_default(),
            Err(error) => {
                tracing::error!(%error, "what is known of the pair cannot be read; it is set aside");
                if let Err(error) = std::fs::rename(&self.path, self.path.with_extension("json.bad")) {
                    tracing::error!(%error, "what is known of the pair");
                }
                Kept::default()
            }
        }
    }

    /// # Errors
    /// The file has its old content then.
    pub fn save(&self, kept: &Kept) -> io::Result<()> {
        disk::write_json(&self.path, kept)
    }
}
