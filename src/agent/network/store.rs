//! What the network task keeps on disk: the spec, the journal, and how the last change ended.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::config;
use domain::{
    box_file::BoxFile,
    network::{
        effective::Leases,
        journal::{Found, Journal},
        spec::NetworkSpec,
        transaction::{Outcome, TxId},
        validate::validate,
    },
};
use os::disk;

#[derive(Clone, Debug)]
pub struct Paths {
    spec: PathBuf,
    spec_before: PathBuf,
    journal: PathBuf,
    outcome: PathBuf,
    leases: PathBuf,
    pub resolv_conf: PathBuf,
}

/// Survives the transaction it tells of.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Record {
    last_tx: TxId,
    outcome: Option<Outcome>,
}

/// The leases of the last process: their times are of one boot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub boot_id: String,
    pub leases: Leases,
}

/// What the disk said at the start.
#[derive(Debug)]
pub struct Loaded {
    pub spec: NetworkSpec,
    /// Why it is not the one that was saved last.
    pub spec_problem: Option<String>,
    pub found: Found,
    pub outcome: Option<Outcome>,
    pub last_tx: TxId,
    pub kept: Kept,
}

impl Paths {
    pub fn new(state_dir: &Path, runtime_dir: &Path) -> Self {
        Self {
            spec: state_dir.join("network.toml"),
            spec_before: state_dir.join("network.before.toml"),
            journal: state_dir.join("journal.json"),
            outcome: state_dir.join("outcome.json"),
            leases: state_dir.join("leases.json"),
            resolv_conf: runtime_dir.join("resolv.conf"),
        }
    }

    /// Reads everything. What cannot be read is set aside under a name with `.bad`, for support, and told.
    ///
    /// # Errors
    /// When the disk itself fails.
    pub fn load(&self, board: &BoxFile) -> io::Result<Loaded> {
        let (spec, spec_problem) = self.load_spec(board)?;
        let found = match disk::read_json::<Journal>(&self.journal) {
            Ok(None) => Found::Nothing,
            Ok(Some(journal)) => Found::Journal(Box::new(journal)),
            Err(error) if unusable(&error) => {
                tracing::error!(path = %self.journal.display(), %error, "the journal cannot be read");
                set_aside(&self.journal)?;
                Found::Unreadable
            }
            Err(error) => return Err(error),
        };
        let record = match disk::read_json::<Record>(&self.outcome) {
            Ok(record) => record.unwrap_or_default(),
            Err(error) if unusable(&error) => Record::default(),
            Err(error) => return Err(error),
        };
        let kept = match disk::read_json::<Kept>(&self.leases) {
            Ok(kept) => kept.unwrap_or_default(),
            Err(error) if unusable(&error) => Kept::default(),
            Err(error) => return Err(error),
        };
        let open = match &found {
            Found::Journal(journal) => journal.transaction.id,
            Found::Nothing | Found::Unreadable => TxId(0),
        };
        Ok(Loaded { spec, spec_problem, found, outcome: record.outcome, last_tx: record.last_tx.max(open), kept })
    }

    fn load_spec(&self, board: &BoxFile) -> io::Result<(NetworkSpec, Option<String>)> {
        let mut problem = None;
        for path in [&self.spec, &self.spec_before] {
            match read_spec(path, board) {
                Ok(Some(spec)) => return Ok((spec, problem)),
                Ok(None) => {}
                Err(SpecFile::Unusable(reason)) => {
                    tracing::error!(path = %path.display(), reason, "the saved network settings cannot be used");
                    set_aside(path)?;
                    problem.get_or_insert(reason);
                }
                Err(SpecFile::Disk(error)) => return Err(error),
            }
        }
        Ok((board.factory.clone(), problem))
    }

    /// Whether anybody has set the network of this box.
    pub fn has_spec(&self) -> bool {
        self.spec.exists() || self.spec_before.exists()
    }

    /// Saves a spec; the one before is kept beside it.
    ///
    /// # Errors
    /// When it cannot be written; the old one stays then.
    pub fn save_spec(&self, spec: &NetworkSpec) -> io::Result<()> {
        let text = toml::to_string(spec).map_err(io::Error::other)?;
        if let Some(before) = disk::read(&self.spec)? {
            disk::write(&self.spec_before, before.as_bytes(), 0o600)?;
        }
        disk::write(&self.spec, text.as_bytes(), 0o600)
    }

    /// # Errors
    /// When they cannot be written.
    pub fn keep_leases(&self, kept: &Kept) -> io::Result<()> {
        disk::write_json(&self.leases, kept)
    }

    /// # Errors
    /// When it cannot be written; nothing may be changed then.
    pub fn write_journal(&self, journal: &Journal) -> io::Result<()> {
        disk::write_json(&self.journal, journal)
    }

    /// First how it ended, then no more journal: a crash in between only repeats the end. A full disk loses how it ended, and not
    /// the end.
    ///
    /// # Errors
    /// When the disk fails; the journal may be left then, and the next start closes it again.
    pub fn close_journal(&self, outcome: &Outcome, last_tx: TxId) -> io::Result<()> {
        let told = disk::write_json(&self.outcome, &Record { last_tx, outcome: Some(outcome.clone()) });
        self.forget_journal().and(told)
    }

    /// # Errors
    /// When the disk fails.
    pub fn forget_journal(&self) -> io::Result<()> {
        disk::remove(&self.journal)
    }
}

enum SpecFile {
    Unusable(String),
    Disk(io::Error),
}

fn read_spec(path: &Path, board: &BoxFile) -> Result<Option<NetworkSpec>, SpecFile> {
    let text = match disk::read(path) {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(None),
        Err(error) if unusable(&error) => return Err(SpecFile::Unusable(error.to_string())),
        Err(error) => return Err(SpecFile::Disk(error)),
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let spec = config::toml::<NetworkSpec>(&text).map_err(|p| SpecFile::Unusable(format!("{name}, {p}")))?;
    match validate(&spec, board).first() {
        None => Ok(Some(spec)),
        Some(issue) => Err(SpecFile::Unusable(format!("{name}: {issue}"))),
    }
}

/// The content is to blame, not the disk.
fn unusable(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof | FileTooLarge)
}

fn set_aside(path: &Path) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".bad");
    fs::rename(path, PathBuf::from(name))
}
