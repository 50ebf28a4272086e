//! Text that must not reach a log.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

/// A password, token or key: `Debug` prints `[secret]`, and nothing prints it by accident.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Each call is a place to look at in a review.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Reads a secret from a file that a person wrote. What stands there instead of a text is not told: it may be the secret, without its
/// quotation marks.
///
/// # Errors
/// When it is no text.
pub fn hidden<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
    struct Hidden;

    impl de::Visitor<'_> for Hidden {
        type Value = Secret;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text in quotation marks")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
            Ok(Secret::new(text))
        }

        fn visit_bool<E: de::Error>(self, _: bool) -> Result<Secret, E> {
            Err(no_text())
        }

        fn visit_i64<E: de::Error>(self, _: i64) -> Result<Secret, E> {
            Err(no_text())
        }

        fn visit_u64<E: de::Error>(self, _: u64) -> Result<Secret, E> {
            Err(no_text())
        }

        fn visit_f64<E: de::Error>(self, _: f64) -> Result<Secret, E> {
            Err(no_text())
        }
    }

    fn no_text<E: de::Error>() -> E {
        E::custom("a text in quotation marks is needed")
    }

    from.deserialize_str(Hidden)
}
