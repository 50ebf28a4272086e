//! What runs inside a box, or on the way into it. All of it is a process of the program `boxes` with one thread:
//!
//! ```text
//! runner ── keeper (enters network, mount, UTS, IPC namespaces) ── init (PID 1) ── agent, web, …
//! ```
//! The runner and init talk over a socket, which is init's standard input. It closes when the runner ends, however it
//! ends; then init ends, and the kernel with it everything in the box.

pub mod enter;
pub mod init;
pub mod keeper;
mod mounts;
mod supervisor;

use crate::roles::{Role, RoleStatus, Signal};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Who the web role is.
pub const WEB_UID: u32 = 64198;
/// Where a box finds the programs under test.
const BIN: &str = "/run/gatehouse-bin";
/// What every process of a box finds its programs by.
const SEARCH_PATH: &str = "/run/gatehouse-bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What init must know; its one argument.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BootSpec {
    pub gatehouse: PathBuf,
    pub folders: Folders,
    pub host_name: String,
    pub roles: Vec<Role>,
    pub environment: Vec<(String, String)>,
}

/// The lasting part of a box, on the machine's disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Folders {
    /// `/etc/gatehouse`
    pub config: PathBuf,
    /// `/var/lib/gatehouse`
    pub agent: PathBuf,
    /// `/var/lib/gatehouse-web`
    pub web: PathBuf,
    /// `/var/log/gatehouse`
    pub log: PathBuf,
}

/// What the runner asks of init.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InitRequest {
    Signal { role: Role, signal: Signal },
    Roles,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InitReply {
    /// Unasked, once: the box is set up and the roles are being started.
    Booted,
    /// Unasked: it can't be set up.
    Failed(String),
    Done,
    Roles(Vec<RoleStatus>),
    Refused(String),
}
