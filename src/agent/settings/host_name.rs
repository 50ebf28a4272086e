//! The host name's effects: the kernel, `/etc/hostname` and `/etc/hosts`.

use std::{io, path::Path};

use crate::bus::{Bus, Peer};
use domain::settings::files;
use os::disk;

const HOSTNAMED: Peer<'_> = Peer {
    service: "org.freedesktop.hostname1",
    path: "/org/freedesktop/hostname1",
    interface: "org.freedesktop.hostname1",
};

/// By systemd-hostnamed where it is, which tells others; else by ourselves.
///
/// # Errors
/// When the kernel does not take it. What cannot be written is logged: it is written anew at the next start.
pub async fn apply(bus: &Bus, text: &str) -> io::Result<()> {
    match bus.call::<_, ()>(HOSTNAMED, "SetStaticHostname", &(text, false)).await {
        Ok(()) => tracing::info!(name = text, "host name set by systemd-hostnamed"),
        Err(error) => {
            if !error.is_absence() {
                tracing::warn!(error = &error as &dyn std::error::Error, "host name");
            }
            write(Path::new("/etc/hostname"), &format!("{text}\n"));
        }
    }
    // a transient name that DHCP or somebody else has set hides the static one
    if rustix::system::uname().nodename().to_bytes() != text.as_bytes() {
        rustix::system::sethostname(text.as_bytes())?;
    }
    let hosts = Path::new("/etc/hosts");
    match disk::read(hosts) {
        Ok(old) => write(hosts, &files::hosts(&old.unwrap_or_default(), text)),
        Err(error) => tracing::warn!(%error, "/etc/hosts"),
    }
    Ok(())
}

fn write(path: &Path, text: &str) {
    if disk::read(path).ok().flatten().as_deref() == Some(text) {
        return;
    }
    let written = match disk::write(path, text.as_bytes(), 0o644) {
        // the unit lets this process write the file and not its folder
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => disk::write_in_place(path, text.as_bytes()),
        other => other,
    };
    if let Err(error) = written {
        tracing::warn!(path = %path.display(), %error, "cannot be written");
    }
}
