//! A folder for what boxes write, which is gone afterwards even if the runner was killed: a second process, the
//! janitor, waits for the end of a pipe that only the runner holds, and then removes it.

use crate::{
    error::{Context, Error, Result},
    helper,
};
use std::{
    fs,
    io::{self, BufRead, BufReader, Write},
    iter,
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
        let mut janitor = helper::command("janitor")?
            .args(also)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0) // Ctrl-C is for the runner
            .spawn()
            .could_not(|| "start the janitor".into())?;
        let mut path = String::new();
        if let Some(stdout) = janitor.stdout.take() {
            BufReader::new(stdout).read_line(&mut path).could_not(|| "hear from the janitor".into())?;
        }
        match path.strip_suffix('\n') {
            Some(path) => Ok(Self { path: path.into(), janitor }),
            None => Err(Error::NotStarted("there is no temporary folder for its files".into())),
        }
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

/// The janitor's whole life. It makes the folder itself, so that there is no moment when nobody would remove it. `false`
/// when something could not be removed.
pub fn janitor(also: &[PathBuf]) -> Result<bool> {
    let folder = tempfile::Builder::new().prefix("gatehouse-boxes-").tempdir();
    let folder = folder.could_not(|| "make a temporary folder".into())?.keep();
    // If nobody hears it, the pipe below has ended, too.
    drop(writeln!(io::stdout(), "{}", folder.display()));
    drop(io::copy(&mut io::stdin(), &mut io::sink()));
    let until = Instant::now() + REMOVE_FOR;
    let removed = iter::once(&folder).chain(also).map(|path| remove(path, until));
    Ok(removed.filter(|gone| !gone).count() == 0)
}

fn remove(path: &Path, until: Instant) -> bool {
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
}
