//! What of seeds is on the disk: the one that is being applied, what came of the last one, and what the activation will need.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use domain::seed::{RegistrySeed, SeedStatus};
use os::disk;

/// A seed that was begun: the stick may be gone when the box comes back.
#[derive(Clone, Serialize, Deserialize)]
pub struct Pending {
    pub from: String,
    /// It has secrets, so this type has no `Debug`.
    pub text: String,
}

#[derive(Clone, Debug)]
pub struct Store {
    pending: PathBuf,
    status: PathBuf,
    registry: PathBuf,
}

impl Store {
    pub fn new(state_dir: &Path) -> Self {
        Self {
            pending: state_dir.join("seed-pending.json"),
            status: state_dir.join("seed.json"),
            registry: state_dir.join("seed-registry.json"),
        }
    }

    pub fn pending(&self) -> io::Result<Option<Pending>> {
        disk::read_json(&self.pending)
    }

    /// Before the first act.
    pub fn begin(&self, pending: &Pending) -> io::Result<()> {
        disk::write_json(&self.pending, pending)
    }

    /// After the last one, when what came of it is written: the copy has secrets.
    pub fn end(&self) -> io::Result<()> {
        disk::remove(&self.pending)
    }

    /// One that cannot be read is as none: at worst a seed is applied again, which changes nothing.
    pub fn status(&self) -> SeedStatus {
        disk::read_json(&self.status).ok().flatten().unwrap_or_default()
    }

    pub fn save_status(&self, status: &SeedStatus) -> io::Result<()> {
        disk::write_json(&self.status, status)
    }

    pub fn registry(&self) -> io::Result<Option<RegistrySeed>> {
        disk::read_json(&self.registry)
    }

    pub fn save_registry(&self, registry: &RegistrySeed) -> io::Result<()> {
        disk::write_json(&self.registry, registry)
    }
}
