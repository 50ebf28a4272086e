//! A certificate of the owner's own, instead of the one that the box has signed itself: what is wrong with one that is offered, and what is
//! told of the one in use.

pub mod der;
pub mod x509;

use std::{fmt, net::Ipv4Addr};

use serde::{Deserialize, Serialize};

use super::{civil::Civil, secret::Secret, time::UnixSeconds};
use x509::{Facts, KeyKind, Name};

/// A leaf and those above it. Nobody's chain is longer, and each handshake sends all of it.
pub const MOST_CERTIFICATES: usize = 8;
/// Before it ends, people are told so long.
pub const WARN_BEFORE: u64 = 30 * 86_400;
const LEAST_RSA: usize = 2048;
/// What the box can sign with.
const MOST_RSA: usize = 4096;

/// `POST /v1/certificate/check`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Offered {
    /// PEM: the certificate, then those that vouch for it.
    pub chain: String,
    /// PEM, without a password.
    pub key: Secret,
}

/// What is wrong with what was offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum CertificateProblem {
    /// No `-----BEGIN CERTIFICATE-----`.
    NoCertificate,
    /// A request for a certificate, which nobody has signed yet.
    IsRequest,
    /// It has the frame of a certificate and no certificate in it.
    Unreadable,
    TooMany {
        most: usize,
    },
    NoKey,
    KeyEncrypted,
    /// Not a private key, or of a kind that this box cannot use.
    KeyUnreadable,
    KeyMismatch,
    /// A browser would refuse it.
    WeakKey {
        bits: usize,
    },
    WeakSignature,
    Expired {
        at: UnixSeconds,
    },
    NotYetValid {
        at: UnixSeconds,
    },
    /// One of the others does not vouch for the one before it.
    ChainOrder,
    /// It names no host and no address at all.
    NoNames,
}

/// For the command line and logs; pages translate.
impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |at: &UnixSeconds| Civil::of(*at, 0);
        match self {
            Self::NoCertificate => f.write_str("there is no certificate as PEM text in it"),
            Self::IsRequest => f.write_str("it is a request for a certificate, not a certificate"),
            Self::Unreadable => f.write_str("it is damaged"),
            Self::TooMany { most } => write!(f, "the chain has more than {most} certificates"),
            Self::NoKey => f.write_str("there is no private key as PEM text"),
            Self::KeyEncrypted => f.write_str("the private key is encrypted with a password"),
            Self::KeyUnreadable => f.write_str("the private key is damaged or of a kind that the box cannot use"),
            Self::KeyMismatch => f.write_str("the private key is of another certificate"),
            Self::WeakKey { bits } => write!(f, "a key of {bits} bits is too weak; 2048 are needed"),
            Self::WeakSignature => f.write_str("it is signed with SHA-1 or MD5, which browsers refuse"),
            Self::Expired { at } => write!(f, "it ended on {} UTC", day(at)),
            Self::NotYetValid { at } => write!(f, "it begins on {} UTC, by the box's clock not yet", day(at)),
            Self::ChainOrder => f.write_str("one certificate of the chain does not vouch for the one before it"),
            Self::NoNames => f.write_str("it names no host and no address"),
        }
    }
}

/// What is told of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateView {
    pub names: Vec<Name>,
    pub subject: String,
    pub issuer: String,
    pub not_before: UnixSeconds,
    pub not_after: UnixSeconds,
    /// SHA-256, `AB:CD:…`.
    pub fingerprint: String,
    /// How many certificates are in the chain.
    pub chain: usize,
}

/// What was checked, kept for a moment under a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    pub candidate: Secret,
    pub view: CertificateView,
    /// Names and addresses of this box that it does not cover.
    pub uncovered: Vec<String>,
}

/// `POST /v1/certificate/install`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstallRequest {
    /// [`Preview::candidate`].
    pub candidate: Secret,
}

/// `GET /v1/certificate/serving`: what web shakes hands with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serving {
    pub names: Vec<Name>,
    /// Of the first of the chain.
    pub fingerprint: String,
    /// PEM.
    pub chain: String,
    pub key: Secret,
}

/// `GET /v1/certificate`; part of the overview.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CertificateStatus {
    /// `None`: the box's own.
    pub installed: Option<CertificateView>,
    /// Why the saved one is not in use.
    pub trouble: Option<String>,
}

/// How an installed one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Good,
    /// It ends within this many days.
    Ending {
        days: u64,
    },
    Ended,
}

impl CertificateView {
    pub fn standing(&self, now: UnixSeconds) -> Standing {
        match self.not_after.0.checked_sub(now.0) {
            None | Some(0) => Standing::Ended,
            Some(left) if left < WARN_BEFORE => Standing::Ending { days: left.div_ceil(86_400) },
            Some(_) => Standing::Good,
        }
    }

    /// The names under which the pages are to answer: its own, and with a star that of this box.
    pub fn hosts(&self, host_name: &str) -> Vec<String> {
        let names = self.names.iter().filter_map(|name| match name {
            Name::Dns(name) => Some(match name.strip_prefix("*.") {
                Some(rest) => format!("{host_name}.{rest}"),
                None => name.clone(),
            }),
            Name::Address(_) => None,
        });
        names.collect()
    }
}

/// The rules for a chain that could be read; the first is the box's own.
///
/// # Errors
/// What a browser would refuse, and what would be useless.
pub fn judge(chain: &[Facts], now: UnixSeconds) -> Result<(), CertificateProblem> {
    let leaf = chain.first().ok_or(CertificateProblem::NoCertificate)?;
    for facts in chain {
        if let KeyKind::Rsa { bits } = facts.key
            && bits < LEAST_RSA
        {
            return Err(CertificateProblem::WeakKey { bits });
        }
    }
    match leaf.key {
        KeyKind::Rsa { bits } if bits <= MOST_RSA => {}
        KeyKind::P256 | KeyKind::P384 | KeyKind::Ed25519 => {}
        KeyKind::Rsa { .. } | KeyKind::Other => return Err(CertificateProblem::KeyUnreadable),
    }
    // who signed itself is trusted for what it is, not for how it was signed
    if chain.iter().any(|facts| facts.broken_signature && facts.subject_raw != facts.issuer_raw)
        || leaf.broken_signature
    {
        return Err(CertificateProblem::WeakSignature);
    }
    if chain.windows(2).any(|pair| pair[0].issuer_raw != pair[1].subject_raw) {
        return Err(CertificateProblem::ChainOrder);
    }
    if let Some(ended) = chain.iter().find(|facts| facts.not_after <= now) {
        return Err(CertificateProblem::Expired { at: ended.not_after });
    }
    if let Some(early) = chain.iter().find(|facts| facts.not_before > now) {
        return Err(CertificateProblem::NotYetValid { at: early.not_before });
    }
    if leaf.names.is_empty() {
        return Err(CertificateProblem::NoNames);
    }
    Ok(())
}

/// What of the box it does not cover.
pub fn uncovered(leaf: &Facts, host_name: &str, addresses: &[Ipv4Addr]) -> Vec<String> {
    let hosts = [format!("{host_name}.local")].into_iter().chain(addresses.iter().map(ToString::to_string));
    hosts.filter(|host| !leaf.covers(host)).collect()
}
