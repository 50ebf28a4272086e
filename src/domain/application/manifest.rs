//! What an application is, as its integrator writes it, and all that may be wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{ApplicationName, MOST_BYTES, copies::Copying};

/// `app add FILE`, as TOML.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub name: ApplicationName,
    /// A sentence for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Program and arguments, without a shell: `./…` is one of the files, an absolute path is one of the system's programs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Instead of a command: a container image that is on the box already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    #[serde(default, rename = "file", skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<File>,
    /// Below the application's own data folder (`STATE_DIRECTORY`): what is copied to the peer with `rsync`. None: all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_dirs: Vec<String>,
    #[serde(default)]
    pub health: Health,
    /// Seconds until it must be healthy, 1 to 600.
    #[serde(default = "start_timeout")]
    pub start_timeout: u32,
    /// Seconds to end in, 1 to 20; then it is killed. Where the lease is over there is less.
    #[serde(default = "stop_timeout")]
    pub stop_timeout: u32,
    #[serde(default)]
    pub state: DataState,
}

fn start_timeout() -> u32 {
    30
}

fn stop_timeout() -> u32 {
    5
}

/// One that comes with the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Relative and plain: `bin/server`.
    pub path: String,
    /// In hexadecimal; looked at before the file is kept, and before it is run. On the command line: worked out where it is left out.
    #[serde(default)]
    pub sha256: String,
    #[serde(default)]
    pub executable: bool,
}

/// How one sees that it works. Asked each `interval`; `retries` times in a row without an answer in `timeout` is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// None: it works as long as it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// Seconds, 1 to 300; 5 unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<u32>,
    /// Seconds, 1 to 60; 2 unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u32>,
    /// 1 to 20; 3 unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    /// It takes connections at this port of the box.
    Tcp(u16),
    /// `GET` of this path at this port is answered with 2xx or 3xx.
    Http { port: u16, path: String },
}

/// What becomes of its data when another box takes over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataState {
    /// It has none that is worth keeping.
    #[default]
    None,
    /// Copied to the peer each so many seconds (5 to 3600), as it is at that moment: what was written since is lost when the box dies.
    Rsync(u32),
    /// It keeps it elsewhere, and says here where: a database, a share.
    External(String),
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestIssue {
    /// `file[2].path`
    pub field: String,
    #[serde(flatten)]
    pub why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    #[error("either a command or an image is needed, and not both")]
    CommandOrImage,
    #[error("a program is one of the files, as ./NAME, or an absolute path")]
    Program,
    #[error("no file of this name comes with it")]
    NoSuchFile,
    #[error("a path is relative, and has neither . nor .. nor anything but letters, digits and . _ - / in it")]
    Path,
    #[error("it is there twice")]
    Twice,
    #[error("a SHA-256 is 64 hexadecimal digits")]
    Sha256,
    #[error("it is another file than the manifest names: its SHA-256 is {is}")]
    OtherFile { is: String },
    #[error("it did not come along")]
    Missing,
    #[error("it is not named in the manifest")]
    Unnamed,
    #[error("a variable is capital letters, digits and _, and none of those that systemd or Gatehouse set")]
    Variable,
    #[error("it has a character in it that cannot be printed")]
    Unprintable,
    #[error("it is too long: at most {most}")]
    TooLong { most: u32 },
    #[error("{least} to {most}")]
    Range { least: u32, most: u32 },
    #[error("an image is a name as registry/name:tag")]
    Image,
    #[error("there is no such image on this box")]
    NoSuchImage,
    #[error("containers need podman, which is not on this box")]
    NoPodman,
    #[error("there is no such program on this box")]
    NoSuchProgram,
    #[error("an application has {most} bytes of files at most")]
    TooLarge { most: u64 },
    #[error("the data of a container is not copied: its files are other users', and only the image knows whose")]
    OfImage,
    #[error("a box has {most} applications at most")]
    TooMany { most: u32 },
}

impl std::fmt::Display for ManifestIssue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.why)
    }
}

/// Words and arguments that a command may have, and how long each.
const MOST_WORDS: usize = 64;
const LONGEST: usize = 1024;
/// Set by somebody else.
const RESERVED: [&str; 10] = [
    "GATEHOUSE_EPOCH",
    "STATE_DIRECTORY",
    "RUNTIME_DIRECTORY",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "LD_AUDIT",
    "NOTIFY_SOCKET",
    "LISTEN_FDS",
    "PATH",
    "HOME",
];

impl Manifest {
    /// All that is wrong with it by itself.
    pub fn issues(&self) -> Vec<ManifestIssue> {
        let mut issues = Vec::new();
        let mut say = |field: &str, why: Why| issues.push(ManifestIssue { field: field.to_owned(), why });
        if self.command.is_empty() == self.image.is_none() {
            say("command", Why::CommandOrImage);
        }
        if let Some(program) = self.command.first() {
            match program.strip_prefix("./") {
                Some(file) if !is_path(file) => say("command", Why::Path),
                Some(file) if self.files.iter().all(|it| it.path != file) => say("command", Why::NoSuchFile),
                None if !program.starts_with('/') || !is_path(&program[1..]) => say("command", Why::Program),
                Some(_) | None => {}
            }
        }
        if self.command.len() > MOST_WORDS {
            say("command", Why::TooLong { most: 64 });
        }
        for (at, word) in self.command.iter().enumerate() {
            if let Some(why) = text(word, LONGEST) {
                say(&format!("command[{at}]"), why);
            }
        }
        if self.image.as_ref().is_some_and(|image| !is_image(image)) {
            say("image", Why::Image);
        }
        if let Some(why) = self.about.as_ref().and_then(|about| text(about, 200)) {
            say("about", why);
        }
        for (name, value) in &self.environment {
            let plain = !name.is_empty()
                && name.len() <= 64
                && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
                && !name.starts_with(|c: char| c.is_ascii_digit());
            if !plain || RESERVED.contains(&name.as_str()) {
                say("environment", Why::Variable);
            }
            if let Some(why) = text(value, LONGEST) {
                say("environment", why);
            }
        }
        let mut known = BTreeSet::new();
        for (at, file) in self.files.iter().enumerate() {
            if !is_path(&file.path) {
                say(&format!("file[{at}].path"), Why::Path);
            } else if !known.insert(&file.path) {
                say(&format!("file[{at}].path"), Why::Twice);
            }
            if file.sha256.len() != 64 || !file.sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            {
                say(&format!("file[{at}].sha256"), Why::Sha256);
            }
        }
        if self.files.len() > 256 {
            say("file", Why::TooLong { most: 256 });
        }
        for (at, folder) in self.data_dirs.iter().enumerate() {
            if !is_path(folder) {
                say(&format!("data_dirs[{at}]"), Why::Path);
            }
        }
        let mut range = |field: &str, value: u32, least: u32, most: u32| {
            if !(least..=most).contains(&value) {
                say(field, Why::Range { least, most });
            }
        };
        range("start_timeout", self.start_timeout, 1, 600);
        range("stop_timeout", self.stop_timeout, 1, 20);
        range("health.interval", self.health.interval(), 1, 300);
        range("health.timeout", self.health.timeout(), 1, 60);
        range("health.retries", self.health.retries(), 1, 20);
        match &self.state {
            DataState::Rsync(_) if self.image.is_some() => say("state.rsync", Why::OfImage),
            DataState::Rsync(every) => {
                if !(5..=3600).contains(every) {
                    say("state.rsync", Why::Range { least: 5, most: 3600 });
                }
            }
            DataState::External(whence) => {
                if let Some(why) = text(whence, 200) {
                    say("state.external", why);
                }
            }
            DataState::None => {}
        }
        match &self.health.check {
            Some(Check::Tcp(0) | Check::Http { port: 0, .. }) => {
                say("health.check", Why::Range { least: 1, most: 65_535 });
            }
            Some(Check::Http { path, .. }) if !is_target(path) => say("health.check.path", Why::Path),
            Some(_) | None => {}
        }
        issues
    }

    /// What came with it: names, lengths and hashes of what was sent.
    pub fn files_issues(&self, came: &[(String, u64, String)]) -> Vec<ManifestIssue> {
        let mut issues = Vec::new();
        let mut say = |field: String, why: Why| issues.push(ManifestIssue { field, why });
        for (at, file) in self.files.iter().enumerate() {
            match came.iter().find(|(path, ..)| *path == file.path) {
                None => say(format!("file[{at}]"), Why::Missing),
                Some((_, _, is)) if *is != file.sha256 => say(format!("file[{at}]"), Why::OtherFile { is: is.clone() }),
                Some(_) => {}
            }
        }
        for (path, ..) in came {
            if self.files.iter().all(|file| file.path != *path) {
                say(path.chars().take(80).collect(), Why::Unnamed);
            }
        }
        if came.iter().map(|(_, length, _)| *length).sum::<u64>() > MOST_BYTES {
            say("file".into(), Why::TooLarge { most: MOST_BYTES });
        }
        issues
    }

    /// How its data is to be copied, where it is.
    pub fn copies(&self) -> Option<Copying> {
        match self.state {
            DataState::Rsync(every) => Some(Copying { every, folders: self.data_dirs.clone() }),
            DataState::None | DataState::External(_) => None,
        }
    }
}

impl Health {
    pub fn interval(&self) -> u32 {
        self.interval.unwrap_or(5)
    }

    pub fn timeout(&self) -> u32 {
        self.timeout.unwrap_or(2)
    }

    pub fn retries(&self) -> u32 {
        self.retries.unwrap_or(3)
    }
}

fn text(text: &str, most: usize) -> Option<Why> {
    if text.chars().count() > most {
        return Some(Why::TooLong { most: u32::try_from(most).unwrap_or(u32::MAX) });
    }
    text.chars().any(char::is_control).then_some(Why::Unprintable)
}

/// Relative, and nothing that means something else to somebody.
fn is_path(path: &str) -> bool {
    !path.is_empty()
        && path.len() <= 200
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/'))
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && !part.starts_with('-'))
}

/// Of a request (RFC 9112, 3.2.1), with what needs no escape.
fn is_target(path: &str) -> bool {
    path.starts_with('/')
        && path.len() <= 200
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-~?=&%+:@,;!$'()*".contains(&b))
}

/// `[host[:port]/]name[:tag][@digest]`, as podman takes it; never an option.
fn is_image(image: &str) -> bool {
    (1..=255).contains(&image.len())
        && image.starts_with(|c: char| c.is_ascii_alphanumeric())
        && image.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/' | b':' | b'@'))
        && !image.contains("//")
        && !image.contains("..")
}
