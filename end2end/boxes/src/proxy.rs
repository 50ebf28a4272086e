//! A site's proxy: Debian's tinyproxy, which wants a user and a password.

use crate::{
    daemon::Daemon,
    error::{Context, Result},
    ns::Ns,
};
use std::{io::Write, net::Ipv4Addr};
use tempfile::NamedTempFile;

/// Runs until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    _daemon: Daemon,
    _config: NamedTempFile,
}

impl Ns {
    /// On port 3128 of an address; `CONNECT` is for the ports 53 and 443, and for whoever says `user` and `password`.
    pub fn tinyproxy(&self, address: Ipv4Addr, user: &str, password: &str) -> Result<Proxy> {
        let what = || "write the proxy's configuration".to_owned();
        let mut config = NamedTempFile::new().could_not(what)?;
        let text = format!(
            "User nobody\nGroup nogroup\nListen {address}\nPort 3128\nTimeout 10\nMaxClients 20\n\
             BasicAuth {user} {password}\nConnectPort 53\nConnectPort 443\n"
        );
        config.write_all(text.as_bytes()).could_not(what)?;
        let path = config.path().to_string_lossy().into_owned();
        Ok(Proxy { _daemon: self.daemon(&["tinyproxy", "-d", "-c", &path])?, _config: config })
    }
}
