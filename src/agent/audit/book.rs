//! A book on the disk: lines of JSON, each with a hash over itself and the hash of the line before it.
//!
//! ```text
//! {"anchor":"00…","hash":"5f…"}                     the hash before the first line of this file
//! {"n":7,"at":…,"who":"console",…,"hash":"c1…"}     SHA-256 of the hash before and the line without its hash
//! ```
//!
//! Two files, of which the older one goes when the newer one is full. A file beside them has the newest hash: who cuts lines off has to
//! change it, too. Root can do all of that; what it shows is a mistake, a damaged disk, or somebody in a hurry.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use domain::audit::{self, Deed, Entry};
use os::disk;

/// Bytes of a file: about a thousand entries. Both books have two.
pub const FILE: u64 = 256 * 1024;
/// Before the first line of all.
const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// `,"hash":"` and what follows.
const SEAL: usize = 9 + 64 + 2;

/// The newest line, kept apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    n: u64,
    hash: String,
    /// A break that was found goes on being told until the entry is gone that was written when it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    broken: Option<Broken>,
}

/// Where the chain is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// The last good entry before it.
    pub after: Option<u64>,
    /// The first entry that was written after it was found.
    pub found: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Anchor {
    anchor: String,
}

#[derive(Debug)]
pub struct Book {
    pub which: audit::Book,
    now: PathBuf,
    before: PathBuf,
    head_file: PathBuf,
    /// Of the newest line.
    hash: String,
    /// Whole lines in the newer file.
    length: u64,
    broken: Option<Broken>,
}

/// A line that does not fit the one before it, or is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    /// The last good entry.
    pub after: Option<u64>,
}

/// What the files of a book say.
#[derive(Debug, Default)]
pub struct Contents {
    pub entries: Vec<Entry>,
    /// Where the chain breaks first.
    pub breaks: Option<Break>,
    hash: Option<String>,
    length: u64,
}

impl Book {
    /// Opens the book, and says which number was the last one. What cannot be read is as what was changed.
    pub fn open(folder: &Path, which: audit::Book) -> (Self, u64) {
        let name = match which {
            audit::Book::Deeds => "deeds",
            audit::Book::Strangers => "strangers",
        };
        let file = |end: &str| folder.join(format!("{name}.{end}"));
        let mut book = Self {
            which,
            now: file("jsonl"),
            before: file("1.jsonl"),
            head_file: file("head"),
            hash: NOTHING.to_owned(),
            length: 0,
            broken: None,
        };
        let head = book.head();
        let read = book.read().unwrap_or_else(|error| {
            tracing::error!(%error, "a book of the audit log cannot be read");
            Contents::default()
        });
        book.length = read.length;
        book.hash = read.hash.or_else(|| head.as_ref().map(|head| head.hash.clone())).unwrap_or(book.hash);
        book.broken = head.as_ref().and_then(|head| head.broken);
        let last = read.entries.iter().map(|entry| entry.n).max().max(head.map(|head| head.n));
        (book, last.unwrap_or(0))
    }

    fn head(&self) -> Option<Head> {
        // one that cannot be read is as one that is missing: the chain says so
        disk::read_json(&self.head_file).ok().flatten()
    }

    /// Where the chain was found to be broken, unless that is long past.
    pub fn broken(&mut self, read: &Contents) -> Option<Broken> {
        let oldest = read.entries.iter().map(|entry| entry.n).min();
        if let (Some(broken), Some(oldest)) = (self.broken, oldest)
            && broken.found < oldest
            && read.breaks.is_none()
        {
            self.broken = None;
        }
        self.broken
    }

    /// The first entry after a break.
    pub fn found(&self) -> Option<u64> {
        self.broken.map(|broken| broken.found)
    }

    /// Notes a break; `found` is the number of the entry to come that tells of it.
    pub fn note(&mut self, after: Option<u64>, found: u64) {
        self.broken = Some(Broken { after, found });
    }

    /// Reads both files and checks the chain.
    ///
    /// # Errors
    /// When one is there and cannot be read.
    pub fn read(&self) -> io::Result<Contents> {
        let mut read = Contents::default();
        let old = bytes(&self.before)?;
        if let Some(old) = &old {
            read.lines(old, None);
        }
        let mut whole = 0;
        if let Some(now) = bytes(&self.now)? {
            let expected = old.map_or_else(|| NOTHING.to_owned(), |_| read.hash.clone().unwrap_or_default());
            whole = read.lines(&now, Some(expected));
        }
        read.length = whole;
        self.check_end(&mut read);
        Ok(read)
    }

    /// The newest line is the one that is noted, or the one after it: between the two the power may have gone.
    fn check_end(&self, read: &mut Contents) {
        let last = read.entries.last().map(|entry| entry.n);
        let whole = match self.head() {
            None => read.entries.len() <= 1,
            Some(head) if Some(&head.hash) == read.hash.as_ref() => true,
            Some(head) => read.entries.iter().rev().nth(1).map_or(head.n == 0, |entry| entry.n == head.n),
        };
        if !whole && read.breaks.is_none() {
            read.breaks = Some(Break { after: last });
        }
    }

    /// Writes an entry, and then which one was the last.
    ///
    /// # Errors
    /// The book is as before then.
    pub fn write(&mut self, n: u64, deed: Deed) -> io::Result<()> {
        disk::make_private_dir(self.now.parent().ok_or(io::ErrorKind::InvalidInput)?)?;
        let entry = Entry { n, deed };
        let (line, hash) = sealed(&self.hash, &serde_json::to_string(&entry)?);
        if self.length > 0 && self.length + line.len() as u64 > FILE {
            fs::rename(&self.now, &self.before)?;
            self.length = 0;
        }
        let (text, hash) = if self.length == 0 {
            let (anchor, anchored) = sealed(&self.hash, &serde_json::to_string(&Anchor { anchor: self.hash.clone() })?);
            let (line, hash) = sealed(&anchored, &serde_json::to_string(&entry)?);
            (anchor + &line, hash)
        } else {
            (line, hash)
        };
        self.cut()?;
        if let Err(error) = disk::append(&self.now, text.as_bytes()) {
            // a part of a line would spoil the next one
            drop(self.cut());
            return Err(error);
        }
        let headed = disk::write_json(&self.head_file, &Head { n, hash: hash.clone(), broken: self.broken });
        if headed.is_ok() {
            self.length += text.len() as u64;
            self.hash = hash;
        } else {
            drop(self.cut());
        }
        headed
    }

    /// Takes away what a crash or a full disk left of a line.
    fn cut(&self) -> io::Result<()> {
        match fs::symlink_metadata(&self.now) {
            Ok(found) if found.is_file() && found.len() > self.length => {
                OpenOptions::new().write(true).open(&self.now)?.set_len(self.length)
            }
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Contents {
    /// Takes the lines of a file; how many bytes of it are whole lines. `expected`: what its anchor has to be.
    fn lines(&mut self, bytes: &[u8], expected: Option<String>) -> u64 {
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let text = String::from_utf8_lossy(&bytes[..whole]);
        let mut prior = expected;
        for (number, line) in text.lines().enumerate() {
            let opened = open(line);
            let entry = opened.and_then(|(body, _)| serde_json::from_str::<Entry>(&body_of(body)).ok());
            let good = opened.is_some_and(|(body, hash)| {
                let body = body_of(body);
                if number == 0 {
                    let anchor = serde_json::from_str::<Anchor>(&body).map(|a| a.anchor).unwrap_or_default();
                    let fits = prior.as_ref().is_none_or(|prior| *prior == anchor);
                    fits && seal(&anchor, &body) == hash
                } else {
                    entry.is_some() && prior.as_ref().is_some_and(|prior| seal(prior, &body) == hash)
                }
            });
            if !good && self.breaks.is_none() {
                self.breaks = Some(Break { after: self.entries.last().map(|entry| entry.n) });
            }
            prior = opened.map(|(_, hash)| hash.to_owned());
            self.hash.clone_from(&prior);
            self.entries.extend(entry);
        }
        whole as u64
    }
}

/// A line and its hash.
fn sealed(prior: &str, body: &str) -> (String, String) {
    let hash = seal(prior, body);
    let open = body.strip_suffix('}').unwrap_or(body);
    (format!("{open},\"hash\":\"{hash}\"}}\n"), hash)
}

fn seal(prior: &str, body: &str) -> String {
    hex::encode(Sha256::new().chain_update(prior).chain_update(body).finalize())
}

/// What stands before the hash, and the hash.
fn open(line: &str) -> Option<(&str, &str)> {
    let (body, seal) = line.split_at_checked(line.len().checked_sub(SEAL)?)?;
    Some((body, seal.strip_prefix(",\"hash\":\"")?.strip_suffix("\"}")?))
}

fn body_of(open: &str) -> String {
    format!("{open}}}")
}

/// `None` where there is none. A file that has grown beyond its bound is read up to it: the rest breaks the chain.
fn bytes(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let mut bytes = Vec::new();
    file.take(2 * FILE).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}
