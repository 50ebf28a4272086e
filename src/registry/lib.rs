//! The fleet's control plane: accounts, activation codes, clusters, pairs, certificates.
//!
//! Rules are `domain::cluster`; here is what they run on.

pub mod clock;
pub mod store;
