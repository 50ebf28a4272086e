//! A certificate's files.

use std::{
    fmt::Display,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::Path,
};

use crate::disk;

/// Certificate and key, or `None` when one of the two is missing: the key is written first, so that a certificate always has one.
pub(super) fn read(folder: &Path, subject: &impl Display) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let file = |ending: &str| match fs::read(folder.join(format!("{subject}.{ending}"))) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    Ok(file("pem")?.zip(file("key")?))
}

pub(super) fn write(folder: &Path, subject: &impl Display, pem: &str, key: &str, fingerprint: &str) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let put = |ending: &str, mode, content: &str| {
        disk::write(&folder.join(format!("{subject}.{ending}")), content.as_bytes(), mode)
    };
    put("key", 0o600, key)?;
    put("fingerprint", 0o644, &format!("{fingerprint}\n"))?;
    put("pem", 0o644, pem)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{super::Subject, *};

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
