//! The long-running roles of Gatehouse, and the signals they can be given.

use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Agent,
    Web,
    Guard,
}

impl Role {
    /// The subcommand of `gatehouse`, and the name of its log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Web => "web",
            Self::Guard => "guard",
        }
    }
}

impl Role {
    /// The unit of our package.
    pub fn unit(self) -> String {
        format!("gatehouse-{self}.service")
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Signal {
    Kill,
    Term,
    Int,
    Hup,
    Stop,
    Cont,
}

impl Signal {
    /// As `kill` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kill => "KILL",
            Self::Term => "TERM",
            Self::Int => "INT",
            Self::Hup => "HUP",
            Self::Stop => "STOP",
            Self::Cont => "CONT",
        }
    }
}

impl From<Signal> for rustix::process::Signal {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Kill => Self::KILL,
            Signal::Term => Self::TERM,
            Signal::Int => Self::INT,
            Signal::Hup => Self::HUP,
            Signal::Stop => Self::STOP,
            Signal::Cont => Self::CONT,
        }
    }
}

/// How a role is doing, as the box's first process sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleStatus {
    pub role: Role,
    /// As seen in the box; `None` between an exit and the next start.
    pub pid: Option<u32>,
    /// How often it was started since the box was.
    pub starts: u32,
}
