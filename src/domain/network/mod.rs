//! The network engine's rules: spec (wanted), status (observed), plan (how to get there), transaction (safely).
//!
//! ```text
//! form ─► spec ─► validate ─► wanted (kernel objects) ─► diff ─► plan ─► transaction
//! ```

pub mod acd;
pub mod diff;
pub mod effective;
pub mod failover;
pub mod form;
pub mod hops;
pub mod issue;
pub mod journal;
pub mod kernel;
pub mod nameserver;
pub mod plan;
pub mod proof;
pub mod rdnss;
pub mod spec;
pub mod status;
pub mod transaction;
pub mod validate;
pub mod wanted;
