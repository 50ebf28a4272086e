//! What of an activation is on the disk.

use std::{
    io,
    path::{Path, PathBuf},
};

use domain::{
    activation::{
        api::OwnCluster,
        ledger::{Ledger, Trust},
    },
    box_file::BoxFile,
    secret::Secret,
    seed::RegistrySeed,
};
use os::disk;
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};

use super::{Preset, StartError};

#[derive(Clone, Debug)]
pub struct Store {
    ledger: PathBuf,
    key: PathBuf,
    cluster: PathBuf,
    seed: PathBuf,
}

impl Store {
    pub fn new(state_dir: &Path) -> Self {
        Self {
            ledger: state_dir.join("activation.json"),
            key: state_dir.join("identity.key"),
            cluster: state_dir.join("cluster.json"),
            seed: state_dir.join("seed-registry.json"),
        }
    }

    /// # Errors
    /// When it is there and cannot be read.
    pub fn ledger(&self) -> io::Result<Ledger> {
        Ok(disk::read_json(&self.ledger)?.unwrap_or_default())
    }

    pub fn save(&self, ledger: &Ledger) -> io::Result<()> {
        disk::write_json(&self.ledger, ledger)
    }

    /// The box's key, if it was made.
    pub fn key(&self) -> io::Result<Option<Secret>> {
        Ok(disk::read(&self.key)?.map(Secret::new))
    }

    /// The box's key; made and saved where there is none.
    ///
    /// # Errors
    /// When it cannot be saved: nothing is done with a key that the next start has not.
    pub fn key_or_new(&self) -> io::Result<Secret> {
        if let Some(key) = self.key()? {
            return Ok(key);
        }
        let key = pki::key::generate().map_err(io::Error::other)?;
        disk::write(&self.key, key.expose().as_bytes(), 0o600)?;
        Ok(key)
    }

    /// What the registry told last of the box's cluster. Only to be shown: what cannot be read is as none.
    pub fn cluster(&self) -> OwnCluster {
        disk::read_json(&self.cluster).ok().flatten().unwrap_or_default()
    }

    pub fn save_cluster(&self, cluster: &OwnCluster) {
        if let Err(error) = disk::write_json(&self.cluster, cluster) {
            tracing::warn!(%error, "what the registry told of the cluster cannot be kept");
        }
    }

    fn seed(&self) -> Option<RegistrySeed> {
        disk::read_json(&self.seed).unwrap_or_else(|error| {
            tracing::warn!(%error, "the seed's registry cannot be read");
            None
        })
    }

    pub fn seeded_code(&self) -> Option<Secret> {
        self.seed()?.code.map(|code| Secret::new(code.expose()))
    }
}

/// What the factory or a seed says of a registry: both need its authority to be of use.
///
/// # Errors
/// When the factory's cannot be used.
pub fn preset(board: &BoxFile, store: &Store) -> Result<Option<Preset>, StartError> {
    if let Some(preset) = &board.registry {
        let authority = hash(&preset.ca).ok_or(StartError::PresetAuthority)?;
        return Ok(Some(Preset(Trust { urls: preset.urls.clone(), authority })));
    }
    let Some(seed) = store.seed() else { return Ok(None) };
    let url = seed.url.to_string().parse().ok();
    let trust = url.zip(seed.ca.as_deref().and_then(hash));
    Ok(trust.map(|(url, authority)| Preset(Trust { urls: vec![url], authority })))
}

/// SHA-256 of the first certificate of a PEM.
fn hash(pem: &str) -> Option<String> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    pki::certificate::authority_key(&der)?;
    Some(pki::hex_digest(&der))
}
