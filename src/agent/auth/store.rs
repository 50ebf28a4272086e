//! The password on the disk: its hash, and in a second line when it was set.

use std::{io, path::PathBuf};

use domain::{auth::session::Sessions, time::UnixSeconds};
use os::disk;

#[derive(Clone, Debug)]
pub struct Store {
    pub password: PathBuf,
    pub sessions: PathBuf,
}

/// A hash, which may be damaged, and when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub hash: String,
    pub set: Option<UnixSeconds>,
}

impl Store {
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn password(&self) -> io::Result<Option<Stored>> {
        Ok(disk::read(&self.password)?.map(|text| {
            let mut lines = text.lines();
            let hash = lines.next().unwrap_or_default().trim().to_owned();
            let set = lines.next().and_then(|line| line.strip_prefix("set ")?.parse().ok().map(UnixSeconds));
            Stored { hash, set }
        }))
    }

    /// # Errors
    /// The old password counts then.
    pub fn save_password(&self, stored: &Stored) -> io::Result<()> {
        let set = stored.set.map(|set| format!("set {}\n", set.0)).unwrap_or_default();
        disk::write(&self.password, format!("{}\n{set}", stored.hash).as_bytes(), 0o600)
    }

    /// Sessions are a convenience: unreadable ones mean signing in again.
    pub fn sessions(&self) -> Sessions {
        disk::read_json(&self.sessions).ok().flatten().unwrap_or_default()
    }

    pub fn save_sessions(&self, sessions: &Sessions) {
        if let Err(error) = disk::write_json(&self.sessions, sessions) {
            tracing::warn!(%error, "sessions will not survive a restart of the agent");
        }
    }
}
