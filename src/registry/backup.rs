//! All that a registry knows in one file: every record, and the authority with its key.
//!
//! ```text
//! {"gatehouse":"registry backup","version":1}        what it is
//! {"authority":{"key":"…","certificate":"…"}}        PEM
//! {"key":"host/7F3K-2219","value":{…}}               one line a record
//! {"records":12,"sha256":"…"}                        over all lines before
//! ```
//! What is cut off or altered is refused before anything is written.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use domain::{cluster::key::Key, secret::Secret};
use os::disk;
use serde::{Deserialize, Serialize};

use crate::{
    authority::{Authority, AuthorityError},
    serve::{self, ServeError},
    store::{Guard, MOST_OPS, Op, Outcome, Select, Store, Txn},
};

const WHAT: &str = "registry backup";
const VERSION: u32 = 1;
/// Longest file that is read: a fleet of 10,000 boxes is some 30 MB.
const LONGEST: u64 = 1 << 30;

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Open(#[from] ServeError),
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error("{path} cannot be used")]
    File { path: PathBuf, source: io::Error },
    #[error("the store cannot be read")]
    Store(#[from] crate::store::Unavailable),
    #[error("this is no backup of a registry, or one of a newer version: {0}")]
    NotOne(String),
    #[error("the backup is damaged: {0}; nothing was changed")]
    Damaged(String),
    #[error("there is a registry in {path} already; nothing was changed")]
    NotEmpty { path: PathBuf },
    #[error("the records could not be written")]
    NotWritten,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    gatehouse: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    authority: Pair,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    key: Secret,
    certificate: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    key: String,
    value: serde_json::Value,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    records: usize,
    sha256: String,
}

/// Writes a new file that only its owner reads. Holds live as long as their leases, and sign-ins fifteen minutes: neither is in it.
///
/// # Errors
/// When the registry runs, or the file is there already.
pub async fn write(state_dir: &Path, file: &Path) -> Result<usize, BackupError> {
    let authority = Authority::open(state_dir)?;
    let key = fs::read_to_string(state_dir.join("authority.key")).map_err(|source| at(state_dir, source))?;
    let store = serve::open(state_dir)?;
    let found = store.read(vec![Select::Prefix(String::new())]).await?.found;
    let mut text = String::new();
    let mut line = |value: serde_json::Result<String>| match value {
        Ok(value) => {
            text.push_str(&value);
            text.push('\n');
            Ok(())
        }
        Err(error) => Err(BackupError::Damaged(error.to_string())),
    };
    line(serde_json::to_string(&Head { gatehouse: WHAT.into(), version: VERSION }))?;
    let pair = Pair { key: Secret::new(key), certificate: authority.pem().to_owned() };
    line(serde_json::to_string(&Keys { authority: pair }))?;
    let mut records = 0;
    for item in found.into_iter().flatten() {
        match Key::parse(&item.key) {
            Some(Key::PairHold(_) | Key::Session(_)) => continue,
            Some(_) => {}
            None => return Err(BackupError::Damaged(format!("the key {}", item.key))),
        }
        let value = serde_json::from_slice(&item.value).map_err(|error| BackupError::Damaged(error.to_string()))?;
        line(serde_json::to_string(&Line { key: item.key, value }))?;
        records += 1;
    }
    let sha256 = pki::hex_digest(text.as_bytes());
    let end = serde_json::to_string(&End { records, sha256 }).map_err(|e| BackupError::Damaged(e.to_string()))?;
    text.push_str(&end);
    text.push('\n');
    let create = || {
        let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        out.write_all(text.as_bytes())?;
        out.sync_all()
    };
    create().map_err(|source| at(file, source))?;
    Ok(records)
}

/// Makes a registry of a backup, in a folder that has none. Checked to its end before the first write.
///
/// # Errors
/// When the file is none, is damaged, or the folder is not empty.
pub async fn restore(state_dir: &Path, file: &Path) -> Result<usize, BackupError> {
    if ["authority.key", "authority.pem", serve::STORE].iter().any(|name| state_dir.join(name).exists()) {
        return Err(BackupError::NotEmpty { path: state_dir.to_owned() });
    }
    let length = fs::metadata(file).map_err(|source| at(file, source))?.len();
    if length > LONGEST {
        return Err(BackupError::NotOne("longer than any that was made".into()));
    }
    let text = fs::read_to_string(file).map_err(|source| at(file, source))?;
    let (pair, lines) = check(&text)?;
    let authority = Authority::of(&pair.key, pair.certificate)?;
    disk::make_private_dir(state_dir).map_err(|source| at(state_dir, source))?;
    // the authority comes last: a folder without one is no registry, and may be restored into again
    let store = serve::open(state_dir)?;
    for (number, part) in lines.chunks(MOST_OPS).enumerate() {
        let ops = part.iter().map(|Line { key, value }| {
            let value = serde_json::to_vec(value).unwrap_or_default();
            (key.clone(), Op::Put { value, lease: None })
        });
        let guards = part.iter().map(|line| Guard::Absent(line.key.clone())).collect();
        let txn = Txn { request: format!("restore-{number}"), guards, ops: ops.collect() };
        match store.txn(txn).await {
            Ok(Outcome::Committed(_)) => {}
            Ok(Outcome::Conflict | Outcome::Unknown) | Err(_) => return Err(BackupError::NotWritten),
        }
    }
    let put = |name: &str, text: &str, mode| {
        let path = state_dir.join(name);
        disk::write(&path, text.as_bytes(), mode).map_err(|source| at(&path, source))
    };
    put("authority.pem", authority.pem(), 0o644)?;
    put("authority.key", pair.key.expose(), 0o600)?;
    Ok(lines.len())
}

/// Reads all of it.
fn check(text: &str) -> Result<(Pair, Vec<Line>), BackupError> {
    fn read<T: serde::de::DeserializeOwned>(line: &str) -> Result<T, BackupError> {
        serde_json::from_str(line).map_err(|error| BackupError::Damaged(error.to_string()))
    }
    let not_one = || BackupError::NotOne("its first line".into());
    let (first, _) = text.split_once('\n').ok_or_else(not_one)?;
    let head: Head = serde_json::from_str(first).map_err(|_| not_one())?;
    if head.gatehouse != WHAT || head.version != VERSION {
        return Err(not_one());
    }
    let body = text.strip_suffix('\n').ok_or_else(|| BackupError::Damaged("its end is missing".into()))?;
    let (body, last) = body.rsplit_once('\n').ok_or_else(not_one)?;
    let end: End = serde_json::from_str(last).map_err(|_| BackupError::Damaged("its end is missing".into()))?;
    if pki::hex_digest(format!("{body}\n").as_bytes()) != end.sha256 {
        return Err(BackupError::Damaged("it was altered, or a part of it is missing".into()));
    }
    let mut lines = body.lines().skip(1);
    let keys: Keys = read(lines.next().unwrap_or_default())?;
    let records = lines.map(read::<Line>).collect::<Result<Vec<_>, _>>()?;
    if records.len() != end.records {
        return Err(BackupError::Damaged("records are missing".into()));
    }
    let known = records.iter().all(|line| Key::parse(&line.key).is_some());
    if known { Ok((keys.authority, records)) } else { Err(BackupError::Damaged("a key of another version".into())) }
}

fn at(path: &Path, source: io::Error) -> BackupError {
    BackupError::File { path: path.to_owned(), source }
}
