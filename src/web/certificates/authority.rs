//! The box's own authority: whoever has a browser trust it is warned no more, at any address of the box.
//!
//! Its key is made at the first start and stays on this box. It can vouch for nothing but what a box is reached by, private addresses and
//! names under `.local` (RFC 5280, 4.2.1.10): who trusts the authority of a box trusts it with no page of the world.
//!
//! ```text
//! <folder>/_authority.key  its key, 0600
//!          _authority.pem  its certificate
//! ```

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr},
    path::Path,
};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, PKCS_ECDSA_P256_SHA256, PublicKeyData,
};
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};

use super::{CertificateError, Subject, files, fingerprint, leaf};

/// No name of a [`Subject`] begins so.
const NAME: &str = "_authority";
/// Where a site's addresses are (RFC 1918, 3927, 6598).
const PRIVATE: [(Ipv4Addr, u8); 5] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
];
const LOCAL: &str = "local";

#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate.
    pub pem: String,
    pub der: CertificateDer<'static>,
    /// SHA-256 as `AB:CD:…`.
    pub fingerprint: String,
    /// What a browser's list of authorities shows.
    pub name: String,
}

impl Authority {
    /// The one of the folder, or a new one. Where that cannot be saved it lives as long as this process.
    ///
    /// # Errors
    /// Where none can be made.
    pub(super) fn open(folder: &Path) -> Result<Self, CertificateError> {
        match Self::load(folder) {
            Ok(Some(kept)) => return Ok(kept),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "makes a new authority");
            }
        }
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(CertificateError::Make)?;
        let pem = params(&key).self_signed(&key).map_err(CertificateError::Make)?.pem();
        let secret = key.serialize_pem();
        let new = Self::of(key, pem)?;
        if let Err(error) = files::write(folder, &NAME, &new.pem, &secret, &new.fingerprint) {
            tracing::error!(%error, "a new authority cannot be saved; browsers that trust it will not after a restart");
        }
        Ok(new)
    }

    fn load(folder: &Path) -> Result<Option<Self>, CertificateError> {
        let Some((pem, key)) = files::read(folder, &NAME).map_err(CertificateError::Read)? else { return Ok(None) };
        let text = |bytes| {
            String::from_utf8(bytes).map_err(|e| CertificateError::Read(io::Error::new(io::ErrorKind::InvalidData, e)))
        };
        let key = KeyPair::from_pem(&text(key)?).map_err(CertificateError::Make)?;
        Self::of(key, text(pem)?).map(Some)
    }

    fn of(key: KeyPair, pem: String) -> Result<Self, CertificateError> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(CertificateError::Pem)?.into_owned();
        // a certificate of another key would vouch for nothing
        if !der.windows(key.der_bytes().len()).any(|part| part == key.der_bytes()) {
            let other = io::Error::new(io::ErrorKind::InvalidData, "the authority's key is another one's");
            return Err(CertificateError::Read(other));
        }
        let (name, fingerprint) = (name(&key), fingerprint(&der));
        let params = params(&key);
        Ok(Self { issuer: Issuer::new(params, key), pem, der, fingerprint, name })
    }

    /// Whether it can vouch for it. What it cannot has a certificate that is signed by itself.
    pub(super) fn covers(subject: &Subject) -> bool {
        match subject {
            Subject::Address(IpAddr::V4(address)) => {
                let bits = |address: Ipv4Addr| u32::from(address);
                PRIVATE.iter().any(|(net, prefix)| (bits(*address) ^ bits(*net)) >> (32 - prefix) == 0)
            }
            Subject::Address(IpAddr::V6(_)) => false,
            Subject::Name(name) => name.rsplit('.').next() == Some(LOCAL) && name.contains('.'),
        }
    }

    /// Certificate, this authority's behind it, and key as PEM.
    pub(super) fn sign(&self, subject: &Subject) -> Result<(String, String), rcgen::Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let signed = leaf(subject)?.signed_by(&key, &self.issuer)?;
        Ok((format!("{}{}", signed.pem(), self.pem), key.serialize_pem()))
    }
}

/// The certificate of the folder's authority as PEM, for the command line; `None` where the web service has made none yet.
///
/// # Errors
/// When it cannot be read.
pub fn read(folder: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(folder.join(format!("{NAME}.pem"))) {
        Ok(pem) => Ok(Some(pem)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Eight digits of the key, so that two boxes can be told apart in a browser's list.
fn name(key: &KeyPair) -> String {
    let digest = Sha256::digest(key.der_bytes());
    format!("Gatehouse box {:02X}{:02X}-{:02X}{:02X}", digest[0], digest[1], digest[2], digest[3])
}

fn params(key: &KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name(key));
    super::dates(&mut params);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let addresses =
        PRIVATE.map(|(net, prefix)| GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(net.octets(), prefix)));
    let names = [GeneralSubtree::DnsName(LOCAL.to_owned())];
    let permitted_subtrees = names.into_iter().chain(addresses).collect();
    params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    params
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn authority() -> (tempfile::TempDir, Authority) {
        let folder = tempfile::tempdir().expect("folder");
        let authority = Authority::open(folder.path()).expect("authority");
        (folder, authority)
    }

    #[test]
    fn each_box_has_its_own_and_keeps_it_for_itself() {
        let (folder, first) = authority();
        assert_eq!(Authority::open(folder.path()).expect("kept").fingerprint, first.fingerprint);
        let mode = fs::metadata(folder.path().join("_authority.key")).expect("key").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let (_other, second) = authority();
        assert_ne!(second.fingerprint, first.fingerprint);
        assert_ne!(second.name, first.name);
        assert_eq!(read(folder.path()).expect("read").as_deref(), Some(first.pem.as_str()));
    }

    #[test]
    fn a_torn_one_or_one_of_another_key_is_replaced() {
        let (folder, first) = authority();
        let (other, _) = authority();
        fs::copy(other.path().join("_authority.key"), folder.path().join("_authority.key")).expect("copy");
        let second = Authority::open(folder.path()).expect("anew");
        assert_ne!(second.fingerprint, first.fingerprint);
        fs::write(folder.path().join("_authority.pem"), "-----BEGIN").expect("torn");
        assert_ne!(Authority::open(folder.path()).expect("anew").fingerprint, second.fingerprint);
    }

    #[test]
    fn it_vouches_for_private_addresses_and_local_names_only() {
        let covers = |text: &str| match text.parse() {
            Ok(address) => Authority::covers(&Subject::Address(address)),
            Err(_) => Authority::covers(&Subject::name(text).expect("name")),
        };
        for inside in ["10.20.0.15", "192.168.100.198", "172.31.255.255", "169.254.1.1", "100.64.0.1", "box-a1.local"] {
            assert!(covers(inside), "{inside}");
        }
        for outside in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "::1", "box-a1", "local", "example.com", "notlocal"] {
            assert!(!covers(outside), "{outside}");
        }
    }
}
