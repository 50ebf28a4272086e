//! Who may come in: passwords, sessions, and how fast somebody may guess.

pub mod password;
pub mod session;
pub mod throttle;
