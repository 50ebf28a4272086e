//! Applications on the disk, each whole or not there.
//!
//! ```text
//! <state>/applications/set.json              names, who of them is wanted, the set's revision
//!         applications/<name>/manifest.json
//!         applications/<name>/files/…        read-only
//!         applications/copies.json           how old the data is that came from the peer, or went there
//!         applications/.staged-<name>/       until it is renamed
//! ```

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use domain::application::{ApplicationName, Manifest, copies::Copies};
use os::disk;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Set {
    pub revision: u64,
    pub enabled: BTreeMap<ApplicationName, bool>,
}

#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    pub fn new(state_dir: &Path) -> Self {
        Self { folder: state_dir.join("applications") }
    }

    pub fn files(&self, name: &ApplicationName) -> PathBuf {
        self.folder.join(name.as_str()).join("files")
    }

    /// What is there. One that cannot be read is told, and left alone.
    pub fn load(&self) -> (Set, BTreeMap<ApplicationName, Manifest>) {
        let set = disk::read_json::<Set>(&self.folder.join("set.json")).unwrap_or_else(|error| {
            tracing::error!(%error, "the set of applications cannot be read");
            None
        });
        let mut manifests = BTreeMap::new();
        for name in set.iter().flat_map(|set| set.enabled.keys()) {
            match disk::read_json::<Manifest>(&self.folder.join(name.as_str()).join("manifest.json")) {
                Ok(Some(manifest)) => drop(manifests.insert(name.clone(), manifest)),
                Ok(None) => tracing::error!(%name, "an application has no manifest"),
                Err(error) => tracing::error!(%name, %error, "an application's manifest cannot be read"),
            }
        }
        (set.unwrap_or_default(), manifests)
    }

    /// None is known where it cannot be read: they are made anew then.
    pub fn copies(&self) -> Copies {
        disk::read_json(&self.folder.join("copies.json")).ok().flatten().unwrap_or_default()
    }

    /// # Errors
    /// The file has its old content then.
    pub fn save_copies(&self, copies: &Copies) -> io::Result<()> {
        disk::write_json(&self.folder.join("copies.json"), copies)
    }

    /// # Errors
    /// The set is the old one then.
    pub fn save(&self, set: &Set) -> io::Result<()> {
        disk::make_private_dir(&self.folder)?;
        disk::write_json(&self.folder.join("set.json"), set)
    }

    /// Takes the place of one of the same name at once, or not at all.
    ///
    /// # Errors
    /// The old one is there then.
    pub fn put(&self, manifest: &Manifest, files: &[(String, Vec<u8>)]) -> io::Result<()> {
        disk::make_private_dir(&self.folder)?;
        let staged = self.folder.join(format!(".staged-{}", manifest.name));
        let gone = self.folder.join(format!(".gone-{}", manifest.name));
        let place = self.folder.join(manifest.name.as_str());
        for folder in [&staged, &gone] {
            remove(folder)?;
        }
        let written = Self::stage(&staged, manifest, files).and_then(|()| {
            if place.exists() {
                fs::rename(&place, &gone)?;
            }
            fs::rename(&staged, &place)?;
            fs::File::open(&self.folder)?.sync_all()
        });
        drop(remove(&staged));
        drop(remove(&gone));
        written
    }

    fn stage(staged: &Path, manifest: &Manifest, files: &[(String, Vec<u8>)]) -> io::Result<()> {
        fs::create_dir_all(staged.join("files"))?;
        for (path, content) in files {
            let file = staged.join("files").join(path);
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder)?;
                // whoever runs it is another user, and sees it through a mount of its own
                fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
            }
            let executable = manifest.files.iter().any(|it| it.path == *path && it.executable);
            disk::write(&file, content, if executable { 0o555 } else { 0o444 })?;
        }
        fs::set_permissions(staged.join("files"), fs::Permissions::from_mode(0o755))?;
        disk::write_json(&staged.join("manifest.json"), manifest)
    }

    /// With its files; its data stays.
    ///
    /// # Errors
    /// When something of it is still there.
    pub fn remove(&self, name: &ApplicationName) -> io::Result<()> {
        remove(&self.folder.join(name.as_str()))
    }

    /// # Errors
    /// When a file cannot be read.
    pub fn read(&self, manifest: &Manifest) -> io::Result<Vec<(String, Vec<u8>)>> {
        let folder = self.files(&manifest.name);
        manifest.files.iter().map(|file| Ok((file.path.clone(), fs::read(folder.join(&file.path))?))).collect()
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
