//! How a box proves that it may become somebody's: codes, and requests and answers that travel by hand.
//!
//! ```text
//! GH1.<payload>.<secret>      activation code: where to go, whom to trust there, and the proof
//! 1234 5678 9012 3456         short code, to say over the phone; the box knows already where to go
//! GH1R.<request>              what a box without a way out asks, as file or QR code
//! GH1A.<answer>.<signature>   what the registry says to it
//! ```
//!
//! All of them come from outside: each parser takes hostile text and says what is wrong with it. Hashes and signatures are the
//! caller's, because the rules know no cryptography.

pub mod api;
pub mod base64url;
pub mod code;
pub mod fields;
pub mod ledger;
pub mod offline;
pub mod short;
pub mod told;
pub mod url;
pub mod validity;
pub mod wizard;

use serde::{Deserialize, Serialize};

/// Why a text is no code, request or answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Malformed {
    #[error("nothing was typed")]
    Empty,
    #[error("it does not begin with {}", .0.mark())]
    NotOurs(Kind),
    #[error("it is of a newer version; update this box")]
    Newer,
    #[error("it is cut off: its end is missing")]
    CutOff,
    #[error("it is longer than any that was made")]
    TooLong,
    #[error("a character in it is wrong")]
    Character,
    #[error("its content cannot be understood")]
    Content,
    #[error("a short code has 16 digits")]
    Digits,
    #[error("a digit is wrong: the check digit does not fit")]
    CheckDigit,
}

/// What was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Code,
    Request,
    Answer,
}

impl Kind {
    pub fn mark(self) -> &'static str {
        match self {
            Self::Code => "GH1.",
            Self::Request => "GH1R.",
            Self::Answer => "GH1A.",
        }
    }

    fn letter(self) -> &'static str {
        match self {
            Self::Code => "",
            Self::Request => "R",
            Self::Answer => "A",
        }
    }

    /// The parts after the mark of a text that somebody pasted: line breaks and blanks of mails and of screens are taken out.
    fn parts(self, pasted: &str, longest: usize) -> Result<Vec<String>, Malformed> {
        let text = pasted.chars().filter(|c| !c.is_whitespace() && !is_invisible(*c)).collect::<String>();
        if text.is_empty() {
            return Err(Malformed::Empty);
        }
        if text.len() > longest {
            return Err(Malformed::TooLong);
        }
        let mut parts = text.split('.').map(str::to_owned);
        let mark = parts.next().unwrap_or_default();
        if mark != format!("GH1{}", self.letter()) {
            let digits = mark.strip_prefix("GH").map(|rest| rest.trim_end_matches(['R', 'A'])).unwrap_or_default();
            let newer = digits.parse::<u32>().is_ok_and(|version| version > 1);
            return Err(if newer { Malformed::Newer } else { Malformed::NotOurs(self) });
        }
        Ok(parts.collect())
    }
}

/// What mail programs and text fields put between characters.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}
