//! The library needs the program `boxes` for what must happen in a process with one thread: entering PID and mount
//! namespaces, being a box's first process, outliving a killed runner.

use crate::error::{Context, Error, Result};
use std::{env, path::PathBuf, process::Command};

/// A command of the program `boxes`: this one, or the one that cargo puts near a test program.
pub(crate) fn command(subcommand: &str) -> Result<Command> {
    let mut command = Command::new(path()?);
    command.arg(subcommand);
    Ok(command)
}

fn path() -> Result<PathBuf> {
    if let Some(named) = env::var_os("BOXES") {
        return Ok(named.into());
    }
    let this = env::current_exe().could_not(|| "find this program's file".into())?;
    if this.file_name().is_some_and(|name| name.to_string_lossy().trim_end_matches(" (deleted)") == "boxes") {
        return Ok("/proc/self/exe".into()); // also right when the file has been built anew meanwhile
    }
    // target/debug/deps/test-…, target/debug/examples/…, target/debug/…
    let beside = this.ancestors().skip(1).take(2).map(|folder| folder.join("boxes"));
    beside.into_iter().find(|file| file.is_file()).ok_or(Error::NoHelper(this))
}
