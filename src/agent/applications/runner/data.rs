//! The folder that is an application's own. It is its user's, and nobody else's who is not root.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
};

use domain::{application::ApplicationName, pair::link::digest};

/// Users of applications, as systemd's dynamic ones (61184 to 65519): each its own. systemd takes the owner of the folder where there is one.
const FIRST_USER: u32 = 61_184;
const USERS: u64 = 4_096;

pub fn user(name: &ApplicationName) -> u32 {
    FIRST_USER + u32::try_from(digest(name.as_str().as_bytes()) % USERS).unwrap_or(0)
}

/// `mode`: of a folder that is new.
///
/// # Errors
/// When it is not there and cannot be made.
pub fn make(folder: &Path, name: &ApplicationName, mode: u32) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    if fs::metadata(folder)?.uid() != 0 {
        return Ok(());
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(mode))?;
    chown(folder, Some(user(name)), Some(user(name)))
}
