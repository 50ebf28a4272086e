//! A folder for what boxes write, which is gone afterwards even if the runner was killed: a second process, the
//! janitor, waits for the end of a pipe that only the runner holds, and then removes it.

use crate::{
    error::{Context, Result},
    helper,
};
use std::{
    fs, io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Files of a box that is being killed may still appear while they are removed; longer than that takes, shorter than a
/// person waits.
const REMOVE_FOR: Duration = Duration::from_secs(10);

/// A temporary folder with a janitor.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    janitor: Child,
}

impl Scratch {
    /// `also` are further files for the janitor, such as a socket elsewhere.
    pub fn new(also: &[&Path]) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("gatehouse-boxes-")
            .tempdir()
            .could_not(|| "make a temporary folder".into())?;
        let janitor = helper::command("janitor")?
            .arg(folder.path())
            .args(also)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .process_group(0) // Ctrl-C is for the runner
            .spawn()
            .could_not(|| "start the janitor".into())?;
        Ok(Self { path: folder.keep(), janitor })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(self.janitor.stdin.take());
        drop(self.janitor.wait());
    }
}

/// The janitor's whole life. `false` when something could not be removed.
pub fn janitor(paths: &[PathBuf]) -> bool {
    drop(io::copy(&mut io::stdin(), &mut io::sink()));
    let until = Instant::now() + REMOVE_FOR;
    paths.iter().all(|path| {
        loop {
            let gone = match fs::symlink_metadata(path) {
                Err(error) => error.kind() == io::ErrorKind::NotFound,
                Ok(found) if found.is_dir() => fs::remove_dir_all(path).is_ok(),
                Ok(_) => fs::remove_file(path).is_ok(),
            };
            if gone || Instant::now() > until {
                return gone;
            }
            thread::sleep(Duration::from_millis(20));
        }
    })
}
