//! A certificate's files: written whole or not at all.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use super::Subject;

/// Certificate and key, or `None` when one of the two is missing: the key is written first, so that a certificate always has one.
pub(super) fn read(folder: &Path, subject: &Subject) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let file = |ending: &str| match fs::read(folder.join(format!("{subject}.{ending}"))) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    Ok(file("pem")?.zip(file("key")?))
}

pub(super) fn write(folder: &Path, subject: &Subject, pem: &str, key: &str, fingerprint: &str) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    put(folder, &format!("{subject}.key"), 0o600, key)?;
    put(folder, &format!("{subject}.fingerprint"), 0o644, &format!("{fingerprint}\n"))?;
    put(folder, &format!("{subject}.pem"), 0o644, pem)?;
    File::open(folder)?.sync_all()
}

/// Whoever reads `name` sees the old content or the new one.
fn put(folder: &Path, name: &str, mode: u32, content: &str) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_key_is_the_owners_only() {
        let folder = tempfile::tempdir().expect("folder");
        let inner = folder.path().join("certificates");
        let name = Subject::name("a.local").expect("name");
        write(&inner, &name, "pem", "key", "AB").expect("written");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&inner), mode(&inner.join("a.local.key"))), (0o700, 0o600));
        assert_eq!(read(&inner, &name).expect("read"), Some((b"pem".to_vec(), b"key".to_vec())));
        assert_eq!(fs::read_dir(&inner).expect("folder").count(), 3, "no drafts are left");
    }
}
