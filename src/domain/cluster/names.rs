//! Names in the registry. They become parts of its keys, so none has a slash, and all are checked once, at the edge.

use std::{borrow::Borrow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Not a name; says what one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {rule}")]
pub struct BadName {
    pub what: &'static str,
    pub rule: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $good:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadName;

            fn from_str(text: &str) -> Result<Self, BadName> {
                let good: fn(&str) -> bool = $good;
                if good(text) { Ok(Self(text.to_owned())) } else { Err(BadName { what: $what, rule: $rule }) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;

            fn try_from(text: String) -> Result<Self, BadName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.' | b'@'))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// For what people write: no control characters, no direction marks that let it look like something else, no slash.
fn shown(text: &str) -> bool {
    let deceives = |c: char| matches!(c, '/' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    (1..=64).contains(&text.chars().count())
        && text.trim() == text
        && !text.chars().any(|c| c.is_control() || deceives(c))
}

name!(
    /// A box, as its maker numbered it.
    Serial, "a serial number", "1 to 64 letters, digits and . _ : -",
    |t| (1..=64).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-'))
);
name!(
    /// A kind of box.
    ModelName, "a model", "1 to 64 characters without slash", shown
);
name!(
    /// A name that people gave: of a cluster, an account, a site.
    Label, "a name", "1 to 64 characters without slash", shown
);
name!(
    /// Who owns boxes.
    AccountId, "an account", "1 to 64 lower-case letters, digits and - _ . @, beginning with a letter or digit", id
);
name!(
    /// Who signs in.
    UserName, "a user", "1 to 64 lower-case letters, digits and - _ . @, beginning with a letter or digit", id
);
name!(
    /// A cluster, whatever it is called.
    ClusterId, "a cluster's id", "1 to 64 lower-case letters, digits and - _ . @, beginning with a letter or digit", id
);
name!(
    /// Two boxes that protect each other.
    PairId, "a pair's id", "1 to 64 lower-case letters, digits and - _ . @, beginning with a letter or digit", id
);
name!(
    /// An activation code, without its secret.
    TokenId, "a code's id", "1 to 64 lower-case letters, digits and - _ . @, beginning with a letter or digit", id
);
name!(
    /// One request, however often it is sent.
    RequestId, "a request's id", "1 to 64 lower-case letters, digits and - _ . @, beginning with a letter or digit", id
);
