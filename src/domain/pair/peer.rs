//! What the agents of a pair ask each other, over TLS with the certificates that the registry gave them.
//!
//! ```text
//! 4 bytes, big-endian: how long the rest is     the rest: JSON of an Ask, or of an Answer to it
//! ```
//! After an [`Answer::Go`] both sides send pieces of what rsync says, each with its length before it as above, until one of length 0; then asks go on.
//! A connection carries any number of asks, one after the other. What is asked of a box it judges by itself: the peer is another box, and may be
//! of another version, or broken.

use serde::{Deserialize, Serialize};

use crate::application::{
    ApplicationName,
    api::{Bundle, SetOf},
};

use super::{
    api::Refusal,
    settings::{PairSettings, SettingsIssue},
};

/// Longest message, in bytes: an application with its files is the longest.
pub const LONGEST: usize = 24 * 1024 * 1024;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// Whether these can be used there; changes nothing.
    Check { settings: PairSettings },
    /// To be used from now on: the same as here, by their revision.
    Settings { settings: PairSettings },
    /// The active one is to give up.
    SwitchOver { drill: bool },
    /// These are the applications from now on.
    Set { set: SetOf },
    /// One of them, because it was missing.
    Application { bundle: Box<Bundle>, revision: u64 },
    /// An application's data follows. `flags`: the letters of the sender's rsync, see [`is_flags`].
    Copy { name: ApplicationName, epoch: u64, flags: String },
    /// After the data: whether the sender's rsync was content.
    Copied { whole: bool },
    /// How long a client of the site had no answer at the last take-over, in milliseconds.
    Measured { gap: u64 },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    Done,
    /// To a copy: it may come.
    Go,
    Unusable {
        issues: Vec<SettingsIssue>,
    },
    /// Of a set: these are to be sent.
    Missing {
        names: Vec<ApplicationName>,
    },
    Refused {
        why: Refusal,
    },
    /// Of an application: why it cannot be used there, for people.
    NotTaken {
        why: String,
    },
    /// Of another version, which asks what this one does not know.
    Unknown,
}

/// The letters of recursion, links, times and permissions, with or without relative paths, and then `e.` with what the sender's rsync knows: no other
/// letter means more than what this box wants.
pub fn is_flags(flags: &str) -> bool {
    ["-ltpre.", "-ltprRe."].iter().any(|known| {
        let knows = flags.strip_prefix(known);
        knows.is_some_and(|knows| knows.len() <= 32 && knows.bytes().all(|b| b.is_ascii_alphabetic()))
    })
}
