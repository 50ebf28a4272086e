//! What of an activation is on the disk.

use std::{
    fs, io,
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

use super::StartError;

/// Of a ledger's file, in bytes; `os::disk` reads no more than twice that. Only what the registry offered can be as long.
const MOST: usize = 512 * 1024;

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

    /// The ledger, and whether the one from before was damaged and set aside. The box's key stays in any case.
    pub fn ledger(&self) -> (Ledger, bool) {
        match disk::read_json(&self.ledger) {
            Ok(ledger) => (ledger.unwrap_or_default(), fs::exists(self.aside()).unwrap_or_default()),
            Err(error) => {
                tracing::error!(%error, "the activation's ledger cannot be read; it is set aside");
                if let Err(error) = fs::rename(&self.ledger, self.aside()) {
                    tracing::error!(%error, "the activation's ledger");
                }
                (Ledger::default(), true)
            }
        }
    }

    fn aside(&self) -> PathBuf {
        self.ledger.with_extension("json.bad")
    }

    /// # Errors
    /// The file has its old content then.
    pub fn save(&self, ledger: &Ledger) -> io::Result<()> {
        let mut text = serde_json::to_vec(ledger)?;
        if text.len() > MOST {
            // it is asked for again
            text = serde_json::to_vec(&Ledger { offered: None, ..ledger.clone() })?;
        }
        disk::write(&self.ledger, &text, 0o600)?;
        if ledger.member.as_ref().is_some_and(|member| member.left.is_none()) {
            // the box is somebody's again: what was set aside is of no more use
            disk::remove(&self.aside())?;
        }
        Ok(())
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

    pub fn forget_key(&self) {
        if let Err(error) = disk::remove(&self.key) {
            tracing::warn!(%error, "the box's old key is still there");
        }
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

    pub fn forget_cluster(&self) {
        if let Err(error) = disk::remove(&self.cluster) {
            tracing::warn!(%error, "what the registry told of the cluster is still there");
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

/// # Errors
/// When what the factory says cannot be used.
pub fn factory(board: &BoxFile) -> Result<Option<Trust>, StartError> {
    let Some(preset) = &board.registry else { return Ok(None) };
    let authority = hash(&preset.ca).ok_or(StartError::PresetAuthority)?;
    Ok(Some(Trust { urls: preset.urls.clone(), authority }))
}

/// The registry that is known without a code. A seed knows the site better than the factory; where it names no authority, that is the
/// factory's, or there is none.
pub fn preset(factory: Option<&Trust>, store: &Store) -> Option<Trust> {
    let Some(seed) = store.seed() else { return factory.cloned() };
    let authority = match seed.ca.as_deref() {
        Some(pem) => hash(pem),
        None => factory.map(|factory| factory.authority.clone()),
    };
    authority.map(|authority| Trust { urls: vec![seed.url], authority })
}

/// SHA-256 of the first certificate of a PEM.
fn hash(pem: &str) -> Option<String> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    pki::certificate::authority_key(&der)?;
    Some(pki::hex_digest(&der))
}
