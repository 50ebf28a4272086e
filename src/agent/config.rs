//! `/etc/gatehouse`: what this box is and how its parts find each other. Malformed files are refused with line and reason.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::DeserializeOwned};

use domain::{
    auth::policy::PasswordPolicy,
    box_file::{BoxFile, BoxFileProblem},
    network::{issue::Issue, validate::validate},
    seed::FILE_NAME,
};
use os::disk;

/// `gatehouse.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The user that the web process runs as; only it and root may talk to the agent. The package's own unless told.
    #[serde(default)]
    pub web_uid: Option<u32>,
    /// Where a seed is looked for, first choice first; see [`crate::seed::find`].
    #[serde(default = "seed_paths")]
    pub seed_paths: Vec<String>,
    #[serde(default)]
    pub password: PasswordPolicy,
}

impl Default for Config {
    fn default() -> Self {
        Self { web_uid: None, seed_paths: seed_paths(), password: PasswordPolicy::default() }
    }
}

/// A stick that is mounted, then what cloud-init's `write_files` writes.
fn seed_paths() -> Vec<String> {
    let stick = ["/media/*", "/run/media/*", "/run/media/*/*"].map(|folder| format!("{folder}/{FILE_NAME}"));
    stick.into_iter().chain(["/etc/gatehouse/seed.toml".to_owned()]).collect()
}

/// Whom the package makes for the web process.
const WEB_USER: &str = "gatehouse-web";
const USERS: &str = "/etc/passwd";

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path} cannot be read")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} is missing; it says what this box is")]
    Missing { path: PathBuf },
    #[error("{path}, {reason}")]
    Syntax { path: PathBuf, reason: TomlProblem },
    #[error("{path}: {}", join(.problems))]
    Box { path: PathBuf, problems: Vec<BoxFileProblem> },
    #[error("{path}, [factory]: {}", join(.issues))]
    Factory { path: PathBuf, issues: Vec<Issue> },
}

fn join<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Where a TOML text is malformed, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct TomlProblem {
    pub line: usize,
    pub column: usize,
    pub reason: String,
}

/// Parses TOML; says line and column of what is wrong.
///
/// # Errors
/// The first problem of the text.
pub fn toml<T: DeserializeOwned>(text: &str) -> Result<T, TomlProblem> {
    toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |s| s.start).min(text.len());
        let before = text.get(..at).unwrap_or_default();
        TomlProblem {
            line: before.matches('\n').count() + 1,
            column: before.chars().rev().take_while(|c| *c != '\n').count() + 1,
            reason: error.message().lines().collect::<Vec<_>>().join(" "),
        }
    })
}

impl Config {
    /// # Errors
    /// When the file is there and malformed. One that is missing means the defaults.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        read(path).map(Option::unwrap_or_default)
    }

    pub fn web_uid(&self) -> Option<u32> {
        self.web_uid.or_else(|| user(&disk::read(Path::new(USERS)).ok()??, WEB_USER))
    }
}

/// Reads and checks `box.toml`.
///
/// # Errors
/// When it is missing or malformed, or its content cannot be.
pub fn box_file(path: &Path) -> Result<BoxFile, ConfigError> {
    let path = path.to_owned();
    let board: BoxFile = read(&path)?.ok_or_else(|| ConfigError::Missing { path: path.clone() })?;
    let problems = board.problems();
    if !problems.is_empty() {
        return Err(ConfigError::Box { path, problems });
    }
    let issues = validate(&board.factory, &board);
    if !issues.is_empty() {
        return Err(ConfigError::Factory { path, issues });
    }
    Ok(board)
}

/// A user's number in a file like `passwd(5)`.
fn user(users: &str, name: &str) -> Option<u32> {
    users.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.split(':').nth(1)?.parse().ok())
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ConfigError> {
    let text = disk::read(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    text.map(|text| toml(&text).map_err(|reason| ConfigError::Syntax { path: path.to_owned(), reason })).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
model = "B-012"
serial = "7F3K-2219"
[[port]]
name = "lan3"
label = "LAN3"
role = "service"
device = { mac = "02:00:00:00:01:03" }
"#;

    fn refusal(text: &str) -> String {
        let dir = tempfile::tempdir().expect("tempdir");
        let path = dir.path().join("box.toml");
        std::fs::write(&path, text).expect("write");
        box_file(&path).expect_err("refused").to_string()
    }

    #[test]
    fn the_web_user_is_found_by_its_name() {
        let users =
            "root:x:0:0:root:/root:/bin/sh\ngatehouse-web2:x:7:7::/:\ngatehouse-web:x:998:997::/:/usr/sbin/nologin\n";
        assert_eq!(user(users, WEB_USER), Some(998));
        assert_eq!(user("gatehouse-web:x:many:1::/:\n", WEB_USER), None);
        let told = Config { web_uid: Some(5), ..Config::default() };
        assert_eq!(told.web_uid(), Some(5));
    }

    #[test]
    fn a_malformed_box_file_is_refused_with_line_and_reason() {
        let dir = tempfile::tempdir().expect("tempdir");
        let path = dir.path().join("box.toml");
        std::fs::write(&path, GOOD).expect("write");
        assert_eq!(box_file(&path).expect("good").model, "B-012");

        assert!(refusal(&GOOD.replace("\"service\"", "\"lan\"")).contains("line 7, column 8: unknown variant `lan`"));
        assert!(refusal(&GOOD.replace("02:00", "02:0g")).contains("line 8"));
        assert!(refusal(&GOOD.replace("serial", "serail")).contains("line 3, column 1: unknown field `serail`"));
        assert!(refusal(&GOOD.replace("service", "uplink")).contains("one service port; this file has 0"));
        assert!(refusal("model = ").contains("line 1"));
        assert!(refusal(&format!("{GOOD}[factory.ports.lan9]\nipv4 = {{ method = \"off\" }}")).contains("lan9"));
    }
}
