//! The client for pages and for logs.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::{Client, State};
use crate::{
    box_file::Mac,
    dhcp::{anomaly::Refusal, lease::Lease},
    time::BootMillis,
};

/// The state in the words of RFC 2131.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateName {
    #[default]
    Stopped,
    Down,
    Init,
    Selecting,
    Requesting,
    Checking,
    Bound,
    Renewing,
    Rebinding,
    InitReboot,
    Rebooting,
    BackOff,
    /// Given back by a person; not in the RFC.
    Released,
}

/// What went wrong last; none while all is well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum Problem {
    /// So many messages without an answer that counts.
    NoAnswer { tries: u32 },
    /// The server said no; `text` is its own, on one line, and hostile.
    Nak { server: Ipv4Addr, text: String },
    /// Another host has the address.
    Conflict { address: Ipv4Addr, with: Mac },
    /// What the server gave cannot be used.
    Refused { server: Option<Ipv4Addr>, refusal: Refusal },
    /// The lease ran out.
    Expired { address: Ipv4Addr },
}

/// Points in time are of the box's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientView {
    pub state: StateName,
    /// When it came into this state.
    pub since: BootMillis,
    /// When it goes on by itself, at the latest.
    pub next: Option<BootMillis>,
    /// The lease in use.
    pub lease: Option<Lease>,
    pub problem: Option<Problem>,
}

impl Client {
    pub fn view(&self) -> ClientView {
        ClientView {
            state: self.state.name(),
            since: self.since,
            next: self.deadline(),
            lease: self.lease().cloned(),
            problem: self.problem.clone(),
        }
    }
}

impl State {
    pub fn name(&self) -> StateName {
        match self {
            Self::Stopped => StateName::Stopped,
            Self::Down { .. } => StateName::Down,
            Self::Init { .. } => StateName::Init,
            Self::Selecting { .. } => StateName::Selecting,
            Self::Requesting { .. } => StateName::Requesting,
            Self::Checking { .. } => StateName::Checking,
            Self::Bound { .. } => StateName::Bound,
            Self::Renewing { .. } => StateName::Renewing,
            Self::Rebinding { .. } => StateName::Rebinding,
            Self::InitReboot { .. } => StateName::InitReboot,
            Self::Rebooting { .. } => StateName::Rebooting,
            Self::BackOff { .. } => StateName::BackOff,
            Self::Released { .. } => StateName::Released,
        }
    }
}
