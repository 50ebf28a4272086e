//! The installed certificate on the disk: chain and key in one file, so that they are always of each other, for root only.

use std::{
    io,
    path::{Path, PathBuf},
};

use domain::certificate::{Offered, Serving};
use os::disk;

#[derive(Clone, Debug)]
pub struct Store(PathBuf);

impl Store {
    pub fn new(state_dir: &Path) -> Self {
        Self(state_dir.join("certificate.json"))
    }

    /// # Errors
    /// When it is there and cannot be read.
    pub fn load(&self) -> io::Result<Option<Offered>> {
        disk::read_json(&self.0)
    }

    /// # Errors
    /// The file has its old content then.
    pub fn save(&self, serving: &Serving) -> io::Result<()> {
        disk::write_json(&self.0, &Offered { chain: serving.chain.clone(), key: serving.key.clone() })
    }

    /// # Errors
    /// The file is still there then.
    pub fn remove(&self) -> io::Result<()> {
        disk::remove(&self.0)
    }
}
