//! The DNS file: ours alone, rendered whole, in the runtime folder. `/etc/resolv.conf` is a link to it on a box.

use std::{fmt::Write as _, fs, io, net::Ipv4Addr, os::unix::fs::MetadataExt, path::Path};

use crate::{disk, domain::network::status::DnsStatus};

const RESOLV_CONF: &str = "/etc/resolv.conf";

/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, servers: &[Ipv4Addr]) -> io::Result<()> {
    let mut text = String::from("# Written by Gatehouse; changes here are lost. See `gatehouse network show`.\n");
    for server in servers {
        // writing to a String cannot fail
        let _ = writeln!(text, "nameserver {server}");
    }
    if is_bound_to(path) {
        return disk::write_in_place(path, text.as_bytes());
    }
    match disk::write(path, text.as_bytes(), 0o644) {
        // somebody mounted a file there
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => disk::write_in_place(path, text.as_bytes()),
        other => other,
    }
}

/// Whether `/etc/resolv.conf` is our file itself, by a bind mount: another file in its place would not be seen there.
fn is_bound_to(path: &Path) -> bool {
    let (Ok(theirs), Ok(ours)) = (fs::symlink_metadata(RESOLV_CONF), fs::metadata(path)) else { return false };
    theirs.is_file() && (theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino())
}

/// The servers in our file; `None` if it is missing or unreadable.
pub fn servers(path: &Path) -> Option<Vec<Ipv4Addr>> {
    let text = disk::read(path).ok()??;
    Some(text.lines().filter_map(|l| l.strip_prefix("nameserver ")?.trim().parse().ok()).collect())
}

/// Servers in force, and who else decides, if somebody does.
pub fn status(path: &Path) -> DnsStatus {
    let leads_to = fs::canonicalize(RESOLV_CONF).ok();
    let ours = fs::canonicalize(path).ok();
    let foreign = match (&leads_to, &ours) {
        (Some(target), Some(own)) if target == own => None,
        (Some(_), Some(own)) if is_bound_to(own) => None,
        (Some(target), _) => Some(target.display().to_string()),
        (None, _) => Some(RESOLV_CONF.to_owned()),
    };
    DnsStatus { servers: servers(path).unwrap_or_default(), foreign }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let dir = tempfile::tempdir().expect("tempdir");
        let path = dir.path().join("resolv.conf");
        assert_eq!(servers(&path), None);
        let wanted = [Ipv4Addr::new(10, 20, 0, 1), Ipv4Addr::new(223, 5, 5, 5)];
        write(&path, &wanted).expect("write");
        assert_eq!(servers(&path).as_deref(), Some(&wanted[..]));
        assert!(status(&path).foreign.is_some(), "this machine's resolv.conf is not a link to a test's file");
    }
}
