//! Files that are whole or not there: written beside, fsynced, renamed, and the folder fsynced.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use serde::{Serialize, de::DeserializeOwned};

/// Longer files are refused: nothing we write comes near.
const MOST: u64 = 1 << 20;
pub(crate) const NOFOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();

/// Replaces `path` by `bytes`, atomically and durably.
///
/// # Errors
/// The file keeps its old content on any error.
pub fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(".new");
    let beside = folder.join(name);
    // one that a crash left may belong to anybody or be a link: never write through it
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let result = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
        file.write_all(bytes)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        File::open(folder)?.sync_all()
    })();
    if result.is_err() {
        // the error at hand matters more than one of cleaning up
        let _ = fs::remove_file(&beside);
    }
    result
}

/// Overwrites a file that nothing can be renamed over. A crash in the middle leaves a part: only for what is written anew at each
/// start.
///
/// # Errors
/// Those of the file.
pub fn write_in_place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).truncate(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Adds to a file durably, or makes it, for its owner only. It is opened anew each time and through no link: whoever puts another file in
/// its place gets neither its lines nor ours into theirs.
///
/// # Errors
/// When it is no regular file with one name, or cannot be written.
pub fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = !fs::exists(path)?;
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(NOFOLLOW).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() || found.nlink() != 1 {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is a link"));
    }
    file.write_all(bytes)?;
    file.sync_data()?;
    if fresh { File::open(path.parent().ok_or(io::ErrorKind::InvalidInput)?)?.sync_all() } else { Ok(()) }
}

/// Removes `path` durably; a file that is not there is no error.
///
/// # Errors
/// When it cannot be removed or the folder not synced.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    }
    File::open(path.parent().ok_or(io::ErrorKind::InvalidInput)?)?.sync_all()
}

/// Reads a file of text; `None` if there is none.
///
/// # Errors
/// When it cannot be read, is no UTF-8, or is longer than 1 MiB.
pub fn read(path: &Path) -> io::Result<Option<String>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let mut text = String::new();
    file.take(MOST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than 1 MiB"));
    }
    Ok(Some(text))
}

/// Writes a value as JSON.
///
/// # Errors
/// As [`write`].
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    write(path, &serde_json::to_vec(value)?, 0o600)
}

/// Reads a value from JSON; `None` if there is no file.
///
/// # Errors
/// When it cannot be read or understood.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    read(path)?.map(|text| serde_json::from_str(&text).map_err(io::Error::from)).transpose()
}

/// A folder that only its owner enters.
///
/// # Errors
/// When it cannot be made.
pub fn make_private_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// A folder in which others find a socket.
///
/// # Errors
/// When it cannot be made.
pub fn make_shared_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o755).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_keeps_the_old_content() {
        let dir = tempfile::tempdir().expect("tempdir");
        let path = dir.path().join("spec");
        write(&path, b"old", 0o600).expect("write");
        // a folder with the temporary name cannot be removed as a file
        fs::create_dir(dir.path().join("spec.new")).expect("dir");
        assert!(write(&path, b"new", 0o600).is_err());
        assert_eq!(read(&path).expect("read").as_deref(), Some("old"));
    }

    #[test]
    fn a_link_in_place_of_a_file_that_grows_is_not_followed() {
        let dir = tempfile::tempdir().expect("tempdir");
        let (path, victim) = (dir.path().join("log"), dir.path().join("victim"));
        append(&path, b"one\n").expect("append");
        append(&path, b"two\n").expect("append");
        assert_eq!(read(&path).expect("read").as_deref(), Some("one\ntwo\n"));
        assert_eq!(fs::metadata(&path).expect("made").permissions().mode() & 0o777, 0o600);

        fs::write(&victim, "precious").expect("write");
        for link in [std::os::unix::fs::symlink::<&Path, &Path>, fs::hard_link::<&Path, &Path>] {
            fs::remove_file(&path).expect("remove");
            link(&victim, &path).expect("link");
            assert!(append(&path, b"three\n").is_err());
            assert_eq!(fs::read_to_string(&victim).expect("read"), "precious");
        }
    }

    #[test]
    fn a_link_with_the_temporary_name_is_not_followed() {
        let dir = tempfile::tempdir().expect("tempdir");
        let victim = dir.path().join("victim");
        fs::write(&victim, "precious").expect("write");
        std::os::unix::fs::symlink(&victim, dir.path().join("spec.new")).expect("link");
        write(&dir.path().join("spec"), b"new", 0o600).expect("write");
        assert_eq!(fs::read_to_string(&victim).expect("read"), "precious");
    }
}
