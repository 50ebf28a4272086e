//! What a certificate says of itself (RFC 5280). Nothing here vouches for it: whether a browser trusts it, browsers decide.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::der::{BITS, BOOLEAN, Element, GENERALIZED_TIME, INTEGER, OCTETS, OID, Reader, SEQUENCE, SET, UTC_TIME};
use crate::{civil::Civil, time::UnixSeconds};

const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 29, 17];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 29, 19];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const P384: &[u8] = &[0x2b, 0x81, 4, 0, 0x22];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
/// MD5 and SHA-1 with RSA, SHA-1 with ECDSA: no browser takes them.
const BROKEN: [&[u8]; 3] = [
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5],
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1],
];
/// Names beyond are not read.
const MOST_NAMES: usize = 100;
/// Characters of a name that is only shown.
const LONGEST: usize = 64;

/// Whom it is for, from whom, how long, and with what key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub names: Vec<Name>,
    /// The common name, or the organization; only to be shown.
    pub subject: String,
    pub issuer: String,
    /// As they stand in it, to be compared.
    pub subject_raw: Vec<u8>,
    pub issuer_raw: Vec<u8>,
    pub not_before: UnixSeconds,
    pub not_after: UnixSeconds,
    pub key: KeyKind,
    /// Signed with what no browser takes any more.
    pub broken_signature: bool,
    pub authority: bool,
}

/// Whom a certificate is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Name {
    /// In lower case; may begin with `*.`.
    Dns(String),
    Address(IpAddr),
}

impl Name {
    /// Whether it covers a host's name (RFC 6125: a star is one label).
    pub fn covers_name(&self, host: &str) -> bool {
        let Self::Dns(name) = self else { return false };
        match name.strip_prefix("*.") {
            Some(rest) => {
                host.split_once('.').is_some_and(|(label, after)| !label.is_empty() && after.eq_ignore_ascii_case(rest))
            }
            None => name.eq_ignore_ascii_case(host),
        }
    }

    pub fn covers_address(&self, address: IpAddr) -> bool {
        *self == Self::Address(address)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dns(name) => name.fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Rsa { bits: usize },
    P256,
    P384,
    Ed25519,
    Other,
}

impl Facts {
    /// Reads a certificate as DER; `None` where it is none.
    pub fn read(der: &[u8]) -> Option<Self> {
        let mut all = Reader::new(der);
        let mut outer = all.take(SEQUENCE)?.inside();
        if !all.is_empty() {
            return None;
        }
        let mut tbs = outer.take(SEQUENCE)?.inside();
        tbs.option(0xa0);
        tbs.take(INTEGER)?;
        let signature = tbs.take(SEQUENCE)?.inside().take(OID)?;
        let issuer = tbs.take(SEQUENCE)?;
        let mut validity = tbs.take(SEQUENCE)?.inside();
        let (not_before, not_after) = (time(validity.read()?)?, time(validity.read()?)?);
        let subject = tbs.take(SEQUENCE)?;
        let key = key(tbs.take(SEQUENCE)?)?;
        tbs.option(0x81);
        tbs.option(0x82);
        let mut facts = Self {
            names: Vec::new(),
            subject: shown(subject),
            issuer: shown(issuer),
            subject_raw: subject.whole.to_vec(),
            issuer_raw: issuer.whole.to_vec(),
            not_before,
            not_after,
            key,
            broken_signature: BROKEN.contains(&signature.body),
            authority: false,
        };
        if let Some(extensions) = tbs.option(0xa3) {
            let mut extensions = extensions.inside().take(SEQUENCE)?.inside();
            while !extensions.is_empty() {
                facts.extension(extensions.take(SEQUENCE)?)?;
            }
        }
        outer.take(SEQUENCE)?;
        outer.take(BITS)?;
        (outer.is_empty() && tbs.is_empty()).then_some(facts)
    }

    fn extension(&mut self, extension: Element<'_>) -> Option<()> {
        let mut parts = extension.inside();
        let id = parts.take(OID)?;
        parts.option(BOOLEAN);
        let value = parts.take(OCTETS)?;
        match id.body {
            ALTERNATIVE_NAMES => self.names = names(value.inside().take(SEQUENCE)?.inside())?,
            BASIC_CONSTRAINTS => {
                let mut inside = value.inside().take(SEQUENCE)?.inside();
                self.authority = inside.option(BOOLEAN).is_some_and(|is| is.body != [0]);
            }
            _ => {}
        }
        Some(())
    }

    /// Whether it is for this host or address.
    pub fn covers(&self, host: &str) -> bool {
        match host.parse::<IpAddr>() {
            Ok(address) => self.names.iter().any(|name| name.covers_address(address)),
            Err(_) => self.names.iter().any(|name| name.covers_name(host)),
        }
    }
}

fn names(mut list: Reader<'_>) -> Option<Vec<Name>> {
    let mut names = Vec::new();
    while !list.is_empty() {
        let entry = list.read()?;
        let name = match (entry.tag, entry.body) {
            (0x82, text) => dns_name(text).map(Name::Dns),
            (0x87, &[a, b, c, d]) => Some(Name::Address(Ipv4Addr::new(a, b, c, d).into())),
            (0x87, body) => <[u8; 16]>::try_from(body).ok().map(|bytes| Name::Address(Ipv6Addr::from(bytes).into())),
            _ => None,
        };
        if names.len() < MOST_NAMES {
            names.extend(name);
        }
    }
    Some(names)
}

/// What is no name of a host is none: it becomes part of pages and is compared with what browsers ask for.
fn dns_name(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?.to_ascii_lowercase();
    let host = text.strip_prefix("*.").unwrap_or(&text);
    let label = |label: &str| {
        let inside = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (1..=63).contains(&label.len()) && inside && !label.starts_with('-') && !label.ends_with('-')
    };
    let good = text.len() <= 253 && host.split('.').all(label) && host.parse::<IpAddr>().is_err();
    good.then_some(text)
}

fn key(info: Element<'_>) -> Option<KeyKind> {
    let mut info = info.inside();
    let mut algorithm = info.take(SEQUENCE)?.inside();
    let id = algorithm.take(OID)?;
    let bits = info.take(BITS)?.bits()?;
    Some(match id.body {
        RSA => {
            let modulus = Reader::new(bits).take(SEQUENCE)?.inside().take(INTEGER)?;
            KeyKind::Rsa { bits: modulus.bit_length() }
        }
        EC => match algorithm.read().map(|curve| curve.body) {
            Some(P256) => KeyKind::P256,
            Some(P384) => KeyKind::P384,
            _ => KeyKind::Other,
        },
        ED25519 => KeyKind::Ed25519,
        _ => KeyKind::Other,
    })
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`, as RFC 5280 has them.
fn time(element: Element<'_>) -> Option<UnixSeconds> {
    let text = std::str::from_utf8(element.body).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let text = match (element.tag, text.len()) {
        // 1950 to 2049
        (UTC_TIME, 12) if text < "50" => format!("20{text}"),
        (UTC_TIME, 12) => format!("19{text}"),
        (GENERALIZED_TIME, 14) => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize| text.get(from..from + 2);
    let year = text.get(..4)?;
    // as good as 1970: whoever began so long ago has begun
    let year = if year < "1970" { "1970" } else { year };
    let moment = format!("{year}-{}-{}T{}:{}:{}", part(4)?, part(6)?, part(8)?, part(10)?, part(12)?);
    let seconds = moment.parse::<Civil>().ok()?.as_utc();
    Some(UnixSeconds(u64::try_from(seconds).unwrap_or(0)))
}

/// The common name of a name, or its organization. It is only shown: what could play tricks with a reader is left out.
fn shown(name: Element<'_>) -> String {
    let mut found = [String::new(), String::new()];
    let mut sets = name.inside();
    while let Some(set) = sets.take(SET) {
        let mut attributes = set.inside();
        while let Some(attribute) = attributes.take(SEQUENCE) {
            let mut parts = attribute.inside();
            let (Some(id), Some(value)) = (parts.take(OID), parts.read()) else { continue };
            let place = match id.body {
                COMMON_NAME => 0,
                ORGANIZATION => 1,
                _ => continue,
            };
            let text = String::from_utf8_lossy(value.body);
            found[place] = text.chars().filter(|c| plain(*c)).take(LONGEST).collect();
        }
    }
    found.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

/// No control characters, and none that turn the direction of the line or cannot be seen.
fn plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffd}')
}
