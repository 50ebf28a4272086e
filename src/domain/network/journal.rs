//! What is on disk while a change is open, so that no crash and no power cut leaves the box in between.

use serde::{Deserialize, Serialize};

use super::transaction::{Phase, Transaction};

/// The journal's content: one open transaction. Written before the first netlink step, deleted after the end is saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// `/proc/sys/kernel/random/boot_id` of the boot that the deadlines count in.
    pub boot_id: String,
    pub transaction: Transaction,
    pub phase: Phase,
}

/// What the agent found on disk when it started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// No change was open.
    Nothing,
    /// The file is there and cannot be read: torn by a power cut, or damaged.
    Unreadable,
    Journal(Box<Journal>),
}
