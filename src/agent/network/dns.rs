//! The DNS file: ours alone, rendered whole, in the runtime folder. `/etc/resolv.conf` is a link to it on a box.

use std::{collections::BTreeMap, fmt::Write as _, fs, io, os::unix::fs::MetadataExt, path::Path};

use domain::{
    name::PortName,
    network::{
        nameserver::{Nameserver, Resolver},
        status::DnsStatus,
    },
};
use os::disk;

/// The kernel's names of the ports' interfaces: the resolver's file has those.
pub type Zones = BTreeMap<PortName, String>;

const RESOLV_CONF: &str = "/etc/resolv.conf";

/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, resolver: &Resolver, zones: &Zones) -> io::Result<()> {
    let mut text = String::from("# Written by Gatehouse; changes here are lost. See `gatehouse network show`.\n");
    for Nameserver { address, port } in &resolver.servers {
        let zone = port.as_ref().and_then(|port| zones.get(port)).map(|name| format!("%{name}")).unwrap_or_default();
        // writing to a String cannot fail
        let _ = writeln!(text, "nameserver {address}{zone}");
    }
    if !resolver.search.is_empty() {
        let domains = resolver.search.iter().map(ToString::to_string).collect::<Vec<_>>();
        let _ = writeln!(text, "search {}", domains.join(" "));
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

/// What our file says; `None` if it is missing or unreadable.
pub fn read(path: &Path, zones: &Zones) -> Option<Resolver> {
    let text = disk::read(path).ok()??;
    let server = |line: &str| {
        let (address, zone) = match line.split_once('%') {
            Some((address, name)) => (address, Some(zones.iter().find(|(_, its)| *its == name)?.0.clone())),
            None => (line, None),
        };
        Some(Nameserver { address: address.parse().ok()?, port: zone })
    };
    let domains = text.lines().filter_map(|l| l.strip_prefix("search ")).flat_map(str::split_whitespace);
    Some(Resolver {
        servers: text.lines().filter_map(|l| server(l.strip_prefix("nameserver ")?.trim())).collect(),
        search: domains.filter_map(|domain| domain.parse().ok()).collect(),
    })
}

/// Servers in force, and who else decides, if somebody does.
pub fn status(path: &Path, zones: &Zones) -> DnsStatus {
    let leads_to = fs::canonicalize(RESOLV_CONF).ok();
    let ours = fs::canonicalize(path).ok();
    let foreign = match (&leads_to, &ours) {
        (Some(target), Some(own)) if target == own => None,
        (Some(_), Some(own)) if is_bound_to(own) => None,
        (Some(target), _) => Some(target.display().to_string()),
        (None, _) => Some(RESOLV_CONF.to_owned()),
    };
    let Resolver { servers, search } = read(path, zones).unwrap_or_default();
    DnsStatus { servers, search, foreign }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let dir = tempfile::tempdir().expect("tempdir");
        let path = dir.path().join("resolv.conf");
        let zones = Zones::from([("lan1".parse().expect("port"), "enp1s0".to_owned())]);
        assert_eq!(read(&path, &zones), None);
        let servers = ["10.20.0.1", "2001:db8::53", "fe80::1%lan1"].map(|s| s.parse().expect("server")).into();
        let wanted = Resolver { servers, search: vec!["site.example".parse().expect("domain")] };
        write(&path, &wanted, &zones).expect("write");
        assert!(
            disk::read(&path)
                .expect("read")
                .expect("text")
                .ends_with("nameserver fe80::1%enp1s0\nsearch site.example\n")
        );
        assert_eq!(read(&path, &zones), Some(wanted));
        assert!(status(&path, &zones).foreign.is_some(), "this machine's resolv.conf is not a link to a test's file");
    }
}
