//! What the agents of a pair ask each other, over TLS with the certificates that the registry gave them.
//!
//! ```text
//! 4 bytes, big-endian: how long the rest is     the rest: JSON of an Ask, or of an Answer to it
//! ```
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
    /// How long a client of the site had no answer at the last take-over, in milliseconds.
    Measured { gap: u64 },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    Done,
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
    /// Of another version, which asks what this one does not know.
    Unknown,
}
