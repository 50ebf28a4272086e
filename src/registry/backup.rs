//! All that a registry knows in one file: every record, and the authority with its key.
//!
//! ```text
//! {"gatehouse":"registry backup","version":1}        what it is
//! {"authority":{"key":"…","certificate":"…"}}        PEM
//! {"key":"host/7F3K-2219","value":{…}}               one line a record
//! {"records":12,"sha256":"…"}                        over all lines before
//! ```
//! All records are of one moment. What is cut off or altered is refused before anything is written; the digest is against accidents, not
//! against people: whoever writes a backup can write its digest, too.

use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, lchown},
    path::{Path, PathBuf},
};

use domain::{cluster::key::Key, secret::Secret};
use os::disk;
use serde::{Deserialize, Serialize};

use crate::{
    authority::{self, Authority, AuthorityError},
    control, engine,
    serve::{self, ServeError},
    store::{Embedded, Guard, MOST_OPS, Op, Outcome, Select, Store, Txn},
};

const WHAT: &str = "registry backup";
const VERSION: u32 = 1;
/// Longest file that is read: a fleet of 10,000 boxes is some 30 MB.
const LONGEST: u64 = 1 << 30;
/// Where records are put until all of them are there.
const UNFINISHED: &str = "restore.redb";
/// Leases that may have been taken after a backup was made. Epochs only grow, so those of a restored registry begin above all of them.
const EPOCHS: u64 = 1_000_000;

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
    #[error("the records could not be written; nothing was changed")]
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

/// A backup as text. Holds live as long as their leases, and sign-ins fifteen minutes: neither is in it.
///
/// # Errors
/// When the store cannot be read.
pub async fn text(store: &dyn Store, authority: &Authority) -> Result<Secret, BackupError> {
    let found = store.read(vec![Select::Prefix(String::new())]).await?.found;
    let damaged = |error: serde_json::Error| BackupError::Damaged(error.to_string());
    let pair = Pair { key: authority.key(), certificate: authority.pem().to_owned() };
    let head = Head { gatehouse: WHAT.into(), version: VERSION };
    let first = serde_json::to_string(&head).map_err(damaged)?;
    let second = serde_json::to_string(&Keys { authority: pair }).map_err(damaged)?;
    let mut text = format!("{first}\n{second}\n");
    let mut records = 0;
    for item in found.into_iter().flatten() {
        match Key::parse(&item.key) {
            Some(key) if is_lasting(&key) => {}
            Some(_) => continue,
            None => return Err(BackupError::Damaged(format!("the key {}", item.key))),
        }
        let value = serde_json::from_slice(&item.value).map_err(damaged)?;
        text.push_str(&serde_json::to_string(&Line { key: item.key, value }).map_err(damaged)?);
        text.push('\n');
        records += 1;
    }
    let sha256 = pki::hex_digest(text.as_bytes());
    text.push_str(&serde_json::to_string(&End { records, sha256 }).map_err(damaged)?);
    text.push('\n');
    Ok(Secret::new(text))
}

fn is_lasting(key: &Key) -> bool {
    !matches!(key, Key::PairHold(_) | Key::Session(_))
}

/// Writes a new file that only its owner reads; answers how many records are in it. A registry that runs is asked for it, and goes on.
///
/// # Errors
/// When there is no registry, or the file is there already.
pub async fn write(state_dir: &Path, file: &Path) -> Result<usize, BackupError> {
    let running = control::backup(state_dir).await.map_err(|source| at(state_dir, source))?;
    let text = if let Some(text) = running {
        text
    } else {
        let authority = Authority::open(state_dir)?;
        let store = serve::open(state_dir)?;
        let text = text(&store, &authority).await;
        store.close().await;
        text?
    };
    // one that breaks off in the middle is no backup, whoever it came from
    let (_, lines) = check(text.expose())?;
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(|e| at(file, e))?;
    let written = out.write_all(text.expose().as_bytes()).and_then(|()| out.sync_all());
    if let Err(source) = written {
        // the error at hand matters more than one of cleaning up
        let _ = fs::remove_file(file);
        return Err(at(file, source));
    }
    Ok(lines.len())
}

/// Makes a registry of a backup, in a folder that has none. Checked to its end before the first write, and there as a whole or not at all.
///
/// # Errors
/// When the file is none, is damaged, or the folder is not empty.
pub async fn restore(state_dir: &Path, file: &Path) -> Result<usize, BackupError> {
    let [key, certificate] = authority::FILES;
    if [key, certificate, serve::STORE].iter().any(|name| state_dir.join(name).exists()) {
        return Err(BackupError::NotEmpty { path: state_dir.to_owned() });
    }
    let mut text = String::new();
    let read = File::open(file).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
    match read {
        Ok(length) if length as u64 > LONGEST => {
            return Err(BackupError::NotOne("longer than any that was made".into()));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(BackupError::NotOne("it is no text".into()));
        }
        Err(source) => return Err(at(file, source)),
    }
    let (pair, lines) = check(&text)?;
    let authority = Authority::of(&pair.key, pair.certificate)?;
    disk::make_private_dir(state_dir).map_err(|source| at(state_dir, source))?;
    let unfinished = state_dir.join(UNFINISHED);
    disk::remove(&unfinished).map_err(|source| at(&unfinished, source))?;
    let records = lines.len();
    if let Err(error) = fill(&unfinished, lines).await {
        // the error at hand matters more than one of cleaning up
        let _ = fs::remove_file(&unfinished);
        return Err(error);
    }
    // the authority comes last: a folder without one is no registry
    let store = state_dir.join(serve::STORE);
    fs::rename(&unfinished, &store).map_err(|source| at(&store, source))?;
    authority.save(state_dir)?;
    own_like_folder(state_dir).map_err(|source| at(state_dir, source))?;
    Ok(records)
}

async fn fill(path: &Path, lines: Vec<Line>) -> Result<(), BackupError> {
    let store = serve::open_file(path)?;
    let filled = put_all(&store, &lines).await;
    store.close().await;
    filled
}

async fn put_all(store: &Embedded, lines: &[Line]) -> Result<(), BackupError> {
    for (number, part) in lines.chunks(MOST_OPS).enumerate() {
        let ops = part.iter().map(|Line { key, value }| {
            let value = value.to_string().into_bytes();
            (key.clone(), Op::Put { value, lease: None })
        });
        let guards = part.iter().map(|line| Guard::Absent(line.key.clone())).collect();
        let txn = Txn { request: format!("restore-{number}"), guards, ops: ops.collect() };
        match store.txn(txn).await {
            Ok(Outcome::Committed(_)) => {}
            Ok(Outcome::Conflict | Outcome::Unknown) | Err(_) => return Err(BackupError::NotWritten),
        }
    }
    Ok(())
}

/// What root has made belongs to the service, whose folder it lies in.
///
/// # Errors
/// When the files are not there, or another user than root is to give them away.
pub fn own_like_folder(state_dir: &Path) -> io::Result<()> {
    let folder = fs::metadata(state_dir)?;
    for name in authority::FILES.iter().chain([&serve::STORE]) {
        let path = state_dir.join(name);
        let file = fs::symlink_metadata(&path)?;
        if (file.uid(), file.gid()) != (folder.uid(), folder.gid()) {
            lchown(&path, Some(folder.uid()), Some(folder.gid()))?;
        }
    }
    Ok(())
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
    let mut lines = body.split('\n').skip(1);
    let keys: Keys = read(lines.next().unwrap_or_default())?;
    let mut records = lines.map(read::<Line>).collect::<Result<Vec<_>, _>>()?;
    if records.len() != end.records {
        return Err(BackupError::Damaged("records are missing".into()));
    }
    let mut seen = HashSet::new();
    for line in &mut records {
        if !seen.insert(line.key.clone()) {
            return Err(BackupError::Damaged(format!("{} is there twice", line.key)));
        }
        checked(line)?;
    }
    Ok((keys.authority, records))
}

/// A record that the registry can read, with the epoch that it will have.
fn checked(line: &mut Line) -> Result<(), BackupError> {
    let wrong = || BackupError::Damaged(format!("{} is no record of this version", line.key));
    let key = Key::parse(&line.key).filter(is_lasting).ok_or_else(wrong)?;
    if let Key::PairLease(_) | Key::Host(_) = key {
        let later =
            line.value.get("epoch").and_then(serde_json::Value::as_u64).and_then(|epoch| epoch.checked_add(EPOCHS));
        let later = later.ok_or_else(wrong)?;
        line.value["epoch"] = later.into();
    }
    if engine::is_readable(&line.key, &line.value) { Ok(()) } else { Err(wrong()) }
}

fn at(path: &Path, source: io::Error) -> BackupError {
    BackupError::File { path: path.to_owned(), source }
}
