//! As delivered, and the way back there.
//!
//! A reset is a mark on the disk and a start: the agent that is asked writes the mark and ends, and the one that finds it wipes before it
//! reads anything else. The mark goes last. Killed anywhere in between, the next start goes on; and what serves pages or passwords is only
//! started when the mark has gone, so that nobody ever meets a box that is half of one and half of the other.
//!
//! ```text
//! <state-dir>/factory-reset.json  the mark
//!             as-delivered.json   host name and zone of the first start; stays
//!             generation          names this life of the box; a new one after each reset, so that web forgets its own, too
//! ```

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{
    bus::Bus,
    secrets,
    settings::{host_name, time},
};
use domain::reset::{Changed, Delivered, Mark};
use os::{clock, disk};

const MARK: &str = "factory-reset.json";
const DELIVERED: &str = "as-delivered.json";
const GENERATION: &str = "generation";
/// Of the runtime folder: what was there before a restart and must not outlive a reset where there is none.
const SESSIONS: &str = "sessions.json";
const LOG: &str = "log";

/// What is kept of a box over a reset.
#[derive(Clone, Debug)]
pub struct Factory {
    state_dir: PathBuf,
}

impl Factory {
    pub fn new(state_dir: &Path) -> Self {
        Self { state_dir: state_dir.to_owned() }
    }

    /// The point of no return: durable when it returns.
    ///
    /// # Errors
    /// Nothing has happened then.
    pub fn mark(&self, changed: Changed) -> io::Result<()> {
        // one that cannot be read has nothing to put back
        let delivered = disk::read_json::<Delivered>(&self.path(DELIVERED)).ok().flatten();
        disk::write_json(&self.path(MARK), &Mark::of(delivered.as_ref(), changed))
    }

    /// Ends a reset that has begun. To be called before anything of the folder is read.
    ///
    /// # Errors
    /// When something cannot be removed: the box must not be served as it is.
    pub async fn finish(&self, runtime_dir: &Path, bus: &Bus) -> io::Result<()> {
        let path = self.path(MARK);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => {}
            // `disk::write` leaves a file or nothing: whatever else has this name is not ours, and no reset
            Ok(_) => return remove(&path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
        tracing::warn!("factory reset: everything that was set goes");
        self.wipe()?;
        disk::remove(&runtime_dir.join(SESSIONS))?;
        remove(&runtime_dir.join(LOG))?;
        // its content is only what to put back: damaged, the box is reset all the same
        let mark = disk::read_json::<Mark>(&path).ok().flatten().unwrap_or_default();
        put_back(bus, &mark).await;
        disk::remove(&path)?;
        tracing::warn!("factory reset: done");
        Ok(())
    }

    /// All of the folder but the mark and what the box was delivered with. Links are removed, not followed.
    fn wipe(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.state_dir)? {
            let name = entry?.file_name();
            if name != MARK && name != DELIVERED {
                remove(&self.state_dir.join(name))?;
            }
        }
        File::open(&self.state_dir)?.sync_all()
    }

    /// Writes down what the first start finds.
    pub fn remember(&self) {
        let path = self.path(DELIVERED);
        if path.exists() {
            return;
        }
        let host_name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let (time_zone, _) = time::zone(clock::wall());
        if let Err(error) = disk::write_json(&path, &Delivered { host_name, time_zone }) {
            tracing::warn!(%error, "a factory reset will not know the host name as delivered");
        }
    }

    /// The name of this life of the box.
    ///
    /// # Errors
    /// Where it cannot be kept, or there is no randomness: web would forget its certificates at each start.
    pub fn generation(&self) -> io::Result<String> {
        let path = self.path(GENERATION);
        if let Some(kept) = disk::read(&path)?.map(|text| text.trim().to_owned()).filter(|kept| !kept.is_empty()) {
            return Ok(kept);
        }
        let new = secrets::token().map_err(|error| io::Error::other(error.to_string()))?.expose().to_owned();
        disk::write(&path, new.as_bytes(), 0o600)?;
        Ok(new)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.state_dir.join(name)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What cannot be put back is logged: a box with a strange name is better than one that never starts again.
async fn put_back(bus: &Bus, mark: &Mark) {
    if let Some(name) = &mark.host_name
        && let Err(error) = host_name::apply(bus, name).await
    {
        tracing::error!(%error, name, "the host name is not as delivered");
    }
    let Some(zone) = mark.time_zone.as_ref().and_then(|zone| zone.parse().ok()) else { return };
    if let Err(error) = time::set_zone(bus, &zone).await {
        tracing::error!(%error, zone = zone.as_str(), "the time zone is not as delivered");
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    struct Box {
        folder: tempfile::TempDir,
    }

    impl Box {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("folder");
            for name in ["state", "run", "elsewhere"] {
                fs::create_dir(folder.path().join(name)).expect("folder");
            }
            fs::write(folder.path().join("elsewhere/victim"), "precious").expect("write");
            Self { folder }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn factory(&self) -> Factory {
            Factory::new(&self.path("state"))
        }

        async fn start(&self) -> io::Result<()> {
            self.factory().finish(&self.path("run"), &Bus::default()).await
        }

        fn left(&self) -> Vec<String> {
            let entries = fs::read_dir(self.path("state")).expect("folder").flatten();
            let mut names = entries.map(|e| e.file_name().into_string().expect("name")).collect::<Vec<_>>();
            names.sort();
            names
        }
    }

    #[tokio::test]
    async fn without_a_mark_a_start_touches_nothing() {
        let it = Box::new();
        fs::write(it.path("state/password"), "hash").expect("write");
        fs::write(it.path("state/factory-reset.json.new"), "{}").expect("of a mark that was not written to its end");
        it.start().await.expect("start");
        assert_eq!(it.left(), ["factory-reset.json.new", "password"]);
    }

    #[tokio::test]
    async fn after_a_mark_a_start_leaves_only_what_was_delivered() {
        let it = Box::new();
        let factory = it.factory();
        factory.remember();
        let first = factory.generation().expect("generation");
        assert_eq!(factory.generation().expect("kept"), first);
        for file in ["password", "network.toml", "deeds.jsonl", ".hidden"] {
            fs::write(it.path("state").join(file), "x").expect("write");
        }
        fs::create_dir_all(it.path("state/folder/below")).expect("folder");
        fs::write(it.path("state/folder/below/file"), "x").expect("write");
        fs::write(it.path("run/sessions.json"), "x").expect("write");
        factory.mark(Changed::default()).expect("mark");
        let mode = fs::metadata(it.path("state/factory-reset.json")).expect("mark").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        it.start().await.expect("start");
        assert_eq!(it.left(), ["as-delivered.json"]);
        assert!(!it.path("run/sessions.json").exists());
        assert_ne!(factory.generation().expect("new"), first);
    }

    #[tokio::test]
    async fn a_damaged_mark_is_a_mark() {
        let it = Box::new();
        fs::write(it.path("state/password"), "hash").expect("write");
        fs::write(it.path("state/factory-reset.json"), "\u{0}{").expect("write");
        it.start().await.expect("start");
        assert_eq!(it.left(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn symlinks_at_the_marks_names_and_in_the_folder_lead_nowhere() {
        let it = Box::new();
        let victim = it.path("elsewhere/victim");
        for name in ["factory-reset.json", "factory-reset.json.new", "network.toml"] {
            symlink(&victim, it.path("state").join(name)).expect("link");
        }
        symlink(it.path("elsewhere"), it.path("state/folder")).expect("link");
        it.start().await.expect("a link is no mark");
        assert!(it.left().contains(&"network.toml".to_owned()), "so nothing was reset");

        symlink(&victim, it.path("state/factory-reset.json")).expect("link");
        it.factory().mark(Changed::default()).expect("mark");
        it.start().await.expect("start");
        assert_eq!(it.left(), Vec::<String>::new());
        assert_eq!(fs::read_to_string(&victim).expect("victim"), "precious");
    }
}
