//! Numbers and names of the mobile network, checked once, at the edge.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// Of any that is not what it should be. It does not repeat what was typed: that may be a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not {0}")]
pub struct NotThat(&'static str);

/// Text types that are read by `FromStr`, written by `Display`, and are strings in JSON and TOML.
macro_rules! text {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = NotThat;

            fn try_from(text: String) -> Result<Self, NotThat> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

/// A SIM's own number: 18 to 22 digits (ITU-T E.118). Some operators' have letters among them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Iccid(String);
text!(Iccid);

impl FromStr for Iccid {
    type Err = NotThat;

    fn from_str(text: &str) -> Result<Self, NotThat> {
        // the last digit may be a filler
        let text = text.trim_end_matches(['F', 'f']);
        let fits = (18..=22).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
        if fits { Ok(Self(text.to_ascii_uppercase())) } else { Err(NotThat("a SIM's number")) }
    }
}

/// An operator's number, country and network: `46000` (ITU-T E.212). Five digits, or six in some countries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Plmn(String);
text!(Plmn);

impl FromStr for Plmn {
    type Err = NotThat;

    fn from_str(text: &str) -> Result<Self, NotThat> {
        let fits = (5..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if fits { Ok(Self(text.to_owned())) } else { Err(NotThat("an operator's number")) }
    }
}

impl Plmn {
    pub fn country(&self) -> &str {
        &self.0[..3]
    }

    pub fn network(&self) -> &str {
        &self.0[3..]
    }
}

/// The name of a way out of the mobile network (3GPP TS 23.003, section 9.1): labels of letters, digits and hyphens with dots between.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Apn(String);
text!(Apn);

/// Octets of the coded name: the network identifier has 63 with a length before each label.
const LONGEST_APN: usize = 62;

impl FromStr for Apn {
    type Err = NotThat;

    fn from_str(text: &str) -> Result<Self, NotThat> {
        let label = |label: &str| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let lower = text.to_ascii_lowercase();
        // what begins and ends so is kept for the network's own use
        let reserved =
            ["rac", "lac", "sgsn", "rnc"].iter().any(|start| lower.starts_with(start) && is_node(&lower, start))
                || lower.rsplit('.').next() == Some("gprs");
        if text.len() <= LONGEST_APN && text.split('.').all(label) && !reserved {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotThat("an APN"))
        }
    }
}

/// `rac12`, `lac1a`: the names of nodes are a prefix and a number; `lacrosse.example` is no node.
fn is_node(apn: &str, start: &str) -> bool {
    let first = apn.split('.').next().unwrap_or_default();
    first[start.len()..].bytes().all(|b| b.is_ascii_hexdigit())
}

/// A SIM's PIN: 4 to 8 digits (3GPP TS 31.101, section 9.5.1). Anything else would only cost a try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Secret", into = "Secret")]
pub struct Pin(Secret);

/// A SIM's PUK: 8 digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Secret", into = "Secret")]
pub struct Puk(Secret);

fn digits(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

impl TryFrom<Secret> for Pin {
    type Error = NotThat;

    fn try_from(secret: Secret) -> Result<Self, NotThat> {
        if digits(secret.expose(), 4..=8) { Ok(Self(secret)) } else { Err(NotThat("a PIN of 4 to 8 digits")) }
    }
}

impl TryFrom<Secret> for Puk {
    type Error = NotThat;

    fn try_from(secret: Secret) -> Result<Self, NotThat> {
        if digits(secret.expose(), 8..=8) { Ok(Self(secret)) } else { Err(NotThat("a PUK of 8 digits")) }
    }
}

impl From<Pin> for Secret {
    fn from(pin: Pin) -> Self {
        pin.0
    }
}

impl From<Puk> for Secret {
    fn from(puk: Puk) -> Self {
        puk.0
    }
}

impl Pin {
    /// The digits. Each call is a place to look at in a review.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl Puk {
    /// The digits, as [`Pin::expose`].
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}
