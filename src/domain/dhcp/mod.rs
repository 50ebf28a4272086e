//! The rules of the DHCP client for IPv4 (RFC 2131): when to ask, whom to believe, what of a server's answer may be
//! used.
//!
//! ```text
//! Init → Selecting → Requesting → Checking → Bound → Renewing → Rebinding → (expired) Init
//! InitReboot → Rebooting ────────────┘         NAK, conflict: BackOff → Selecting
//! ```
//!
//! [`client`] is the state machine and [`discover`] its little sister, which only looks. Both are synchronous: their
//! caller owns the sockets, the clock and the random numbers. Whatever a server says is hostile until [`lease`] has
//! taken it apart.

pub mod anomaly;
pub mod client;
mod compose;
pub mod discover;
pub mod lease;
pub mod message;
mod names;
mod sanitise;
pub mod timing;

pub use compose::Settings;
