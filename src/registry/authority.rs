//! The registry's own authority: it vouches for boxes, for the registry's server, and signs what travels by hand.
//!
//! ```text
//! <state>/authority.key  its key, 0600
//!         authority.pem  its certificate, whose SHA-256 is in every code
//! ```
//! Whatever a signing request says of names is not looked at: the certificate's subject is the serial number that the registry has
//! judged, and nothing else is in it.

use std::{
    fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, SerialNumber, SigningKey,
};
use time::OffsetDateTime;

use domain::{
    activation::{base64url, validity::Validity},
    cluster::{names::Serial, problem::Problem, record::Issued},
    secret::Secret,
    time::UnixSeconds,
};
use os::disk;
use pki::request::Signed;

/// Of the authority itself: a registry outlives its machines.
const YEARS: i64 = 30;
const NAME: &str = "Gatehouse registry";
/// Key and certificate, in the state folder.
pub const FILES: [&str; 2] = ["authority.key", "authority.pem"];

#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    #[error("{path} cannot be used")]
    File { path: PathBuf, source: io::Error },
    #[error("there is no authority in {path}: run `gatehouse registry init` first")]
    None { path: PathBuf },
    #[error("there is an authority in {path} already")]
    There { path: PathBuf },
    #[error("the authority's key and certificate do not belong together")]
    Mismatch,
    #[error("no certificate can be made")]
    Make(#[from] rcgen::Error),
}

/// Cheap to share; never changes.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: Vec<u8>,
    pem: String,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authority({})", hex::encode(self.hash()))
    }
}

impl Authority {
    /// Makes one in an empty folder.
    ///
    /// # Errors
    /// When there is one, or it cannot be saved.
    pub fn make(folder: &Path) -> Result<Self, AuthorityError> {
        if Self::is_in(folder) {
            return Err(AuthorityError::There { path: folder.to_owned() });
        }
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let pem = params().self_signed(&key)?.pem();
        let made = Self::of(&Secret::new(key.serialize_pem()), pem)?;
        made.save(folder)?;
        Ok(made)
    }

    /// Whether a folder has one.
    pub fn is_in(folder: &Path) -> bool {
        files(folder).0.exists()
    }

    /// The key comes last: a certificate without one is of a start that was cut off, and nobody has seen it.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), AuthorityError> {
        let (key_file, certificate_file) = files(folder);
        let write = |path: &Path, text: &str, mode| {
            disk::write(path, text.as_bytes(), mode)
                .map_err(|source| AuthorityError::File { path: path.to_owned(), source })
        };
        write(&certificate_file, &self.pem, 0o644)?;
        write(&key_file, self.key().expose(), 0o600)
    }

    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(folder: &Path) -> Result<Self, AuthorityError> {
        let (key_file, certificate_file) = files(folder);
        let read = |path: &Path| match fs::read_to_string(path) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(AuthorityError::None { path: folder.to_owned() })
            }
            Err(source) => Err(AuthorityError::File { path: path.to_owned(), source }),
        };
        Self::of(&Secret::new(read(&key_file)?), read(&certificate_file)?)
    }

    /// Of a key and a certificate as PEM, as they are in a backup.
    ///
    /// # Errors
    /// When they cannot be read or do not belong together.
    pub fn of(key: &Secret, pem: String) -> Result<Self, AuthorityError> {
        let key = KeyPair::from_pem(key.expose())?;
        let der = der_of(&pem).ok_or(AuthorityError::Mismatch)?;
        let public = pki::certificate::authority_key(&der).ok_or(AuthorityError::Mismatch)?;
        if public.der_bytes() != key.der_bytes() {
            return Err(AuthorityError::Mismatch);
        }
        Ok(Self { issuer: Issuer::new(params(), key), der, pem })
    }

    /// SHA-256 of its certificate: what codes carry.
    pub fn hash(&self) -> [u8; 32] {
        pki::digest(&self.der)
    }

    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// PEM, for files and backups.
    pub fn key(&self) -> Secret {
        Secret::new(self.issuer.key().serialize_pem())
    }

    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for the box that has proven its key.
    ///
    /// # Errors
    /// Only when the kernel gives no random bytes.
    pub fn issue(&self, request: &Signed, serial: &Serial, validity: Validity) -> Result<Issued, Problem> {
        let number = number().map_err(|_| Problem::Internal)?;
        let mut params = leaf(serial.as_str(), validity, &number);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let made = params.signed_by(&request.key, &self.issuer).map_err(|error| {
            tracing::error!(%error, "no certificate can be made");
            Problem::Internal
        })?;
        Ok(Issued { der: base64url::encode(made.der()), number: hex::encode(number), validity })
    }

    /// A certificate and key for the registry's own server, as DER and PEM.
    ///
    /// # Errors
    /// When none can be made.
    pub fn server(&self, names: &[String], validity: Validity) -> Result<(Vec<u8>, Secret), AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let number = number().map_err(|_| rcgen::Error::RingUnspecified)?;
        let mut params = leaf(NAME, validity, &number);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        for name in names {
            params.subject_alt_names.push(match name.parse::<IpAddr>() {
                Ok(address) => rcgen::SanType::IpAddress(address),
                Err(_) => rcgen::SanType::DnsName(name.as_str().try_into()?),
            });
        }
        let made = params.signed_by(&key, &self.issuer)?;
        Ok((made.der().to_vec(), Secret::new(key.serialize_pem())))
    }

    /// ECDSA with SHA-256, in ASN.1.
    ///
    /// # Errors
    /// Only when the kernel gives no random bytes.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Problem> {
        self.issuer.key().sign(message).map_err(|_| Problem::Internal)
    }
}

fn files(folder: &Path) -> (PathBuf, PathBuf) {
    let [key, certificate] = FILES;
    (folder.join(key), folder.join(certificate))
}

fn der_of(pem: &str) -> Option<Vec<u8>> {
    use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};
    CertificateDer::from_pem_slice(pem.as_bytes()).ok().map(|der| der.to_vec())
}

/// The same whenever it is asked for, so that what is signed names its issuer rightly.
fn params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    // from the beginning: a machine whose clock is set right later keeps a good authority
    params.not_before = OffsetDateTime::UNIX_EPOCH + time::Duration::days(365 * 50);
    params.not_after = params.not_before + time::Duration::days(365 * (YEARS + 50));
    params
}

fn leaf(name: &str, validity: Validity, number: &[u8]) -> CertificateParams {
    let at = |moment: UnixSeconds| {
        let seconds = i64::try_from(moment.0).unwrap_or(i64::MAX);
        OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    };
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    params.serial_number = Some(SerialNumber::from_slice(number));
    params.not_before = at(validity.not_before);
    params.not_after = at(validity.not_after);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// 127 random bits: positive, and never the same twice.
fn number() -> Result<[u8; 16], getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(bytes)
}
