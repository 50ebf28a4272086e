//! Files that are written whole or not at all.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Whoever reads `name` sees the old content or the new one.
pub(super) fn put(folder: &Path, name: &str, mode: u32, content: &str) -> io::Result<()> {
    let draft = folder.join(format!(".{name}.new"));
    // Left over from a power cut, or it is not there.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, folder.join(name))
}
