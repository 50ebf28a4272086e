//! Who may come in: passwords, sessions, and how fast somebody may guess.

pub mod password;
pub mod policy;
pub mod session;
pub mod throttle;
