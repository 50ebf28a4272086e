//! The fleet's control plane: accounts, activation codes, clusters, pairs, certificates.
//!
//! Rules are `domain::cluster`; here is what they run on.

pub mod api;
pub mod authority;
pub mod backup;
pub mod clock;
pub mod config;
pub mod connection;
pub mod control;
pub mod engine;
pub mod serve;
pub mod setup;
pub mod store;
pub mod sweep;
pub mod tls;
