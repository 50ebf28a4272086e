//! One certificate for each address and each name of the box, made before it is needed and kept for ever; signed by the box's own authority
//! ([`authority`]) where that may vouch for it. One that the owner has installed ([`installed`]) comes before, for what it covers.
//!
//! A browser's "go on anyway" is for host *and* certificate: a new certificate would ask the person again, so one that exists
//! is never made anew, and none is shared, because a certificate that lists all addresses would change with each of them.
//!
//! ```text
//! <state-dir>/certificates/10.0.0.5.pem          the certificate, and the authority's behind it
//!                          10.0.0.5.key          its key, 0600
//!                          10.0.0.5.fingerprint  SHA-256 as AB:CD:…, for the console
//! ```

use std::{
    collections::HashMap,
    fmt, io,
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock},
};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256};
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::{
    self,
    crypto::ring::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};

pub mod authority;
mod files;
pub mod installed;

pub use authority::Authority;
use installed::Installed;

/// What a certificate is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    Address(IpAddr),
    /// A lower-case host name. Made by [`Subject::name`] only: it becomes part of a file's name.
    Name(String),
}

impl Subject {
    /// A host name (RFC 1123, 2.1), in lower case.
    pub fn name(text: &str) -> Option<Self> {
        let label = |l: &str| {
            let inside = l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            (1..=63).contains(&l.len()) && inside && !l.starts_with('-') && !l.ends_with('-')
        };
        let good = text.len() <= 200 && text.split('.').all(label) && text.parse::<IpAddr>().is_err();
        good.then(|| Self::Name(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(ip) => ip.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// A certificate with its key, ready for a handshake.
#[derive(Clone, Debug)]
pub struct Certificate {
    pub key: Arc<CertifiedKey>,
    /// `AB:CD:…`, 32 bytes.
    pub fingerprint: String,
}

/// The box's certificates.
#[derive(Debug)]
pub struct Certificates {
    folder: PathBuf,
    /// Held while one is made: two handshakes at once must not make two.
    ready: Mutex<HashMap<Subject, Certificate>>,
    authority: OnceLock<Option<Authority>>,
    installed: RwLock<Option<Arc<Installed>>>,
}

#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("no certificate can be made")]
    Make(#[source] rcgen::Error),
    #[error("the certificate cannot be read")]
    Read(#[source] io::Error),
    #[error("the certificate's file is not PEM")]
    Pem(#[source] rustls::pki_types::pem::Error),
    #[error("the certificate and its key cannot be used")]
    Use(#[source] rustls::Error),
}

impl Certificates {
    /// `folder` is made when it is not there.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, ready: Mutex::default(), authority: OnceLock::new(), installed: RwLock::default() }
    }

    /// SHA-256 of the certificate for `ip` as `AB:CD:…`, as browsers show it. Makes the certificate when there is none.
    pub fn fingerprint(&self, ip: IpAddr) -> Result<String, CertificateError> {
        Ok(self.served(&Subject::Address(ip.to_canonical()))?.fingerprint)
    }

    /// What a handshake as `subject` gets: the installed one where that covers it.
    pub fn served(&self, subject: &Subject) -> Result<Certificate, CertificateError> {
        match self.installed().filter(|installed| installed.covers(subject)) {
            Some(installed) => Ok(installed.certificate.clone()),
            None => self.get(subject),
        }
    }

    pub fn installed(&self) -> Option<Arc<Installed>> {
        self.installed.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From the next handshake on.
    pub fn install(&self, installed: Option<Installed>) {
        *self.installed.write().unwrap_or_else(PoisonError::into_inner) = installed.map(Arc::new);
    }

    /// The box's own authority, made when it is first asked for; `None` where none can be made.
    pub fn authority(&self) -> Option<&Authority> {
        let open = || {
            Authority::open(&self.folder)
                .inspect_err(|error| tracing::error!(error = error as &dyn std::error::Error, "no authority"))
                .ok()
        };
        self.authority.get_or_init(open).as_ref()
    }

    fn voucher(&self, subject: &Subject) -> Option<&Authority> {
        Authority::covers(subject).then(|| self.authority()).flatten()
    }

    /// The certificate for `subject`: from memory, from its files, or a new one.
    ///
    /// Where it cannot be saved it lives as long as this process: pages with a certificate that will change are better than
    /// none on a box whose disk is full.
    pub fn get(&self, subject: &Subject) -> Result<Certificate, CertificateError> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = ready.get(subject) {
            return Ok(found.clone());
        }
        let certificate = match self.load(subject) {
            Ok(Some(kept)) => kept,
            Ok(None) => self.make(subject)?,
            Err(error) => {
                tracing::warn!(%subject, error = &error as &dyn std::error::Error, "makes a new certificate");
                self.make(subject)?
            }
        };
        ready.insert(subject.clone(), certificate.clone());
        Ok(certificate)
    }

    fn load(&self, subject: &Subject) -> Result<Option<Certificate>, CertificateError> {
        let Some((certificate, key)) = files::read(&self.folder, subject).map_err(CertificateError::Read)? else {
            return Ok(None);
        };
        // one that another authority has signed is not for browsers that trust this one
        let by = CertificateDer::pem_slice_iter(&certificate).nth(1).transpose().map_err(CertificateError::Pem)?;
        if by.as_ref() != self.voucher(subject).map(|authority| &authority.der) {
            return Ok(None);
        }
        usable(&certificate, &key).map(Some)
    }

    fn make(&self, subject: &Subject) -> Result<Certificate, CertificateError> {
        let made = match self.voucher(subject) {
            Some(authority) => authority.sign(subject),
            None => sign_itself(subject),
        };
        let (pem, key) = made.map_err(CertificateError::Make)?;
        let certificate = usable(pem.as_bytes(), key.as_bytes())?;
        if let Err(error) = files::write(&self.folder, subject, &pem, &key, &certificate.fingerprint) {
            tracing::error!(%subject, %error, "a new certificate cannot be saved; browsers will ask again after a restart");
        }
        Ok(certificate)
    }
}

/// Certificate and key as PEM, where nobody can vouch for it.
fn sign_itself(subject: &Subject) -> Result<(String, String), rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    Ok((leaf(subject)?.self_signed(&key)?.pem(), key.serialize_pem()))
}

/// The dates are constants, because the box's clock may be wrong when it makes a certificate, and only the browser's clock
/// judges it. From 2018: Apple's systems refuse longer validity than 825 days in certificates from July 2019 on. Until 2049: the
/// last year that `UTCTime` can hold (RFC 5280, 4.1.2.5).
fn dates(params: &mut CertificateParams) {
    params.not_before = rcgen::date_time_ymd(2018, 1, 1);
    params.not_after = rcgen::date_time_ymd(2049, 12, 31);
}

fn leaf(subject: &Subject) -> Result<CertificateParams, rcgen::Error> {
    // The text of an address becomes an IP entry.
    let mut params = CertificateParams::new([subject.to_string()])?;
    params.distinguished_name.push(DnType::CommonName, format!("Gatehouse {subject}"));
    dates(&mut params);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn usable(certificate: &[u8], key: &[u8]) -> Result<Certificate, CertificateError> {
    let certificate = CertificateDer::from_pem_slice(certificate).map_err(CertificateError::Pem)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(CertificateError::Pem)?;
    let key = any_supported_type(&key).map_err(CertificateError::Use)?;
    let fingerprint = fingerprint(&certificate);
    let pair = CertifiedKey::new(vec![certificate], key);
    pair.keys_match().map_err(CertificateError::Use)?;
    Ok(Certificate { key: Arc::new(pair), fingerprint })
}

/// SHA-256 as browsers show it.
fn fingerprint(der: &[u8]) -> String {
    Sha256::digest(der).iter().map(|b| format!("{b:02X}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_the_folder_are_none() {
        for bad in ["", ".", "..", "a/b", "../a", "a..b", "a.", "-a", "a b", "a\0", "10.0.0.5", "::1"] {
            assert_eq!(Subject::name(bad), None, "{bad:?}");
        }
        assert_eq!(Subject::name("Box-1.local"), Some(Subject::Name("box-1.local".into())));
    }

    #[test]
    fn a_certificate_that_exists_is_never_made_anew() {
        let folder = tempfile::tempdir().expect("folder");
        let open = || Certificates::new(folder.path().join("certificates"));
        let ip = IpAddr::from([10, 0, 0, 5]);
        let first = open().fingerprint(ip).expect("made");
        assert_eq!(first.len(), 95);
        assert_eq!(open().fingerprint(ip).expect("kept"), first);
        assert_ne!(open().fingerprint([10, 0, 0, 6].into()).expect("made"), first);
        let told = std::fs::read_to_string(folder.path().join("certificates/10.0.0.5.fingerprint")).expect("told");
        assert_eq!(told.trim_end(), first);
    }

    #[test]
    fn a_torn_one_is_replaced_and_a_full_disk_is_survived() {
        let folder = tempfile::tempdir().expect("folder");
        let name = Subject::name("gatehouse.local").expect("name");
        let first = Certificates::new(folder.path().into()).get(&name).expect("made").fingerprint;
        std::fs::write(folder.path().join("gatehouse.local.pem"), "-----BEGIN").expect("torn");
        assert_ne!(Certificates::new(folder.path().into()).get(&name).expect("anew").fingerprint, first);

        let nowhere = Certificates::new(folder.path().join("gatehouse.local.pem/below"));
        let unsaved = nowhere.get(&name).expect("in memory").fingerprint;
        assert_eq!(nowhere.get(&name).expect("the same").fingerprint, unsaved);
    }
}
