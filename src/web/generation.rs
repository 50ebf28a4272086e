//! Which life of the box the files of this process are of. After a factory reset the agent tells another one; then everything here goes, and
//! the process ends: what it holds in memory is of a box that is no more.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::sync::watch;

use super::follow::Known;
use crate::disk;

const FILE: &str = "generation";

/// Between two attempts where something could not be removed.
const RETRY: Duration = Duration::from_secs(1);

/// Returns when the files were of another life and have been removed.
pub(super) async fn over(folder: PathBuf, mut known: watch::Receiver<Known>) {
    loop {
        let heard = known.borrow_and_update().clone();
        // what an earlier process heard says nothing of today
        let told = heard.hello.filter(|_| heard.here).map(|hello| hello.generation.clone());
        let settled = match told.filter(|told| !told.is_empty()) {
            Some(told) => {
                let folder = folder.clone();
                let settled = tokio::task::spawn_blocking(move || settle(&folder, &told)).await;
                settled.unwrap_or_else(|error| Err(io::Error::other(error)))
            }
            None => Ok(false),
        };
        match &settled {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "what is left of the time before a factory reset"),
        }
        let changed = tokio::select! {
            changed = known.changed() => changed,
            () = tokio::time::sleep(RETRY), if settled.is_err() => Ok(()),
        };
        if changed.is_err() {
            return std::future::pending().await;
        }
    }
}

/// Whether something was removed. Killed in between, the next start does it again: the new name is written last.
fn settle(folder: &Path, told: &str) -> io::Result<bool> {
    let file = folder.join(FILE);
    let kept = disk::read(&file)?;
    if kept.as_deref() == Some(told) {
        return Ok(false);
    }
    if kept.is_some() {
        tracing::warn!("the box was reset: certificates and all else here go");
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name() == FILE {
                continue;
            }
            let removed = if entry.file_type()?.is_dir() {
                // out of the way first: a handshake may be making a certificate in it
                let aside = entry.path().with_extension("gone");
                if aside != entry.path() {
                    // what a kill left of the last time
                    fs::remove_dir_all(&aside).ok();
                }
                fs::rename(entry.path(), &aside).and_then(|()| fs::remove_dir_all(aside))
            } else {
                fs::remove_file(entry.path())
            };
            match removed {
                // another task of this process replaces its files by renaming
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    disk::write(&file, told.as_bytes(), 0o600)?;
    Ok(kept.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_same_life_stay_and_those_of_another_go() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path();
        fs::create_dir(path.join("certificates")).expect("folder");
        fs::write(path.join("certificates/10.0.0.5.key"), "key").expect("write");
        fs::write(path.join("hello.json"), "{}").expect("write");
        assert!(!settle(path, "first").expect("the first that is heard of"));
        assert!(!settle(path, "first").expect("the same"));
        assert!(path.join("certificates/10.0.0.5.key").exists());
        assert!(settle(path, "second").expect("another"));
        let left = fs::read_dir(path).expect("folder").flatten().map(|e| e.file_name()).collect::<Vec<_>>();
        assert_eq!(left, [FILE]);
        assert!(!settle(path, "second").expect("the same"));
    }
}
