//! Gatehouse: the local management platform of an edge appliance. ARCHITECTURE.md is the map.

#[cfg(feature = "ssr")]
pub mod agent;
pub mod domain;
